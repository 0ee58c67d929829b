"""``loader/jsontext.py``: JSON texts that can be searched, or equal those of the es-loader."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.jsontext import readable, rewritten

TEXT = st.lists(st.characters() | st.sampled_from(["\\", '"', "\\u0041", "\n", "\x00", "\x1f", "\x7f", "\u2028", "😀", "/"]), max_size=8).map("".join)
TREE = st.recursive(TEXT | st.integers() | st.floats() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=8)


@given(TREE)
def test_what_python_wrote_in_ascii_reads_as_it_writes_with_all_characters(tree):
    written = json.dumps(tree, ensure_ascii=False)
    if not any("\ud800" <= character <= "\udfff" for character in written):
        assert readable(json.dumps(tree)) == written
        assert rewritten(json.dumps(tree, indent=3)) == written


@given(TREE)
def test_a_readable_text_says_the_same_and_stays(tree):
    text = readable(json.dumps(tree))
    assert json.dumps(json.loads(text)) == json.dumps(tree)
    assert readable(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r'"\u00E9"', '"é"'),
        (r'"\u0022 \u005c \u002f"', r'"\" \\ /"'),
        (r'"\u000a\u000D\u0009\u0008\u000c"', r'"\n\r\t\b\f"'),
        (r'"\u0000 \u001F"', r'"\u0000 \u001f"'),
        (r'"\uD83D\uDE00\ud83d\ude01"', '"😀😁"'),
        (r'"\\u00e9 \\\u00e9"', '"\\\\u00e9 \\\\é"'),
        (r'"\ud800 \uDC00\ud800 \ud800\u0041"', r'"\ud800 \uDC00\ud800 \ud800A"'),
        ('{"a" :\t1.50}', '{"a" :\t1.50}'),
        (r'"\/ \u00zz \u12"', r'"\/ \u00zz \u12"'),
    ],
)
def test_only_escapes_by_number_change(text, expected):
    assert readable(text) == expected


@pytest.mark.parametrize("text", ["[" * 100_000 + "]" * 100_000, "1" * 5000, "{", ""])
def test_a_text_that_python_cannot_read_stays(text):
    assert rewritten(text) == text


def test_numbers_stand_as_python_writes_them():
    assert rewritten('{"a":1E+2,"b":-0,"c":1.10}') == '{"a": 100.0, "b": 0, "c": 1.1}'
    assert rewritten(f"[{'9' * 30}]") == f"[{'9' * 30}]"


@given(TREE)
def test_the_same_record_comes_out(tree):
    text = json.dumps({"a": tree})
    try:
        record = orjson.loads(text)
    except orjson.JSONDecodeError:
        return
    assert orjson.loads(readable(text)) == record
