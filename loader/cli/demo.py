"""``index.py demo``: the whole way on one machine: a sample bucket, this program, a receiver that plays the SIEM."""

from __future__ import annotations

import argparse
import collections
import contextlib
import os
import tempfile
from pathlib import Path

import orjson
from rich.console import Console

from loader.assembly import HOME
from loader.cli import load
from loader.receiver import MESSAGE, Receiver

SHOWN = 4  # documents, one of each log type


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this command: there are none."""


def run(args: argparse.Namespace) -> int:
    """Load the sample bucket through syslog over TCP into a receiver, show some of what arrived, and return the load's exit code."""
    console = Console(emoji=False)
    with tempfile.TemporaryDirectory() as folder, Receiver("127.0.0.1", 0) as siem, contextlib.chdir(folder):
        console.print(f"A receiver plays the SIEM on 127.0.0.1:{siem.port}. Loading the sample bucket into it:\n", highlight=False)
        ini = Path(folder) / "demo.ini"
        ini.write_text(f"[out_syslog]\nhost = 127.0.0.1\nport = {siem.port}\nprotocol = tcp\n", encoding="utf-8")
        listing = Path(folder) / "s3-list.txt"
        listing.write_bytes((HOME / "samples" / "s3-list.txt").read_bytes())
        parser = argparse.ArgumentParser()
        load.add_arguments(parser)
        command = ["-b", str(HOME / "samples"), "-l", str(listing), "--config", str(ini)]
        code = load.run(parser.parse_args(command))
    _show(console, siem.messages)
    console.print(f"\n{len(siem.messages)} syslog messages arrived. To your own SIEM:")
    console.print("copy user.ini.example to user.ini, keep what you need of it, and run")
    console.print(f"    {os.path.relpath(HOME / 'index.py', Path.cwd())} -b my-log-bucket -l s3-list.txt", highlight=False)
    return code


def _show(console: Console, messages: list[bytes]) -> None:
    """Print the first message of each log type: its header, and its document indented."""
    seen: collections.Counter[str] = collections.Counter()
    for message in messages:
        found = MESSAGE.fullmatch(message)
        if found is None:
            continue
        document = orjson.loads(found[2])
        name = document["event"]["module"]
        seen[name] += 1
        if seen[name] == 1 and len(seen) <= SHOWN:
            console.rule(f"the first {name} message")
            console.print(message[: found.start(2)].decode(), style="bold cyan", markup=False, highlight=False, soft_wrap=True)
            console.print_json(data=document)
