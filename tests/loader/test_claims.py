"""Claims: one process at a time works at an object, and one that is killed holds nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from loader.batch import Source
from loader.claims import NAME, Claims
from loader.errors import Stopped

ONE = Source("logs", "k")


class Gave(Exception):
    """Somebody else holds the object."""


def never(seconds: float) -> None:
    raise Gave


def holder(folder: Path, source: Source = ONE) -> Callable[[], None]:
    """Have another process hold an object; returns what kills it."""
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            with Claims(str(folder)).of(source):
                os.write(write, b".")
                signal.pause()
        finally:
            os._exit(1)
    assert os.read(read, 1) == b"."
    os.close(read)
    os.close(write)

    def kill() -> None:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)

    return kill


def test_an_object_is_waited_for_until_its_holder_has_ended_and_all_others_are_free(tmp_path: Path) -> None:
    kill = holder(tmp_path / "state")
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            kill()

    claims = Claims(str(tmp_path / "state"), pause)
    for other in (Source("logs", "k2"), Source("log", "sk"), Source("logs", "k", first=5), Source("logs", "k\udcff")):
        with claims.of(other):
            assert not pauses
    with claims.of(ONE):
        assert len(pauses) == 2
    claims.close()


def test_what_is_given_back_can_be_had_at_once(tmp_path: Path) -> None:
    claims = Claims(str(tmp_path), never)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), claims.of(ONE):
            raise ZeroDivisionError
    kill = holder(tmp_path)  # it would wait for ever
    with pytest.raises(Gave), claims.of(ONE):
        pass
    kill()


def test_one_that_waits_is_stopped_where_its_pause_says_so(tmp_path: Path) -> None:
    kill = holder(tmp_path)

    def stop(seconds: float) -> None:
        raise Stopped("stopped")

    with pytest.raises(Stopped), Claims(str(tmp_path), stop).of(ONE):
        pass
    kill()


def test_where_locks_do_not_work_nobody_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Claims("", never).of(ONE), Claims("", never).of(ONE):
        assert not list(tmp_path.iterdir())
    (tmp_path / "file").touch()
    with Claims(str(tmp_path / "file"), never).of(ONE):
        pass
    (tmp_path / NAME).mkdir()
    with Claims(str(tmp_path), never).of(ONE):
        pass
