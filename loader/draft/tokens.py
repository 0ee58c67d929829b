"""A line of text cut to tokens: times, quoted texts, texts in brackets, words; and where prose begins."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from loader.draft.moments import LOOK

TIME, QUOTED, BRACKETED, WORD, PRIORITY, BRACKETED_TIME = "time", "quoted", "bracketed", "word", "priority", "bracketed time"
TOKEN = re.compile(
    rf'(?P<time>{LOOK.pattern})(?=$|[\s\],;|":])'
    r'|"(?P<quoted>[^"\\]*(?:\\.[^"\\]*)*)"(?=$|[\s,;:])'
    r"|\[(?P<bracketed>[^\[\]]*)\](?=$|[\s,;:])"
    r"|(?P<word>\S+)"
)
SYSLOG_PRIORITY = re.compile(r"<(\d{1,3})>")
PROSE = re.compile(r"(?=.*[a-z])[A-Za-z][A-Za-z'-]*[.,;!?]?")
RUN = 3  # words of letters in a row that are prose


@dataclasses.dataclass(frozen=True, slots=True)
class Token:
    """A piece of a line, what stands before it, and where it ends."""

    kind: str
    text: str
    before: str
    end: int


def tokens(line: str) -> list[Token]:
    """Return the tokens of a line without blanks around it.

    >>> [(one.kind, one.text) for one in tokens('<13>Feb  5 17:32:18 fw [a b] "x y" z:')]
    [('priority', '13'), ('time', 'Feb  5 17:32:18'), ('word', 'fw'), ('bracketed', 'a b'), ('quoted', 'x y'), ('word', 'z:')]
    """
    found, at = [], 0
    if first := SYSLOG_PRIORITY.match(line):
        found.append(Token(PRIORITY, first[1], "", first.end()))
        at = first.end()
    while match := TOKEN.search(line, at):
        kind = match.lastgroup or WORD
        text = match[kind]
        if kind == BRACKETED and LOOK.fullmatch(text):
            kind = BRACKETED_TIME
        found.append(Token(kind, text, line[at : match.start()], match.end()))
        at = match.end()
    return found


def prose_at(row: Sequence[Token]) -> int:
    """Return the place of the first token of prose, behind the last token where there is none."""
    run = 0
    for place, token in enumerate(row):
        run = run + 1 if token.kind == WORD and PROSE.fullmatch(token.text) else 0
        if run == RUN:
            return place - RUN + 1
    return len(row)
