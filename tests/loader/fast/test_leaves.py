"""``loader/fast/leaves.py``: values as the mapping and the table of a hook give them, and their JSON."""

from __future__ import annotations

import math
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.fast import leaves
from loader.fast.leaves import Leaf, Odd, fixed, key_of, mapped, member, overlaid, says, value_of
from loader.stages.tidy import tidy_object
from siem.utils import derive

NUMBER = st.floats(allow_nan=False, allow_infinity=False)
SCALAR = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | NUMBER | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
VALUE = st.recursive(SCALAR, lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from("ab-"), below, max_size=3), max_leaves=6)


def anywhere(path: str) -> bool:
    return True


def leaf(target: str, *groups: list[str], **more: Any) -> Leaf:
    found = mapped(target, groups, more.get("has", anywhere), more.get("kept", ()), derives=more.get("derives", True))
    assert found is not None
    return found


@given(VALUE, VALUE)
def test_keys_of_two_values_are_equal_only_where_their_json_is(one: Any, other: Any) -> None:
    assert (key_of(one) == key_of(other)) == (orjson.dumps(one) == orjson.dumps(other))


def test_true_1_and_1_0_have_keys_of_their_own_and_so_have_the_zeros() -> None:
    values = [True, 1, 1.0, "1", "True", False, 0, 0.0, -0.0, "0", None, "null", "", [], {}, [1], [True], [1.0]]
    assert len({key_of(value) for value in values}) == len(values)


@given(VALUE)
def test_a_key_leads_back_to_its_value(value: Any) -> None:
    assert orjson.dumps(value_of(key_of(value))) == orjson.dumps(value)


@given(VALUE)
def test_a_member_is_what_tidying_leaves_of_it(value: Any) -> None:
    held = orjson.loads(orjson.dumps({"name": value}))
    before = orjson.dumps(value)
    if value not in ("", "-", "null", "[]"):  # which a leaf never gives
        tidy_object(held)
        assert "{" + member("name", value) + "}" == orjson.dumps(held).decode()
    assert orjson.dumps(value) == before


@pytest.mark.parametrize(("target", "raw", "value"), [
    ("source.port", "443", 443), ("source.port", "-", None), ("source.port", None, None), ("source.ip", "192.0.2.1", "192.0.2.1"),
    ("source.address", "", None), ("source.address", 7, "7"), ("user.name", ["a", None], ["a"]), ("source.geo.location", {"lat": 1}, {"lat": 1}),
    ("tls.established", "yes", True), ("event.risk_score", "1.5", 1.5), ("related.ip", "192.0.2.1", ["192.0.2.1"]), ("tags", "-", None),
])  # fmt: skip
def test_values_get_the_type_of_their_target(target: str, raw: Any, value: Any) -> None:
    assert leaf(target, ["a"]).compute((raw,)) == value


@pytest.mark.parametrize(
    ("target", "raw"), [("source.port", "http"), ("source.ip", "example.com"), ("tls.established", "perhaps"), ("source.port", True)]
)
def test_a_misfit_is_odd_for_it_has_to_be_counted(target: str, raw: Any) -> None:
    with pytest.raises(Odd):
        leaf(target, ["a"]).compute((raw,))


def test_no_address_where_the_same_field_is_kept_as_text_is_no_misfit() -> None:
    assert leaf("source.ip", ["a"], kept={"a"}).compute(("example.com",)) is None


def test_the_first_of_several_sources_counts_and_an_empty_list_ends_the_search() -> None:
    found = leaf("user.name", ["a", "b", "c"])
    assert [found.compute(values) for values in [("", None, "x"), (None, "y", "x"), ("", [], "x"), (False, "y", "x")]] == ["x", "y", None, "false"]


def test_sources_that_records_never_have_are_no_inputs() -> None:
    assert leaf("user.name", ["a", "b"], has=lambda path: path == "b").inputs == ("b",)
    assert mapped("user.name", [["a"]], lambda path: False, ()) is None
    assert mapped("related.ip", [["a"]], lambda path: False, ()) is None


def test_account_and_region_of_the_key_stand_in_for_what_is_missing_or_unknown() -> None:
    found = leaf("cloud.account.id", ["a"])
    assert found.inputs == ("a", "%account")
    assert found.asked == ("a",)
    assert [found.compute((raw, "k")) for raw in ("m", "", None, "unknown", 0, 12)] == ["m", "k", "k", "k", "0", "12"]
    assert leaf("cloud.region", []).compute(("r",)) == "r"
    assert leaf("cloud.region", ["a"], derives=False).compute(("unknown",)) == "unknown"


