"""``plugins/parser_json.py``: objects in any layout, whole whatever lies beside them."""

from __future__ import annotations

import itertools
import json
import math
import time

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loader.api import DecodeError, Limits
from plugins.parser_json import JsonParser
from tests.drivers import blocks_of, parsed

NASTY = [
    "}",
    "{",
    "]",
    "[",
    '"',
    "\\",
    ",",
    ":",
    "\n",
    "},{",
    '},{"a"',
    '},{"a":',
    "\x1e",
    "a",
    "é",
    "日本",
    "\u2028",
    "\ufeff",
    "\\u0041",
    "/",
    "\x7f",
    " ",
]
TEXT = st.lists(st.sampled_from(NASTY), max_size=5).map("".join)
KEY = st.sampled_from(["a", "b", "id", "Records", ",", "},{", 'q"', "é", ""])
LEAF = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False) | TEXT
VALUE = st.recursive(LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY, inner, max_size=3), max_leaves=6)
OBJECT = st.dictionaries(KEY, VALUE, max_size=4)
OBJECTS = st.lists(OBJECT, max_size=7)
BLOCK = st.sampled_from([1, 2, 3, 5, 8, 13, 40, 65536])
LIMITS = st.sampled_from([Limits(), Limits(chunk_records=1), Limits(chunk_records=2)])


def read(body, block=65536, limits=None, **options):
    return parsed(JsonParser(), blocks_of(body if isinstance(body, bytes) else body.encode(), block), limits, **options)


def dumps(value, **layout):
    return json.dumps(value, ensure_ascii=False, **layout)


def check(found, expected):
    """Exactly these came out, in this order, and their raw texts say the same."""
    assert found.error is None
    assert found.rejects == []
    assert found.records == expected
    assert [orjson.loads(raw) for raw in found.raws] == expected


# --- every layout


