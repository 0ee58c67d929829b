"""``loader/cutter.py``: what it gives is what the pattern gives, whatever the row; and of ordinary rows it gives all."""

from __future__ import annotations

import functools
import gzip
import os
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import generate
from loader.config import load
from loader.cutter import FORMS, WORTH, Cut, cutter, written
from loader.engine import HOME
from loader.regexpath import Unfit

EXAMPLES = int(os.environ.get("SLUICE_EXAMPLES", "100"))
SHIPPED = {
    name: re.compile(section.values["log_pattern"]) for name, section in load([HOME / "aws.ini"]).types.items() if "log_pattern" in section.values
}
SAMPLES = {
    "alb": gzip.decompress((HOME / "tests/logtypes/alb/sample.log.gz").read_bytes()).decode().splitlines(),
    "s3accesslog": (HOME / "tests/logtypes/s3accesslog/sample.log").read_text().splitlines(),
}
MADE = {name: list(getattr(generate, name)(random.Random(5), 200)) for name in SAMPLES}
ODD = ['"', " ", "\\", "[", "]", ":", "-", '" "', "\n", "\t", "\xa0", "\x1f", "\u0663", "|", "200", ""]


@functools.lru_cache(maxsize=256)
def cut_of(pattern: re.Pattern[str]) -> Cut | None:
    """Return the function, whether it is faster or not."""
    try:
        return written(pattern)
    except Unfit:
        return None


def told(pattern: re.Pattern[str], row: str) -> tuple[str | None, ...] | None:
    """Return the fields as ``loader/matching.py`` has them."""
    found = pattern.match(row)
    return tuple([found[number] for number in pattern.groupindex.values()]) if found else None


def agrees(pattern: re.Pattern[str], row: str) -> bool:
    """Tell whether the row is cut; what it is cut to must be what the pattern gives."""
    cut = cut_of(pattern)
    fields = cut(row) if cut else None
    if fields is None:
        return False
    assert fields == told(pattern, row)
    assert not any('"' in field for field in fields if field)
    return True


@st.composite
def spoiled(draw: st.DrawFn, row: str) -> str:
    """Return a row with up to three places where something is put in, left out, doubled or swapped."""
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(row)))
        end = min(len(row), start + draw(st.integers(0, 3)))
        row = row[:start] + draw(st.sampled_from([*ODD, row[start:end] * 2, row[start:end][::-1]])) + row[end:]
    return row[: draw(st.integers(0, len(row)))] if draw(st.integers(0, 5)) == 0 else row


def test_every_shipped_pattern_is_cut() -> None:
    assert SHIPPED.keys() == SAMPLES.keys()
    assert [name for name, pattern in SHIPPED.items() if cutter(pattern) is None] == []


@pytest.mark.parametrize(("name", "odd"), [("alb", 5), ("s3accesslog", 3)])
def test_every_ordinary_row_is_cut(name: str, odd: int) -> None:
    assert sum(agrees(SHIPPED[name], row) for row in MADE[name]) == 200
    assert sum(not agrees(SHIPPED[name], row) for row in SAMPLES[name]) == odd  # backslashes, quotes in quotes, fields of another age


def test_older_rows_are_cut_and_so_are_those_with_fields_that_are_new() -> None:
    row = MADE["alb"][0]
    assert [agrees(SHIPPED["alb"], row.rsplit(" ", count)[0]) for count in range(4)] == [True] * FORMS
    row = MADE["s3accesslog"][0]
    assert all(agrees(SHIPPED["s3accesslog"], row.rsplit(" ", count)[0]) for count in range(9))
    assert agrees(SHIPPED["s3accesslog"], f"{row} us-east-1 more")


@pytest.mark.parametrize(
    "client", ["192.0.2.7:51", "[2001:db8::7]:51", "2001:db8::7:51", "-", "[2001:db8::7]:", "[a[b]:51", "[:51", "[]:51", "ab]:51"]
)
def test_an_address_with_its_port_is_cut_in_any_of_its_forms(client: str) -> None:
    row, odd = f"a {client} b", ("[a[b]:51", "[:51", "[]:51", "ab]:51")
    assert agrees(re.compile(r"\S+ (?:\[?(?P<ip>[^ \]]+)\]?:)?(?P<port>[^ :]*) \S+"), row) != (client in odd)
    assert agrees(re.compile(r"\S+ \[?(?P<ip>[^ \]]+)\]?:(?P<port>[^ :]*) \S+"), row) != (client == "-" or "[" in client or client in odd)


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?i)(?P<a>[^ ]+) (?P<b>[^ ]+)", r"(?a)(?P<a>\S+)", r"(?P<a>[^ ]+?) (?P<b>.*)", r"(?P<a>[a-z]+) (?P<b>.*)", r"(?P<a>.*) (?P<b>.*) (?P<c>.*)",
        r"(?P<a>[^ ]+)(?P<b>.*)", r"(?P<a>[^ ]+) (?P=a)", r"(?P<a>[^ ]+) (?=x)(?P<b>.*)", r"(?P<a>[^ ]+)\b (?P<b>.*)", r"(?P<a>(?:[^ ]+ )*)",
        r'(?P<a>"[^"]*")', r"(?P<a>[^|]*)(?: a|-(?P<b>[^|]*))", r"(?s:(?P<a>.*)) (?P<b>x)", "no groups",
        r"(?P<a>[^ ]+) (?:-|(?P<b>x))(?P<c>y)?",
    ],
)  # fmt: skip
def test_patterns_of_another_kind_are_left_to_re(pattern: str) -> None:
    assert cut_of(re.compile(pattern)) is None


