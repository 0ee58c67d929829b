"""``make faults``: break everything around a load, one thing after the other, and show what arrived. About five minutes.

The receivers are a real rsyslogd and a real syslog-ng; what is not installed is skipped, and said. UDP rows are there to show what it
can lose: nobody is told of a datagram that does not arrive.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from faults import scenarios, table, throughput
from faults.service import Service


def main() -> int:
    """Play the cases and print their table; 1 when one of them is not as promised."""
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep what programs and receivers have written")
    parser.add_argument("--throughput", action="store_true", help="break nothing: records per second over TCP and RELP beside out_null")
    parser.add_argument("--small", action="store_true", help="with --throughput: only see that it runs, the figures mean nothing")
    parser.add_argument("words", nargs="*", help="only the rows whose names have all these words: relp killed; with --throughput, log types")
    args = parser.parse_args()
    if args.throughput:
        throughput.show(*((500, 1) if args.small else (100_000, 5)), args.words)
        return 0
    chosen = [case for case in scenarios.cases() if all(word in case.name for word in args.words)]
    rows = []
    with Service() as service, tempfile.TemporaryDirectory() as made:
        for number, case in enumerate(chosen):
            row = table.play(case, service, (args.keep or Path(made)) / f"row-{number:02}")
            rows.append(row)
            print(f"{number + 1}/{len(chosen)} {case.name}: {row.skipped or row.wrong or 'ok'}", file=sys.stderr)
    table.show(rows)
    return int(any(row.wrong for row in rows))


if __name__ == "__main__":
    sys.exit(main())
