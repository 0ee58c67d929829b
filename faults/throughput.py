"""``python -m faults --throughput``: records per second to a real rsyslogd, over TCP and RELP, beside ``out_null`` in the same run.

One worker; the ways take turns, ratios are of the same round, and medians are shown. rsyslogd needs a core of its own: on a machine that is
busy otherwise the ratios by CPU seconds say more.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import generate
from bench.__main__ import measure
from faults.receivers import Receiver

PROTOCOLS = ("tcp", "relp")


def rounds_of(log_type: str, records: int, rounds: int) -> list[dict[str, dict[str, float]]]:
    """Return for each round what was measured by way: ``null``, and each protocol."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        (key,) = generate.write(Path(folder), log_type, 1, records)
        for _ in range(rounds):
            one = {"null": measure("null", log_type, folder, key)}
            for protocol in PROTOCOLS:
                with tempfile.TemporaryDirectory() as place, Receiver("rsyslogd", protocol, Path(place) / "receiver") as receiver:
                    one[protocol] = measure(protocol, log_type, folder, key, receiver.port)
                    assert len(receiver.messages()) == one[protocol]["records"] == records, "records are missing"
            found.append(one)
    return found


def show(records: int, rounds: int, log_types: list[str]) -> None:
    """Measure all types, and print the table."""
    table = Table(title=f"Records per second, one worker, {os.cpu_count()} cores ({records:,} records, median of {rounds})")
    names = ["log type", "out_null", *PROTOCOLS, *(f"{name}{of}" for of in (" / out_null", ", by CPU") for name in PROTOCOLS)]
    for name in names:
        table.add_column(name, justify="left" if name == "log type" else "right")
    for log_type in log_types or generate.KEYS:
        found = rounds_of(log_type, records, rounds)
        rates = [statistics.median(records / one[way]["wall"] for one in found) for way in ("null", *PROTOCOLS)]
        ratios = [statistics.median(one["null"][of] / one[way][of] for one in found) for of in ("wall", "cpu") for way in PROTOCOLS]
        table.add_row(log_type, *(f"{rate:,.0f}" for rate in rates), *(f"{ratio:.0%}" for ratio in ratios))
    Console(width=150).print(table)
