"""A load that is cut off anywhere: killed, told to stop, its input, outputs or dead letter failing. A later one completes it, and nothing is lost."""

from __future__ import annotations

import functools
import json
import os
import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from loader import deliver
from loader.api import TAKEN, Blocks, Outcome, Output, Retryable, Source, SourceError
from loader.deliver import Delivery
from loader.dispatch import Dispatch
from loader.engine import Engine, Task
from loader.errors import Stopped
from loader.journal import Journal
from loader.ledger import DONE, SKIPPED, Ledger
from tests import drivers

TYPE = "[demo]\ns3_key = demo\nfile_format = text\nlog_pattern = (?P<n>\\d+) good\n[loader]\nchunk_records = {chunk}\n[out_null:a]\n[out_null:b]\n"
KILLED, CRASHED = 9, 77


class Unsafe(Output):
    """Has on disk only what was flushed, or was there when it failed; refuses every fifth record, and asks for some again."""

    path: Path
    chance: random.Random | None = None  # None: nothing fails

    def setup(self, path: Path, chance: random.Random | None) -> None:
        self.path, self.chance = path, chance
        self.held: list[bytes] = []

    def happens(self, probability: float) -> bool:
        return self.chance is not None and self.chance.random() < probability

    def write(self, messages: Sequence[bytes]) -> Outcome:
        refused = {at: "no" for at, message in enumerate(messages) if number(message) % 5 == 1}
        retry = [at for at in range(len(messages)) if at not in refused and self.happens(0.1)]
        self.held += [message for at, message in enumerate(messages) if at not in refused and at not in retry]
        if self.happens(0.1):
            self.fail()
        return Outcome(retry, refused)

    def fail(self) -> None:
        if self.happens(0.5):
            self.sync()
        self.held = []
        raise Retryable("down")

    def sync(self) -> None:
        with self.path.open("ab") as file:
            file.write(b"".join(self.held))
        self.held = []

    def flush(self) -> None:
        if self.happens(0.1):
            self.fail()
        self.sync()


class Letter(Unsafe):
    def write(self, messages: Sequence[bytes]) -> Outcome:
        if self.happens(0.4):
            self.fail()
        self.held += messages
        return TAKEN


def number(message: bytes) -> int:
    return int(json.loads(message)["n"])


class Breaking(drivers.MemoryInput):
    chance: random.Random | None = None

    def read(self, source: Source) -> Blocks:
        for block in super().read(source):
            yield block
            if self.chance is not None and self.chance.random() < 0.03:
                raise SourceError("broke off")


def built(folder: Path, seed: int, body: bytes, *, fails: bool) -> Engine:
    """Return an engine whose sizes are drawn, and on which all may fail that can."""
    draw = random.Random(seed)
    one = drivers.engine(folder, TYPE.format(chunk=draw.choice([1, 3, 10, 50])), files=())
    chance = draw if fails else None

    def sleep(seconds: float) -> None:
        if fails and draw.random() < 0.02:
            raise Stopped("stopped")

    def delivery(output: Output, name: str, dead_letter: Any, **options: str) -> Delivery:
        made = drivers.configured(output, name, retry_for=draw.choice(["0", "0", "5m"]), **options)
        assert isinstance(made, Unsafe)
        made.setup(folder / name.replace(":", "_"), chance)
        return Delivery(made, dead_letter, sleep=sleep)

    one.dead_letter.delivery = delivery(Letter(), "letter", None)
    for name in one.plans["demo"].outputs:
        one.deliveries[name] = delivery(Unsafe(), name, one.dead_letter, chunk_bytes="200", rate=draw.choice(["0", "0", "100000"]))
    one.journal = Journal(str(folder / "state"))
    one.input = Breaking({"demo": body}, draw.choice([7, 50, 400, 10**6]))
    one.input.chance = chance
    deliver.WINDOW, deliver.INTERVAL = draw.choice([1, 500, 10**9]), draw.choice([0.0, 1.0])
    return one


def deadly(owner: type, name: str, left: list[int]) -> None:
    """Have the process end before or behind a call, once ``left`` calls are done."""
    real: Callable[..., Any] = getattr(owner, name)

    def count() -> None:
        left[0] -= 1
        if not left[0]:
            os._exit(KILLED)

    @functools.wraps(real)
    def wrapped(*args: Any, **more: Any) -> Any:
        count()
        found = real(*args, **more)
        count()
        return found

    setattr(owner, name, wrapped)


PLACES = [
    (Unsafe, "write"), (Unsafe, "sync"), (Letter, "write"), (Journal, "begin"), (Journal, "note"), (Journal, "end"), (Dispatch, "take"),
    (Dispatch, "checkpoint"), (Delivery, "_settle"), (Delivery, "_confirm"),
]  # fmt: skip


def attempt(folder: Path, seed: int, body: bytes, steps: int) -> int:
    """Load in a process of its own, which is killed after so many steps (0: never); returns its exit code."""
    if pid := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    try:
        draw, left = random.Random(seed), [steps]
        one = built(folder, seed, body, fails=True)
        for owner, name in PLACES if steps else ():
            deadly(owner, name, left)

        def progress(ledger: Ledger) -> None:
            if draw.random() < 0.02:
                raise Stopped("stopped")

        one.run(Task(1, Source("b", "demo", etag="e")), progress)
        os._exit(0)
    except BaseException as why:  # noqa: BLE001  # the child of a fork must not go on as a second pytest
        print(repr(why), file=sys.stderr)
        os._exit(CRASHED)


@pytest.mark.parametrize("seed", range(30))
def test_whatever_cuts_a_load_off_a_later_one_completes_it_and_nothing_is_lost(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "WINDOW", deliver.WINDOW)  # put back what ``built`` sets
    monkeypatch.setattr(deliver, "INTERVAL", deliver.INTERVAL)
    draw = random.Random(seed)
    count = draw.randint(1, 120)
    body = b"".join(b"%d %s\n" % (n, b"good" if n % 4 else b"bad") for n in range(count))
    for _ in range(draw.randint(1, 3)):
        assert attempt(tmp_path, draw.randrange(10**9), body, draw.choice([0, draw.randint(1, 60), draw.randint(1, 600)])) != CRASHED
    last = built(tmp_path, draw.randrange(10**9), body, fails=False).run(Task(1, Source("b", "demo", etag="e")))
    assert last.status in (DONE, SKIPPED), last.reason

    letters = drivers.rows(tmp_path / "letter")
    for name in ("out_null:a", "out_null:b"):
        arrived = {int(row["n"]) for row in drivers.rows(tmp_path / name.replace(":", "_"))}
        assert arrived == {n for n in range(count) if n % 4 and n % 5 != 1}
        refused = {number(row["message"]) for row in letters if row["stage"] == "deliver" and row["output"] == name}
        assert refused == {n for n in range(count) if n % 4 and n % 5 == 1}
    assert {row["record"] for row in letters if row["stage"] == "parse"} == set(range(0, count, 4))
