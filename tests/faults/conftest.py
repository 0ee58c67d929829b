"""The rows of the table are played only where they are asked for by their mark; what came out is shown as the table at the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from rich.console import Console

from faults.service import Service
from faults.table import Row, show

ROWS: list[Row] = []


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the rows out of a run that does not name them: together they take minutes."""
    if "faults" not in (config.option.markexpr or ""):
        played = [item for item in items if item.get_closest_marker("faults")]
        config.hook.pytest_deselected(items=played)
        items[:] = [item for item in items if item not in played]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the table."""
    if ROWS:
        terminalreporter.ensure_newline()
        show(ROWS, Console(width=180))


@pytest.fixture(scope="session")
def rows() -> list[Row]:
    return ROWS


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    with Service() as running:
        yield running
