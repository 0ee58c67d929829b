"""``make bench``: what Sluice costs, beside rsyslogd on the same records and the floors of CPython, and how that grows.

All of it takes less than ten minutes. ``--write`` makes the page that docs/performance.md is; ``--small`` only shows that everything runs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from bench import generate, growth, report, rsyslog, rulebase, samples, workers
from bench.rounds import Figures, Rounds, median, play, process

RECORDS = {"vpcflowlogs": 120_000, "alb": 50_000, "cloudtrail": 40_000, "s3accesslog": 50_000}
WAYS = ("tcp", "null", "slow", "document", "bare", "parts", "slow_parts")


def measure(mode: str, log_type: str, folder: str, key: str, port: int = 0) -> Figures:
    """Measure once, in a process of its own; ``port`` is that of a receiver, where it is not to be one that reads and forgets."""
    return process("measure", mode, log_type, folder, key, port)


def main_rounds(log_type: str, records: int, rounds: int) -> Rounds:
    """Measure a type by all ways; raises SystemExit where records are missing."""
    with tempfile.TemporaryDirectory() as folder:
        (key,) = generate.write(Path(folder), log_type, 1, records)
        generate.write(Path(folder, generate.WARM), log_type, 2, max(10, records // 8))
        ways = {way: partial(measure, way, log_type, folder, key) for way in WAYS}
        if rsyslog.program() and log_type in (*rulebase.FIELDS, "cloudtrail"):
            lines = rsyslog.lines_of(log_type, Path(folder), key)
            ways |= {f"rsyslog {way}": partial(rsyslog.measure, log_type, way, lines) for way in rulebase.WAYS}
        found = play(ways, rounds)
    if missing := {way for one in found for way, figures in one.items() if figures["records"] != records}:
        raise SystemExit(f"{log_type}: records are missing by {', '.join(missing)}")
    return found


def run(types: list[str], rounds: int, records: dict[str, int], many: int, target: int) -> report.Results:
    """Measure everything; ``many`` objects are in the longest list, ``target`` bytes are made of the samples."""
    began = time.monotonic()
    counts = {"log": (10, 150), "exclusion": (1, 1000), "objects": (max(10, many // 50), many), "keys": (150, 150)}
    tell("growth")
    found = report.Results(
        {},
        growth.compared("types", *counts["log"], rounds),
        growth.compared("rules", *counts["exclusion"], rounds),
        play({"keys": partial(process, "growth", "keys", "", "", counts["keys"][1])}, rounds),
        growth.many_objects(*counts["objects"]),
        counts,
        {},
        {},
    )
    for log_type in types:
        tell(log_type)
        found.main[log_type] = main_rounds(log_type, records[log_type], rounds)
    tell("workers")
    found.workers = workers.scaling("vpcflowlogs", 48, max(10, records["vpcflowlogs"] // 2), min(rounds, 3))
    tell("samples")
    for name in (*samples.FORMATS, samples.WORST):
        runs = play({"one": partial(process, "samples", name, target)}, min(rounds, 3))
        found.samples[name] = {figure: median(runs, "one", figure) for figure in runs[0]["one"]}
    found.seconds = time.monotonic() - began
    return found


def tell(what: str) -> None:
    """Say what is being measured."""
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr)


def main() -> None:
    """Run the benchmark and print its page."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--objects", type=int, default=100_000, help="length of the longest list")
    parser.add_argument("--small", action="store_true", help="only see that everything runs: the figures mean nothing")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page there")
    parser.add_argument("types", nargs="*", default=list(generate.KEYS))
    args = parser.parse_args()
    if args.small:
        found = run(args.types, 1, dict.fromkeys(RECORDS, 500), 60, 20_000)
    else:
        found = run(args.types, args.rounds, RECORDS, args.objects, samples.TARGET)
    page = report.render(found)
    print(page)
    if args.write:
        args.write.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
