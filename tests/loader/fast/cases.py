"""Log types and objects for the generated functions: made up by hypothesis, of the values that text, JSON and Python tell apart in their own ways."""

from __future__ import annotations

import dataclasses
import html
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from loader.api import Formatter, Limits, Output
from loader.errors import ConfigError
from loader.plan import Plan
from loader.planner import Parts, compile_plan
from loader.rules.rule import Condition, Rule
from loader.section import Section
from plugins.formatter_json import JsonFormatter
from plugins.out_file import FileOutput
from plugins.out_syslog import SyslogOutput
from plugins.parser_cef import CefParser
from plugins.parser_csv import CsvParser
from plugins.parser_json import JsonParser
from plugins.parser_multiline import MultilineParser
from plugins.parser_text import TextParser
from plugins.parser_winevtxml import WinevtxmlParser
from plugins.parser_xml import XmlParser
from tests import drivers

PARSERS = {
    "csv": CsvParser, "text": TextParser, "json": JsonParser, "cef": CefParser, "xml": XmlParser, "winevtxml": WinevtxmlParser,
    "multiline": MultilineParser,
}  # fmt: skip
HOOK = """
import datetime
from siem.utils import derive

def echo(*a): return a[0]
def kind(*a): return type(a[0]).__name__
def both(*a): return a[0], len(a)
def three(*a): return a[-1], None, ["x", a[0]]
def nested(*a): return {"k": a[0], "e": {"x": ""}, "l": [None, ""], "d": [{"x": "-"}]}
def listed(*a): return [a[0], "-", ""]
def blank(*a): return [""]
def emptied(*a): return {}
def nothing(*a): return None
def short(*a): return ("a",)
def letters(*a): return "ab"
def pair(*a): return ["a", "b"]
def fails(*a): raise KeyError("k")
def sometimes(*a): return 1 / (a[0] != "-")
def leaves(*a):
    if a[0] == "0": raise SystemExit(3)
    return "stays"
def big(*a): return 2**70
def numbered(*a): return {1: a[0]}
def controls(*a): return "a\\x7fb\\x85c\\u2028d\\"\\\\"
def size(*a): return len(str(a[0]))
def truth(*a): return bool(a[0])
def fraction(*a): return 1.5
def unknown(*a): return float("inf")
def when(*a): return datetime.datetime(2024, 5, 24, tzinfo=datetime.UTC)
def told(*a): return "/".join(map(repr, a))
"""
FUNCTIONS = [line.split("(")[0][4:] for line in HOOK.splitlines() if line.startswith("def ")]
GIVES = {2: ["both", "nothing"], 3: ["three"], 1: [
    "echo", "kind", "size", "listed", "nested", "sometimes", "leaves", "told", "truth", "emptied", "blank", "controls", "when"
]}  # fmt: skip  # by the number of targets


@dataclasses.dataclass(frozen=True)
class Case:
    """A log type with its hook, the ways out, and an object."""

    values: dict[str, str]
    hook: str
    outs: tuple[str, ...]
    body: bytes
    key: str = "k/123456789012/us-east-1/x"
    bucket: str = "b"
    rules: tuple[Rule, ...] = ()


def outputs(outs: Sequence[str]) -> list[tuple[Output, Formatter]]:
    """Return outputs as ``full``, to a file, or ``ecs protocol=tcp framing=lf``, for syslog, say."""
    found: list[tuple[Output, Formatter]] = []
    for place, (fields, *options) in enumerate(map(str.split, outs)):
        told = {"fields": fields, **dict(option.split("=", 1) for option in options)}
        formatter: Any = drivers.configured(JsonFormatter(), nested=told.pop("nested", "yes"))
        formatter.open()
        if "protocol" in told:
            output: Any = drivers.configured(SyslogOutput(), f"out_syslog:{place}", host="h.example.com", **{"hostname": "h", **told})
        else:
            output = drivers.configured(FileOutput(), f"out_file:{place}", path="/nowhere", **told)
        found.append((output, formatter))
    return found