LAYOUTS = {
    "lines": lambda many: "".join(f"{dumps(one)}\n" for one in many),
    "windows lines, blank ones between": lambda many: "\r\n\r\n".join(map(dumps, many)),
    "compact lines": lambda many: "\n".join(dumps(one, separators=(",", ":")) for one in many),
    "ascii lines": lambda many: "\n".join(map(json.dumps, many)),
    "one after the other": lambda many: "".join(map(dumps, many)),
    "several a line": lambda many: "".join(dumps(one) + end for one, end in zip(many, itertools.cycle([" ", "", "\n", ", ", "\n"]), strict=False)),
    "pretty": lambda many: "\n".join(dumps(one, indent=2) for one in many),
    "pretty with tabs": lambda many: "".join(dumps(one, indent="\t") + "\r\n" for one in many),
    "pretty without an indent": lambda many: "\n".join(dumps(one, indent=0) for one in many),
    "text sequence": lambda many: "".join(f"\x1e{dumps(one)}\n" for one in many),
    "array": dumps,
    "compact array": lambda many: dumps(many, separators=(",", ":")),
    "pretty array": lambda many: dumps(many, indent=4),
    "pretty array without an indent": lambda many: dumps(many, indent=0),
    "array, an element a line": lambda many: "[\n" + ",\n".join(map(dumps, many)) + "\n]\n",
    "array with wide commas": lambda many: "[ " + " ,\n\t ".join(map(dumps, many)) + "]",
    "arrays a line": lambda many: "".join(dumps(many[at : at + 2]) + "\n" for at in range(0, len(many), 2)),
    "arrays one after the other": lambda many: "".join(dumps(many[at : at + 3]) for at in range(0, len(many), 3)),
    "lines and arrays": lambda many: "".join(dumps(one) + "\n" for one in many[:3]) + dumps(many[3:]),
    "files put together, each with a mark": lambda many: "".join(f"\ufeff{dumps(one)}\n" for one in many),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@settings(deadline=None, max_examples=60)
@given(many=OBJECTS, block=BLOCK, limits=LIMITS)
def test_any_list_of_objects_comes_out_of_any_layout_however_it_is_cut(layout, many, block, limits):
    found = read(LAYOUTS[layout](many), block, limits)
    check(found, many)
    assert max(found.sizes, default=0) <= limits.chunk_records


UNDER = {
    "compact": {"separators": (",", ":")},
    "plain": {},
    "pretty": {"indent": 2},
    "without an indent": {"indent": 0},
}


@pytest.mark.parametrize("layout", UNDER)
@settings(deadline=None, max_examples=100)
@given(
    many=OBJECTS,
    path=st.lists(st.sampled_from(["Records", "é", "a-b"]), min_size=1, max_size=3),
    before=st.dictionaries(KEY.filter(lambda key: key != "Records"), VALUE, max_size=2),
    behind=st.dictionaries(KEY.filter(lambda key: key != "Records"), VALUE, max_size=2),
    objects=st.integers(1, 3),
    block=BLOCK,
)
def test_the_list_under_a_key_comes_out_whatever_stands_beside_it(layout, many, path, before, behind, objects, block):
    whole = many
    for key in reversed(path):
        members = [*((k, v) for k, v in before.items() if k != key), (key, whole), *((k, v) for k, v in behind.items() if k != key)]
        whole = dict(members)
    found = read("\n".join([dumps(whole, **UNDER[layout])] * objects), block, json_delimiter=".".join(path))
    check(found, many * objects)


@pytest.mark.parametrize("block", [1, 7, 65536])
def test_elements_with_different_first_keys_in_one_list(block):
    many = [{key: number, "x": [{key: 1}, {key: 2}]} for number, key in enumerate("abcabcaabbcc" * 5)]
    check(read(dumps(many), block), many)
    check(read(dumps({"Records": many}), block, json_delimiter="Records"), many)


@pytest.mark.parametrize("key", [",", "},{", '"', '},{","', "\\"])
def test_a_first_key_made_to_look_like_a_separator(key):
    many = [{key: "x},{" + key + '"', "b": [{key: "},{"}, {key: 1}]} for _ in range(6)]
    for layout in ("compact array", "array", "lines", "one after the other"):
        check(read(LAYOUTS[layout](many)), many)


def test_a_byte_order_mark_goes():
    for body in (b'{"a": 1}', b'[{"a": 1}]', b' \n{"a":\n1}'):
        check(read(b"\xef\xbb\xbf" + body, 1), [{"a": 1}])


@pytest.mark.parametrize("body", ["", " ", "\n\n", "[]", "[ ]\n[]", "\ufeff", "\x1e"])
def test_nothing_is_no_record_and_no_error(body):
    check(read(body), [])


def test_records_of_clean_lines_and_lists_are_parsed_once():
    for body in ('{"a":1}\n{"a":2}\n', '[{"a":1},{"a":2},{"a":3}]'):
        assert all(raws.records is not None for raws in JsonParser().prepare(section(), Limits())(iter([body.encode()])))


def section():
    from tests.drivers import log_type

    return log_type()


# --- what is broken costs itself


GOOD = [{"id": number, "text": "x},{", "list": [{"id": 1}, {"id": 2}]} for number in range(6)]
GARBAGE = [
    "garbage",
    "2024-05-24 07:32:05 ERROR it broke",
    "[INFO] started",
    "[2024-05-24 07:32:05] INFO started",
    "[error",
    "[12:00:01] x",
    "<html>",
    '{"id": }',
    '{"id": ',
    '{"id": {',
    '{"id": [',
    '{"id": [{"a": 1}, {',
    '{"id": [1}',
    '{"id": 1, "cut": "in mid-str',
    '{"id": 1, "cut": "backslash\\',
    '{"id": 1, "cut"',
    '{"id": 1,',
    "{",
    "}",
    "}}]",
    "]",
    '"just text"',
    '"text that is not closed',
    "17",
    "NaN",
    "{'id': 1}",
    '{"id": 1}}',
    "{{}}",
    '{"id": NaN}',
    '{"id": Infinity}',
    '{"id": 01}',
    '{"id": 1e999x}',
    '{"id": "\t"}',
    '{"id": "\\x"}',
    '{"id": "\\ud800"}',
    '{"id" 1}',
    '{"id": tru}',
    "[1, 2]",
    "null",
    "\\",
    '{"a":' * 1100 + "1" + "}" * 1100,
]


def good_of(found):
    return [record for record in found.records if "text" in record]


@pytest.mark.parametrize("block", [1, 11, 65536])
@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda text: text[:30])
def test_a_garbage_line_between_good_ones_is_rejected_alone(garbage, block):
    body = "\n".join([*map(dumps, GOOD[:3]), garbage, *map(dumps, GOOD[3:])])
    found = read(body, block)
    assert good_of(found) == GOOD
    assert found.error is None
    assert found.read > len(GOOD)
    assert found.rejects
    assert all(len(raw) <= len(garbage) for raw, _ in found.rejects)


