"""The page that the benchmark writes: ``docs/performance.md``."""

from __future__ import annotations

import dataclasses
import datetime
import os
import platform
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench import rsyslog
from bench.rounds import Figures, Rounds, cost, median, ratio
from bench.samples import FORMATS, REAL, WORST

DAEMONS = {"rsyslog list": "rsyslog, a template that names fields", "rsyslog tree": "rsyslog, the least that it can do"}
PAGE = Path(__file__).with_name("page.md")
# Quoted, not measured here: CPU seconds per million records and bytes written, of VPC flow, ALB and CloudTrail.
EARLIER = (
    ("es-loader (Python, ECS document)", "215 / 289 / 400", "1448 / 3531 / 3975"),
    ("fluentd", "133 / 249 / 191", "388 / 1333 / 1310"),
    ("syslog-ng 3.38 (parsers, JSON over TCP)", "26 / 59 / 70", "412 / 1360 / 1356"),
    ("Fluent Bit (fields renamed, JSON over TCP)", "27 / 77 / 53", "431 / 1363 / 1352"),
    ("Fluent Bit (parsed and forwarded, nothing renamed)", "8.6 / 27 / 20", "329 / 1268 / 1306"),
    ("rsyslog 8.2302 (liblognorm, JSON over TCP)", "9.5 / 26 / 60", "450 / 1421 / 1379"),
)


@dataclasses.dataclass
class Results:
    """All that was measured; empty is what could not be."""

    main: dict[str, Rounds]
    types: Rounds
    rules: Rounds
    keys: Rounds
    objects: Figures
    counts: dict[str, tuple[int, int]]  # few and many of each
    workers: Figures
    samples: dict[str, Figures]
    seconds: float = 0.0