def compiled(values: dict[str, str], outs: Sequence[str] = ("full",), hook: str = "", chunk: int = 1000, **parts: Any) -> Plan:
    """Compile a log type ``demo``; raises ConfigError for what the program would refuse. ``hook`` is the text of its file."""
    with tempfile.TemporaryDirectory() as folder:
        if hook:
            Path(folder, "sf_demo.py").write_text(hook, encoding="utf-8")
            values = {**values, "script_ecs": "yes"}
        section = Section("demo", values, own=frozenset(values))
        parser: Any = PARSERS[values["file_format"]]()
        told = Parts(
            parts.get("filters", []), Limits(chunk_records=chunk), parts.get("rules", []), [Path(folder)], JsonParser, parts.get("fast", True)
        )
        plan = compile_plan(section, parser, outputs(outs), told)
    if fatal := [problem for problem in section.problems if problem.fatal]:
        raise ConfigError(*fatal)
    return plan


T = "2024-05-01T00:00:00Z"
TIMES = [
    T, T, T, T, "2024-05-01T09:00:00.5+09:00", "2024-05-01", "1714521600", "1714521600123", "0", "24/May/2024:08:00:01 +0000", "", "-", "yesterday",
    "2024-05-01T00:00:00.123456789Z", "2024-05-01T00:00:00.123456Z", "2024-05-01T00:00:00.000000Z", "2024-05-01T00:00:00+00:00:30", "9" * 30,
    "inf", "20240501T000000Z", "Feb  5 17:32:18", "Feb 29 10:00:00",
]  # fmt: skip
ODD = [
    "", "-", "null", "[]", "None", "true", "no", "0", "7", "443", "007", "-5", "+5", "1.0", "1e400", "1E5", "9" * 18, "9" * 19, "9" * 40, "\u0663",
    "192.0.2.1", "198.51.100.7", "192.0.2.1", "2001:db8::1", "fe80::1%eth0", "192.0.2.1:80", "a", "b", "alice", "unknown", "123456789012",
    "us-east-1",
    "a\\b", "\\", "\\u0041", "a\"b", '"q"', '"', "a'b", "{x}", "{", "}}", "%s", "\x01", "\x1b[0m", "\x7f", "\x85", "\u2028", "é", "日本", "😀",
    "a b", "[1]", '{"a":1}',
]  # fmt: skip
PLAIN = ["a", "b", "alice", "443", "7", "192.0.2.1", "198.51.100.7", "-", "", "example.com", "é"]
TEXTS = st.sampled_from(PLAIN) | st.sampled_from(PLAIN) | st.sampled_from(ODD) | st.text(max_size=4)
FITTING = {
    "time": st.sampled_from([T, "2024-05-01T09:00:00.5+09:00", "2024-05-01T00:00:00.123456Z"]),
    "ip": st.sampled_from(["192.0.2.1", "198.51.100.7", "2001:db8::1", "-"]),
    "port": st.sampled_from(["443", "7", "0", "-", "007"]),
    "flag": st.sampled_from(["true", "no", "-"]),
    "n": st.sampled_from(["1", "12345678901234567", "9" * 18, "-"]),
}
SIMPLE = st.sampled_from(["a", "b", "alice", "-", "", "example.com", "null"])
NAMES = ["ip", "who", "port", "name", "flag", "n"]
ODD_NAMES = [
    "source", "message", "tags", "event", "log", "labels", "related", "host", "cloud", "a.b", "", "@x", "@message", "%CPU", "is_ignored",
        "__index_name",
    'x"y', "x'y{z}", "x\\y", "x\x85", "naïve", "a-b", "class", "csv_extra",
]  # fmt: skip
TARGETS = [
    "source.ip", "destination.ip", "source.port", "source.address", "network.bytes", "user.name", "user.id", "related.ip", "related.user", "event.id",
    "event.action", "event.category", "event.type", "event.outcome", "event.duration", "event.risk_score", "message", "tags", "log.level",
    "http.response.status_code", "source.geo.location", "cloud.account.id", "cloud.region", "cloud.instance.id", "process.args",
    "tls.established", "host.ip", "url.original",
]  # fmt: skip
FOREIGN = ["labels.x", "custom.field", "custom.ip", "foo", "dns.answers", "a.b.c.d", "name"]  # which outputs of ECS alone leave to the plain way
FITS = {
    "source.ip": "ip", "destination.ip": "nowhere ip", "source.port": "port", "network.bytes": "n", "related.ip": "[ip]",
        "event.duration": "n nowhere",
    "custom.ip": "ip", "event.risk_score": "n", "http.response.status_code": "port", "tls.established": "flag", "host.ip": "[ip, nowhere]",
    "source.geo.location": "nowhere",
}  # fmt: skip
STATIC = {"event.kind": "event", "event.category": "[web, network]", "tags": "a b", "custom.list": "[x, y]", "event.id": "7",
    "observer.vendor": "it's {a} \\ \"b\"",
          "network.transport": "tcp", "event.severity": "3", "user.name": "nobody", "observer.name": "\x7f"}  # fmt: skip