@pytest.mark.parametrize("block", [1, 11, 65536])
@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda text: text[:30])
def test_garbage_at_the_start_and_at_the_end_costs_no_neighbour(garbage, block):
    found = read("\n".join([garbage, *map(dumps, GOOD), garbage]), block)
    assert good_of(found) == GOOD
    assert found.rejects
    assert found.error is None or garbage == "[error"


@pytest.mark.parametrize("block", [1, 11, 65536])
@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda text: text[:30])
def test_garbage_between_pretty_printed_objects_costs_no_neighbour(garbage, block):
    found = read("\n".join([*(dumps(one, indent=2) for one in GOOD[:3]), garbage, *(dumps(one, indent=2) for one in GOOD[3:])]), block)
    assert good_of(found) == GOOD
    assert found.error is None
    assert 1 <= len(found.rejects) <= 4


OPEN = [line for line in GARBAGE if line not in ("}", "}}]")]  # those may close what a line before left open: an object after all


@settings(deadline=None, max_examples=200)
@given(st.lists(st.sampled_from([*OPEN, *map(dumps, GOOD)]), max_size=8), BLOCK)
@example(['{"id": {', '{"id": ', dumps(GOOD[0]), '{"id": [{"a": 1}, {', dumps(GOOD[1]), dumps(GOOD[2])], 1)
def test_good_lines_come_out_of_any_mixture(chosen, block):
    found = read("\n".join([*chosen, dumps(GOOD[5])]) + "\n", block)
    assert good_of(found) == [*(json.loads(line) for line in chosen if '"text"' in line and line in map(dumps, GOOD)), GOOD[5]]
    assert found.error is None


@pytest.mark.parametrize("block", [1, 11, 65536])
@pytest.mark.parametrize("end", range(1, 60, 3))
def test_a_truncated_last_record_is_rejected_alone(end, block):
    last = dumps(GOOD[0])[:-end]
    for between in ("\n", "", " "):
        found = read(between.join([*map(dumps, GOOD), last]), block)
        assert found.records == GOOD
        assert [raw for raw, _ in found.rejects] == [last.strip()] * bool(last)


@pytest.mark.parametrize("block", [1, 11, 65536])
@pytest.mark.parametrize("lines_lost", range(1, 9))
def test_a_truncated_last_record_of_many_lines_is_rejected_alone(lines_lost, block):
    last = "\n".join(dumps(GOOD[0], indent=2).split("\n")[:-lines_lost])
    found = read("\n".join([*(dumps(one, indent=2) for one in GOOD), last]), block)
    assert (found.records, [raw for raw, _ in found.rejects]) == (GOOD, [last])


@pytest.mark.parametrize("block", [1, 11, 65536])
@pytest.mark.parametrize("wrong", ["NaN", "[1}"])
def test_a_pretty_printed_object_that_is_wrong_inside_is_rejected_as_one(wrong, block):
    bad = f'{{\n  "a": {wrong},\n  "b": [\n    {{"text": 1}},\n    {{"text": 2}}\n  ]\n}}'
    found = read("\n".join([dumps(GOOD[0], indent=2), bad, dumps(GOOD[1], indent=2)]), block)
    assert (found.records, [raw for raw, _ in found.rejects]) == (GOOD[:2], [bad])


@pytest.mark.parametrize("block", [1, 11, 65536])
@pytest.mark.parametrize("end", [1, 2, 3, 10, 30])
@pytest.mark.parametrize(("head", "options"), [("[", {}), ('{"n": 1, "Records": [', {"json_delimiter": "Records"})])
def test_a_truncated_list_fails_after_its_whole_records_were_given(head, options, end, block):
    body = head + ", ".join(map(dumps, GOOD)) + "]"
    found = read(body[:-end], block, **options)
    assert found.records == (GOOD if end == 1 else GOOD[:-1])
    assert isinstance(found.error, DecodeError)
    assert found.error.args[0].startswith("the JSON")


