"""``loader/changes.py``: sources and operations as an INI writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.changes import OPERATIONS, parsed


def changed(value, text):
    _, changes = parsed(f"x | {value}" if value else "x")
    for change in changes:
        text = change(text)
    return text


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        ("split / 0", "a/b/c", "a"),
        ("split / 2", "a/b/c", "c"),
        ("split / -1", "a/b/c", "c"),
        ("split / -3", "a/b/c", "a"),
        ("split / 3", "a/b/c", None),
        ("split / -4", "a/b/c", None),
        ('split " - " 1', "a - b", "b"),
        ('split "|" 1', "a|b", "b"),
        ("split '|' 1", "a|b", "b"),
        ('split "\\t" 1', "a\tb", "b"),
        (r"split \ -1", r"DOM\bob", "bob"),
        (r'split "\\" -1', r"DOM\bob", "bob"),
        (r"split '\' -1", r"DOM\bob", "bob"),
        ("replace - _", "a-b-c", "a_b_c"),
        ('replace "." ""', "a.b", "ab"),
        (r'replace "\"" "\x41"', 'a"b', "aAb"),
        (r"match \d+", "ab12c", "12"),
        (r'match "^(\w+) v(\d)"', "app v1", "app"),
        ("match x", "abc", None),
        ("lower", "AbC", "abc"),
        ("upper|split B 0", "abc", "A"),
        ("", "abc", "abc"),
    ],
)
def test_an_operation_does_what_it_says(value, text, expected):
    assert changed(value, text) == expected


@given(st.text(max_size=12), st.text(min_size=1, max_size=2), st.integers(-6, 6))
def test_split_is_that_of_python(text, separator, place):
    pieces = text.split(separator) if place >= 0 else text.rsplit(separator)
    expected = pieces[place] if -len(pieces) <= place < len(pieces) else None
    quoted = separator.replace("\\", "\\\\").replace('"', '\\"')
    assert changed(f'split "{quoted}" {place}', text) == expected


@given(st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=3))
def test_any_words_can_be_quoted(words):
    quoted = " ".join('"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"' for word in words)
    assert parsed(quoted) == (tuple(words), ())


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("", "names no source"),
        ("| lower", "names no source"),
        ('"" | lower', "names no source"),
        ("x |", "an operation is missing"),
        ("x | | lower", "an operation is missing"),
        ("x | spilt / 1", "did you mean 'split'?"),
        ("x | zzz", "split, replace, match, lower, upper"),
        ("x | split /", "split takes SEPARATOR NUMBER, not '/'"),
        ("x | split / b", "split takes SEPARATOR NUMBER"),
        ('x | split "" 1', "split takes SEPARATOR NUMBER"),
        ("x | replace a", "replace takes OLD NEW, not 'a'"),
        ('x | replace "" a', "OLD cannot be empty"),
        ("x | match (", "not a regular expression"),
        ('x | match ""', "cannot be empty"),
        ("x | lower case", "lower takes nothing, not 'case'"),
        ('x | split "/ 1', "a quote is not closed"),
        ("x | split '/ 1", "a quote is not closed"),
    ],
)
def test_a_mistake_is_told(value, said):
    with pytest.raises(ValueError, match=r".") as why:
        parsed(value)
    assert said in str(why.value)


@given(st.text(alphabet="ab |\"'\\/1-" + "splitlower", max_size=20))
def test_any_text_is_read_or_refused(value):
    try:
        sources, changes = parsed(value)
    except ValueError:
        return
    assert all(sources)
    assert len(changes) <= value.count("|")


def test_operations_are_few_and_named():
    assert sorted(OPERATIONS) == ["lower", "match", "replace", "split", "upper"]