OUTS = [
    "full", "full", "full", "full", "ecs", "lean", "full protocol=tcp framing=lf", "ecs protocol=tcp framing=octet",
        "lean protocol=tcp framing=nul", "full protocol=udp",
    "ecs protocol=tcp max_message_bytes=900", "full protocol=tcp max_message_bytes=1200 oversize=cut framing=octet",
    "lean protocol=tcp header=none framing=octet",
    "full protocol=tcp header=none",
]  # fmt: skip


def seldom(times: int) -> st.SearchStrategy[bool]:
    """Return True once in so many times; not drawn from integers, which are 0 more often than not."""
    return st.sampled_from([False] * (times - 1) + [True])


@st.composite
def sections(
    draw: st.DrawFn, names: Sequence[str], *, paths: Sequence[str] = (), renames: bool = True, own: Sequence[str] = ()
) -> tuple[dict[str, str], str]:
    """Return the values of a section for records with these fields, and the text of its hook's file; ``own`` are paths that this does not ask."""
    sources = [*names, *paths, "nowhere", "ip.x"]
    source = st.sampled_from([name for name in (*sources, *own) if name and " " not in name])
    plain = st.lists(source, min_size=1, max_size=2).map(" ".join)
    grouped = st.lists(plain, min_size=1, max_size=3).map(lambda found: f"[{', '.join(found)}]")
    targets = [*TARGETS, *FOREIGN] if draw(seldom(4)) else TARGETS
    mapped = draw(st.dictionaries(st.sampled_from(targets), plain | plain | grouped, max_size=7))
    for target in mapped.keys() & FITS.keys():
        if not draw(seldom(5)):  # else most records would be odd
            mapped[target] = FITS[target]
    fixed = draw(st.dictionaries(st.sampled_from(list(STATIC)), st.none(), max_size=2))
    values = {"ecs": " ".join(mapped), "static_ecs": " ".join(fixed), **mapped, **{name: STATIC[name] for name in fixed}}
    values["timestamp_key"] = draw(st.sampled_from(["time"] * 8 + ["name", "nowhere"]))
    if draw(seldom(10)):
        values["timestamp_key_list"] = "nowhere name time"
    form = draw(st.sampled_from([""] * 8 + ["epoch", "syslog", "%d/%b/%Y:%H:%M:%S %z", "list"]))
    if form == "list":
        values["timestamp_format_list"] = '["epoch", "iso8601"]'
    elif form:
        values["timestamp_format"] = form
    if draw(seldom(5)):
        values["doc_id"] = draw(source)
    if draw(seldom(10)):
        values["cloud_provider"] = ""
    if draw(seldom(10)):
        values["timestamp_tz"] = "+09:00"
    if renames and draw(seldom(5)):
        new = draw(st.dictionaries(st.sampled_from(["fresh", "when", "source", "fresh2"]), source, min_size=1, max_size=2))
        values |= {"renamed_newfields": " ".join(new), **new}
    return values, draw(
        hooks([*sources, "fresh", "@log_s3key", "@message", "@timestamp", *(["source.ip", "event.module"] if draw(seldom(10)) else [])])
    )