@pytest.mark.parametrize("body", ['{"Records": [{"a": 1}]', '{"Records": [{"a": 1}], "b', '{"Records": [{"a": 1}], "b": '])
def test_an_object_cut_behind_its_list_fails_after_the_records_were_given(body):
    found = read(body, json_delimiter="Records")
    assert found.records == [{"a": 1}]
    assert isinstance(found.error, DecodeError) or found.rejects


@pytest.mark.parametrize("block", [1, 11, 65536])
@pytest.mark.parametrize(
    "broken",
    [
        '{"id": tru}',
        '{"id": 1, "x": "\\x"}',
        '{"id": [1}',
        '{"id": 1]',
        '{"id": 1, "x": "not closed\n}',
        '{"id" 1}',
        "garbage",
        "nu ll",
        "17",
        '"x"',
        "[]",
        "}",
    ],
)
def test_a_broken_element_costs_no_neighbour(broken, block):
    for between in (",", ",\n  "):
        elements = [*map(dumps, GOOD[:3]), broken, *map(dumps, GOOD[3:])]
        found = read("[" + between.join(elements) + "]", block)
        assert good_of(found) == GOOD
        assert found.rejects


def test_a_list_broken_at_its_first_element_fails_rather_than_guess():
    found = read('[{"a": "not closed\n}, {"a": 2}]')
    assert isinstance(found.error, DecodeError)
    assert found.records == []


def test_what_stands_behind_a_list_that_is_never_closed_is_still_read():
    lines = [dumps(GOOD[:2]), dumps(GOOD[2:4])[:-1], dumps(GOOD[4:])]
    for block in (1, 11, 65536):
        found = read("\n".join(lines), block)
        assert (found.records, len(found.rejects), found.error) == (GOOD, 1, None)
        assert "not closed" in found.rejects[0][1]
        under = read("\n".join(f'{{"Records": {line}}}' for line in lines).replace("3, ", "3, ", 1), block, json_delimiter="Records")
        assert good_of(under) == GOOD


def test_a_truncated_line_under_a_key_does_not_take_the_next_line_for_its_element():
    lines = [dumps({"Records": GOOD[:2]}), dumps({"Records": GOOD[2:4]})[:-2], dumps({"Records": GOOD[4:]})]
    for block in (1, 11, 65536):
        found = read("\n".join(lines), block, json_delimiter="Records")
        assert (found.records, len(found.rejects), found.error) == (GOOD, 1, None)


@pytest.mark.parametrize(
    "bad",
    ["{}", '{"other": [1]}', '{"Records": null}', '{"Records": {"a": [{}]}}', '{"x": {"Records": [{"a": 1}]}}', '{"records": [{"a": 1}]}'],
)
def test_an_object_without_the_list_is_counted_as_broken(bad):
    good = '{"Records": [{"a": 1}]}'
    found = read(f"{good}\n{bad}\n{good}", json_delimiter="Records")
    assert found.records == [{"a": 1}] * 2
    assert found.rejects == [(f"{bad}\n{good}" if len(bad) < 2 else found.rejects[0][0], "has no list under 'Records' (json_delimiter)")]
    assert found.rejects[0][0].startswith(bad)


@pytest.mark.parametrize("bad", ["garbage", '{"x": tru', '{"Records" 1}', "{,}", "[", '{"Records": [{"a": 3}', '{"x": "cut', '{"x": {"y": 1'])
def test_a_line_that_is_no_object_costs_no_neighbour_under_a_key(bad):
    good = dumps({"Records": GOOD[:2]})
    for block in (1, 11, 65536):
        found = read(f"{good}\n{bad}\n{good}\n{good}", block, json_delimiter="Records")
        assert good_of(found) == GOOD[:2] * 3
        assert (found.error is None and found.rejects) or bad == "["


# --- limits


