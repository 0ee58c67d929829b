"""How many duplicates a fault may make: what was on its way, and not known to have arrived."""

from __future__ import annotations

from collections.abc import Callable

from faults.stage import Stage
from loader import deliver
from loader.options import Option, declared
from plugins.out_syslog import SyslogOutput

WORKERS = 2
OPTIONS = declared(SyslogOutput, Option)
TAIL = OPTIONS["resend"].read(None) + deliver.WINDOW  # bytes that are sent again when a TCP connection dies: kept, or not confirmed
WINDOW = OPTIONS["window"].read(None)  # messages without an acknowledgement of RELP
RELP = ("relp", "relp_tls")
NO_BOUND = 10**9

Bound = Callable[[Stage], int]


def nothing_twice(stage: Stage) -> int:
    """No record."""
    return 0


def objects_in_work(stage: Stage) -> int:
    """Of each worker what was not noted in the ledger yet: at most an object, for its end is noted."""
    return WORKERS * stage.load.each


def object_of_a_worker(stage: Stage) -> int:
    """The object of one worker."""
    return stage.load.each


def in_flight(stage: Stage) -> int:
    """What all connections had on their way when the receiver went: with RELP a window each, with TCP the tail and an object; if it had so much."""
    each = WINDOW if stage.receiver.protocol in RELP else TAIL // stage.message_bytes() + stage.load.each
    return min(WORKERS * each, stage.had)


def passed(*places: int) -> Bound:
    """What connections that were broken after so many bytes had brought: with RELP, no more than a window of it each."""

    def bound(stage: Stage) -> int:
        brought = [place // stage.message_bytes() + 2 for place in places]
        return sum(min(count, WINDOW) for count in brought) if stage.receiver.protocol in RELP else sum(brought)

    return bound


def any_number(stage: Stage) -> int:
    """No bound."""
    return NO_BOUND
