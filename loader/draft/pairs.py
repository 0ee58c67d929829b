r"""``log_pattern`` from lines of ``key=value`` pairs.

Where all lines have the same keys in the same order, each stands in its place. Else each key is looked for wherever it stands, which
costs a look at the line for each key.
"""

from __future__ import annotations

import collections
import re
from collections.abc import Sequence

from loader import schema
from loader.draft.moments import LOOKS, form_of
from loader.draft.tokens import SYSLOG_PRIORITY

VALUE = r'"(?:[^"\\]|\\.)*"|[^\s,;|"]*'
PAIR = re.compile(rf"(?:(?<=[\s,;|])|\A)([A-Za-z_][\w.-]*)=({VALUE})(?=[\s,;|]|\Z)")
LEAST, MOSTLY = 3, 0.9
MOST_KEYS = 90  # named groups of one pattern
QUOTED, BARE, EITHER = r'"(?P<{}>[^"\\]*(?:\\.[^"\\]*)*)"', r"(?P<{}>[^{}]*)", r'"?(?P<{}>(?<=")[^"]*|[^{}"]*)"?'
TIME = "timestamp"


def are_pairs(lines: Sequence[str]) -> bool:
    """Tell whether nearly all lines are mostly such pairs."""
    full = sum(len(found := PAIR.findall(line)) >= LEAST and sum(len(key) + len(value) + 1 for key, value in found) * 2 > len(line) for line in lines)
    return full >= MOSTLY * len(lines)


def pattern(lines: Sequence[str]) -> str:
    r"""Return a pattern for lines of pairs.

    >>> pattern(['src=192.0.2.7 act="all ow"', 'src=192.0.2.8 act="deny"'])
    'src=(?P<src>[^ ]*) act="(?P<act>[^"\\\\]*(?:\\\\.[^"\\\\]*)*)"'
    """
    found = [[*PAIR.finditer(line)] for line in lines]
    orders = {tuple(match[1] for match in row) for row in found}
    gaps = {line[first.end() : second.start()] for line, row in zip(lines, found, strict=True) for first, second in zip(row, row[1:], strict=False)}
    head = _head([line[: row[0].start()] if row else line for line, row in zip(lines, found, strict=True)])
    counts = collections.Counter(match[1] for row in found for match in row)
    keys = [key for key, _ in counts.most_common(MOST_KEYS)]
    values = {key: [match[2] for row in found for match in row if match[1] == key] for key in keys}
    names = group_names(keys)
    separator = next(iter(gaps)) if len(gaps) == 1 else " "
    if len(orders) == 1 and len(gaps) == 1 and len(set(next(iter(orders)))) == len(next(iter(orders))):
        parts = [_pair(key, values[key], names[key], separator) for key in next(iter(orders))]
        return head + re.escape(separator).replace("\\ ", " ").join(_joined_time(parts, values))
    return head + "".join(rf"(?:(?=.*?(?<![\w.-]){_pair(key, values[key], names[key], ' ,;|')}))?" for key in keys)


def _pair(key: str, values: Sequence[str], name: str, separator: str) -> str:
    quoted = sum(value.startswith('"') for value in values)
    form = QUOTED if quoted == len(values) else EITHER if quoted else BARE
    return f"{re.escape(key)}={form.format(name, re.escape(separator[:1] if len(separator) < 3 else separator).replace(chr(92) + ' ', ' '))}"


def _joined_time(parts: list[str], values: dict[str, list[str]]) -> list[str]:
    """Make one group of a date and a time of day behind it: the loader reads a time of one field."""
    for place, part in enumerate(parts[:-1]):
        if part == "date=(?P<date>[^ ]*)" and parts[place + 1] == "time=(?P<time>[^ ]*)":
            both = [f"{day} time={clock}" for day, clock in zip(values["date"], values["time"], strict=False)]
            if form_of(both):
                return [*parts[:place], f"date=(?P<{TIME}>[^ ]* time=[^ ]*)", *parts[place + 2 :]]
    return parts


def _head(heads: Sequence[str]) -> str:
    """Return a pattern for what stands before the first pair: a priority and a time of syslog, or anything."""
    if not any(heads):
        return ""
    priority = r"(?:<(?P<priority>\d+)>)?" if any(map(SYSLOG_PRIORITY.match, heads)) else ""
    plain = [SYSLOG_PRIORITY.sub("", head).strip() for head in heads]
    look = next((look for look in LOOKS if all(re.match(look, head) for head in plain)), "")
    return rf"{priority}\s*(?P<header_time>{look}).*?" if look else f"{priority}.*?"


def group_names(keys: Sequence[str]) -> dict[str, str]:
    """Return a name for the group of each key: letters, digits and underscores, each there once."""
    found: dict[str, str] = {}
    for key in keys:
        name = re.sub(r"\W+", "_", key).strip("_") or "field"
        name = f"f_{name}" if name[0].isdigit() else name
        while name in found.values() or name in schema.tops():  # a group named as an object of ECS cannot be compiled for outputs of ECS alone
            name += "_"
        found[key] = name
    return found
