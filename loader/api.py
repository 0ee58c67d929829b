"""All that a plugin may import: the five kinds of plugin, what passes between them and the engine, options and errors.

Every plugin lives in three beats. ``open`` once per process: connections, databases. ``prepare(log_type)`` once per log
type: read options, compile, decide, return a plain function. That function once per record: no option is read in it,
nothing is compiled, nothing logged.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from loader.batch import Blocks, Label, Meta, Parts, Record, Source
from loader.charset import CHARSET, decoded
from loader.errors import (
    ConfigError,
    DecodeError,
    LimitExceeded,
    OutputClosed,
    Overdue,
    ParseError,
    Problem,
    Retryable,
    SourceDenied,
    SourceError,
    SourceGone,
    SourceSkipped,
    Unrecoverable,
)
from loader.firstline import first_line_chunks
from loader.frames import KEPT, Broken, Columns, Limits, Overlong, Raws, ValueScanner, kept, line_chunks, lines
from loader.jsontext import CONTROL, readable, rewritten
from loader.markup import add_child, local_name, parse_xml, xml_parser
from loader.matching import LOG_PATTERN, columns, matcher
from loader.memo import Memo
from loader.networks import Address, Network, membership, unmapped
from loader.options import COMPAT, Option, TypeOption, choice, flag, number, path, per_second, regex, seconds, size, text, words
from loader.paths import reader
from loader.queues.inflight import DELETE, LEAVE, Policy
from loader.queues.notice import Message
from loader.queues.reading import Places, expression
from loader.section import Section as LogType
from loader.times import zone
from loader.watchdog import within

__all__ = [
    "Address", "Blocks", "Broken", "CHARSET", "COMPAT", "CONTROL", "Columns", "ConfigError", "DELETE", "DecodeError", "Encode", "Filter", "Formatter",
    "Input", "KEPT",
    "LEAVE", "LOG_PATTERN", "Label", "LimitExceeded", "Limits", "LogType", "Memo", "Message", "Meta", "Network", "Option", "Outcome", "Output",
    "OutputClosed", "Overdue", "Overlong", "ParseError", "Parser", "Parts", "Places", "Plugin", "Policy", "Problem", "Queue", "Raws", "Record",
    "Retryable", "Source", "SourceDenied", "SourceError", "SourceGone", "SourceSkipped", "TAKEN", "TypeOption", "Unrecoverable", "ValueScanner",
    "Wrapping", "add_child", "choice", "columns", "decoded", "expression", "first_line_chunks", "flag", "kept",
    "line_chunks", "lines", "local_name", "matcher", "membership", "number", "parse_xml", "path", "per_second", "readable", "reader",
    "regex", "rewritten", "seconds", "size", "text", "unmapped", "within", "words", "xml_parser", "zone",
]  # fmt: skip

Encode = Callable[..., bytes]  # of a record; behind a labelled formatter also of its Label


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a chunk: positions to offer again, and positions refused for good with the reason. The rest was taken."""

    retry: Sequence[int] = ()
    refused: Mapping[int, str] = dataclasses.field(default_factory=dict)


TAKEN = Outcome()


@dataclasses.dataclass(frozen=True, slots=True)
class Wrapping:
    """What an output puts around a body: the two texts of ``head`` with the ``@timestamp`` between them before it, ``tail`` behind it; with
    ``counted`` the length of all, and a blank, before that. It holds for messages of at most ``most`` bytes, 0: of any size.
    """

    head: tuple[str, str] | None = None
    tail: bytes = b"\n"
    most: int = 0
    counted: bool = False


class Plugin:
    """What all kinds share. The engine fills the options in before ``open``."""

    name = ""

    def open(self) -> None:
        """Acquire what the plugin needs for as long as the process lives; raises ConfigError when that cannot work."""

    def close(self) -> None:
        """Release what ``open`` acquired."""


class Input(Plugin):
    """Reads sources."""

    ahead = False  # whether ``read`` may be called in another thread while an earlier source is worked on: then the next one is read ahead

    def read(self, source: Source) -> Blocks:
        """Yield the bytes of ``source`` in blocks, filling in its size, etag and time; raises SourceError."""
        raise NotImplementedError

    def serves(self, bucket: str) -> bool:
        """Tell whether a section of its own, ``[in_x:name]``, is for this bucket; never asked of ``[in_x]``, which is for the rest."""
        return False

    @classmethod
    def of_environment(cls) -> Mapping[str, Mapping[str, str]]:
        """Return further such sections that the environment asks for: the texts of options by the name of the section."""
        return {}


class Queue(Input):
    """Hands out messages that name sources, or are logs themselves. Each is in hand, and hidden from others, as long as its receipt is good.

    All methods raise SourceError when the queue does not answer, or denies it. ``open`` sets what stands here.
    """

    title: str  # the queue's own name
    policy: Policy
    places = Places()
    wait = 0  # seconds that ``fetch`` waits for a first message
    most = 10  # messages in one request, or receipts in one answer
    direct = False  # whether messages are logs, of the type ``log_type``
    log_type = ""
    retry_for = 900.0  # seconds that a queue which does not answer is asked again
    redrive: bool | None = None  # whether the queue gives up messages to another by itself, where that is known

    def fetch(self, most: int) -> list[Message]:
        """Return up to so many messages."""
        raise NotImplementedError

    def delete(self, receipts: Sequence[str]) -> Mapping[str, SourceError]:
        """Delete messages; returns the receipts refused: with SourceGone those that have ended, else those to try again."""
        raise NotImplementedError

    def hide(self, seconds: Mapping[str, int]) -> Mapping[str, SourceError]:
        """Let messages, by receipt, be handed out again after so many seconds from now; returns as ``delete``."""
        raise NotImplementedError