@st.composite
def hooks(draw: st.DrawFn, sources: Sequence[str]) -> str:
    """Return the text of a hook's file with a table, or none."""
    usable = [source for source in sources if source and " " not in source]
    rows = []
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 2, 3]))):
        targets = draw(st.lists(st.sampled_from([*TARGETS, *FOREIGN] if draw(seldom(4)) else TARGETS), min_size=1, max_size=3, unique=True))
        function = draw(st.sampled_from(FUNCTIONS if draw(seldom(4)) else GIVES[len(targets)]))
        asked = " ".join(draw(st.lists(st.sampled_from(usable), min_size=1, max_size=3)))
        needs = f", needs={asked.split()[-1]!r}" if draw(seldom(4)) else ""
        rows.append(f"derive({' '.join(targets)!r}, {function}, {asked!r}, varied={draw(st.booleans())}{needs})")
    return f"{HOOK}\nDERIVED = ({', '.join(rows)},)\n" if rows else ""


WAYS_OUT = st.lists(st.sampled_from(OUTS), min_size=1, max_size=3).map(tuple)
KEYS = st.sampled_from(["k/123456789012/us-east-1/x"] * 6 + ["a\"b\\c'{d}é\x01", "a\x7f", "a\x85", "日本/%41+x", "a\nb", "a\ud800"])
BUCKETS = st.sampled_from(["b", "b", "b", "b\"{}'é"])

QUESTIONS = [
    ("regex", "a.*"), ("regex", '.*[-"x].*'), ("regex", "4\\d+"), ("text", "a"), ("text", "443"), ("text", "192.0.2.1"), ("text", "true"),
        ("text", "b"),
    ("cidr", "192.0.2.0/24"), ("number", ">= 7"), ("number", "443"),
]  # fmt: skip
FIELDS = [
    *NAMES,
    "time",
    "source",
    "deep.x",
    "source.ip",
    "source.port",
    "user.name",
    "related.ip",
    "event.id",
    "event.action",
    "foo",
    "fresh",
    "name",
]
RULES = seldom(4).flatmap(
    lambda some: (
        st.lists(st.tuples(st.sampled_from(FIELDS), st.sampled_from(QUESTIONS), seldom(9), seldom(9)), min_size=1, max_size=4).map(
            lambda found: tuple(
                Rule(f"r{place}", "demo", "count" if counts else "exclude", ((Condition(field, *question, negated),),))
                for place, (field, question, counts, negated) in enumerate(found)
            )
        )
        if some
        else st.just(())
    )
)


@st.composite
def fields_of(draw: st.DrawFn, names: Sequence[str]) -> list[str]:
    """Return the fields of a record: most often such as fit."""
    if not draw(seldom(6)):
        return [draw(FITTING.get(name, SIMPLE)) for name in names]
    return [draw(st.sampled_from(TIMES) if name == "time" else TEXTS) for name in names]


