"""``loader/replay/replay.py``: rows of the dead letter give what a clean load gives, and every one of them ends somewhere."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loader import rejects
from loader.api import Outcome, Retryable, SourceGone
from loader.batch import Carried, Parts, Reject, Source
from loader.deliver import Delivery
from loader.engine import Engine, Task
from loader.errors import DeliveryError, Stopped
from loader.ledger import Ledger
from loader.rejects import Row
from loader.replay.replay import Forced, Replay
from loader.replay.tally import KEPT, REJECTED
from tests import drivers
from tests.loader.stages.test_envelope import cwl

KEY = "app/123456789012/eu-west-1/1"
MODIFIED = datetime.datetime(2024, 5, 24, 9, tzinfo=datetime.UTC)
LINE = "2024-05-24T08:00:0{}Z {} text\n"
STRICT = r"log_pattern = (?P<time>\S+) (?P<who>\w+) text" + "\n"
MENDED = r"log_pattern = (?P<time>\S+) (?P<who>\S+) text" + "\n"
APP = "[app]\ns3_key = app/\ntimestamp_key = time\necs = user.name\nuser.name = who\n"
TEXT = f"{APP}file_format = text\n"
LINES = "".join(LINE.format(n, who) for n, who in enumerate(["ann", "b-b", "cid", "d-d", "e-e"]))
SPLIT = "def transform(logdata):\n    return [dict(logdata, part=0), dict(logdata, part=1)] if logdata['who'] > 'd' else logdata\n"


class Bench:
    """An engine of today's configuration with the objects that there are, and what it makes of rows."""

    def __init__(self, folder: Path, ini: str, objects: dict[str, bytes] | None = None, **options: Any) -> None:
        self.folder = folder
        self.engine: Engine = drivers.engine(folder, f"[out_file:ecs]\npath = {folder}/ecs.jsonl\nfields = ecs\n{ini}", files=())
        self.engine.input = drivers.MemoryInput(objects or {})
        self.engine.open_input = lambda: None  # type: ignore[method-assign]
        self.kept: list[bytes] = []
        self.replay = Replay(self.engine, self.kept.append, **options)

    def load(self, key: str = KEY, **source: Any) -> None:
        account = self.engine.run(Task(1, Source("sample-bucket", key, etag="e", modified=MODIFIED, **source)))
        assert account.ledger.balances(), account.reason

    def take(self, lines: Sequence[bytes]) -> Replay:
        self.replay.take((f"line {number}", line) for number, line in enumerate(lines, 1))
        return self.replay

    @property
    def documents(self) -> list[dict[str, Any]]:
        """All that has arrived, without the time of the run, in the order of the records."""
        found = drivers.rows(self.folder / "out.jsonl") + drivers.rows(self.folder / "ecs.jsonl")
        for document in found:
            document["event"].pop("ingested")
        return sorted(found, key=lambda document: (document.get("@message", ""), document["event"].get("id", ""), str(document)))

    @property
    def rejects(self) -> list[bytes]:
        self.engine.dead_letter.delivery.flush()
        path = self.folder / "rejects.ndjson"
        return path.read_bytes().splitlines() if path.exists() else []


def text_of(number: int) -> str:
    return LINES.splitlines()[number]


def row(raw: str, number: int = 0, stage: str = "parse", key: str = KEY, log_type: str = "app", **reject: Any) -> bytes:
    source = Source("sample-bucket", key, etag="e", modified=MODIFIED)
    return next(rejects.of_records(source, log_type, [Reject(number, raw, "why", stage, **reject)], 0))


CSV = "time,who name\n" + "".join(f"2024-05-24T08:00:0{n}Z,{'n' * n}\n" for n in range(5)) + "2024-05-24T08:00:05Z,a b\n"
LONG = "".join(f"2024-05-24T08:00:00Z {who} text {tail}\n" for who, tail in (("a", "x"), ("b-b", "y" * 70_000), ("c-c", "z")))
EVENTS = cwl(*LINES.splitlines()) + cwl("2024-05-24T08:00:09Z f-f text", "garbage")
MULTI = "".join(f"2024-05-24T08:00:0{n}Z {who}\n  more\n" for n, who in enumerate(["ann", "b-b", "cid"]))
FIRST = r"multiline_firstline = \d{4}-" + "\n"
BRIDGE = json.dumps({"detail-type": "x", "resources": [], "account": "210987654321", "detail": {"time": "2024-05-24T08:00:00Z", "who": "a b"}})
CASES = {
    "text": (TEXT + STRICT, TEXT + MENDED, LINES),
    "what a subscription of CloudWatch Logs brings": (f"{TEXT}via_cwl = yes\n{STRICT}", f"{TEXT}via_cwl = yes\n{MENDED}", EVENTS),
    "csv, whose header stands in the object": (f"{APP}file_format = csv\n", f"{APP}file_format = csv\ncsv_delimiter = ,\n", CSV),
    "multiline": (
        f"{APP}file_format = multiline\n{FIRST}" + r"log_pattern = (?P<time>\S+) (?P<who>\w+)\s+more" + "\n",
        f"{APP}file_format = multiline\n{FIRST}" + r"log_pattern = (?P<time>\S+) (?P<who>\S+)\s+more" + "\n",
        MULTI,
    ),
    "a record that the row has only the beginning of": (TEXT + STRICT.strip() + " .\n", TEXT + MENDED.strip() + " .*\n", LONG),
    "a record of which a hook makes two": (TEXT + STRICT + "script_ecs = x\n", TEXT + MENDED + "script_ecs = x\n", LINES),
    "another log type": (TEXT + STRICT, f"{APP}file_format = json\n", '{"time": "2024-05-24T08:00:00Z", "who": "a b"}\n{"who": "c"}\n'),
}


