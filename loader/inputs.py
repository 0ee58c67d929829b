"""The input of a run: the one that is named, and beside it sections of its kind that are for buckets of their own, ``[in_s3:audit]``."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from loader.api import Blocks, Input
from loader.batch import Source
from loader.config import Config
from loader.errors import ConfigError, SourceDenied
from loader.options import Option, declared
from loader.registry import Registry
from loader.section import Origin

BUCKETS = "buckets"
AGAIN = 60.0  # seconds until a section that could not be opened is tried again
ENVIRONMENT = Origin("environment")


def declare(config: Config, registry: Registry, name: str) -> None:
    """Make sure that the section of an input is there, and those that the environment asks for; warn of sections that are for no bucket.

    A section of the environment has the options of ``[in_x]`` but those that the environment sets, and a key written in it in an INI file wins.
    """
    first = config.plugin(name)
    try:
        found = registry.find("in", name.removeprefix("in_"))
    except ConfigError:  # told where the plugin is made
        return
    assert issubclass(found, Input)
    for other, values in found.of_environment().items():
        section = config.plugin(other)
        section.values = {**first.values, **values, **section.values}
        section.origins = {**first.origins, **dict.fromkeys(values, ENVIRONMENT), **section.origins}
        section.own |= first.own | values.keys()
    if BUCKETS in declared(found, Option):
        if first.values.get(BUCKETS):
            first.problem(BUCKETS, "has no effect here: this section is for the rest", f"write it into [{name}:NAME]", fatal=False)
        for section in (config.plugins[other] for other in _beside(config, name)):
            if not section.values.get(BUCKETS):
                section.problem("", "has no effect: it is for no bucket", f"write {BUCKETS} = names or shell globs", fatal=False)


def create(config: Config, registry: Registry, name: str) -> Input:
    """Return the input of a run, not yet open; raises ConfigError."""
    first = registry.create(config, name)
    assert isinstance(first, Input)
    others = [one for other in _beside(config, name) if isinstance(one := registry.create(config, other), Input)]
    return Inputs(first, others) if others else first


def _beside(config: Config, name: str) -> list[str]:
    return [other for other in config.plugins if other.startswith(f"{name}:")]


class Inputs(Input):
    """Reads a bucket by the first of ``others`` that is for it, opened at its first source; any other bucket by ``first``."""

    def __init__(self, first: Input, others: Sequence[Input], clock: Callable[[], float] = time.monotonic) -> None:
        self.name, self.first, self.others, self.clock = first.name, first, others, clock
        self.ahead = all(one.ahead for one in (first, *others))
        self.opened: list[Input] = []
        self._opening = threading.Lock()  # a source that is read ahead may be the first of its section
        self.shut: dict[str, tuple[float, str]] = {}  # sections that could not be opened: until when that is believed, and why

    def open(self) -> None:
        """Open the input that is for the rest; raises ConfigError."""
        self.first.open()
        self.opened.append(self.first)

    def close(self) -> None:
        """Close what was opened."""
        for one in self.opened:
            one.close()

    def read(self, source: Source) -> Blocks:
        """Yield the bytes of ``source``; raises SourceDenied where the section for its bucket cannot be opened."""
        one = next((one for one in self.others if one.serves(source.bucket)), self.first)
        if one not in self.opened:
            with self._opening:
                self._open(one, source)
        yield from one.read(source)

    def _open(self, one: Input, source: Source) -> None:
        if one in self.opened:
            return
        until, why = self.shut.get(one.name, (0.0, ""))
        if not why or self.clock() >= until:
            try:
                one.open()
            except ConfigError as problem:
                until, why = self.shut[one.name] = self.clock() + AGAIN, str(problem)
            else:
                self.opened.append(one)
                return
        raise SourceDenied(f"{source.uri}: {why}")
