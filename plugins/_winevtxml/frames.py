"""Where Windows events begin and end in a stream of text: see parser_winevtxml."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from loader.api import Limits, Overlong, Raws, Record, kept

BEGIN = re.compile(r"<Event(?=[\s>])")
NEXT = re.compile(r"<Event\s[^<>]*xmlns|</Event\s*>")  # inside an event: the next one, or its own end
WRAPPING = re.compile(r"\s*(?:(?:<\?(?:(?!\?>).)*\?>|<!--(?:(?!-->).)*-->|</?Events(?:\s[^<>]*)?>)\s*)*", re.DOTALL)
HEADER = re.compile(r"(?:<\d{1,3}>)?[^<>\n]*")  # of syslog, on the line of the event: RFC 3164 or RFC 5424
NO_EVENT = "is no <Event> element, nor inside one"


class EventFrames:
    """Cuts one source to chunks of events. What stands between them and wraps none is broken; a syslog header before one is left out."""

    def __init__(self, limits: Limits, parse: Callable[[str], Record]) -> None:
        self.limits, self.parse = limits, parse
        self.text = ""
        self.pos = 0  # up to here all is told
        self.seen = 0  # up to here there is no end of the event at ``pos``
        self.inside = False  # whether an event begins at ``pos``
        self.skipping = False  # whether what comes before the next event has been told already
        self.found: list[str] = []
        self.broken: list[tuple[str, str]] = []

    def chunks(self, texts: Iterator[str]) -> Iterator[Raws]:
        """Yield the events in order."""
        for text in texts:
            self.text, self.seen, self.pos = self.text[self.pos :] + text, self.seen - self.pos, 0
            while self.event() if self.inside else self.gap():
                if self.broken or len(self.found) >= self.limits.chunk_records:
                    yield self.flush()
            if self.found or self.broken:
                yield self.flush()
        self.finish()
        if self.broken:
            yield self.flush()

    def flush(self) -> Raws:
        """Return what has been found by now."""
        raws = Raws(self.found, self.parse, broken=self.broken)
        self.found, self.broken = [], []
        return raws

    def gap(self) -> bool:
        """Go on to where the next event begins, and tell whether there is one."""
        begin = BEGIN.search(self.text, max(self.pos, self.seen))
        if begin:
            self.between(self.text[self.pos : begin.start()])
            self.pos, self.seen, self.inside, self.skipping = begin.start(), begin.end(), True, False
            return True
        self.seen = max(self.pos, len(self.text) - len("<Event"))
        if len(self.text) - self.pos > self.limits.record_bytes:
            if not self.skipping:
                self.tell(self.text[self.pos : self.seen], NO_EVENT)
            self.pos, self.skipping = self.seen, True
        return False

    def event(self) -> bool:
        """Take the event at hand, and tell whether it came to an end, be it its own or that of patience."""
        end = NEXT.search(self.text, self.seen)
        limit = self.limits.record_bytes
        stop = end.end() if end else len(self.text)
        if stop - self.pos > limit and (not end or end[0].startswith("</")):
            why = Overlong(self.text[self.pos : self.pos + limit], limit)
            self.tell(why.start, str(why))
            self.skipping = not end
        elif not end:
            tag = self.text.rfind("<", self.seen)
            self.seen = tag if tag >= 0 and self.text.find(">", tag) < 0 else len(self.text)
            return False
        elif end[0].startswith("</"):
            self.found.append(self.text[self.pos : stop])
        else:
            stop = end.start()
            self.tell(self.text[self.pos : stop], "the event is not closed before the next one")
        self.pos = self.seen = stop
        self.inside = False
        return True

    def between(self, text: str) -> None:
        """Tell of what stands between two events, unless it is known to be no record."""
        if not self.skipping and not HEADER.fullmatch(WRAPPING.sub("", text, count=1)):
            self.tell(text.strip(), NO_EVENT)

    def tell(self, text: str, reason: str) -> None:
        """Take something that is no event."""
        self.broken.append((kept(text), reason))

    def finish(self) -> None:
        """Tell of what the source ends with."""
        rest = self.text[self.pos :]
        if self.inside:
            self.tell(rest, "the event is not closed before the source ends")
        elif not self.skipping and (rest := WRAPPING.sub("", rest, count=1).strip()):
            self.tell(rest, NO_EVENT)
