"""``bench/rounds.py``: what is made of measurements."""

from __future__ import annotations

import pytest

from bench import rounds


def figures(cpu: float, records: int = 1_000_000) -> rounds.Figures:
    return {"cpu": cpu, "records": records}


def test_ways_take_turns() -> None:
    order: list[str] = []

    def way(name: str) -> rounds.Figures:
        order.append(name)
        return figures(1.0)

    found = rounds.play({"a": lambda: way("a"), "b": lambda: way("b")}, 3)
    assert (order, len(found)) == (["a", "b"] * 3, 3)


def test_a_ratio_is_the_median_of_the_rounds_and_not_that_of_the_medians() -> None:
    found = [{"ours": figures(a), "theirs": figures(b)} for a, b in ((1.0, 1.0), (2.0, 1.0), (3.0, 30.0))]
    assert rounds.ratio(found, "ours", "theirs") == 1.0
    assert rounds.cost(found, "ours") == 2.0


def test_costs_are_those_of_a_record_however_many_there_were() -> None:
    found = [{"small": figures(2.0, 500_000), "large": figures(8.0, 2_000_000)}]
    assert (rounds.cost(found, "small"), rounds.ratio(found, "small", "large")) == (4.0, 1.0)


def test_a_measurement_that_fails_says_why() -> None:
    with pytest.raises(SystemExit, match="unknown log type"):
        rounds.process("measure", "null", "no_such_type", "/nowhere", "no-such-key")
