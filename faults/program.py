"""``index.py`` as its users run it, in a process of its own, and how it is killed."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import psutil

HOME = Path(__file__).resolve().parent.parent
PATIENCE = 90  # seconds after which a run is a failure


class Program:
    """One run in ``folder``; what it says goes to the file ``said`` there."""

    def __init__(self, folder: Path, environment: dict[str, str], *arguments: str) -> None:
        self.said = folder / "said"
        with open(self.said, "ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, str(HOME / "index.py"), *arguments],
                cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip

    def wait(self) -> int:
        """Return the exit code."""
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"index.py hangs; it has said {self.said.read_text()[-2000:]}") from None

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def workers(self) -> list[psutil.Process]:
        """Return its worker processes."""
        try:
            children = psutil.Process(self.process.pid).children()
            return [child for child in children if any("spawn_main" in word for word in child.cmdline())]
        except psutil.Error:
            return []

    def kill(self) -> None:
        """Kill all of it at once, and wait until it is gone."""
        children = self.workers()
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        psutil.wait_procs(children, 10)

    def terminate(self) -> None:
        """Ask it to stop, as an init system does."""
        self.process.send_signal(signal.SIGTERM)

    def fill_disk(self, most: int) -> None:
        """From now on no file of it can grow beyond ``most`` bytes: writing fails as on a disk that is full (EFBIG in the place of ENOSPC)."""
        for pid in (self.process.pid, *(worker.pid for worker in self.workers())):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))
