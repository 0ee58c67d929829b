"""No type falls off a cliff: what a record and a byte cost for every type that Sluice comes with, on real records where they are at hand,
and for the worst case: a site's own pattern of named groups with a site's own hook.

``python -m bench.samples TYPE [BYTES]`` is one measurement. Real records are those of ``../shared/samples``; nothing of them is shown but figures.
"""

from __future__ import annotations

import gzip
import json
import random
import sys
import tempfile
from pathlib import Path

from bench import generate, measure
from bench.rounds import Figures
from loader.api import Blocks, Input, Source
from loader.config import load
from loader.engine import HOME, Engine, Task

REAL = HOME.parent / "shared" / "samples"
TARGET = 12_000_000  # bytes of an object: the records are repeated until they are as many
FORMATS = {"vpcflowlogs": "csv", "alb": "text", "s3accesslog": "text", "cloudtrail": "json"}
WORST = "nginx"
PATTERN = (
    r'(?P<client>\S+) (?P<ident>\S+) (?P<remote_user>\S+) \[(?P<when>[^]]+)\] "(?P<method>[A-Z]+) (?P<target>\S+) (?P<proto>[^"]+)" '
    r'(?P<status>\d{3}) (?P<sent>\d+|-) "(?P<referrer>[^"]*)" "(?P<agent>[^"]*)" (?P<seconds>[\d.]+)'
)
WORST_INI = f"""
[nginx]
s3_key = nginx/
file_format = text
log_pattern = {PATTERN}
timestamp_key = when
timestamp_format = %d/%b/%Y:%H:%M:%S %z
ecs = source.ip source.address user.name http.request.method url.original http.response.status_code http.response.bytes
    http.request.referrer user_agent.original event.category related.ip
source.ip = client
source.address = client
user.name = remote_user
http.request.method = method
url.original = target
http.response.status_code = status
http.response.bytes = sent
http.request.referrer = referrer
user_agent.original = agent
related.ip = [client]
static_ecs = event.category
script_ecs = event.outcome event.duration http.version url.path url.query
event.category = web
"""
WORST_HOOK = """
def transform(logdata):
    status = int(logdata["status"])
    logdata["event"]["outcome"] = "failure" if status >= 400 else "success"
    logdata["event"]["duration"] = int(float(logdata["seconds"]) * 1e9)
    logdata["http"]["version"] = logdata["proto"].partition("/")[2]
    path, _, query = logdata["target"].partition("?")
    logdata["url"]["path"] = path
    if query:
        logdata["url"]["query"] = query
    return logdata
"""


def nginx(rng: random.Random, count: int) -> list[str]:
    """Lines in the combined style, with the time that a request took."""
    lines = []
    for n in range(count):
        when = f"24/May/2024:{8 + n // 36000:02}:{n // 600 % 60:02}:{n // 10 % 60:02} +0000"
        target = f"/shop/item/{rng.randrange(100000)}" + (f"?session={rng.randrange(10**9):x}" if n % 3 else "")
        lines.append(
            f'{generate.address(rng)} - {rng.choice(("-", "alice", "bob"))} [{when}] "{rng.choice(("GET", "GET", "POST"))} {target} HTTP/1.1" '
            f'{rng.choice((200, 200, 304, 404, 500))} {rng.randrange(50000)} "https://www.example.com/" "{rng.choice(generate.AGENTS)}" '
            f"{rng.random():.3f}"
        )
    return lines


def real_records(log_type: str) -> list[list[str]]:
    """Return the real records of a type, a list for each kind of object: cut in lines, or the texts of JSON records."""
    files = [path for path in sorted((REAL / log_type).rglob("*")) if path.is_file() and not path.name.endswith(".expected.json")]
    texts = [gzip.decompress(file.read_bytes()).decode() if file.suffix == ".gz" else file.read_text(encoding="utf-8") for file in files]
    if log_type != "cloudtrail":
        return [[line for line in text.splitlines() if line] for text in texts]
    events = []
    for file, text in zip(files, texts, strict=True):
        tops = [json.loads(line) for line in text.splitlines()] if file.suffix == ".ndjson" else [json.loads(text)]
        events += [event for top in tops for event in top.get("Records", [top])]
    return [[json.dumps(event, separators=(",", ":")) for event in events]]


def objects(log_type: str, target: int) -> list[bytes]:
    """Return objects of a type made of its real records, repeated; of generated ones where there are none."""
    if log_type == WORST:
        return [gzip.compress("\n".join(nginx(random.Random(1), target // 200)).encode())]  # noqa: S311
    lists = real_records(log_type) if (REAL / log_type).exists() else [list(generate.KEYS[log_type][0](random.Random(1), 5000))]  # noqa: S311
    if log_type == "cloudtrail" and not (REAL / log_type).exists():
        lists = [[json.dumps(event) for event in json.loads(lists[0][0])["Records"]]]
    found = []
    for records in lists:
        headed = log_type == "vpcflowlogs" and not records[0].split()[0].isdigit()
        header, body = (records[:1], records[1:]) if headed else ([], records)
        times = max(1, target // len(lists) // sum(map(len, body)))
        text = '{"Records":[' + ",".join(body * times) + "]}" if log_type == "cloudtrail" else "\n".join([*header, *body * times])
        found.append(gzip.compress(text.encode()))
    return found


class Held(Input):
    """Objects in memory, by key."""

    def __init__(self, bodies: dict[str, bytes]) -> None:
        self.bodies = bodies

    def read(self, source: Source) -> Blocks:
        """Yield the object."""
        yield self.bodies[source.key]


def cost(log_type: str, folder: Path, target: int = TARGET) -> Figures:
    """Load the objects of a type to ``out_null`` and return what that takes; ``size`` is that of the records, unpacked."""
    (folder / "worst.ini").write_text(WORST_INI if log_type == WORST else "")
    (folder / f"sf_{WORST}.py").write_text(WORST_HOOK)
    config = load([HOME / "aws.ini", folder / "worst.ini"])
    config.override("loader", "hooks", str(folder))
    config.override("out_null", "match", "*")
    engine = Engine(config, "in_file")
    pattern = "nginx/%04d.gz" if log_type == WORST else generate.KEYS[log_type][1]
    bodies = {pattern % n: body for n, body in enumerate(objects(log_type, target))}
    engine.input = Held(bodies)
    engine.settle()
    warm = [engine.run(Task(1, Source("example-logs", key))) for key in bodies]
    assert all(account.status == "done" and account.log_type == log_type for account in warm), warm[0]
    found = measure.timed(lambda: [engine.run(Task(1, Source("example-logs", key))).status for key in bodies])
    size = sum(len(gzip.decompress(body)) for body in bodies.values())
    rejected = sum(account.ledger.turned_away for account in warm)
    return found | {"records": sum(account.ledger.read for account in warm), "size": size, "rejected": rejected}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        print(json.dumps(cost(sys.argv[1], Path(place), *map(int, sys.argv[2:]))))
