"""The text of a generated function, and the reasons why there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from loader.explain.generated import generated
from tests.drivers import engine

TEXT = "s3_key = x\nfile_format = text\nlog_pattern = (?P<when>\\S+) (?P<src>\\S+)\ntimestamp_key = when\n"


def told(tmp_path: Path, ini: str, body: bytes | None = None) -> tuple[str, str]:
    one = engine(tmp_path, f"[demo]\n{ini}").assembly
    return generated(one.plans["demo"], one.config.types["demo"], None if body is None else iter([body]))


@pytest.mark.parametrize(
    ("ini", "field"),
    [
        (TEXT, "f1, ="),
        ("s3_key = x\nfile_format = csv\ncsv_header = when src\ntimestamp_key = when\n", "f1, ="),
        ("s3_key = x\nfile_format = json\ntimestamp_key = when\necs = source.ip\nsource.ip = src\n", "'src'"),
        ("s3_key = x\nfile_format = json\njson_delimiter = Records\ntimestamp_key = when\n", "when"),
        (f"{TEXT}multiline_firstline = x\n[out_null]\nfields = ecs\n".replace("= text", "= multiline"), "'when'"),
        ("s3_key = x\nfile_format = cef\ntimestamp_key = rt\necs = source.ip\nsource.ip = src\n", "'src'"),
        ("s3_key = x\nfile_format = xml\ntimestamp_key = e.at\n", "'at'"),
        ("s3_key = x\nfile_format = winevtxml\ntimestamp_key = Event.System.TimeCreated.SystemTime\n", "'SystemTime'"),
        ("s3_key = x\nfile_format = parquet\ntimestamp_key = when\n", "'when'"),
    ],
)
def test_the_function_of_what_the_section_says(tmp_path: Path, ini: str, field: str) -> None:
    source, why_not = told(tmp_path, ini)
    assert (why_not, field in source) == ("", True)
    compile(source, "plan", "exec")


def test_the_columns_of_a_table_are_known_by_a_sample(tmp_path: Path) -> None:
    ini = "s3_key = x\nfile_format = csv\ntimestamp_key = when\n"
    assert "f2, =" in told(tmp_path, ini, b"when a b\n1 2 3\n")[0]
    assert told(tmp_path, ini) == ("", "its fields are known by the header row of an object alone")
    assert told(tmp_path, ini, b"when\n") == ("", "there is no record in the sample")


@pytest.mark.parametrize(
    ("ini", "why"),
    [
        (f"{TEXT}via_cwl = yes\n", "a carrier brings its records"),
        (f"{TEXT}via_firelens = yes\n", "a carrier brings its records"),
        (f"{TEXT}multiline_firstline = x\n".replace("= text", "= multiline"), "its fields are known and only mapped"),
        (TEXT.replace("when\n", "file_timestamp\n"), "its time may depend on more than the record"),
        (f"{TEXT}compat = es-loader\n", "compat is on"),
    ],
)
def test_why_there_is_none(tmp_path: Path, ini: str, why: str) -> None:
    source, said = told(tmp_path, ini)
    assert (source, why in said) == ("", True), said


def test_fast_can_be_switched_off(tmp_path: Path) -> None:
    assert told(tmp_path, f"{TEXT}[loader]\nfast = no\n") == ("", "[loader] fast is off")
