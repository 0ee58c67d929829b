"""Measurements in rounds: all ways take turns, so that a busy moment hits all alike; ratios are taken within a round."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

Figures = dict[str, float]
Rounds = list[dict[str, Figures]]


def process(module: str, *arguments: object) -> Figures:
    """Run a module of ``bench`` in a process of its own and return the figures that it prints."""
    command = [sys.executable, "-m", f"bench.{module}", *map(str, arguments)]
    done = subprocess.run(command, cwd=Path(__file__).parent.parent, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command[1:])} failed:\n{done.stderr}")
    found: Figures = json.loads(done.stdout.splitlines()[-1])
    return found


def play(ways: Mapping[str, Callable[[], Figures]], rounds: int) -> Rounds:
    """Measure each way once a round."""
    return [{name: way() for name, way in ways.items()} for _ in range(rounds)]


def median(rounds: Rounds, way: str, figure: str) -> float:
    """Return the median of a figure of one way."""
    return statistics.median(found[way][figure] for found in rounds)


def cost(rounds: Rounds, way: str) -> float:
    """Return the CPU seconds of a way for a million records: the median."""
    return statistics.median(found[way]["cpu"] / found[way]["records"] * 1e6 for found in rounds)


def ratio(rounds: Rounds, way: str, other: str) -> float:
    """Return how often the CPU time of ``other`` a way takes for a record: the median of what it was in each round."""
    found = [(one[way]["cpu"] / one[way]["records"]) / (one[other]["cpu"] / one[other]["records"]) for one in rounds]
    return statistics.median(found)
