"""``bench/measure.py``: what is measured is a whole load, and its parts are told apart."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from bench import generate, measure


def burn(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_what_is_timed_inside_counts_for_the_inner_name_alone() -> None:
    clock = measure.Clock()

    def outer() -> None:
        burn(0.02)
        clock.call("inner", lambda: burn(0.06))

    began = time.process_time()
    clock.call("outer", outer)
    assert sum(clock.spent.values()) <= time.process_time() - began
    assert clock.spent["inner"] == pytest.approx(0.06, rel=0.3)
    assert clock.spent["outer"] == pytest.approx(0.02, rel=0.5)


def test_items_pass_a_timed_iterator_unchanged() -> None:
    clock = measure.Clock()
    assert list(clock.each("made", iter([1, None, 3]))) == [1, None, 3]
    assert clock.spent.keys() == {"made"}


@pytest.mark.parametrize("fast", [True, False])
def test_parts_take_every_record_through_all_stages(fast: bool, tmp_path: Path) -> None:
    (key,) = generate.write(tmp_path, "vpcflowlogs", 1, 1200)
    found = measure.parts("vpcflowlogs", tmp_path, key, fast=fast)
    assert found["records"] == 1200
    named = {name for name in found if name.startswith("part ")}
    assert {"part gunzip", "part frame", "part run"} == named if fast else {"part parse", "part ecs", "part hook", "part pack"} <= named
    assert sum(found[name] for name in named) == pytest.approx(found["cpu"])


def test_a_load_is_measured_to_its_last_byte(tmp_path: Path) -> None:
    (key,) = generate.write(tmp_path, "alb", 1, 300)
    found = measure.to_sink("alb", tmp_path, key, fast=True)
    null = measure.whole(measure.configuration("", 0), "alb", tmp_path, key)
    assert found["records"] == null["records"] == 300
    assert found["bytes"] > null["bytes"] > 300 * 3000
    assert 0 < found["cpu"] <= found["wall"] * 1.5