@pytest.mark.parametrize(("target", "groups", "form"), [
    ("source.address", [["a"]], "text"), ("source.address", [["a", "b"]], ""), ("source.ip", [["a"]], "ip"), ("source.port", [["a"]], "whole"),
    ("tags", [["a"]], "texts"), ("related.ip", [["a"]], "ips"), ("related.ip", [["a"], ["b"]], "addresses"), ("related.ip", [["a", "b"]], ""),
    ("tls.established", [["a"]], ""), ("dns.answers", [["a"]], ""), ("custom.x", [["a"], ["b"]], ""),
])  # fmt: skip
def test_the_form_tells_how_a_text_becomes_the_value(target: str, groups: list[list[str]], form: str) -> None:
    assert leaf(target, *groups).form == form


def told(row: Any, place: int = 0, *sources: tuple[str, bool]) -> Leaf | None:
    return leaves.derived(row, place, sources or [(name, True) for name in row.sources])


def test_a_row_gives_the_values_of_its_targets_and_none_where_they_say_nothing() -> None:
    row = derive("event.outcome event.type", lambda a, b: (a, [b]), "a b")
    one, two = told(row, 0), told(row, 1)
    assert one is not None and two is not None
    assert (one.compute(("x", "y")), two.compute(("x", "y")), one.compute(("-", "y")), two.compute(("x", ""))) == ("x", ["y"], None, None)


def test_a_row_gets_none_for_what_records_never_have() -> None:
    found = told(derive("event.outcome", lambda a, b: f"{a}{b}", "a b"), 0, ("a", False), ("b", True))
    assert found is not None
    assert (found.inputs, found.compute(("x",))) == (("b",), "Nonex")


def test_a_row_of_nothing_is_a_constant_or_nothing_and_one_that_fails_is_refused() -> None:
    constant = told(derive("event.outcome", lambda a: "x", "a"), 0, ("a", False))
    assert constant is not None and constant.certain and constant.compute(()) == "x"
    assert told(derive("event.outcome", lambda a: a, "a"), 0, ("a", False)) is None
    with pytest.raises(ValueError, match="fails"):
        told(derive("event.outcome", lambda a: a + 1, "a"), 0, ("a", False))


@pytest.mark.parametrize("given_", [["a", "b"], "ab", {"a": 1, "b": 2}, ("a",), ("a", "b", "c"), 7])
def test_a_row_of_two_targets_wants_a_tuple_of_two(given_: Any) -> None:
    found = told(derive("event.outcome event.action", lambda a: given_, "a"))
    assert found is not None
    with pytest.raises(TypeError):
        found.compute(("x",))


def test_one_leaf_over_another_and_a_source_named_twice() -> None:
    above = told(derive("event.action", lambda a, b, c: c if a == b else None, "a a b"))
    assert above is not None
    both = leaves.overlaid(leaf("event.action", ["b", "c"]), above)
    assert [dict(zip(both.inputs, values, strict=True)) and both.compute(values) for values in [("x", "y", "z"), ("x", "", "z")]] == ["y", "z"]


def test_a_misfit_counts_though_a_table_gives_another_value() -> None:
    above = told(derive("source.port", lambda a: 7, "a"))
    assert above is not None
    with pytest.raises(Odd):
        leaves.overlaid(leaf("source.port", ["a"]), above).compute(("http",))


def test_what_is_certain_is_a_constant_and_the_time_of_the_chunk() -> None:
    assert leaves.fixed([1]).certain and leaves.ingested().certain and leaves.ingested().asked == ()
    assert not leaf("user.name", ["a"]).certain
    assert math.isinf(leaves.fixed(math.inf).compute(()))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_json_lacks_is_odd(value: float) -> None:
    with pytest.raises(Odd):
        key_of(value)


def test_what_is_nothing_once_tidied_leaves_what_lies_below_as_it_was() -> None:
    def given(value: object) -> object:
        return overlaid(fixed("below"), Leaf((), lambda values: value if says(value) else None)).compute(())

    assert [given(value) for value in ({"a": ""}, {"a": {"b": None}}, {}, [""], "-")] == ["below"] * 5
    assert [given(value) for value in ({"a": 0}, ["a"], "x", 0, False)] == [{"a": 0}, ["a"], "x", 0, False]
