"""What the checks know of log types: which of their options are regular expressions."""

from __future__ import annotations

from pathlib import Path

from loader import config
from loader.assembly import HOME, Assembly
from loader.lint.known import patterns

SITE = """
from loader.api import Parser, TypeOption, regex, text

class Mine(Parser):
    options = (TypeOption(regex, "", name="mine_end", doc="."), TypeOption(text, "", name="mine_word", doc="."))
"""


def test_patterns_are_the_options_that_are_regular_expressions_of_any_format_and_of_a_sites_too(tmp_path: Path) -> None:
    (tmp_path / "parser_mine.py").write_text(SITE)
    (tmp_path / "parser_broken.py").write_text("raise OSError")
    (tmp_path / "user.ini").write_text(f"[loader]\nplugins = {tmp_path}\n")
    assert patterns(Assembly(config.load([HOME / "aws.ini"], [tmp_path / "user.ini"]), "in_s3")) == {
        "file_timestamp_format", "log_pattern", "mine_end", "multiline_firstline", "s3_key", "s3_key_fields", "s3_key_ignored", "xml_firstline",
    }  # fmt: skip