@st.composite
def csv_cases(draw: st.DrawFn) -> Case:
    """Return a type of rows, and rows, some of them too short or too long."""
    extra = draw(st.lists(st.sampled_from(ODD_NAMES), max_size=3 if draw(seldom(4)) else 1))
    names = draw(st.permutations([*NAMES, *extra, "time"]))
    delimiter = draw(st.sampled_from([",", ",", ";", "\\t", ""]))
    between = {"\\t": "\t", "": " "}.get(delimiter, delimiter)
    names = [name for name in names if name] if not delimiter else names
    values, hook = draw(sections([name.replace("-", "_") for name in names]))
    rows = [between.join(names)]
    for _ in range(draw(st.integers(1, 6))):
        fields = draw(fields_of(names))
        if not delimiter:
            fields = [field.replace(" ", "") or "-" for field in fields]
        elif draw(seldom(6)):
            fields = ['"{}"'.format(field.replace('"', '""')) for field in fields]
        rows.append(between.join(fields + ["more"] * draw(st.sampled_from([0] * 9 + [1])))[: draw(st.sampled_from([None] * 9 + [12]))])
    body = "\n".join(rows * draw(st.sampled_from([1, 1, 2]))).encode("utf-8", "surrogatepass")
    return Case({"file_format": "csv", "csv_delimiter": delimiter, **values}, hook, draw(WAYS_OUT), body, draw(KEYS), draw(BUCKETS), draw(RULES))


PATTERNS = [
    r'(?P<time>\S+) (?P<ip>[^ ]*) "(?P<who>[^"]*)" (?P<port>\d+|-)(?: (?P<name>.*))?',
    r'(?P<time>\S+) (?P<ip>\S*) (?P<who>"[^"]*"|\S*)(?: (?P<port>[^ ]*)(?: (?P<name>[^"]*))?)?',
    r'(?P<time>\S+) (?=(?P<name>.*))(?P<ip>[0-9.a-f:]*)(\W)(?P<who>.*?)\3(?P<port>[\d]*)?',
    r'(?P<time>[^ ]+) (?P<ip>[!-~]*) (?:(?P<who>\w+)|(?P<name>[^\w]+))?(?P<port>(?<= )\d+)?(?P<flag>never)?',
    r'(?i)(?P<time>\S+) (?P<ip>[^\s]*) (?P<who>[\D]*) ?(?P<port>\d*)(?P<name>[\S\s]*)',
    r'(?P<time>\S+) (?P<source>\S*) "(?P<tags>[^"]*)" (?P<host>\S*)(?: (?P<message>.*))?',
]  # fmt: skip
FORMS = ['{} {} "{}" {} {}', "{} {} {} {} {}", "{} {}|{}|{}{}", "{} {} {} {}", "{} {} {}{}", '{} {} "{}" {} {}']  # of lines that match


@st.composite
def text_cases(draw: st.DrawFn) -> Case:
    """Return a type of lines, and lines, some of which do not match."""
    pattern = draw(st.sampled_from(PATTERNS))
    names = [name for name in ("ip", "who", "port", "name", "flag", "source", "tags", "host", "message") if f"<{name}>" in pattern]
    values, hook = draw(sections([*names, "time"]))
    form = st.sampled_from(['{} {} "{}" {} {}', '{} {} "{}" {} {}', "{} {} {} {} {}", "{} {}|{}|{}{}", '{} {} "{}"', "{} {} {}"])
    fitting = form if draw(seldom(6)) else st.just(FORMS[PATTERNS.index(pattern)])
    lines = [draw(fitting).format(*draw(fields_of(["time", "ip", "who", "port", "name"]))) for _ in range(draw(st.integers(1, 6)))]
    body = "\n".join(lines * draw(st.sampled_from([1, 1, 2]))).encode("utf-8", "surrogatepass")
    return Case({"file_format": "text", "log_pattern": pattern, **values}, hook, draw(WAYS_OUT), body, draw(KEYS), draw(BUCKETS), draw(RULES))


