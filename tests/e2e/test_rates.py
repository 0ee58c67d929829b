"""A rate as its destination sees it: one for all worker processes, and a pause for it ends with the run."""

from __future__ import annotations

import signal
import time

from loader.pace import SLOT
from loader.receiver import Receiver
from tests.e2e.test_load import INI, Path, app, arrived, folder_bucket, run, start, until

RATE = 200


def options(siem: Receiver, rate: float) -> str:
    syslog = f"[out_syslog]\nhost = 127.0.0.1\nport = {siem.port}\nprotocol = tcp\nrate = {rate}\n"
    return INI.replace("[out_file]\npath = out.jsonl\n", syslog)


def test_all_workers_together_keep_to_the_rate(tmp_path: Path) -> None:
    keys = [f"app/{n}" for n in range(8)]
    folder_bucket(tmp_path, {key: app(50, 50 * n) for n, key in enumerate(keys)})
    times: list[float] = []
    with Receiver(sink=lambda message: times.append(time.monotonic())) as siem:
        done = run(tmp_path, keys, "--workers", "3", ini=options(siem, RATE))
    assert done.returncode == 0, done.stderr
    assert len(times) == 400
    assert 400 / RATE - 2.5 * SLOT <= times[-1] - times[0] <= 400 / RATE + 1  # of a machine that may be busy
    late = 0.25  # what such a machine takes in together
    for window in (0.5, 1.0, 2.0):
        most = max(sum(start <= when < start + window for when in times) for start in times)
        assert most <= RATE * (window + 2 * SLOT + late) + 1


def test_a_run_that_waits_for_its_turn_ends_at_once_and_the_next_goes_on_behind_what_arrived(tmp_path: Path) -> None:
    folder_bucket(tmp_path, {"app/0": app(40)})
    (tmp_path / "list.txt").write_text("app/0\n")
    with Receiver() as siem:
        (tmp_path / "my.ini").write_text(options(siem, 4))
        program = start(tmp_path)
        until(lambda: siem.received > 6, 30)
        began = time.monotonic()
        program.send_signal(signal.SIGTERM)
        _, said = program.communicate(timeout=5)
        assert program.returncode == 130, said
        assert time.monotonic() - began < 4  # of more than eight that were left
        (tmp_path / "my.ini").write_text(options(siem, 1000))
        again = start(tmp_path)
        _, said = again.communicate(timeout=60)
        assert again.returncode == 0, said
        siem.wait(40)
    found = arrived(siem)
    assert set(found) == set(range(40))
    assert len(found) - 40 <= 8  # two seconds' worth
