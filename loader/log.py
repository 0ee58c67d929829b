"""Logging set-up; the only module that configures logging. Everything goes to standard error, never to standard output."""

from __future__ import annotations

import logging
import sys


class OneLine(logging.Formatter):
    """Time, level and message; characters that would forge a line or move a terminal's cursor are escaped."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S%z")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """Render without control characters."""
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in super().formatMessage(record))


def configure(level: int = logging.WARNING) -> None:
    """Send records of ``level`` and above to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("botocore").setLevel(max(level, logging.WARNING))
    logging.getLogger("botocore.credentials").setLevel(max(level, logging.ERROR))  # what fails there is raised, and told with its object
