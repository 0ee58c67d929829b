"""The bar that moves on a terminal while a run goes on, on stderr."""

from __future__ import annotations

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from loader.cli.summary import stderr


class Bar:
    """Objects, records, rate and time left, drawn anew every ``frame`` seconds. ``objects`` is None where nobody knows how many there will be."""

    def __init__(self, objects: int | None, frame: float) -> None:
        self._progress = Progress(
            SpinnerColumn(), TextColumn("objects"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[records]:,} records"),
            TextColumn("{task.fields[rate]:,.0f}/s"), TextColumn("[red]{task.fields[failed]}[/red]"), TimeElapsedColumn(), TimeRemainingColumn(),
            console=stderr(), refresh_per_second=1 / frame,
        )  # fmt: skip
        self._task = self._progress.add_task("load", total=objects, records=0, rate=0.0, failed="")

    def start(self) -> None:
        """Begin to draw."""
        self._progress.start()

    def stop(self) -> None:
        """Draw a last time."""
        self._progress.stop()

    def show(self, ended: int, records: int, rate: float, failed: str) -> None:
        """Draw these from the next frame on."""
        self._progress.update(self._task, completed=ended, records=records, rate=rate, failed=failed)

    def say(self, text: str, style: str) -> None:
        """Print a line above the bar."""
        self._progress.console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)
