"""``loader/explain/nearmiss.py``: how far a pattern gets, and what it wants there."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.explain.nearmiss import alternatives, literals, nearest

ACCESS = re.compile(
    r'(?P<host>\S+) (?P<user>\S+) \[(?P<when>[^\]]+)\] "(?:(?P<verb>[A-Z]+) (?P<path>\S+) HTTP/(?P<version>[\d.]+)|(?P<line>[^"]*))"'
    r" (?P<status>\d{3}|-)$"
)
WHOLE = '192.0.2.7 bob [24/May] "GET / HTTP/1.1" 200'


def test_a_pattern_that_matches_is_no_near_miss():
    assert nearest(ACCESS, WHOLE) is None


@pytest.mark.parametrize(
    ("text", "before", "item", "group"),
    [
        ('192.0.2.7 bob [24/May] "GET / HTTP/1.1" OK', '192.0.2.7 bob [24/May] "GET / HTTP/1.1" ', r"(?P<status>\d{3}|-)", "status"),
        (f"{WHOLE} 17", WHOLE, "$", ""),
        ("192.0.2.7 bob [24/May] GET /", "192.0.2.7 bob [24/May] ", '"', ""),
        ("192.0.2.7 bob 24/May", "192.0.2.7 bob ", r"\[", ""),
        ("192.0.2.7 bob [24/May", "192.0.2.7 bob [24/May", r"\]", ""),
        ("192.0.2.7", "192.0.2.7", " ", ""),
        ("", "", r"(?P<host>\S+)", "host"),
    ],
)
def test_it_tells_where_matching_stops_and_what_was_wanted_there(text, before, item, group):
    near = nearest(ACCESS, text)
    assert (text[: near.end], near.item, near.group) == (before, item, group)
    assert near.matched + near.rest == ACCESS.pattern
    assert near.rest.startswith(item)


def test_it_tells_what_the_groups_took_so_far():
    near = nearest(ACCESS, '192.0.2.7 bob [24/May] "GET / HTTP/1.1" OK')
    assert {name: value for name, value in near.groups.items() if value} == {
        "host": "192.0.2.7", "user": "bob", "when": "24/May", "verb": "GET", "path": "/", "version": "1.1",
    }  # fmt: skip


def test_the_cut_goes_on_inside_a_group_and_names_it():
    near = nearest(re.compile(r"id=(?P<id>[a-f]+:\d+);"), "id=beef:x;")
    assert (near.end, near.item, near.group) == (8, r"\d+", "id")
    assert near.rest == r"\d+"


def test_of_several_alternatives_the_one_that_gets_furthest_counts():
    near = nearest(re.compile(r"(?:ab|acde|a)!|xyz"), "acdx")
    assert (near.end, near.item) == (3, "e")
    assert nearest(re.compile(r"xyz|ab!"), "ab?").end == 2


def test_an_optional_group_that_breaks_off_is_followed_although_it_can_be_left_out():
    pattern = re.compile(r'(?P<status>\d+)(?: "(?P<referrer>[^"]*)"(?: (?P<cipher>[A-Z]+))?)?$')
    near = nearest(pattern, '200 "http://example.com/')
    assert (near.end, near.item) == (24, '"')
    near = nearest(pattern, '200 "-" x')
    assert (near.end, near.item, near.group) == (8, "(?P<cipher>[A-Z]+)", "cipher")


def test_a_repeated_group_is_followed_into_its_first_round():
    assert nearest(re.compile(r"(?:\d+,){2}end"), "17;").end == 2
    near = nearest(re.compile(r"(?:\d+,){2}end"), "17,")
    assert (near.end, near.item) == (3, r"(?:\d+,){2}")


def test_behind_a_group_that_had_to_be_given_back_what_follows_it_is_wanted():
    near = nearest(re.compile(r"(?:ab)*aa"), "ab")
    assert (near.end, near.item, near.rest) == (2, "a", "aa")


@pytest.mark.parametrize(
    ("pattern", "text", "end"),
    [
        (r"(?i)GET (?P<n>\d)", "get x", 4),
        (r"(?x) a b  # a comment with ( in it" "\n [0-9]", "abx", 2),
        (r"[])(]+x", ")](", 3),
        (r"\(\x41\u0042(?#note)\)", "(AB]", 3),
        (r"(?=a)(?!b)(?<!c)a(?P<q>b)(?P=q)c", "abbd", 3),
        (r"(a)?b(?(1)c|d)", "abx", 2),
        (r"a{,2}b{x}", "aab{y}", 4),
    ],
)
def test_all_of_the_syntax_of_re_is_cut_at_its_items(pattern, text, end):
    assert nearest(re.compile(pattern), text).end == end


def test_alternatives_are_cut_into_items_with_their_quantifiers():
    assert list(alternatives(r"a+?b|(?:c|d){2}[|]\|", verbose=False)) == [["a+?", "b"], ["(?:c|d){2}", "[|]", r"\|"]]


def test_literals_are_what_stands_for_itself():
    assert literals(r"^UserLogs/apache/access.*\.log$") == ["UserLogs/apache/access", ".log"]


ATOMS = st.sampled_from(["a", "b", " ", r"\d", "[ab]", r"(?P<x>a|b+)", "(?:ab)*", "a?", r"\S+", "(?:a|(?:b|c)d)"])


@given(st.lists(ATOMS, max_size=6).map("".join), st.text("abcd 1", max_size=8))
def test_what_is_said_to_match_does_and_items_make_up_the_pattern(source, text):
    try:
        pattern = re.compile(source)
    except re.error:  # a name twice
        return
    assert "|".join("".join(items) for items in alternatives(source, verbose=False)) == source
    near = nearest(pattern, text)
    if near is None:
        assert pattern.match(text)
        return
    assert not pattern.match(text)
    assert 0 <= near.end <= len(text)
    assert source.startswith(near.matched) or "|" in source
    assert near.rest
