"""How many records of samples go through generated functions: those of the built-in types, and JSON of other types mapped to objects it has members
of the names of."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from loader import schema
from loader.engine import HOME
from tests import drivers
from tests.drivers import both_ways
from tests.loader.fast.cases import T, compiled

SHARES = {  # of the records of each sample in tests/logtypes, how many and of how many; the others have quotes in a field
    "alb": (9, 11), "cloudtrail": (13, 13), "cloudtrail-insight": (6, 6), "s3accesslog": (7, 10), "vpcflowlogs": (9, 9), "vpcflowlogs-v5": (6, 6),
}  # fmt: skip
REAL = HOME.parent / "shared" / "samples"
LISTS = ("Records", "Events", "Findings", "findings", "value")
FIELDS = {"client.ip": "our_ip", "source.ip": "our_ip"} | dict.fromkeys(
    [
        "user.name", "service.name", "device.id", "host.name", "network.type", "transaction.id", "user_agent.original", "entity.id",
        "cloud.instance.id", "email.subject", "url.original", "event.action", "message", "tags",
    ], "our_who",
)  # fmt: skip


@pytest.mark.parametrize("fields", ["full", "ecs"])
def test_samples_of_built_in_types(fields: str, tmp_path: Path) -> None:
    plans = drivers.engine(tmp_path, f"match = nothing\n[out_null]\nfields = {fields}\n").plans
    found = {}
    for name in SHARES:
        folder = HOME / "tests/logtypes" / name
        body = next(folder.glob("sample.*")).read_bytes()
        quick, plain, through = both_ways(plans[(folder / "type.txt").read_text().strip()], (folder / "key.txt").read_text().strip(), body)
        assert quick == plain
        found[name] = (through, plain.counts["read"])
    assert found == SHARES


def records(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects of a file, those of a list in it one by one."""
    text = (gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()).decode("utf-8", "replace")
    try:
        tops = [json.loads(text)]
    except ValueError:
        tops = [found for line in text.splitlines() if (found := _object(line)) is not None]
    for top in tops:
        lists = [top[name] for name in LISTS if isinstance(top.get(name), list)] if isinstance(top, dict) else [top]
        yield from (one for one in (lists[0] if lists else [top]) if isinstance(one, dict))


def _object(line: str) -> Any:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


@pytest.mark.shared
@pytest.mark.parametrize("outs", [("full", "lean"), ("ecs",)], ids=" ".join)
def test_real_records_with_members_named_as_objects_that_are_mapped(outs: tuple[str, ...]) -> None:
    values = {"file_format": "json", "timestamp_key": "our_time", "ecs": " ".join(FIELDS), **FIELDS}
    met, left = 0, {}  # without events of EventBridge: these have a carrier
    for folder in sorted(path for path in REAL.iterdir() if path.is_dir()):
        files = sorted(file for file in folder.rglob("*") if file.is_file() and not file.name.endswith(".expected.json"))
        found = [one for file in files for one in records(file) if not one.keys().isdisjoint(schema.tops()) and "detail-type" not in one]
        if found:
            lines = [json.dumps({**one, "our_time": T, "our_ip": "192.0.2.1", "our_who": "alice"}) for one in found]
            quick, plain, through = both_ways(compiled(values, outs), "k", "\n".join([*lines, ""]).encode())
            assert quick == plain, folder.name
            met += len(found)
            left |= {folder.name: len(found) - through} if through < len(found) else {}
    assert met > 300
    assert left == {}