@pytest.mark.parametrize(("broken", "mended", "body"), CASES.values(), ids=CASES)
def test_a_replay_after_the_mending_gives_the_documents_of_a_clean_load(tmp_path: Path, broken: str, mended: str, body: str) -> None:
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks" / "sf_app.py").write_text(SPLIT)
    hooks = f"[loader]\nhooks = {tmp_path}/hooks\n"
    objects = {KEY: body.encode()}
    clean = Bench(tmp_path / "clean", mended + hooks, objects)
    clean.load()
    before = Bench(tmp_path / "before", broken + hooks, objects)
    before.load()
    assert before.rejects, "the case is one"
    after = Bench(tmp_path / "after", mended + hooks, objects)
    tally = after.take(before.rejects).tally
    if "csv" in broken:  # what was delivered then was read wrongly, under two names
        numbers = {Row.of(line).record for line in before.rejects}
        assert len(after.documents) == 2 * len(numbers)
        assert all(document in clean.documents for document in after.documents)
    else:
        both = sorted(before.documents + after.documents, key=lambda one: (one.get("@message", ""), one["event"].get("id", ""), str(one)))
        assert both == clean.documents
    assert len(after.rejects) == len(clean.rejects)
    assert (after.kept, tally.rows, tally.sound) == ([], len(before.rejects), True)


def test_a_row_that_is_rejected_again_tells_its_new_reason_and_can_be_replayed_once_more(tmp_path: Path) -> None:
    one = Bench(tmp_path, TEXT + MENDED)
    one.take([row("garbage", 3), row(text_of(1), 1), row("more garbage", 4)])
    again = [Row.of(line) for line in one.rejects]
    assert [(found.stage, found.reason, found.record, found.raw, found.etag, found.modified) for found in again] == [
        ("parse", "does not match log_pattern", number, raw, "e", MODIFIED) for number, raw in ((3, "garbage"), (4, "more garbage"))
    ]
    assert one.replay.tally.why == {(REJECTED, "parse: does not match log_pattern"): (2, "line 1")}
    ledger = one.replay.tally.ledgers["app"]
    assert (ledger.read, ledger.rejected, ledger.delivered) == (3, 2, {"out_file": 1, "out_file:ecs": 1})
    second = Bench(tmp_path / "2", TEXT + "log_pattern = (?P<who>.*)\n")
    assert second.take(one.rejects).tally.ledgers["app"].delivered == {"out_file": 2, "out_file:ecs": 2}


def test_excluded_rows_are_counted_as_such(tmp_path: Path) -> None:
    (tmp_path / "rules.csv").write_text("log_type,field,pattern,pattern_type,comment\napp,who,d-d,text,\n")
    one = Bench(tmp_path, TEXT + MENDED + f"[DEFAULT]\nexclude_log_patterns_filename = {tmp_path}/rules.csv\n")
    ledger = one.take([row(text_of(1), 1), row(text_of(3), 3)]).tally.ledgers["app"]
    assert (ledger.read, ledger.excluded, ledger.delivered) == (2, 1, {"out_file": 1, "out_file:ecs": 1})


def test_the_key_is_routed_again_and_a_type_can_be_forced(tmp_path: Path) -> None:
    other = f"[new]\ns3_key = app/\npriority = 1\nfile_format = text\n{MENDED}"
    one = Bench(tmp_path, TEXT + STRICT + other)
    one.take([row(text_of(1))])
    assert [document["@log_type"] for document in drivers.rows(tmp_path / "out.jsonl")] == ["new"]
    two = Bench(tmp_path / "2", TEXT + STRICT + other.replace("app/", "nowhere/"))
    two.engine.router = Forced("new")
    two.take([row(text_of(1))])
    assert [document["@log_type"] for document in drivers.rows(tmp_path / "2" / "out.jsonl")] == ["new"]


