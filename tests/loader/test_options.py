"""Options: what an INI text becomes, and what is said of one that cannot."""

from __future__ import annotations

import re
import typing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader import options
from loader.options import Option, TypeOption, declared


class Sample:
    host = Option(options.text, None, doc="Where.")
    port = Option(options.number(1, 65535), "514", doc="Which.")
    password = Option(options.text, "", doc="Secret.", secret=True)


class Derived(Sample):
    port = Option(options.number(1, 65535), "6514", doc="Which, by TLS.")
    label = TypeOption(options.text, "", doc="Of the log type.")


@pytest.mark.parametrize(
    ("convert", "written", "value"),
    [
        (options.text, " as it is ", " as it is "),
        (options.words, "a, b\n c,,d", ["a", "b", "c", "d"]),
        (options.words, "", []),
        (options.path, "", ""),
        (options.path, "a/../b", "a/../b"),
        (options.flag, "Yes", True),
        (options.flag, "off", False),
        (options.flag, "", False),
        (options.number(), "0", 0),
        (options.number(-5, 5), "-5", -5),
        (options.number(1, 9), "+9", 9),
        (options.size, "512", 512),
        (options.size, "512k", 512 * 1024),
        (options.size, "16 MB", 16 * 1024**2),
        (options.size, "2GiB", 2 * 1024**3),
        (options.size, "1t", 1024**4),
        (options.per_second, "250", 250.0),
        (options.per_second, "0.5", 0.5),
        (options.seconds, "90", 90.0),
        (options.seconds, "250ms", 0.25),
        (options.seconds, "1.5m", 90.0),
        (options.seconds, "2 H", 7200.0),
        (options.seconds, "1d", 86400.0),
        (options.choice("tcp", "tls"), "TLS", "tls"),
        (options.regex, "", None),
        (options.regex, "a+", re.compile("a+")),
    ],
)
def test_a_converter_reads_what_it_documents(convert: typing.Any, written: str, value: object) -> None:
    assert convert(written) == value


@pytest.mark.parametrize(
    ("convert", "written", "said"),
    [
        (options.flag, "maybe", "'maybe' is not a switch: write yes or no"),
        (options.number(), "1.5", "'1.5' is not a whole number"),
        (options.number(), "", "'' is not a whole number"),
        (options.number(1, 9), "10", "10 is not between 1 and 9"),
        (options.number(), "-1", "-1 is not between 0"),
        (options.size, "1.5g", "'1.5g' is not a size: write for example"),
        (options.size, "-1", "is not a size"),
        (options.per_second, "-1", "'-1' is no number a second: write for example 250 or 0.5"),
        (options.per_second, "10/s", "'10/s' is no number a second"),
        (options.per_second, "inf", "'inf' is no number a second"),
        (options.seconds, "soon", "'soon' is not a time: write for example"),
        (options.choice("tcp", "tls"), "udp", "'udp' is not one of tcp, tls"),
        (options.regex, "(", "not a regular expression: missing )"),
        (options.path, "~nobody-has-this-name/x", "'~nobody-has-this-name/x' names a user without a home folder"),
    ],
)
def test_a_converter_says_what_it_expected(convert: typing.Any, written: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        convert(written)


CONVERTERS = [options.words, options.path, options.flag, options.number(), options.size, options.seconds, options.choice("a"), options.regex]


@given(st.sampled_from(CONVERTERS), st.text())
def test_whatever_is_written_a_converter_answers_or_raises_value_error(convert: typing.Any, written: str) -> None:
    try:
        convert(written)
    except ValueError as why:
        assert str(why)


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/analyst")
    assert options.path("~/hooks") == "/home/analyst/hooks"


def test_an_option_without_a_default_must_be_given() -> None:
    with pytest.raises(ValueError, match="must be given"):
        Sample.host.read(None)
    assert Sample.host.read("") == ""


def test_a_default_goes_through_the_converter_too() -> None:
    assert Sample.port.read(None) == 514
    with pytest.raises(ValueError, match="not a whole number"):
        Option(options.number(), "many", doc="Wrong.").read(None)


def test_an_option_is_an_attribute_once_it_is_configured_and_an_error_before() -> None:
    sample = Sample()
    with pytest.raises(AttributeError, match="option 'port' has not been configured"):
        _ = sample.port
    sample.__dict__["port"] = 99
    assert sample.port == 99
    assert isinstance(Sample.port, Option)


def test_declared_finds_the_options_of_bases_the_nearest_class_winning_and_only_of_one_kind() -> None:
    found = declared(Derived, Option)
    assert list(found) == ["host", "port", "password"]
    assert found["port"].default == "6514"
    assert list(declared(Derived, TypeOption)) == ["label"]


def test_a_name_given_wins_over_the_attribute() -> None:
    class Renamed:
        fmt = Option(options.text, "", doc="Form.", name="format")

    assert list(declared(Renamed, Option)) == ["format"]


def test_a_secret_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLUICE_TEST_SECRET", "hunter2:with=signs")
    assert Sample.password.read("env:SLUICE_TEST_SECRET") == "hunter2:with=signs"


def test_a_secret_is_read_from_a_file_without_the_newline_at_its_end(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_bytes(b" hunter2 \r\n")
    assert Sample.password.read(f"file:{file}") == " hunter2 "


def test_no_secret_is_no_mistake() -> None:
    assert Sample.password.read("") == ""
    assert Sample.password.read(None) == ""


@pytest.mark.parametrize("written", ["hunter2", "env:", "file:", "ENV:HOME", "vault:hunter2"])
def test_a_secret_written_out_is_refused_and_not_repeated(written: str) -> None:
    with pytest.raises(ValueError, match="never written in an INI file") as why:
        Sample.password.read(written)
    assert "hunter2" not in str(why.value)


def test_a_secret_that_is_not_there_is_named_by_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLUICE_TEST_SECRET", raising=False)
    with pytest.raises(ValueError, match="the environment has no variable 'SLUICE_TEST_SECRET'"):
        Sample.password.read("env:SLUICE_TEST_SECRET")
    with pytest.raises(ValueError, match="cannot read the secret: .*nowhere"):
        Sample.password.read(f"file:{tmp_path}/nowhere")
    with pytest.raises(ValueError, match="cannot read the secret"):
        Sample.password.read("file:~nobody-has-this-name/x")


def test_a_choice_that_may_be_empty_names_no_empty_word() -> None:
    with pytest.raises(ValueError, match="^'esloader' is not es-loader, and not empty$"):
        options.compat("esloader")


def test_a_folder_is_there_or_not_given(tmp_path: Path) -> None:
    assert (options.folder(""), options.folder(str(tmp_path))) == ("", str(tmp_path))
    (tmp_path / "file").touch()
    for name in ("file", "no"):
        with pytest.raises(ValueError, match=f"there is no folder '{tmp_path}/{name}'"):
            options.folder(str(tmp_path / name))
