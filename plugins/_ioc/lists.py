"""Own lists of indicators: text files with an address, a network or a domain name a line."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from plugins._ioc.indicator import Indicator, address_indicator, domain_indicator
from plugins._ioc.report import Report


def read(file: Path, provider: str, report: Report) -> Iterator[Indicator]:
    """Yield the indicators of a list; wrong lines are noted and cost only themselves. ``#`` begins a comment.

    Values may be written so that nobody clicks on them: ``192[.]0[.]2[.]1``.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig", errors="backslashreplace").splitlines()
    except OSError as why:
        report.complain(f"cannot be read: {why.strerror}", file)
        return
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip().replace("[.]", ".")
        if not text:
            continue
        try:
            yield _indicator(text, provider)
        except ValueError as why:
            report.complain(str(why), file, number)


def _indicator(text: str, provider: str) -> Indicator:
    with contextlib.suppress(ValueError):
        return domain_indicator(text, provider)
    return address_indicator(text, provider)
