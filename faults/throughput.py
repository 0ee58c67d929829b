"""``python -m faults --throughput``: records per second to a real rsyslogd, over TCP and RELP, beside ``out_null`` in the same run.

One worker; medians; the ways take turns, so that a busy moment hits all alike. rsyslogd needs the second core for itself.
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


def rates(log_type: str, records: int, rounds: int) -> dict[str, float]:
    """Return records per second by way: ``null``, and each protocol."""
    found: dict[str, list[float]] = {way: [] for way in ("null", *PROTOCOLS)}
    with tempfile.TemporaryDirectory() as folder:
        (key,) = generate.write(Path(folder), log_type, 1, records)
        for _ in range(rounds):
            found["null"].append(records / measure("null", log_type, folder, key)["wall"])
            for protocol in PROTOCOLS:
                with tempfile.TemporaryDirectory() as place, Receiver("rsyslogd", protocol, Path(place) / "receiver") as receiver:
                    run = measure(protocol, log_type, folder, key, receiver.port)
                    assert len(receiver.messages()) == run["records"] == records, "records are missing"
                found[protocol].append(records / run["wall"])
    return {way: statistics.median(some) for way, some in found.items()}


def show(records: int, rounds: int, log_types: list[str]) -> None:
    """Measure all types, and print the table."""
    table = Table(title=f"Records per second, one worker, {os.cpu_count()} cores ({records:,} records, median of {rounds})")
    for name in ("log type", "out_null", "tcp", "relp", "tcp / out_null", "relp / out_null"):
        table.add_column(name, justify="left" if name == "log type" else "right")
    for log_type in log_types or generate.KEYS:
        found = rates(log_type, records, rounds)
        table.add_row(log_type, *(f"{rate:,.0f}" for rate in found.values()), *(f"{found[one] / found['null']:.0%}" for one in PROTOCOLS))
    Console(width=150).print(table)
