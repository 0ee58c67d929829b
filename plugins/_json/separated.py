"""A separator of one's own between JSON values: ``json_separator``."""

from __future__ import annotations

import re
from collections.abc import Iterator

BLANKS = 64  # as many may stand between a separator and the bracket beside it


def newlines_for(separator: str, texts: Iterator[str]) -> Iterator[str]:
    """Put a newline in the place of each separator that stands behind a closing bracket, or before an opening one or the end.

    So what reads lines reads these too, and a separator within a record's strings stays what it is, as a rule.
    """
    quoted = re.escape(separator)
    pattern = re.compile(rf"([\]}}]\s{{0,{BLANKS}}}){quoted}|{quoted}(?=\s{{0,{BLANKS}}}(?:[\[{{]|\Z))")
    reach = len(separator) + 2 * BLANKS + 2  # what is that far from the end looks the same whatever follows
    rest = ""
    for text in texts:
        rest += text
        parts: list[str] = []
        done, safe = 0, len(rest) - reach
        for found in pattern.finditer(rest):
            if found.start() >= safe:
                break
            parts += (rest[done : found.start()], found[1] or "", "\n")
            done = found.end()
        cut = max(done, safe)
        if cut > 0:
            yield "".join((*parts, rest[done:cut]))
            rest = rest[cut:]
    if rest:
        yield pattern.sub(lambda found: f"{found[1] or ''}\n", rest)