def big(size, number=0):
    return {"id": number, "text": 'x\\"},{' * (size // 8), "list": []}


@pytest.mark.parametrize("block", [1, 10, 100, 65536])
@pytest.mark.parametrize(
    "layout", ["lines", "compact lines", "one after the other", "array", "compact array", "pretty array", "array, an element a line"]
)
def test_a_record_over_the_limit_is_rejected_alone(layout, block):
    many = [*GOOD[:3], big(2000), *GOOD[3:], big(2000)]
    found = read(LAYOUTS[layout](many), block, Limits(record_bytes=300))
    assert found.records == GOOD
    assert found.error is None
    assert [reason for _, reason in found.rejects] == ["longer than the 300 bytes of [loader] max_record_bytes"] * 2
    assert all(raw.lstrip().startswith("{") and len(raw) <= 4096 for raw, _ in found.rejects)


@pytest.mark.parametrize("block", [1, 10, 100, 65536])
def test_a_pretty_printed_record_over_the_limit_is_rejected_alone(block):
    many = [*GOOD[:3], big(2000), *GOOD[3:]]
    found = read(LAYOUTS["pretty"](many), block, Limits(record_bytes=300))
    assert found.records == GOOD
    assert len(found.rejects) == 1


@pytest.mark.parametrize("block", [10, 65536])
def test_members_over_the_limit_beside_the_list_cost_nothing(block):
    found = read(
        dumps({"x": "y" * 5000, "z": [big(1000)], "Records": GOOD, "end": big(900)}), block, Limits(record_bytes=300), json_delimiter="Records"
    )
    check(found, GOOD)


@pytest.mark.parametrize("block", [10, 65536])
@pytest.mark.parametrize("bad", ['{"a": {', '{"a": [1,', '{"a": {,', '{"a": "x\\'])
def test_an_object_never_closed_does_not_swallow_more_than_the_limit(bad, block):
    lines = [dumps(one) for one in GOOD * 20]
    for end in ("", ","):
        found = read("\n".join(line + end for line in [bad, *lines]), block, Limits(record_bytes=1000))
        assert good_of(found) == GOOD * 20


@pytest.mark.parametrize("between", ["", " ", ", "])
def test_a_single_line_of_many_objects_may_be_longer_than_the_limit(between):
    found = read(between.join(map(dumps, GOOD * 20)), 64, Limits(record_bytes=300))
    check(found, GOOD * 20)


@pytest.mark.parametrize("tail", ["", "\n{}"])
def test_garbage_over_the_limit_is_one_reject(tail):
    for bad in ("x" * 5000, '"' + "x" * 5000, '{"a": "' + "x" * 5000, "[" + "x" * 5000, '{"a": x' + "y" * 5000, '{"a' + '\\"' * 3000):
        found = read(f"{dumps(GOOD[0])}\n{bad}{tail}", 64, Limits(record_bytes=300))
        assert found.records == [GOOD[0], *([{}] if tail else [])]
        assert 1 <= len(found.rejects) <= 2


def test_one_list_of_any_size_is_read_in_blocks():
    held = 0

    def blocks():
        nonlocal held
        yield b'{"Records": ['
        for number in range(20_000):
            held += 1
            yield (b"," if number else b"") + dumps({"id": number, "text": "y" * 50}).encode()
        yield b"]}"

    read_all = JsonParser().prepare(section_of(json_delimiter="Records"), Limits(chunk_records=10))
    count = 0
    for raws in read_all(blocks()):
        count += len(raws.texts)
        assert held - count < 50
    assert count == 20_000


def section_of(**options):
    from tests.drivers import log_type

    return log_type(**options)


# --- values


def test_numbers_of_any_size_cost_their_record_at_most():
    found = read('{"a": 123456789012345678901234567890}\n{"a": 1e999}\n{"a": -0.0}\n{"a": 18446744073709551615}')
    values = [record["a"] for record in found.records]
    assert found.read == 4
    assert values[0] == pytest.approx(123456789012345678901234567890)
    assert values[-1] == 2**64 - 1
    assert math.copysign(1, values[-2]) == -1


def test_nan_is_no_json_and_rejected_with_its_text():
    found = read('{"a": NaN}\n{"a": 1}')
    assert found.records == [{"a": 1}]
    assert found.rejects[0][0] == '{"a": NaN}'
    assert found.rejects[0][1].startswith("not JSON")


@pytest.mark.parametrize("value", ["1", '"x"', "null", "true", "1.5", "[]"])
def test_json_that_is_no_object_is_rejected_saying_what_it_is(value):
    ((raw, reason),) = read(f'{{"a": 1}}\n[{value}]' if value == "[]" else f'{{"a": 1}}\n{value}').rejects
    assert raw == value
    assert reason.startswith("JSON, but ")


@pytest.mark.parametrize("block", [1, 2, 65536])
def test_bytes_that_are_no_utf8_stay_visible_in_strings(block):
    body = b'{"caf\xe9": "\xff\xfe \xe6\x97", "ok": "\xe6\x97\xa5"}\n[{"a": "\\\\\x80"}]\n{"a": "x\xed\xa0\x80"}'
    found = read(body, block)
    assert found.records == [{"caf\\xe9": "\\xff\\xfe \\xe6\\x97", "ok": "日"}, {"a": "\\\\x80"}, {"a": "x\\xed\\xa0\\x80"}]


def test_nesting_as_deep_as_it_likes_is_no_more_than_a_reject():
    deep = '{"a":' * 5000 + "1" + "}" * 5000
    for body in (f"{deep}\n{dumps(GOOD[0])}", f"[{dumps(GOOD[0])}, {deep}]", "[" * 5000 + "]" * 5000 + "\n" + dumps(GOOD[0])):
        found = read(body)
        assert found.records == [GOOD[0]]
        assert found.rejects
    assert read(f'{{"x": {deep}, "Records": {dumps(GOOD)}}}', json_delimiter="Records").records == GOOD


def test_of_a_key_given_twice_the_last_counts():
    assert read('{"a": 1, "a": 2}').records == [{"a": 2}]


# --- anything


SCRAPS = [
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b"\\",
    b",",
    b":",
    b"\n",
    b" ",
    b"a",
    b"1",
    b"-",
    b"null",
    b'{"a":1}',
    b'{"Records":[',
    b'"Records"',
    b"\xff",
    b"\xef\xbb\xbf",
    b"\0",
]


@settings(deadline=None, max_examples=600)
@given(
    st.lists(st.sampled_from(SCRAPS), max_size=40).map(b"".join) | st.binary(max_size=80),
    BLOCK,
    st.sampled_from(["", "Records", "a.Records"]),
    st.sampled_from([3, 20, 10000]),
)
def test_whatever_the_bytes_they_end_as_records_rejects_or_a_source_error(body, block, delimiter, limit):
    found = read(body, block, Limits(record_bytes=limit), json_delimiter=delimiter)
    assert found.error is None or isinstance(found.error, DecodeError)
    assert len(found.records) + len(found.rejects) <= 4 * len(body) + 1


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(SCRAPS), max_size=30).map(b"".join), BLOCK)
def test_how_a_source_is_cut_into_blocks_does_not_change_its_records(body, block):
    whole = read(body)
    pieces = read(body, block)
    assert pieces.records == whole.records


