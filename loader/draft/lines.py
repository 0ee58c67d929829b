r"""``log_pattern`` from lines: what all of them have in common from the left becomes named groups, the rest is ``msg``.

Quoted texts and texts in brackets end where their quotes and brackets do, words at a blank: no part of the pattern can take what
belongs to its neighbour.
"""

from __future__ import annotations

import collections
import dataclasses
import re
from collections.abc import Sequence

from loader.draft.kinds import is_endpoint, kind
from loader.draft.moments import LOOKS
from loader.draft.tokens import BRACKETED, BRACKETED_TIME, PRIORITY, QUOTED, TIME, WORD, Token, prose_at, tokens

MOST = 3000  # lines that are looked at
TAIL = 24  # columns that some lines lack
FEW = 3  # columns: with fewer, most lines are looked at instead of all
MOSTLY = 0.7
LABELS = 2  # places at the start where a word with a colon is a label, and no process
SHAPE = 3  # tokens by whose kinds lines are alike
REST, UNPARSED = "msg", "unparsed"
QUOTES = r'[^"\\]*(?:\\.[^"\\]*)*'
TARGET = r'[^"\\ ]*(?:\\.[^"\\ ]*)*'
REQUEST = rf"(?:(?P<{{0}}method>[A-Z_-]+) (?P<{{0}}request_url>{TARGET}) HTTP/(?P<{{0}}http_version>[\d.]+)|(?P<{{0}}request>{QUOTES}))"
DIGITS, ANYTHING = r"\d+", r"[\s\S]*"
NAMES = {  # of groups by the kind of their values; none is a name at the top of ECS
    "address": "ip", "code": "status", "method": "method", "url": "request_url", "agent": "useragent", "email": "email", "mac": "mac",
    "md5": "md5", "sha1": "sha1", "sha256": "sha256", "uuid": "id", "arn": "arn", "level": "level", "verdict": "action", "host": "hostname",
}  # fmt: skip
PROCESS = re.compile(r"[\w./()-]+(?:\[\d+\])?:")


@dataclasses.dataclass(slots=True)
class Column:
    """Tokens that stand at one place in all lines: the part of the pattern for them, and the group and the kind of their values."""

    pattern: str
    before: str
    name: str = ""
    kind: str = ""


@dataclasses.dataclass(slots=True)
class Pattern:
    """A ``log_pattern``; the share of lines that have this form, all groups in their order, and whether a rest is left as it is."""

    text: str
    share: float
    names: list[str]
    rest: bool


def pattern(lines: Sequence[str], *, several: bool = False) -> Pattern:
    r"""Return a pattern that matches all of these lines. With ``several``, records go on behind these lines, and their rest is ``msg``.

    >>> pattern(["2024-05-24T08:00:00Z 192.0.2.7 GET", "2024-05-24T08:00:01Z 192.0.2.8 PUT"]).names
    ['timestamp', 'ip', 'method']
    """
    rows = [tokens(line.strip()) for line in lines[:MOST]]
    chosen = rows
    columns, rest = _columns(rows)
    if len(columns) < FEW:
        shapes = collections.Counter(_shape(row) for row in rows)
        shape, count = shapes.most_common(1)[0]
        alike = [row for row in rows if _shape(row) == shape]
        more, its_rest = _columns(alike)
        if MOSTLY <= count / len(rows) < 1 and len(more) > len(columns):
            columns, rest, chosen = more, its_rest, alike
    text = _joined(columns, chosen, rest=rest, several=several)
    missed = sum(re.match(text, line.strip()) is None for line in lines)
    if missed:
        anything = ANYTHING if several else ".*"
        text = f"(?:{text}|(?P<{UNPARSED}>{anything}))" if columns else f"(?P<{REST}>{anything})"
    return Pattern(text, 1 - missed / len(lines), [*re.compile(text).groupindex], rest or several)


def _shape(row: Sequence[Token]) -> tuple[str, ...]:
    return tuple("process" if PROCESS.fullmatch(token.text) else token.kind for token in row[: min(SHAPE, prose_at(row))])


def _columns(rows: Sequence[Sequence[Token]]) -> tuple[list[Column], bool]:
    """Return what these lines have in common from the left, those at the end that some lack among it, and whether there is a rest."""
    least, most = min(map(len, rows)), max(map(len, rows))
    prose = min((at for row in rows if (at := prose_at(row)) < len(row)), default=most)
    until = min(prose, least)
    columns: list[Column] = []
    namer = _Namer(rows)
    while len(columns) < until and (column := _column(rows, len(columns), namer)):
        columns.append(column)
    if len(columns) < until or prose < most or most - least > TAIL:
        return columns, len(columns) < most
    while len(columns) < most and (column := _column([row for row in rows if len(row) > len(columns)], len(columns), namer)):
        columns.append(column)
    return (columns, False) if len(columns) == most else (columns[:until], True)


