"""``loader/fast/texts.py``: lines and rows, their own fields and the objects in the order of the record."""

from __future__ import annotations

import itertools
import re

import pytest

from loader.frames import Columns
from tests.drivers import both_ways
from tests.loader.fast.cases import HOOK, T, compiled

CSV = {"file_format": "csv", "csv_delimiter": ",", "timestamp_key": "time", "ecs": "source.ip user.name", "source.ip": "ip", "user.name": "who"}
TEXT = {"file_format": "text", "timestamp_key": "time", "ecs": "user.name", "user.name": "a"}


def same(values: dict[str, str], body: str, outs: tuple[str, ...] = ("full", "ecs", "lean"), hook: str = "") -> int:
    found = 0
    for chunk, varied, complete in ((1000, False, False), (1, True, False), (1, True, True)):
        quick, plain, found = both_ways(
            compiled(values, outs, hook, chunk), "k/123456789012/us-east-1/x", body.encode(), varied=varied, complete=complete
        )
        assert quick == plain
    return found


@pytest.mark.parametrize(
    "name", ["source", "user", "related", "cloud", "ecs", "host", "message", "tags", "labels", "log", 'x"y', "x'y{z}", "x\\y", "class", "é"]
)
@pytest.mark.parametrize("out", ["full", "ecs", "lean"])
def test_an_object_takes_the_place_of_the_field_that_bears_its_name(name: str, out: str) -> None:
    rows = [f"{T},{ip},{own},{who}" for ip, own, who in itertools.product(("192.0.2.1", "-", ""), ("q", "-"), ("a", "null"))]
    same(CSV, "\n".join([f"time,ip,{name},who", *rows]), (out,))


@pytest.mark.parametrize("target", ["who", "message", "tags", "foo", "ip"])
def test_a_target_without_a_dot_takes_the_place_of_a_field_or_comes_last(target: str) -> None:
    values = {**CSV, "ecs": f"source.ip {target}", target: "more" if target != "tags" else "[more, ip]"}
    body = f"time,ip,who,more\n{T},192.0.2.1,a,b\n{T},192.0.2.1,a,\n{T},192.0.2.1,,-\n"
    same({**values, "source.ip": "nowhere"} if target == "ip" else values, body, ("full",))
    hook = f"{HOOK}\nDERIVED = (derive('{target}', listed, 'more'),)\n"
    same(CSV, body, ("full",), hook)


@pytest.mark.parametrize("value", ["", "-", "null", "[]", "x"])
def test_the_id_of_a_document_is_the_field_that_is_named_or_the_digest(value: str) -> None:
    same({**CSV, "doc_id": "who"}, f"time,ip,who\n{T},192.0.2.1,{value}\n{T},192.0.2.1,b\n")
    same({**CSV, "doc_id": "nowhere"}, f"time,ip,who\n{T},192.0.2.1,{value}\n")


@pytest.mark.parametrize(
    "static", [{"event.id": "7"}, {"event.id": "it's {a}"}, {"event.action": "a\x7f"}, {"event.category": "[web, network]"}, {"event.action": "-"}]
)
def test_constants(static: dict[str, str]) -> None:
    same({**CSV, "static_ecs": " ".join(static), **static}, f"time,ip,who\n{T},192.0.2.1,a\n")


def test_an_event_id_that_a_record_has_is_its_own_and_any_other_gets_one() -> None:
    values = {**CSV, "ecs": "event.id event.action", "event.id": "who", "event.action": "ip"}
    assert same(values, f"time,ip,who\n{T},a,1\n{T},b,\n{T},,-\n{T},c,2\n") == 4


PATTERNS = [
    (r"(?P<time>\S+) (?P<a>\S*)(?: (?P<b>.*))?", ["x", 'x "y"', "x y", 'a"b']),
    (r'(?P<time>\S+) (?P<a>"[^"]*"|\S*)(?: "(?P<b>[^"]*)")?', ['"x y"', 'x "y z"', '"', "x y"]),
    (r'(?P<time>\S+) ("?)(?P<a>[^"]*)\2(?P<b>.*)', ["x", '"x"', '"x" y', 'x"y']),
    (r"(?P<time>\S+) (?=(?P<a>.*))(?P<b>\w+)", ["foo", 'foo "x"', '"x"']),
    (r"(?P<time>\S+) .(?<=(?P<a>.))(?P<b>\w+)", ["xfoo", '"foo', "x foo"]),
    (r"(?P<time>\S+) (?:(?P<a>x)|(?P<b>y)|(?P<never>z))", ["x", "y", "n"]),
    (r"(?P<time>\S+) (?P<a>(?P<b>.)*)", ["x", 'x"', 'x\\"', ""]),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "rests"), PATTERNS)
