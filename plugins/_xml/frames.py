"""Where the elements that are records begin and end in a stream of XML: see parser_xml.

expat finds them, in the text as it stands; what a record holds is parsed later. Where expat stumbles, the record at hand is broken, and
a new expat goes on at the next element of that name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from xml.parsers import expat

from loader.api import KEPT, DecodeError, Limits, Overlong, ParseError, Raws, Record, kept, local_name, xml_parser

TAG = re.compile(rb"(?:[^>\"']|\"[^\"]*\"|'[^']*')*>")
OUTSIDE = "stands outside of the elements"
STEP = 65536  # bytes that expat gets at once; fewer behind a broken record, whose neighbours are read again
FIRST_STEP = 128
PATIENCE = 4  # how often all may be read again
OVERLAP = 1024  # more than the start of a tag that is looked for
NO_ELEMENT = expat.errors.codes[expat.errors.XML_ERROR_NO_ELEMENTS]
ENDS = (expat.errors.XML_ERROR_UNCLOSED_TOKEN, expat.errors.XML_ERROR_PARTIAL_CHAR, expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION)
AT_THE_END = {NO_ELEMENT, *(expat.errors.codes[error] for error in ENDS)}
DEEPEST = 100  # levels of elements


class ElementFrames:
    """Cuts one source to chunks of elements: those ``level`` deep (0: the outermost), or all of a ``name`` when one is given."""

    def __init__(self, limits: Limits, parse: Callable[[str], Record], level: int, name: str = "") -> None:
        self.limits, self.parse, self.level, self.name = limits, parse, level, name
        self.buffer = bytearray()
        self.base = 0  # where the buffer begins in the source; so are all positions
        self.pos = 0  # what expat has by now
        self.told = 0  # behind the last element, or what was told of
        self.began = -1  # the record at hand
        self.depth = 0  # its level
        self.since = 0  # where the expat at hand began
        self.wasted = 0
        self.seeking: re.Pattern[bytes] | None = None  # what to go on at, from ``seek_from``, inside the elements ``around``
        self.seek_from = 0
        self.around: list[str] = []
        self.untold = (0, "")  # where that begins which is broken, and why
        self.texts: list[str] = []
        self.ready: list[Raws] = []
        self.restart([], 0)

    def chunks(self, texts: Iterator[str]) -> Iterator[Raws]:
        """Yield the records in order; raises DecodeError when the source ends inside an element around them."""
        try:
            for text in texts:
                self.buffer += text.encode("utf-8", "replace")
                self.pump()
                yield from self.taken()
            while self.ends_broken():
                self.pump()
        except DecodeError:
            self.flush()
            yield from self.taken()
            raise
        self.flush()
        yield from self.taken()

    def taken(self) -> list[Raws]:
        """Return what is ready."""
        ready, self.ready = self.ready, []
        return ready

    def restart(self, names: list[str], at: int) -> None:
        """Begin a new parser inside elements of these names, at a position."""
        self.names = list(names)
        self.parser = xml_parser()
        self.parser.buffer_text = True
        head = "".join(f"<{name}>" for name in names).encode()
        self.parser.Parse(head, False)
        self.shift = at - len(head)
        self.pos = self.since = at
        self.began, self.step, self.seeking = -1, FIRST_STEP, None
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        if not self.name and self.level:
            self.parser.CharacterDataHandler = self.text

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        depth = len(self.names)
        if depth >= DEEPEST:
            raise ParseError(f"XML nested more than {DEEPEST} levels deep")
        if self.began < 0 and (local_name(name) == self.name if self.name else depth == self.level):
            self.began, self.depth = self.index(), depth
        self.names.append(name)

    def end(self, name: str) -> None:
        """An element ends."""
        self.names.pop()
        if self.began < 0:
            at = self.index()  # of an element without content, that is behind its tag
            self.told = self.tag_end(at) if self.at(at, f"</{name}".encode()) else at
        elif len(self.names) == self.depth:
            first = self.tag_end(self.began)
            self.told = first if self.at(first - 2, b"/>") else self.tag_end(self.index())
            if self.told - self.began > self.limits.record_bytes:
                self.tell(self.began, self.told, str(Overlong("", self.limits.record_bytes)))
            else:
                self.texts.append(self.buffer[self.began - self.base : self.told - self.base].decode())
                if len(self.texts) >= self.limits.chunk_records:
                    self.flush()
            self.began = -1

    def text(self, text: str) -> None:
        """Text outside of the records is one that is broken."""
        if self.began < 0 and (text := text.strip()):
            self.told = max(self.told, self.index())
            self.flush()
            self.ready.append(Raws([], self.parse, broken=[(kept(text), OUTSIDE)]))

    def index(self) -> int:
        """Return where the tag at hand begins."""
        return self.parser.CurrentByteIndex + self.shift

    def at(self, place: int, found: bytes) -> bool:
        """Tell whether this stands there."""
        return self.buffer.startswith(found, place - self.base)

    def tag_end(self, begin: int) -> int:
        """Return where the tag that begins there ends."""
        found = TAG.match(self.buffer, begin - self.base)
        return found.end() + self.base if found else begin

    def pump(self) -> None:
        """Give expat what there is, and get over what it does not take."""
        end = self.base + len(self.buffer)
        while (not self.seeking or self.sought()) and self.pos < end:
            piece = bytes(self.buffer[self.pos - self.base : self.pos - self.base + self.step])
            self.pos += len(piece)
            self.step = min(2 * self.step, STEP)
            if self.feed(piece):
                since = self.began if self.began >= 0 else max(self.told, self.index())
                if self.pos - since > self.limits.record_bytes:
                    self.recover(str(Overlong("", self.limits.record_bytes)))
        self.flush()
        self.forget()

    def feed(self, piece: bytes, *, last: bool = False) -> bool:
        """Give expat a piece, and tell whether it took it: else there is something to get over."""
        try:
            self.parser.Parse(piece, last)
        except expat.ExpatError as why:
            reason = f"not XML: {expat.ErrorString(why.code)}"
            if not last or why.code not in AT_THE_END:  # expat 2.6 may put off to the end what it could have told before
                self.recover(reason)
            elif self.began >= 0:
                self.recover("the element is not closed before the source ends")
            else:
                if why.code != NO_ELEMENT:
                    self.tell(max(self.told, self.since), self.pos, reason)
                return True
        except ParseError as why:
            if not self.names:
                raise DecodeError(str(why)) from why
            self.recover(str(why))
        else:
            return True
        return False

    def recover(self, reason: str) -> None:
        """Tell of what expat does not take, and look for where to go on."""
        if self.began >= 0:
            self.around, begin, self.seek_from = self.names[: self.depth], self.began, self.began + 1
            end = f"/{self.around[-1]}\\s*>" if self.around else "\\?xml\\s"
            self.seeking = re.compile(f"<(?:{re.escape(self.names[self.depth])}(?=[\\s/>])|{end})".encode())
        else:
            self.around, begin, self.seeking = self.names, max(self.told, self.since), re.compile(b"<")
            if self.names:
                self.seek_from = max(self.since + 1, self.parser.ErrorByteIndex + self.shift)
            elif self.told > self.since:
                self.seek_from, reason = self.told, OUTSIDE
            else:
                self.seek_from = self.since + 1
        self.untold = (begin, reason)

    def sought(self) -> bool:
        """Go on where there is something to go on at, and tell whether there is."""
        end = self.base + len(self.buffer)
        found = self.seeking.search(self.buffer, self.seek_from - self.base) if self.seeking else None
        at = found.start() + self.base if found else end
        if found or at - self.untold[0] > self.limits.record_bytes:
            self.tell_of_broken(at)
        if found is None:
            self.pos, self.seek_from = end, max(self.seek_from, end - OVERLAP)
            return False
        self.wasted += max(0, self.pos - at)
        if self.wasted > PATIENCE * (end + self.limits.record_bytes):
            raise DecodeError("broken XML: there are too many elements that are not closed")
        self.restart(self.around, at)
        return True

    def ends_broken(self) -> bool:
        """End the source, and tell whether something in it is to be read again; raises DecodeError when it is incomplete."""
        if self.seeking:
            self.tell_of_broken(self.pos)
        inside = self.around if self.seeking else self.names[: self.depth] if self.began >= 0 else self.names
        if not self.seeking and not self.feed(b"", last=True):
            return True
        if inside:
            raise DecodeError(f"the XML ends inside <{inside[-1]}>: the source is incomplete")
        return False

    def tell_of_broken(self, end: int) -> None:
        """Tell of what is broken, once it is known where to go on, or that this is far."""
        begin, reason = self.untold
        self.untold = (end, "")
        if reason:
            self.tell(begin, end, reason)

    def tell(self, begin: int, end: int, reason: str) -> None:
        """Tell of what stands there and is no record, unless it is blank."""
        self.flush()
        text = self.buffer[begin - self.base : min(end, begin + 4 * (KEPT + 1)) - self.base].decode("utf-8", "replace").strip("\ufeff \t\r\n")
        if text:
            self.ready.append(Raws([], self.parse, broken=[(kept(text), reason)]))

    def flush(self) -> None:
        """Make the records found by now ready."""
        if self.texts:
            self.ready.append(Raws(self.texts, self.parse))
            self.texts = []

    def forget(self) -> None:
        """Drop what is not needed any more."""
        behind = self.began if self.began >= 0 else min(max(self.told, self.since), self.pos)
        keep = min(self.seek_from, self.untold[0]) if self.seeking else behind
        if keep > self.base:
            del self.buffer[: keep - self.base]
            self.base = keep