WORST = {
    "never closed": '{"a": {\n',
    "never closed, commas": '{"a": {,\n',
    "lists never closed": '[{"a": 1}\n',
    "lists of lists": "[[",
    "brackets": "[",
    "braces": "{",
    "quotes": '"',
    "open strings": '{"a": "x\n',
    "backslashes": "\\",
    "escaped quotes": '{"a": "\\"\n',
    "several a line": '{"a": 1}',
    "several a line, broken": '{"a": }',
    "words": "x ",
    "lines of words": "x\n",
    "other keys": '{"a": 1}, {"b": 2}, {"c": [{"a": 1}, {"b": 1}]}, ',
    "pretty, never closed": '{\n  "a": [\n',
    "indented": ' {"a": \n',
    "bad elements": '{"a": 1}, {"a": tru}, ',
    "unbalanced elements": '{"a": 1}, {"a": [1}, ',
    "closing": "}\n",
}


@pytest.mark.parametrize("delimiter", ["", "a"])
@pytest.mark.parametrize("head", ["", "[", '{"a":['])
@pytest.mark.parametrize("worst", WORST)
def test_the_worst_input_takes_time_in_proportion(worst, head, delimiter):
    def seconds(size):
        body = (head + WORST[worst] * (size // len(WORST[worst]))).encode()
        began = time.process_time()
        read(body, 4096, Limits(record_bytes=size // 2), json_delimiter=delimiter)
        return time.process_time() - began

    least = min(seconds(20_000) for _ in range(2))
    assert min(seconds(80_000) for _ in range(2)) < 10 * least + 0.1  # four times as much; quadratic would be 16 times


def test_of_a_long_object_that_is_broken_the_start_is_kept():
    text = '{"a": "' + "x" * 5000 + '"}'
    assert [raw for raw, _ in read(text, json_delimiter="Records").rejects] == [text[:4096] + " ..."]
