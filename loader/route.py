"""Which log type an object is, from its key: ordered patterns, the first that is found in the key wins."""

from __future__ import annotations

import collections
import dataclasses
import re
from collections.abc import Iterable

from loader.literals import required
from loader.options import TypeOption, number, regex
from loader.section import Section

KEY = TypeOption(regex, "", name="s3_key", doc="Regular expression that is found in the keys of this type.")
IGNORED = TypeOption(regex, "", name="s3_key_ignored", doc="Regular expression that is found in keys of this type to leave alone.")
PRIORITY = TypeOption(number(-1000, 1000), "0", name="priority", doc="Higher is asked first; else the order in the files decides.")
OPTIONS = (KEY, IGNORED, PRIORITY)
NO_KEY = "dummydummydummy"  # the s3_key of [DEFAULT] in aws.ini, as in the es-loader: no object is named so


@dataclasses.dataclass(frozen=True, slots=True)
class Route:
    """The answer for one key: the log type, or '' and why the object is left alone."""

    log_type: str
    reason: str = ""


class Router:
    """The patterns of all types, compiled: ``rows`` are (log type, s3_key, s3_key_ignored) in the order in which they are asked."""

    def __init__(self, sections: Iterable[Section]) -> None:
        found = [(-section.read(PRIORITY), section.name, section.read(KEY), section.read(IGNORED)) for section in sections]
        ordered = sorted(found, key=lambda row: row[0])
        self.rows: list[tuple[str, re.Pattern[str], re.Pattern[str] | None]] = [(name, key, ignored) for _, name, key, ignored in ordered if key]
        self._asked = [(literal, row[1].search, row) for literal, row in zip(_literals([row[1] for row in self.rows]), self.rows, strict=True)]

    def route(self, key: str) -> Route:
        """Return the log type of ``key``."""
        if key.endswith("/"):
            return Route("", "a folder")
        for literal, search, row in self._asked:
            if literal in key and search(key):
                name, _, ignored = row
                if ignored and ignored.search(key):
                    return Route("", f"ignored by s3_key_ignored of {name}")
                return Route("", f"log type {name} is skipped by its name") if "unknown" in name else Route(name)
        return Route("", "unknown log type: no s3_key pattern is found in this key")


def _literals(patterns: list[re.Pattern[str]]) -> list[str]:
    """Return for each pattern the text to look for before the pattern is: of those it requires, the one that fewest others require too."""
    texts = [required(pattern) for pattern in patterns]
    times = collections.Counter(text for some in texts for text in some)
    return [min(some, key=lambda text: (times[text], -len(text)), default="") for some in texts]