class Parser(Plugin):
    """Turns the decoded bytes of a source into raw records, and a raw record into a dict: one ``file_format`` each."""

    alone = True  # whether ``item`` gives what ``prepare`` does of a record's text, whatever else stands in the source

    def prepare(self, log_type: LogType, limits: Limits) -> Callable[[Blocks], Iterator[Raws]]:
        """Return a function from the blocks of one source to chunks of raw records; their ``parse`` raises ParseError."""
        raise NotImplementedError

    def item(self, log_type: LogType) -> Callable[[str], Record]:
        """Return ``parse(text)`` for a text that is one record by itself, as carriers (CloudWatch Logs, FireLens) bring them.

        ``parse`` raises ParseError; ``item`` raises ConfigError where the format has no such records.
        """
        hint = "use text, multiline, json, cef, xml, winevtxml, or csv with csv_header"
        log_type.problem("file_format", "has no records that a carrier could bring one by one", hint)
        raise ConfigError(*log_type.problems)


class Filter(Plugin):
    """Adds to a record, or drops it, after it was mapped. ``options`` are the keys of a log type that ask for it."""

    options: Sequence[TypeOption[Any]] = ()
    literal: Sequence[str] = ()  # keys with dots in them that it writes as they are, as the es-loader did: outputs of ECS get them nested
    lacks = ""  # set by ``open`` where it can have no effect as it is configured: "no database"

    def prepare(self, log_type: LogType) -> Callable[[Record], Record | None] | None:
        """Return ``apply(record)``, whose None drops the record; or None when this log type does not use the filter."""
        raise NotImplementedError


class Formatter(Plugin):
    """Turns a finished record into the bytes of one message body. One that is ``labelled`` gets ``encode(record, label)``."""

    labelled = False
    compact = False  # whether a body is the record as JSON just as orjson writes it, CONTROL escaped: then it may be put together as text
    needs_raw = False  # whether a record without its raw text is rejected, as ``fields = lean`` leaves it out

    def prepare(self, log_type: LogType) -> Encode:
        """Return ``encode(record)``, which only reads the record."""
        raise NotImplementedError


class Output(Plugin):
    """Hands encoded records to a destination. It does not retry, sleep, buffer or count: the engine does."""

    match = Option(words, "*", doc="Log types this output takes: names or shell globs.")
    format = Option(text, "json", doc="Formatter of the message body.")
    fields = Option(choice("full", "ecs", "lean"), "full", doc="full: raw text, original fields and ECS; ecs: ECS and raw text; lean: ECS alone.")
    keep = Option(words, "", doc="Dotted fields to send, all others dropped; empty sends all.")
    drop = Option(words, "", doc="Dotted fields not to send.")
    chunk_bytes = Option(size, "512k", doc="Most bytes offered in one write.")
    retry_for = Option(seconds, "5m", doc="How long a destination that is down is waited for before the object fails.")
    retry_wait = Option(seconds, "30s", doc="Longest pause between two tries.")
    rate = Option(per_second, "0", doc="Most messages a second, from all workers together; 0: as many as it takes.")
    rate_bytes = Option(size, "0", doc="Most bytes a second, from all workers together; 0: as many as it takes.")
    rate_min = Option(per_second, "0", doc="Lowest rate: between it and rate goes what the destination takes without trouble; 0: always rate.")

    presets: Mapping[str, Mapping[str, str]] = {}  # by the value of the option ``profile``: the text of options that are not written
    lasting = True  # whether what was delivered here is there to stay; if not, the ledger on disk knows nothing of it

    lock: contextlib.AbstractContextManager[Any] = contextlib.nullcontext()  # one for all workers, where there are several

    @functools.cached_property
    def counted(self) -> collections.Counter[str]:
        """What ``pack`` had to mend, by its reason: the engine adds it to the account of the source that is worked on, and clears it."""
        return collections.Counter()

    @classmethod
    def preset(cls, written: Mapping[str, str]) -> Mapping[str, str]:
        """Return the texts of options that the profile sets, beside those that are ``written``."""
        return cls.presets.get(written.get("profile", "").lower(), {})

    @property
    def destination(self) -> str:
        """What tells this destination from all others: what it had from an object is not sent there again."""
        return self.name

    def prepare(self, log_type: LogType, encode: Encode) -> Encode:
        """Return ``pack(record)``: the message as it goes on the wire. Default: the body and a newline."""
        if getattr(encode, "labelled", False):
            return lambda record, label: encode(record, label) + b"\n"
        return lambda record: encode(record) + b"\n"

    def wrapping(self, log_type: LogType) -> Wrapping | None:
        """Return what ``pack`` puts around a body, where that follows from the time of the record alone; None where it takes more."""
        return Wrapping() if type(self).prepare is Output.prepare else None

    def write(self, messages: Sequence[bytes]) -> Outcome:
        """Offer packed messages; raises Retryable or Unrecoverable when that concerns all of them."""
        raise NotImplementedError

    def flush(self) -> None:
        """Return once the destination has what was written, as far as its protocol can tell; raises Retryable when it may not."""

    def settled(self) -> int:
        """Return how many messages of those written since the last flush the destination is known to have, counted from the first.

        Asked after Retryable, once: those behind are written again. 0 where the protocol cannot tell.
        """
        return 0