LEAVES = (
    TEXTS | st.sampled_from([None, True, False, 0, 1, 1.0, -0.0, 0.0, 1.5, 1e300, 1e5, 443, 2**53, 2**63, 2**64, -(2**63), 10**30, [], {}, [""],
        [None], ["-"]])
    | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
)  # fmt: skip
INNER = ["x", "y", "0", "a.b", 'q"', "-"]
VALUES = st.recursive(LEAVES, lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(INNER), below, max_size=3), max_leaves=5)
JSON_NAMES = [*NAMES, "deep", "wide", "list"]
JSON_ODD = ["source", "event", "tags", "@message", "@id", "@timestamp", "a.b", 'q"\\', "é\x85", "", "is_ignored", "__index_name", "%u"]
PATHS = ["deep.x", "deep.y", "deep.x.y", "list.0", "list.0.x", "list.1", "wide.x.0", "ip.x", "deep"]


@st.composite
def json_cases(draw: st.DrawFn) -> Case:
    """Return a type of JSON objects, and objects, some with names twice, some broken."""
    values, hook = draw(sections([*JSON_NAMES, "time"], paths=[*PATHS, "%u"] if draw(seldom(9)) else PATHS, renames=draw(seldom(10))))
    lines = []
    good = st.fixed_dictionaries(
        {"time": FITTING["time"]}, optional={name: FITTING.get(name, SIMPLE) for name in NAMES} | {"deep": VALUES, "wide": VALUES}
    )
    for _ in range(draw(st.integers(1, 6))):
        if not draw(seldom(3)):
            lines.append(json.dumps(draw(good) | draw(st.dictionaries(st.sampled_from(["n", "port"]), st.integers(0, 2**40), max_size=1))))
            continue
        record = {
            "time": draw(st.sampled_from([T] * 9 + [1714521600, 1.5, None, True, [], {}, "", "x"])),
            **draw(st.dictionaries(st.sampled_from(JSON_NAMES), VALUES, max_size=6)),
        }
        if draw(seldom(8)):
            record |= draw(st.dictionaries(st.sampled_from(JSON_ODD), VALUES, min_size=1, max_size=2))
        ascii_, compact = draw(st.booleans()), draw(st.booleans())
        line = json.dumps(record, ensure_ascii=ascii_, separators=(",", ":") if compact else None)
        twice = draw(
            st.sampled_from(
                [""] * 9 + ['"ip": "a", "ip": "b", ', '"n": 1E5, ', '"n": 1e400, ', '"n": -0, ', '"ip": "\\ud800", ', '"ip": "\\/\\u0041\\u0085", ']
            )
        )
        lines.append("{" + twice + line[1:] if twice and len(line) > 2 else line)
    if draw(seldom(10)):
        lines.append(draw(st.sampled_from(["{", "[1]", "null", '{"time": 1'])))
    body = "\n".join(lines * draw(st.sampled_from([1, 1, 2]))) + draw(st.sampled_from(["", "\n"]))
    if draw(seldom(10)):
        body, values = f'{{"Records": [{", ".join(lines)}], "outer": "o\\u0085"}}', values | {"json_delimiter": "Records", "json_include": "outer"}
    return Case(
        {"file_format": "json", **values}, hook, draw(WAYS_OUT), body.encode("utf-8", "surrogatepass"), draw(KEYS), draw(BUCKETS), draw(RULES)
    )


TOPS = ["source", "user", "event", "related", "cloud", "host", "http", "log", "message", "tags", "custom", "labels", "foo", "url", "@timestamp"]
BELOW = ["ip", "name", "id", "action", "address", "level", "file", "original", "account", "region", "user", "x", "geo", "port", "response"]
SAID = st.sampled_from(["alice", "192.0.2.1", "-", "", None, 7, 1.5, True, "443", [""], ["b"], ["192.0.2.1", "x"], [{"x": ""}], [], {}, "\x7f"])
HELD = st.recursive(
    SAID, lambda below: st.dictionaries(st.sampled_from(BELOW), below, max_size=4) | st.lists(below, max_size=2), max_leaves=6
) | st.dictionaries(st.sampled_from(BELOW), SAID, max_size=4)


