"""``make bench``: what a record costs, by log type, beside the floors of the same run. One worker; medians; the ratios are what counts.

The floor is the least a CPython program does with the same objects: gunzip, ``orjson.loads`` (or split into a dict: at blanks, or by a
regular expression where fields are quoted), ``orjson.dumps`` of what was parsed. The document floor dumps, instead, a document as it is
delivered, which is two to ten times as large.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import generate

MODES = ("floor", "document", "null", "tcp")


def measure(mode: str, log_type: str, folder: str, key: str, port: int = 0) -> dict[str, float]:
    """Measure once, in a process of its own; ``port`` is that of a receiver, where it is not to be one that reads and forgets."""
    command = [sys.executable, "-m", "bench.measure", mode, log_type, folder, key, str(port)]
    done = subprocess.run(command, cwd=Path(__file__).parent.parent, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        raise SystemExit(f"{mode} of {log_type} failed:\n{done.stderr}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def rounds_of(log_type: str, records: int, rounds: int) -> dict[str, dict[str, float]]:
    """Return per mode the medians over all rounds; the modes take turns, so that a busy moment hits all alike."""
    with tempfile.TemporaryDirectory() as folder:
        (key,) = generate.write(Path(folder), log_type, 1, records)
        runs: dict[str, list[dict[str, float]]] = {mode: [] for mode in MODES}
        for _ in range(rounds):
            for mode in MODES:
                runs[mode].append(measure(mode, log_type, folder, key))
    assert all(run["records"] == records for mode in ("null", "tcp") for run in runs[mode]), "records are missing"
    return {mode: {name: statistics.median(run[name] for run in found) for name in found[0]} for mode, found in runs.items()}


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=40000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--small", action="store_true", help="only see that everything runs: the figures mean nothing")
    parser.add_argument("types", nargs="*", default=list(generate.KEYS))
    args = parser.parse_args()
    records, rounds = (500, 1) if args.small else (args.records, args.rounds)
    table = Table(title=f"CPU seconds per million records ({records:,} records, median of {rounds}, one worker, CPython {platform.python_version()})")
    for name in ("log type", "floor", "document floor", "out_null", "tcp", "tcp / floor", "tcp / doc. floor", "records/s (tcp)", "peak MB"):
        table.add_column(name, justify="left" if name == "log type" else "right")
    for log_type in args.types:
        found = rounds_of(log_type, records, rounds)
        cost = {mode: found[mode]["cpu"] / records * 1e6 for mode in MODES}
        table.add_row(
            log_type, *(f"{cost[mode]:.1f}" for mode in MODES), f"{cost['tcp'] / cost['floor']:.2f}", f"{cost['tcp'] / cost['document']:.2f}",
            f"{records / found['tcp']['wall']:,.0f}", f"{found['tcp']['peak'] / 1024**2:.0f}",
        )  # fmt: skip
    Console(width=150).print(table)


if __name__ == "__main__":
    main()