def test_a_pattern_that_is_as_fast_is_left_to_re() -> None:
    few = re.compile(r'(?P<a>[^ ]*) \[(?P<b>[^\]]*)\] "(?P<c>[^"]*)" (?P<d>[^ ]*)')
    assert cutter(few) is None
    assert written(few).gain < WORTH  # type: ignore[attr-defined]
    many = re.compile("\t".join(rf"(?P<g{number}>[^\t]*)" for number in range(9)))
    assert cutter(many) is not None


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.data())
@pytest.mark.parametrize("name", SAMPLES)
def test_a_spoiled_row_is_cut_as_it_matches_or_not_at_all(name: str, data: st.DataObject) -> None:
    agrees(SHIPPED[name], data.draw(spoiled(data.draw(st.sampled_from(SAMPLES[name] + MADE[name][:5])))))


CLASSES = {
    "[^ ]": 'a:"]', '[^ "]': "a:]", r"\S": "a:-", r"\d": "07", r"[^\]]": "a: ", ".": "a :", '[^"]': "a ", "[^ :]": "a-", r"[^\s|]": "a:",
    r"[\s\S]": "a ",
}  # fmt: skip
MANY = ["*", "+", "*", "+", "{2}", "{1,2}", "{2,}", ""]
FIXED = {  # by what they are made of: #, the number of a group
    '"(?P<g#>[^"\\\\]*(?:\\\\.[^"\\\\]*)*)"': ['"a b"', '""', r'"a\"b"'],
    r"(?:\[?(?P<g#>[^ \]]+)\]?:)?(?P<h#>[^ :]*)": ["a:80", "a::b:1", "[a:b]:1", "-", "", ":1", "a:"],
    r"(?:(?P<g#>[^ :]*):)?(?P<h#>\S*)": ["a:80", "a:b:1", "-", "", ":1", "a:"],
    r"(?P<g#>[^ ]+):(?P<h#>\d+)": ["a:80", "a:b:8", "a", "a:", "a:b"],
    '(?:"(?P<g#>[^"]*)"|-)': ['"a b"', "-", '"-"'],
    '(?:"(?P<g#>[^" ]*) (?P<h#>[^" ]*) ?"|(?P<i#>\\S+))': ['"a b"', '"a b "', '"a b c"', "x"],
    '"(?P<g#>[^"]*(?:"(?! (?:\\d{2}|-) )[^"]*)*)" (?P<h#>[^ ]*)': ['"a b" 20', '"a" -', '"a"b" 20', '"a" 200', '"a" x" -'],
    '"(?P<g#>.*)"': ['"a b"', '"a"b"', '""', '"a" "b"'],
    r"\[(?P<g#>[^\]]*)\]": ["[a b]", "[]", "[[a]"],
    r"(?P<g#>[^ ]+ [^ ]+)": ["a b", "a  b"],
    r"(?P<g#>(?P<h#>\d+)\.(?P<i#>\d*))": ["1.2", "1.", ".2"],
    r"\[?": ["", "["],
    "x*": ["", "xx"],
    "(?:-[^-]*)?": ["", "-a"],
    r"(?P<g#>y)?": ["", "y"],
    "GET": ["GET"],
}  # fmt: skip


@st.composite
def piece(draw: st.DrawFn, number: int) -> tuple[str, str]:
    """Return a part of a pattern, and a text that often fits it."""
    if draw(st.booleans()):
        form = draw(st.sampled_from(list(FIXED)))
        return form.replace("#", str(number)), draw(st.sampled_from(FIXED[form]))
    kind, many = draw(st.sampled_from(list(CLASSES))), draw(st.sampled_from(MANY))
    return f"(?P<g{number}>{kind}{many})", draw(st.text(CLASSES[kind], min_size=1, max_size=3))


@st.composite
def rows(draw: st.DrawFn) -> tuple[re.Pattern[str], str]:
    """Return a pattern of fields between separators, the last ones optional, and a row that often is as it says."""
    marks = draw(st.sampled_from([[" "], [" ", '" "'], ["|"], [", "], [" ", " ", ":", ""], ['"'], ["\t", " "]]))
    count = draw(st.integers(1, 6))
    required = draw(st.integers(1, 6))
    begin, end = draw(st.sampled_from([("", ""), ("", ""), ("", "$"), ("^", r"\Z"), ("(?s)", ""), ("(?m)^", "$")]))
    pattern, row = begin, ""
    present = draw(st.integers(0, 6)) if draw(st.booleans()) else 6
    for number in range(count):
        mark = draw(st.sampled_from(marks)) if number else ""
        part, text = draw(piece(number))
        between = mark.replace("|", r"\|")
        pattern += f"(?:{between}{part}" if number >= required else f"{between}{part}"
        row += mark + text if number < max(required, present) else ""
    pattern += ")?" * max(0, count - required) + end
    return re.compile(pattern), row


@settings(max_examples=EXAMPLES * 5, deadline=None)
@given(rows().flatmap(lambda both: st.tuples(st.just(both[0]), spoiled(both[1]))))
def test_whatever_the_pattern_a_row_is_cut_as_it_matches_or_not_at_all(both: tuple[re.Pattern[str], str]) -> None:
    agrees(*both)
