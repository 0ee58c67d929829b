"""What many objects, many log types and many rules cost: each measured with few and with many of them, all else the same.

``python -m bench.growth types|rules|keys FOLDER KEY COUNT`` is one measurement in a process of its own.
"""

from __future__ import annotations

import collections
import json
import random
import resource
import sys
import tempfile
from functools import partial
from pathlib import Path

from bench import generate, measure, workers
from bench.rounds import Figures, Rounds, play, process
from loader.batch import Source
from loader.config import Config, load
from loader.engine import HOME, Task
from loader.route import Router

OBJECT = 1000  # records of an object where types and rules are counted
SMALL = 10  # where objects are: the fewer, the more each costs
SHAPES = (  # of s3_key, as such files have them; %s is the service
    r"(?:^|/)%s/", r"\d{12}_%s_[\w-]+_\d{8}T\d{4}Z_\w+\.log\.gz$$", r"AWSLogs/\d{12}/%s/.*\.json(?:\.gz)?$$", r"/%s(?:-\w+)?/.*\.gz$$", r"^logs/%s",
)  # fmt: skip
TYPE = "[made{n:03}]\ns3_key = {key}\nfile_format = text\nlog_pattern = (?P<when>\\S+) (?P<text>.*)\ntimestamp_key = when\npriority = 1\n"


def with_types(count: int, place: Path) -> Config:
    """Return a configuration of ``count`` log types: those asked for before ours are more and more."""
    own = load([HOME / "aws.ini"])
    rows = (TYPE.format(n=n, key=SHAPES[n % len(SHAPES)] % f"service{n:03}") for n in range(count - len(own.types)))
    (place / "types.ini").write_text("\n".join(rows))
    return load([HOME / "aws.ini", place / "types.ini"])


def with_rules(count: int, place: Path) -> Config:
    """Return a configuration of ``count`` exclusion rules that no record meets: 95 of 100 name a text, the others are patterns."""
    fields = ("srcaddr", "dstaddr", "source.ip", "destination.ip", "interface_id")
    rows = ["log_type,field,pattern,pattern_type"]
    for n in range(count):
        pattern, kind = (f"2001:db8:{n:x}:.*", "regex") if n % 20 == 19 else (f"2001:db8::{n:x}", "text")
        rows.append(f"vpcflowlogs,{fields[n % len(fields)]},{pattern},{kind}")
    (place / "rules.csv").write_text("\n".join(rows) + "\n")
    (place / "rules.ini").write_text(f"[DEFAULT]\nexclude_log_patterns_filename = {place}/rules.csv\n")
    return load([HOME / "aws.ini", place / "rules.ini"])


def cost(config: Config, folder: Path, key: str, place: Path) -> Figures:
    """Return the CPU seconds that some objects take, not counting the start."""
    config.override("out_null", "match", "*")
    engine = measure.engine_of(config, folder, str(place))
    done: list[int] = []

    def run(objects: int) -> None:
        done.extend(engine.run(Task(number, Source(f"bucket-{number}", key))).ledger.read for number in range(objects))

    run(3)  # what is made at first use is no growth
    done.clear()
    found = measure.timed(partial(run, 40))
    engine.close()
    return found | {"records": sum(done)}


def keys_per_second(count: int, place: Path) -> Figures:
    """Return how fast ``count`` types are told from different keys, each of its own day and object."""
    router = Router(with_types(count, place).types.values())
    rng, account = random.Random(5), generate.ACCOUNT  # noqa: S311
    keys = []
    for n in range(100_000):
        service = f"service{rng.randrange(count):03}"  # the last ones are of no type
        folder = ("logs" if n % 2 else "AWSLogs/" + account) + f"/{service}/us-east-1/2024/05/{n % 28 + 1:02}"
        keys.append(f"{folder}/{account}_{service}_us-east-1_{rng.randrange(2**32):08x}_20240524T0800Z_{n:08x}.{'json' if n % 3 else 'log'}.gz")
    found = measure.timed(lambda: collections.deque(map(router.route, keys), 0))
    return found | {"records": len(keys)}


def objects(folder: Path, keys: list[str]) -> float:
    """Return the CPU seconds of a whole run over these keys, its parent process and its worker."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with workers.started(folder, keys, workers.NULL, 1) as program:
        assert program.wait() == 0, (folder / "said").read_text()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def many_objects(few: int, many: int) -> Figures:
    """Return the CPU microseconds of a record among few objects and among many, the start of the program left out.

    Each object is the same, and small: what is about the list weighs most then.
    """
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        keys = workers.linked(folder / "bucket", "vpcflowlogs", many, SMALL)
        start = objects(folder, keys[:1])
        costs = {count: (objects(folder, keys[:count]) - start) / (count - 1) / SMALL * 1e6 for count in (few, many)}
    return {"few": costs[few], "many": costs[many]}


def compared(what: str, few: int, many: int, rounds: int) -> Rounds:
    """Measure with few and with many, taking turns."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (key,) = generate.write(folder, "vpcflowlogs", 1, OBJECT)
        return play({name: partial(process, "growth", what, folder, key, count) for name, count in (("few", few), ("many", many))}, rounds)


def main(what: str, folder: str, key: str, count: str) -> None:
    """Measure one thing once, and print the figures."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        if what == "keys":
            found = keys_per_second(int(count), place)
        else:
            config = with_types(int(count), place) if what == "types" else with_rules(int(count), place)
            found = cost(config, Path(folder), key, place)
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