def render(found: Results) -> str:
    """Return the page."""
    return PAGE.read_text(encoding="utf-8").format(
        facts=facts(),
        minutes=f"{found.seconds / 60:.1f}",
        rounds=len(found.types),
        main=main_table(found.main),
        ratios=ratio_table(found.main),
        daemons="" if _daemons(found.main) else "\nrsyslogd was not installed where this page was made.\n",
        earlier=table(("program", "CPU s per million records", "bytes written per record"), EARLIER),
        parts=parts_table(found.main),
        steps=steps_table(found.main),
        growth=growth_table(found),
        workers=workers_table(found.workers),
        samples=samples_table(found.samples),
        real="real records" if REAL.exists() else "generated records (the real ones were not at hand)",
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; numbers stand on the right."""
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, rule, *rows))


def facts() -> str:
    """Return what is to be known of the machine, but not its name."""
    try:
        model = next(line.partition(": ")[2] for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.machine()
    daemon = f", rsyslogd {rsyslog.version()}" if rsyslog.program() else ""
    today = f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}"
    system = f"{platform.system()} {platform.release().split('-')[0]}"
    return f"{today}: {model}, {os.cpu_count()} cores; {system}; CPython {platform.python_version()}{daemon}"


def main_table(found: dict[str, Rounds]) -> str:
    """Return the CPU seconds per million records by program, and the bytes written."""
    ways = {
        "tcp": "**Sluice, over TCP**", "null": "Sluice, to `out_null`", "slow": "Sluice, over TCP, `fast = no`", **DAEMONS,
        "document": "floor: the full document", "bare": "floor: what was parsed",
    }  # fmt: skip
    rows = []
    for way, name in ways.items():
        cells = [f"{cost(rounds, way):.1f} ({_size(rounds, way)})" if way in rounds[0] else "" for rounds in found.values()]
        if any(cells):
            rows.append([name, *cells])
    return table(["CPU s per million records (bytes written per record)", *found], rows)


def ratio_table(found: dict[str, Rounds]) -> str:
    """Return how often the CPU time of others Sluice takes."""
    others = {**DAEMONS, "document": "floor: the full document", "bare": "floor: what was parsed", "slow": "Sluice, `fast = no`"}
    rows = []
    for way, name in others.items():
        cells = [f"{ratio(rounds, 'tcp', way):.2f}" if way in rounds[0] else "" for rounds in found.values()]
        if any(cells):
            rows.append([name, *cells])
    return table(["Sluice over TCP, divided by", *found], rows)


def parts_table(found: dict[str, Rounds]) -> str:
    """Return what each stage takes. Delivery and TCP are what whole loads take more than the stages before them."""
    stages = {"gunzip": "gunzip", "frame": "cut into records (JSON: and parse)", "run": "parse, map, hook, document, pack"}
    rows = [[name, *(f"{_part(rounds, 'parts', part):.2f}" for rounds in found.values())] for part, name in stages.items()]
    rows.append(["account, ledger, hand over", *(f"{_more(rounds, 'null', 'parts'):.2f}" for rounds in found.values())])
    rows.append(["TCP", *(f"{_more(rounds, 'tcp', 'null'):.2f}" for rounds in found.values())])
    return table(["CPU s per million records", *found], rows)


def steps_table(found: dict[str, Rounds]) -> str:
    """Return what each step takes where types run step by step."""
    names = {name: None for rounds in found.values() for name in rounds[0]["slow_parts"] if name.startswith("part ")}
    order = sorted(names, key=lambda name: name in ("part tidy", "part pack"))
    rows = [
        [name[5:], *(f"{_part(rounds, 'slow_parts', name[5:]):.2f}" if name in rounds[0]["slow_parts"] else "" for rounds in found.values())]
        for name in order
    ]
    return table(["CPU s per million records, `fast = no`", *found], rows)


def growth_table(found: Results) -> str:
    """Return what a record costs with few and with many of something."""
    rows = []
    for what, rounds in (("log types in the INI files", found.types), ("exclusion rules", found.rules)):
        few, many = cost(rounds, "few"), cost(rounds, "many")
        rows.append([what, *_counts(found, what), f"{few:.2f}", f"{many:.2f}", f"{ratio(rounds, 'many', 'few') - 1:+.0%}"])
    few, many = found.objects["few"], found.objects["many"]
    rows.append(["objects in the list, of 10 records", *_counts(found, "objects"), f"{few:.2f}", f"{many:.2f}", f"{many / few - 1:+.0%}"])
    told = statistics.median(one["keys"]["records"] / one["keys"]["cpu"] for one in found.keys)
    text = table(["", "few", "many", "µs per record, few", "many", "growth"], rows)
    return f"{text}\n\nKeys told apart, {found.counts['keys'][1]} log types, every key another: {told:,.0f} per second."


def workers_table(found: Figures) -> str:
    """Return what the whole program does with one worker and with two."""
    rows = [
        ["one worker, wall clock", f"{found['one']:.2f} s"], ["two workers, wall clock", f"{found['two']:.2f} s"],
        ["two workers are faster by", f"{found['speedup']:.2f}"], ["parent process, under way", f"{found['share']:.1%} of a core"],
        ["parent process, with its start", f"{found['parent']:.2f} s CPU"], ["largest worker, peak memory", f"{found['peak'] / 1024**2:.0f} MB"],
        ["start of the program to first byte sent", f"{found['first']:.2f} s"],
    ]  # fmt: skip
    return table([f"{found['objects']:,.0f} objects, {found['records']:,.0f} records", ""], rows)


def samples_table(found: dict[str, Figures]) -> str:
    """Return what types cost on real records; the sum is that of all their records once, as they were measured."""
    rows = []
    for name, one in found.items():
        label = "a site's own: regex and hook (generated)" if name == WORST else f"{name} ({FORMATS[name]})"
        rows.append([label, *_cells(one)])
    real = {name: one for name, one in found.items() if name != WORST}
    whole = {key: sum(one[key] for one in real.values()) for key in ("cpu", "records", "size")}
    rows.append(["all but the last", *_cells(whole)])
    text = table(["log type", "bytes per record", "µs per record", "ns per byte"], rows)
    if WORST in found and "alb" in found:
        text += f"\n\nA byte of the site's own type costs {_per_byte(found[WORST]) / _per_byte(found['alb']):.2f} times a byte of alb."
    return text


def _cells(one: Figures) -> list[str]:
    return [f"{one['size'] / one['records']:.0f}", f"{one['cpu'] / one['records'] * 1e6:.2f}", f"{_per_byte(one):.1f}"]


def _per_byte(one: Figures) -> float:
    return one["cpu"] / one["size"] * 1e9


def _counts(found: Results, what: str) -> list[str]:
    return [f"{count:,}" for count in found.counts[what.partition(" ")[0]]]


def _daemons(found: dict[str, Rounds]) -> bool:
    return any(way in rounds[0] for rounds in found.values() for way in DAEMONS)


def _size(rounds: Rounds, way: str) -> str:
    return f"{median(rounds, way, 'bytes') / median(rounds, way, 'records'):.0f}"


def _part(rounds: Rounds, way: str, part: str) -> float:
    return statistics.median(one[way].get(f"part {part}", 0.0) / one[way]["records"] for one in rounds) * 1e6


def _more(rounds: Rounds, way: str, less: str) -> float:
    return statistics.median((one[way]["cpu"] - one[less]["cpu"]) / one[way]["records"] for one in rounds) * 1e6
