"""Every fault, and what may come of it. A scenario loads, breaks something on the way, and asserts what the program says of it.

Where a scenario starts the program again, it does so with the same arguments, or with the list of what failed: as a user would.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator

from faults import answers, proxies
from faults.bounds import RELP, WORKERS, Bound, any_number, in_flight, nothing_twice, object_of_a_worker, objects_in_work, passed
from faults.program import Program
from faults.proxies import Act, Proxy
from faults.stage import Stage

STOPS_WITHIN = 5.0  # seconds
TCP = ("tcp", "tls")

Play = Callable[[Stage], None]


@dataclasses.dataclass(frozen=True)
class Case:
    """One row: a fault, where it happens, and how many duplicates it may make."""

    fault: str
    receiver: str
    protocol: str
    play: Play
    bound: Bound

    @property
    def name(self) -> str:
        """What the row is called."""
        return f"{self.fault}, {self.protocol} to {self.receiver}"


# --- processes that die ---


def undisturbed(stage: Stage) -> None:
    """Nothing happens."""
    stage.run()


def worker_killed(stage: Stage) -> None:
    """One of two workers is killed in mid-load."""
    program = stage.start()
    stage.midway(program)
    program.workers()[0].kill()
    stage.ended(program)


def program_killed(stage: Stage) -> None:
    """The program and its workers are killed in mid-load, and it is started again."""
    program = stage.start()
    stage.midway(program)
    program.kill()
    stage.run()


def receiver_killed(stage: Stage) -> None:
    """The receiver is killed in mid-load and is back a second later."""
    program = stage.start()
    stage.midway(program)
    stage.receiver.kill()
    stage.had = len(stage.receiver.messages())
    time.sleep(1.0)
    stage.receiver.start()
    stage.ended(program)


def receiver_restarted(stage: Stage) -> None:
    """The receiver is restarted in an orderly way in mid-load."""
    program = stage.start()
    stage.midway(program)
    stage.receiver.stop()
    stage.had = len(stage.receiver.messages())
    stage.receiver.start()
    stage.ended(program)


def terminated(stage: Stage) -> None:
    """SIGTERM under load: it has to end in time, and the next run does the rest."""
    program = stage.start()
    stage.midway(program)
    asked = time.monotonic()
    program.terminate()
    stage.ended(program, 130)
    took = time.monotonic() - asked
    assert took < STOPS_WITHIN, f"it took {took:.1f} seconds to stop"
    stage.run()


def ledger_disk_full(stage: Stage) -> None:
    """The ledger cannot be written any more in mid-load: the load goes on without it."""
    program = stage.start()
    stage.midway(program)
    program.fill_disk(16384)
    stage.ended(program)
    assert "the ledger" in stage.said(), f"nobody has told that the ledger fails: {stage.said()}"


# --- the network ---


def network(*acts: Act, broken: int) -> Play:
    """The first connections suffer these acts, the others none; so many must have been broken in the middle of a message."""

    def play(stage: Stage) -> None:
        with Proxy(stage.receiver.port, acts) as proxy:
            stage.through(proxy.port)
            stage.run()
            assert proxy.broken == broken, f"{proxy.broken} connections were broken, not {broken}"

    return play


PLACES = (300_000, 1_500_000, 2_500_000, 5_000_000)  # bytes after which each connection is broken
LATE = 27_000_000  # bytes of the 30,000,000 of each worker: what is left fits into the buffers on the way


# --- S3 and SQS ---


def bad_day(fault: Callable[[], answers.Fault], *, fails: bool = False) -> Play:
    """The service is faulty; where objects may fail, the list of those that did is loaded afterwards."""

    def play(stage: Stage) -> None:
        with stage.service.made(fault()):
            stage.run(code=int(fails))
        if fails:
            stage.run("-b", stage.bucket, "-l", "list.txt.error.log")

    return play


def changed(stage: Stage) -> None:
    """Some objects break off half-way, and are replaced before they are asked for again."""
    replaced = {f"{stage.bucket}/{stage.load.key(index)}": index for index in (3, 4, 5)}

    def replace(key: str) -> None:
        if key in replaced:
            stage.put(key.partition("/")[2], stage.load.body(replaced[key], more=10))

    bad_day(lambda: answers.truncated(replace), fails=True)(stage)


def three_objects(stage: Stage) -> int:
    """Those that were replaced: as another object, each is sent from its beginning, and has ten records twice by itself."""
    return 3 * (stage.load.each + 10)


def drained(fault: Callable[[], answers.Fault]) -> Play:
    """A queue with notices of all objects is drained; the service is faulty."""

    def play(stage: Stage) -> None:
        queue = stage.queue()
        with stage.service.made(fault()):
            stage.run("-q", queue)
        assert stage.left(queue) == 0, f"{stage.left(queue)} messages are left in the queue"

    return play


def drain_killed(stage: Stage) -> None:
    """The program is killed while it drains a queue, and started again: the messages come back after their visibility timeout."""
    queue = stage.queue()
    program: Program = stage.start("-q", queue)
    stage.midway(program)
    program.kill()
    stage.given_back(queue)
    stage.run("-q", queue)
    assert stage.left(queue) == 0, f"{stage.left(queue)} messages are left in the queue"


# --- the rows ---


def cases() -> Iterator[Case]:
    """Return all rows of the table."""
    rsyslogd = [("rsyslogd", protocol) for protocol in (*TCP, *RELP)]
    syslog_ng = [("syslog-ng", protocol) for protocol in TCP]
    every = [*rsyslogd, *syslog_ng]
    some = [("rsyslogd", "tcp"), ("rsyslogd", "relp"), ("syslog-ng", "tls")]
    relp = [("rsyslogd", "relp")]
    for where, fault, play, bound in (
        (every, "none", undisturbed, nothing_twice),
        (every, "worker killed", worker_killed, object_of_a_worker),
        (every, "program killed, started again", program_killed, objects_in_work),
        (every, "receiver killed, back after 1 s", receiver_killed, in_flight),
        (some, "receiver restarted", receiver_restarted, in_flight),
        (every, "connection cut in mid-frame", network(*map(proxies.cuts, PLACES), broken=len(PLACES)), passed(*PLACES)),
        (every, "connection reset in mid-frame", network(*map(proxies.resets, PLACES), broken=len(PLACES)), passed(*PLACES)),
        (relp, "connection ended in mid-frame, answers pass", network(*map(proxies.cuts_in_order, PLACES), broken=len(PLACES)), nothing_twice),
        (some, "stalled for good in mid-frame", network(*(proxies.stalls(at, 20) for at in PLACES[:2]), broken=2), passed(*PLACES[:2])),
        (some, "stalled for good near the end", network(*[proxies.stalls_for_good(LATE)] * WORKERS, broken=WORKERS), in_flight),
        (some, "stalled for 1 s in mid-frame", network(*(proxies.stalls(at, 1) for at in PLACES[:2]), broken=2), nothing_twice),
        (some, "every block delayed by 5 ms", network(*[proxies.delays(0.005)] * WORKERS, broken=0), nothing_twice),
        (some, "disk of the ledger full", ledger_disk_full, nothing_twice),
        (some, "SIGTERM, started again", terminated, objects_in_work),
        (some[:2], "S3 answers 503", bad_day(lambda: answers.unavailable(2)), nothing_twice),
        (some[:2], "S3 truncates bodies", bad_day(answers.truncated), nothing_twice),
        (some[:2], "S3 object replaced between tries", changed, three_objects),
        (some[:2], "credentials expire", bad_day(lambda: answers.expired(10, 20), fails=True), nothing_twice),
        (some[:2], "SQS gives messages twice, out of order", drained(answers.repeated), nothing_twice),
        (some[:2], "SQS throttles", drained(answers.throttled), nothing_twice),
        (some[:2], "program killed, queue drained again", drain_killed, objects_in_work),
    ):
        yield from (Case(fault, *one, play, bound) for one in where)
    for receiver in ("rsyslogd", "syslog-ng"):
        yield Case("none", receiver, "udp", undisturbed, any_number)
        yield Case("receiver killed, back after 1 s", receiver, "udp", receiver_killed, any_number)