UNTRIED = [
    (row("x", key="other/1"), "unknown log type: no s3_key pattern is found in this key"),
    (row("x", key="app/tmp"), "ignored by s3_key_ignored of app"),
    (row("x", cut=True), "no such object"),
    (row("x", key="app/short", cut=True), "the object has only 0 records now"),
    (row("x", key="app/there", cut=True), "its object has another record in its place now"),
    (b'{"stage": "notice", "reason": "?"}', "there is nothing to try in a row of stage 'notice'"),
    (b'{"stage": "parse", "raw": "torn of', "the line is no row: not JSON: unexpected end of data: line 1 column 35 (char 34)"),
    (rejects.of_message("out_gone", b"x", "why", ("app", "b", "k"), 0), "there is no output 'out_gone' any more"),
]


class Objects(drivers.MemoryInput):
    def read(self, source: Source) -> Any:
        if source.key not in self.objects:
            raise SourceGone("no such object")
        yield from super().read(source)


@pytest.mark.parametrize(("line", "why"), UNTRIED, ids=[why[:40] for _, why in UNTRIED])
def test_a_row_that_cannot_be_tried_is_kept_as_it_is_with_the_reason(tmp_path: Path, line: bytes, why: str) -> None:
    one = Bench(tmp_path, TEXT + MENDED + "s3_key_ignored = tmp\n")
    one.engine.input = Objects({"app/short": b"", "app/there": b"another\n"})
    tally = one.take([row(text_of(1)), line, row(text_of(3), 3)]).tally
    assert one.kept == [line]
    assert tally.why == {(KEPT, why): (1, "line 2")}
    assert (tally.rows, tally.kept.total(), tally.ledgers["app"].delivered["out_file"]) == (3, 1, 2)
    assert one.rejects == []


def test_a_row_of_one_carrier_is_not_taken_for_a_record_without(tmp_path: Path) -> None:
    """What was read as a line each, and is brought by CloudWatch Logs as we know today, is a whole message: only its object helps."""
    for ini, body in ((f"{TEXT}via_cwl = yes\n{MENDED}", EVENTS), (f"{APP}file_format = json\n", BRIDGE)):
        one = Bench(tmp_path, ini, {KEY: body.encode()})
        one.take([row(body)])
        assert [why for (outcome, why) in one.replay.tally.why] == ["its object has another record in its place now"]
        assert len(one.kept) == 1


def test_a_message_that_was_refused_goes_to_its_output_as_it_is_and_to_no_other(tmp_path: Path) -> None:
    one = Bench(tmp_path, TEXT + MENDED)
    place = ("app", "b", "k")
    message = rejects.of_message("out_file", b'{"packed": 1}\n', "too long", place, 0)
    parts = rejects.of_message("out_file", Parts([b'{"part": 1}\n', b'{"part": 2}\n']), "too long", ("", "", ""), 0)
    tally = one.take([message, parts]).tally
    assert drivers.rows(tmp_path / "out.jsonl") == [{"packed": 1}, {"part": 1}, {"part": 2}]
    assert not (tmp_path / "ecs.jsonl").exists()
    assert {name: ledger.delivered for name, ledger in tally.ledgers.items()} == {"app": {"out_file": 1}, "": {"out_file": 1}}


class Refusing(drivers.MemoryOutput):
    def write(self, messages: Sequence[bytes]) -> Outcome:
        self.messages += messages
        return Outcome(refused=dict.fromkeys(range(len(messages)), "still too long"))


class Down(drivers.MemoryOutput):
    def write(self, messages: Sequence[bytes]) -> Outcome:
        raise Retryable("nobody answers")


def test_a_message_that_is_refused_again_is_rejected_again(tmp_path: Path) -> None:
    one = Bench(tmp_path, TEXT + MENDED)
    refusing = drivers.configured(Refusing(), "out_file")
    one.engine.deliveries["out_file"] = Delivery(refusing, one.engine.dead_letter)  # type: ignore[arg-type]
    tally = one.take([rejects.of_message("out_file", b"x", "too long", ("app", "b", "k"), 0), row(text_of(1), 1)]).tally
    assert tally.why == {(REJECTED, "deliver: refused by out_file"): (2, "line 2")}
    again = [Row.of(line) for line in one.rejects]
    assert sorted((found.stage, found.reason, found.log_type, found.key) for found in again) == [
        ("deliver", "still too long", "app", KEY), ("deliver", "still too long", "app", "k"),
    ]  # fmt: skip
    assert tally.ledgers["app"].delivered["out_file:ecs"] == 1


