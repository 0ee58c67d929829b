"""``loader/cli/report.py``: an explanation as text."""

from __future__ import annotations

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from loader.assembly import Assembly
from loader.batch import Source
from loader.cli.report import WORDS, Report
from loader.config import load
from loader.explain.explanation import Wanted, explain
from loader.explain.model import Ending
from tests.drivers import blocks_of

INI = """
[out_file]
path = never.jsonl
[edge]
s3_key = edge/
file_format = text
log_pattern = (?P<ip>\\S+) (?P<port>\\S+) "(?P<line>[^"]*)" (?P<status>\\d+|-)
ecs = source.ip source.port http.response.status_code user.name
source.ip = ip
source.port = port
http.response.status_code = status
user.name = line
[later]
s3_key = dge
file_format = json
"""


def page(tmp_path, body=b"", *, width=100, terminal=True, full=False, key="edge/a", ini=INI, **more):
    file = tmp_path / "test.ini"
    file.write_text(ini, encoding="utf-8")
    wanted = Wanted(key, Source("sample-bucket", key), open=(lambda: blocks_of(body)) if body else None, name="a file", **more)
    told = explain(Assembly(load([file]), "in_s3"), wanted)
    out = io.StringIO()
    Report(Console(file=out, width=width, force_terminal=terminal, color_system=None, highlight=False), full=full).show(told)
    return out.getvalue()


def test_a_record_is_told_in_order_and_the_verdict_comes_last(tmp_path):
    text = page(tmp_path, b'192.0.2.1 443 "GET /" 200\n')
    places = [text.index(f"\n{heading}") for heading in ("type ", "object ", "record ", "raw ", "parsed ", "steps ", "document ", "out_file ")]
    assert places == sorted(places)
    assert text.splitlines()[-1].startswith("would be delivered: 25 bytes in, ")


def test_parsed_fields_say_where_they_go_and_mapped_ones_where_they_come_from(tmp_path):
    lines = [" ".join(line.split()) for line in page(tmp_path, b'192.0.2.1 443 "GET /" 200\n').splitlines()]
    assert 'port "443" -> source.port' in lines
    assert "source.port 443 port" in lines
    assert 'event.module "edge" constant: the log type\'s name' in lines


def test_what_the_pattern_does_not_read_is_told(tmp_path):
    text = page(tmp_path, b'192.0.2.1 443 "GET /" 200 17\n')
    assert '  the pattern does not read the end: " 17"\n' in text
    assert "does not read" not in page(tmp_path, b'192.0.2.1 443 "GET /" 200\n')


def test_a_value_that_does_not_fit_stands_beside_its_siblings(tmp_path):
    lines = [" ".join(line.split()) for line in page(tmp_path, b'192.0.2.1 http "-" -\n').splitlines()]
    assert lines.index('source.port "http" left out: no long (port)') == lines.index('source.ip "192.0.2.1" ip') + 1
    assert "http.response.status_code (status), user.name (line)" in lines
    assert "mended source.port left out: no long" in lines


def test_a_caret_stands_under_the_character_where_matching_stopped(tmp_path):
    lines = page(tmp_path, b'192.0.2.1 443 "\xe6\x97\xa5" OK\n').splitlines()
    caret = next(place for place, line in enumerate(lines) if line.strip() == "^")
    before = lines[caret - 1].partition("OK")[0]
    assert cell_len(before) == lines[caret].index("^")
    assert lines[caret + 1] == r"  column 19: log_pattern wants '(?P<status>\d+|-)' next"
    assert lines[-1] == "would be rejected: does not match log_pattern"


def test_a_long_line_is_shown_around_the_place(tmp_path):
    lines = page(tmp_path, b'192.0.2.1 443 "' + b"x" * 300 + b'" OK and more than that ' + b"y" * 200 + b"\n").splitlines()
    caret = next(place for place, line in enumerate(lines) if line.strip() == "^")
    assert lines[caret - 1][lines[caret].index("^") :].startswith("OK and more")
    assert all(cell_len(line) <= 100 for line in lines)


def test_all_lines_fit_the_terminal_but_the_key(tmp_path):
    text = page(tmp_path, b'192.0.2.1 http "' + b"x" * 500 + b'" 200\n', width=80)
    assert max(map(cell_len, text.splitlines())) <= 80
    assert "…" in text


def test_elsewhere_it_is_whole_and_plain(tmp_path):
    text = page(tmp_path, b'192.0.2.1 http "' + b"x" * 500 + b'" 200\n', terminal=False)
    assert text.count("x" * 500) >= 3
    assert not {*"…─│\x1b"} & {*text}
    assert "  port " in text.partition("\ndocument")[2]  # parsed fields too


def test_what_would_move_the_cursor_is_written_out(tmp_path):
    text = page(tmp_path, b'192.0.2.1 443 "\x1b[2J" 200\n', terminal=False, key="edge/\x1b[2Jx")
    assert "\x1b" not in text
    assert r"\x1b[2J" in text


def test_a_key_without_a_type_gets_the_nearest_and_a_beginning(tmp_path):
    text = page(tmp_path, key="firewall/edgy/2024/05/24/x.log")
    assert "none: unknown log type: no s3_key pattern is found in this key" in text
    assert "    s3_key = firewall/edgy/\n" in text


def test_types_that_come_too_late_are_told(tmp_path):
    text = page(tmp_path)
    assert "edge takes it (" in text
    assert "later would come later (" in text
    assert text.splitlines()[-1] == "has a log type: give the object as FILE to see its records as edge"


def test_mistakes_come_first(tmp_path):
    text = page(tmp_path, b'192.0.2.1 443 "GET /" 200\n', ini=INI.replace("file_format = json", "file_format = jsn"))
    assert text.startswith("mistake ")
    assert text.splitlines()[-1] == "would not start: a load refuses this configuration: see the mistakes"


@pytest.mark.parametrize("ending", Ending)
def test_every_ending_has_words(ending):
    assert WORDS[ending]