def _column(rows: Sequence[Sequence[Token]], place: int, namer: _Namer) -> Column | None:
    """Return the column at a place, None where the lines differ there."""
    there = [row[place] for row in rows]
    kinds, texts = {token.kind for token in there}, [token.text for token in there]
    before = there[0].before if len({token.before for token in there}) == 1 else None
    gap = "" if not place else re.escape(before).replace("\\\t", r"\t").replace("\\ ", " ") if before is not None else r"\s+"
    dashed = {token.kind for token in there if token.text != "-" or token.kind != WORD}
    if kinds == {PRIORITY}:
        return Column(namer.group("priority", r"\d+", "<{}>"), gap)
    if kinds <= {TIME, BRACKETED_TIME} and len(kinds) == 1:
        look = next((look for look in LOOKS if all(re.fullmatch(look, text) for text in texts)), None)
        around = r"\[{}\]" if kinds == {BRACKETED_TIME} else "{}"
        return Column(namer.group("timestamp", look or (r"[^\]]*" if around != "{}" else None), around), gap, kind="time") if look else None
    if dashed == {QUOTED}:
        inner = _quoted(texts, namer)
        return Column(f"(?:{inner}|-)" if WORD in kinds else inner, gap)
    if dashed == {BRACKETED}:
        inner = namer.named(texts, r"[^\[\]]*", r"\[{}\]")
        return Column(f"(?:{inner}|-)" if WORD in kinds else inner, gap)
    if kinds != {WORD}:
        return None
    if place < LABELS and len({*texts}) == 1 and texts[0].endswith(":"):
        return Column(re.escape(texts[0]), gap)
    behind_time = place and all(row[place - 1].kind == TIME for row in rows)
    if behind_time and all(len(row) > place + 1 and PROCESS.fullmatch(row[place + 1].text) for row in rows):  # as syslog has it
        return Column(namer.group("hostname", r"\S+"), gap)
    return Column(_word(texts, namer), gap)


def _quoted(texts: Sequence[str], namer: _Namer) -> str:
    if sum(kind([text]) == "request" for text in texts) >= len(texts) / 2:
        return f'"{namer.request()}"'
    return namer.named(texts, QUOTES, '"{}"')


def _word(texts: Sequence[str], namer: _Namer) -> str:
    """Return the pattern of words: a constant mark as it is, an address and its port apart."""
    if len(set(texts)) == 1 and re.fullmatch(r"[^\w\s-]{1,2}", texts[0]):
        return re.escape(texts[0])
    known = [text for text in texts if text != "-"]
    if known and all(map(is_endpoint, known)) and not any(text.startswith("[") for text in known):
        both = f"{namer.group('ip', '[^ :]+')}:{namer.group('port', DIGITS)}"
        return both if len(known) == len(texts) else f"(?:{both}|-)"
    if all(map(PROCESS.fullmatch, texts)):
        name, number = namer.group("process_name", r"[^\s\[:]+"), namer.group("pid", DIGITS)
        return rf"{name}(?:\[{number}\])?:"
    for mark in ":,;":
        if all(text.endswith(mark) and text != mark for text in texts):
            inside = all(text.count(mark) == 1 for text in texts)
            return namer.named([text[:-1] for text in texts], rf"[^\s{mark}]+" if inside else r"\S+", "{}" + mark)
    return namer.named(texts, r"\S+", "{}")


def _joined(columns: Sequence[Column], rows: Sequence[Sequence[Token]], *, rest: bool, several: bool) -> str:
    """Return the pattern of columns; those that some lines lack are optional, each with all behind it."""
    least = len(columns) if rest else min(len(columns), *map(len, rows))
    text = "".join(column.before + column.pattern for column in columns[:least])
    optional = columns[least:]
    text += "".join(f"(?:{column.before}{column.pattern}" for column in optional) + ")?" * len(optional)
    if several:
        return f"{text}(?P<{REST}>{ANYTHING})"
    return rf"{text}\s*(?P<{REST}>.*)" if rest and text else text or f"(?P<{REST}>.*)"


class _Namer:
    """Names groups, each name once; the names of the common log format where the lines look like it."""

    def __init__(self, rows: Sequence[Sequence[Token]]) -> None:
        self.used: collections.Counter[str] = collections.Counter()
        self.place = 0
        common = [WORD, WORD, WORD, BRACKETED_TIME]
        self.clf = all([token.kind for token in row[:4]] == common for row in rows)
        self.asked = False  # whether a request line stands before

    def group(self, name: str, inner: str | None, around: str = "{}") -> str:
        """Return a named group; ``around`` has its place in what stands around it."""
        self.used[name] += 1
        number = self.used[name]
        return around.replace("{}", f"(?P<{name}{f'_{number}' if number > 1 else ''}>{inner})")

    def named(self, texts: Sequence[str], inner: str, around: str) -> str:
        """Return a group whose name tells the kind of its values, else its number."""
        self.place += 1
        found = kind(texts)
        name = NAMES.get(found, f"field_{self.place}")
        if self.clf and self.place in (1, 2, 3):
            name = ("client", "ident", "authuser")[self.place - 1]
            name = "client_host" if name == "client" and found != "address" else "ip" if name == "client" else name
        elif self.asked and found in ("number", "code") and self.used["status"] == 1 and not self.used["bytes"]:
            name = "bytes"
        elif self.asked and (found == "url" or (not found and self.used["bytes"] and around == '"{}"' and not self.used["referrer"])):
            name = "referrer"
        elif self.asked and name.startswith("field") and around == '"{}"' and self.used["referrer"] and not self.used["useragent"]:
            name = "useragent"
        return self.group(name, inner, around)

    def request(self) -> str:
        """Return the groups of a request line."""
        self.asked = True
        self.used["request"] += 1
        number = self.used["request"]
        return REQUEST.format(f"r{number}_" if number > 1 else "")