@st.composite
def clashing_cases(draw: st.DrawFn) -> Case:
    """Return a type of JSON objects with members that bear names of ECS, and objects: most fields are mapped from elsewhere, some from there."""
    own = [f"{top}.{name}" for top in TOPS[:11] for name in BELOW[:8]] + TOPS[:14] if draw(seldom(2)) else []
    values, hook = draw(sections([*JSON_NAMES, "time"], paths=["deep.x", "deep.id", "user.x", "host.level", "event.address"], renames=False, own=own))
    lines = []
    good = st.fixed_dictionaries({"time": FITTING["time"]}, optional={name: FITTING.get(name, SIMPLE) for name in NAMES} | {"deep": HELD})
    for _ in range(draw(st.integers(1, 4))):
        record = draw(good) | draw(st.dictionaries(st.sampled_from(TOPS), HELD, min_size=1, max_size=3))
        lines.append(json.dumps(dict(draw(st.permutations([*record.items()])))))
    rules = draw(RULES) if draw(seldom(4)) else ()
    return Case({"file_format": "json", **values}, hook, draw(WAYS_OUT), "\n".join([*lines, ""]).encode(), rules=rules)


SAYS = SIMPLE | st.sampled_from(["a b", "a=b", "<&>", "\\\\", '"', "é", "\x7f", "x\ny"])


@st.composite
def parsed_cases(draw: st.DrawFn) -> Case:
    """Return a type whose records are parsed one by one, and an object of it; some records are none."""
    form = draw(st.sampled_from(["cef", "xml", "winevtxml", "multiline"]))
    names = [*NAMES, "source", "user"]
    above, below = {"xml": ("r.", ["r.@id"]), "winevtxml": ("Event.EventData.Data.", ["Event.System.EventID"])}.get(form, ("", []))
    values, hook = draw(sections([above + name for name in [*NAMES, "time"]], paths=below, renames=draw(seldom(10)), own=["cef_name"]))
    values["timestamp_key"] = values["timestamp_key"].replace("time", f"{above}time")
    found = []
    for _ in range(draw(st.integers(1, 5))):
        fields = {"time": T, **draw(st.dictionaries(st.sampled_from(names), SAYS, max_size=5))}
        escaped = {name: html.escape(value.replace("\x7f", "")) for name, value in fields.items()}
        if draw(seldom(9)):
            found.append({"cef": "CEF: none", "xml": "<r><broken></r>", "winevtxml": "<Event>", "multiline": f"{T} none"}[form])
        elif form == "cef":
            found.append("CEF:0|v|p|1|7|n|5|" + " ".join(f"{name}={value}".replace("\n", "") for name, value in fields.items()))
        elif form == "xml":
            found.append("<r id='7'>" + "".join(f"<{name}>{value}</{name}>" for name, value in escaped.items()) + "</r>")
        elif form == "winevtxml":
            data = "".join(f"<Data Name='{name}'>{value}</Data>" for name, value in escaped.items())
            found.append(f"<Event><System><EventID>7</EventID></System><EventData>{data}</EventData></Event>")
        else:
            found.append(f"{T} {fields.get('ip', '-')}|{fields.get('who', '')}|{fields.get('user', '')}|{fields.get('source', 'x')}")
    body = "\n".join(found)
    values |= {"file_format": form}
    if form == "xml":
        body = f"<all>{body}</all>"
    elif form == "multiline":
        pattern = r"(?P<time>\S+) (?P<ip>[^|]*)\|(?P<who>[^|]*)\|(?P<user>[^|]*)\|(?P<source>[^|]*)(?P<port>never)?(?P<name>)(?P<n>)(?P<flag>)"
        values |= {"multiline_firstline": T[:4], "log_pattern": pattern}
    return Case(values, hook, draw(WAYS_OUT), body.encode("utf-8", "surrogatepass"), draw(KEYS), rules=draw(RULES))
