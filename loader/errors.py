"""Every error Sluice raises on purpose.

    SluiceError
    ├── ConfigError          something in the INI files or on the command line is wrong; nothing has started
    ├── SourceError          one source cannot be read to its end; the others go on
    │   ├── SourceGone       it does not exist (any more)
    │   ├── SourceDenied     the credentials may not read it
    │   ├── Stopped          the run is to end before it
    │   ├── SourceSkipped    it is not to be read at all (an archived storage class)
    │   ├── DecodeError      its bytes are not what they claim to be: broken gzip, unknown binary
    │   └── LimitExceeded    it is larger than a limit of [loader]
    ├── ParseError           one record does not have the form its log type promises
    ├── Overdue              work took longer than it may: a regular expression or a hook that runs away
    └── DeliveryError        an output did not take a chunk
        ├── Retryable        not now: connection refused, cut, timed out
        ├── Unrecoverable    never: the output can not take this chunk however often it is offered
        └── OutputClosed     nothing more can be delivered in this run: the reader of a pipe has gone

Texts say what, where and what to do, in lower case.
"""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in the configuration, with its address; ``fatal`` ones stop the program before the first record."""

    message: str
    file: str = ""
    line: int = 0
    section: str = ""
    key: str = ""
    hint: str = ""
    fatal: bool = True

    def __str__(self) -> str:
        """Render as ``file:line: [section] key: message (hint)``, leaving out what is not known."""
        address = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " if self.file else ""
        where = f"[{self.section}] " if self.section else ""
        key = f"{self.key}: " if self.key else ""
        return f"{address}{where}{key}{self.message}" + (f" ({self.hint})" if self.hint else "")


class SluiceError(Exception):
    """The root: catch this to catch all that Sluice raises on purpose."""


class ConfigError(SluiceError):
    """The configuration or the arguments are wrong. ``problems`` has every mistake found, not just the first."""

    def __init__(self, *problems: Problem | str) -> None:
        self.problems = [p if isinstance(p, Problem) else Problem(p) for p in problems]
        super().__init__(*problems)

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


GONE, DENIED, CORRUPT, TRANSIENT, DELIVERY, STOPPED = "gone", "denied", "corrupt", "transient", "delivery", "stopped"
POISON = frozenset({GONE, DENIED, CORRUPT})  # what trying again will not mend


class SourceError(SluiceError):
    """A source cannot be read to its end. ``failure`` is the class of what went wrong; that of other sources passes: trying again may help."""

    failure = TRANSIENT


class SourceGone(SourceError):
    """The source does not exist."""

    failure = GONE


class SourceDenied(SourceError):
    """The source may not be read with these credentials."""

    failure = DENIED


class Stopped(SourceError):
    """The run is to end: the source was left in the middle."""

    failure = STOPPED


class SourceSkipped(SourceError):
    """The source is not to be read, and trying again will not help."""


class DecodeError(SourceError):
    """The bytes of a source cannot be decoded."""

    failure = CORRUPT


class LimitExceeded(SourceError):
    """A source, once decoded, is larger than ``[loader] max_object_bytes``."""

    failure = CORRUPT


class ParseError(SluiceError):
    """A record does not have the form its log type promises."""


class Overdue(SluiceError):
    """Work was stopped because it took longer than ``seconds``."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds

    def __str__(self) -> str:
        return f"not done within {self.seconds:g} seconds"


class DeliveryError(SluiceError):
    """An output did not take a chunk."""


class Retryable(DeliveryError):
    """The output cannot take the chunk now; offer it again later. ``lasting``: somebody has to change something first."""

    lasting = False


class Unrecoverable(DeliveryError):
    """The output will never take this chunk."""


class OutputClosed(DeliveryError):
    """The output is gone for the rest of the run; the run stops."""