def test_groups_of_every_shape(pattern: str, rests: list[str]) -> None:
    same({**TEXT, "log_pattern": pattern}, "\n".join(f"{T} {rest}" for rest in rests * 2))


COLUMNS = " ".join(f"(?P<f{number}>[^ ]*)" for number in range(12))
CUT = rf'(?P<time>[^ ]+) (?P<a>[^ ]*) {COLUMNS}(?: "(?P<b>[^"\\]*(?:\\.[^"\\]*)*)"(?: (?P<c>[^ ]+))?)?'


def test_lines_are_cut_by_their_separators_and_matched_where_that_does_not_do() -> None:
    values, seven = {**TEXT, "log_pattern": CUT}, "1 2 3 - 5 6 7 8 9 10 11 12"
    cut = [f'{T} a {seven} "b b" c', f'{T} a {seven} ""', f"{T} a {seven}", f'{T}  {seven} "b" - d', f'{T} é {seven} "b" c']
    matched = [f"{T} a {seven} x", f'{T} a {seven} "b"c', f'{T} a {seven} "b']
    odd = [
        f'{T} a"a {seven} "b b" c',
        f'{T} a {seven} "b \\" b" c',
        f'{T} a {seven} "b" "c"',
        f'{T} a {seven} "b" c"',
        "a b",
        f'nowhen a {seven} "b"',
    ]
    assert same(values, "\n".join([*cut, *matched, *odd] * 3)) == 3 * len(cut + matched)
    function = compiled(values).fast
    assert function is not None
    made = function.make(Columns(tuple(re.compile(CUT).groupindex), str.split, '"', frozenset(), re.compile(CUT)), frozenset())
    assert "w = cut(row)" in made.source  # type: ignore[attr-defined]
    assert "def cut(row):" in made.source  # type: ignore[attr-defined]


@pytest.mark.parametrize("delimiter", ["", "\\t", ";", ","])
def test_rows_of_every_delimiter(delimiter: str) -> None:
    between = {"": "  ", "\\t": "\t"}.get(delimiter, delimiter)
    rows = [["time", "ip", "who"], [T, "192.0.2.1", "a"], [T, "-", "b\\t"], [T, "192.0.2.1", "tab\tor", "so"], [T, "192.0.2.1", '"q']]
    same({**CSV, "csv_delimiter": delimiter}, "\n".join(map(between.join, rows * 2)))


@pytest.mark.parametrize(("more", "times"), [
    ({}, [T, "2024-05-01", "2024-05-01T00:00:00.5", "", "-", "x", "2024-05-01T00:00:00.123456Z", "2024-05-01T00:00:00.000000Z"]),
    ({"timestamp_tz": "+09:00"}, [T, "2024-05-01T00:00:00", "2024-05-01T00:00:00.123456Z"]),
    ({"timestamp_format": "epoch"}, ["0", "1714521600", "1714521600.5", "1714521600123", "inf", "9" * 30, "", "-1", "x"]),
    ({"timestamp_format": "%d/%b/%Y:%H:%M:%S %z"}, ["24/May/2024:08:00:01 +0000", "24/May/2024:08:00:01 +0930", "x"]),
    ({"timestamp_format_list": '["epoch", "iso8601"]'}, [T, "1714521600", "x", ""]),
    ({"timestamp_key": "", "timestamp_key_list": "nowhere more time"}, [T, "", "x"]),
    ({"timestamp_nano": "yes"}, ["2024-05-01T00:00:00.123456789Z", T]),
])  # fmt: skip
@pytest.mark.parametrize("outs", [("full",), ("ecs protocol=tcp",)])
def test_times_of_every_form_and_broken_ones(more: dict[str, str], times: list[str], outs: tuple[str, ...]) -> None:
    same(
        {**CSV, **more},
        "\n".join(["time,ip,who,more", *(f"{time},192.0.2.1,a,{T if place % 2 else ''}" for place, time in enumerate(times * 2))]),
        outs,
    )
