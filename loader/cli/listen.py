"""``listen``: a small syslog receiver, UDP and TCP on one port, to see what arrives."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import threading
from typing import IO, Any

from rich.console import Console

from loader.options import number, size
from loader.receiver import MESSAGE, Receiver, Sink

__all__ = ["Receiver", "add_arguments", "run"]


def line_writer(out: IO[bytes]) -> Sink:
    r"""Return a sink that writes each message as one line, a line feed inside it as ``\n``."""

    def write(message: bytes) -> None:
        out.write(message.removesuffix(b"\n").replace(b"\n", b"\\n") + b"\n")
        out.flush()

    return write


def pretty_printer() -> Sink:
    """Return a sink that prints the header in one line and the JSON body below it, indented and coloured."""
    console = Console(emoji=False)

    def show(message: bytes) -> None:
        found = MESSAGE.fullmatch(message)
        body = (found[2] or b"" if found else message).decode("utf-8", "replace")
        if found:
            console.print(message[: found.start(2)].decode("utf-8", "replace"), style="bold cyan", markup=False, highlight=False, soft_wrap=True)
        try:
            console.print_json(body)
        except ValueError:
            console.print(body, markup=False, highlight=False, soft_wrap=True)

    return show


def port(value: str) -> int:
    """A port number, 0 included; the error says what is wrong with it."""
    try:
        return number(0, 65535)(value)
    except ValueError as why:
        raise argparse.ArgumentTypeError(str(why)) from why


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``listen`` takes."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s, this machine only)")
    parser.add_argument("--port", type=port, default=5514, help="port for UDP and TCP, 0 takes a free one (default: %(default)s)")
    parser.add_argument("--file", help="append each message as a line to this file instead of printing it")
    parser.add_argument("--pretty", action="store_true", help="print the header and, indented, the JSON body")
    parser.add_argument("--count", type=int, default=0, metavar="N", help="exit after N messages")
    parser.add_argument("--quiet", action="store_true", help="print no messages, only count them")
    parser.add_argument("--max-bytes", type=size, default="16m", help="largest message (default: %(default)s)")


def run(args: argparse.Namespace) -> int:
    """Listen as ``args`` say until a signal or the count; the return value is the exit code."""
    with contextlib.ExitStack() as stack:
        try:
            sink = _sink(args, stack)
            receiver = Receiver(args.host, args.port, max_bytes=args.max_bytes, limit=args.count, sink=sink, complain=_say)
        except (OSError, OverflowError) as why:
            _say(f"cannot listen on {args.host}:{args.port}: {why}: choose another --host, --port or --file")
            return 2
        stack.callback(receiver.close)
        _stop_on_signals(receiver, stack)
        _say(f"listening on {receiver.host}:{receiver.port} (udp and tcp)")
        code = _receive(receiver)
        _say(summary(receiver))
    return code


def _receive(receiver: Receiver) -> int:
    try:
        receiver.run()
    except BrokenPipeError:  # whoever reads our output has seen enough; Python must not try to flush it again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as why:
        _say(f"cannot write what arrives: {why}")
        return 1
    return 0


def summary(receiver: Receiver) -> str:
    """Return what came, in a line."""
    apps = ", ".join(f"{name} {count}" for name, count in receiver.apps.most_common())
    return f"{receiver.received} messages, {receiver.bytes} bytes, {receiver.connections} connections" + (f"; {apps}" if apps else "")


def _sink(args: argparse.Namespace, stack: contextlib.ExitStack) -> Sink:
    if args.file:
        return line_writer(stack.enter_context(open(args.file, "ab")))
    if args.quiet:
        return lambda message: None
    return pretty_printer() if args.pretty else line_writer(sys.stdout.buffer)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _stop_on_signals(receiver: Receiver, stack: contextlib.ExitStack) -> None:
    if threading.current_thread() is not threading.main_thread():
        return

    def stop(number: int, frame: Any) -> None:
        receiver.stop()

    for one in (signal.SIGINT, signal.SIGTERM):
        stack.callback(signal.signal, one, signal.signal(one, stop))