@pytest.mark.parametrize("chunk", ["1", "512k"])
def test_a_destination_that_stays_down_stops_it_and_nothing_counts_as_done(tmp_path: Path, chunk: str) -> None:
    one = Bench(tmp_path, TEXT + MENDED)
    down = drivers.configured(Down(), "out_file", retry_for="0", chunk_bytes=chunk)
    one.engine.deliveries["out_file"] = Delivery(down, one.engine.dead_letter)  # type: ignore[arg-type]
    with pytest.raises(DeliveryError, match="nobody answers"):
        one.take([row(text_of(1)), row("garbage", 1)])
    assert one.replay.tally.rows == 0
    one.engine.deliveries["out_file"] = Delivery(drivers.configured(drivers.MemoryOutput(), "out_file"), one.engine.dead_letter)  # type: ignore[arg-type]
    tally = one.take([row(text_of(1)), row("garbage", 1)]).tally
    assert (tally.rows, tally.sound, tally.ledgers["app"].rejected) == (2, True, 1)


def test_it_stops_between_pieces_of_work(tmp_path: Path) -> None:
    def pulse() -> None:
        raise Stopped("stopped")

    one = Bench(tmp_path, TEXT + MENDED, pulse=pulse)
    with pytest.raises(Stopped):
        one.take([row(text_of(1))])
    assert one.documents == []


def test_an_object_that_was_quarantined_is_loaded_like_a_line_of_a_list(tmp_path: Path) -> None:
    lines = [rejects.of_source(Source("b", key), "it does not exist", "app", 0) for key in ("app/1", "app/gone", "other/1")]
    lines.append(rejects.of_source(Source("b", "app/2", first=1, stop=3), "denied", "app", 0))
    lines.append(rejects.of_source(Carried("queue", "id-1", body=text_of(1).encode(), log_type="app"), "why", "app", 0))
    one = Bench(tmp_path, TEXT + MENDED)
    one.engine.input = Objects({"app/1": LINES.encode(), "app/2": LINES.encode()})
    tally = one.take(lines).tally
    assert (tally.objects, tally.loaded.read, tally.loaded.delivered["out_file"]) == ({"done": 3, "failed": 1}, 8, 8)
    (again,) = [Row.of(line) for line in one.rejects]
    assert (again.stage, again.key, again.reason) == ("source", "app/gone", "no such object")
    assert one.kept == [lines[2]]
    assert tally.rows == 5


def test_a_dry_run_tells_the_same_and_sends_nothing(tmp_path: Path) -> None:
    source = rejects.of_source(Source("b", "app/1"), "why", "app", 0)
    message = rejects.of_message("out_file", b"x", "too long", ("app", "b", "k"), 0)
    lines = [row(text_of(1), 1), row("garbage", 2), b"torn", message, row("x" * 9, 4, cut=True), source]
    dry = Bench(tmp_path / "dry", TEXT + MENDED, {KEY: LINES.encode()}, dry=True)
    wet = Bench(tmp_path / "wet", TEXT + MENDED, {KEY: LINES.encode()})
    told, done = dry.take(lines).tally, wet.take(lines[:-1]).tally
    assert told.why == done.why
    assert told.kept == done.kept
    assert told.ledgers["app"].delivered == done.ledgers["app"].delivered
    assert told.objects == {"to load": 1}
    assert (dry.documents, dry.rejects, dry.kept) == ([], [], [])


def test_a_row_that_is_there_twice_runs_twice_under_the_same_id(tmp_path: Path) -> None:
    one = Bench(tmp_path, TEXT + MENDED)
    assert one.take([row(text_of(1), 1), row(text_of(3), 3), row(text_of(1), 1)]).tally.rows == 3
    ids = [document["event"]["id"] for document in drivers.rows(tmp_path / "ecs.jsonl")]
    assert len(ids) == 3
    assert len(set(ids)) == 2


KINDS = ["good", "bad", "unknown", "torn", "message", "no output", "again"]


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("steady"), TEXT + MENDED, {KEY: LINES.encode()})


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(KINDS), max_size=30))
def test_every_row_ends_in_exactly_one_way(steady: Bench, kinds: list[str]) -> None:
    place = ("app", "b", "k")
    made = {
        "good": row(text_of(1), 7), "bad": row("garbage", 8), "unknown": row("x", key="other"), "torn": b'{"stage"',
        "again": row("2024", 3, cut=True), "message": rejects.of_message("out_file", b"{}\n", "why", place, 0),
        "no output": rejects.of_message("out_x", b"{}\n", "why", place, 0),
    }  # fmt: skip
    steady.replay.tally, steady.kept[:] = type(steady.replay.tally)(), []
    tally = steady.take([made[kind] for kind in kinds]).tally
    ledger = tally.ledgers.get("app", Ledger())
    assert (tally.rows, tally.sound) == (len(kinds), True)
    delivered = ledger.read - ledger.rejected
    assert delivered == sum(kind in ("good", "message", "again") for kind in kinds)
    assert ledger.rejected == kinds.count("bad")
    assert sorted(steady.kept) == sorted(made[kind] for kind in kinds if kind in ("unknown", "torn", "no output"))
