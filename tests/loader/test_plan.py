"""Plans: the order of the steps, a bad record rejected alone under its own number, ids that do not change between loads."""

from __future__ import annotations

import collections
import datetime
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader.batch import Source
from loader.errors import ParseError
from loader.frames import Raws
from loader.plan import RAW_KEPT, Done, Plan, WayOut
from tests import drivers

TYPE = "[demo]\ns3_key = demo\nfile_format = json\nscript_ecs = x\n"
HOOK = """
class Wordless:
    def __str__(self):
        raise ValueError("no words")

def transform(logdata):
    if logdata.get("what") == "unpackable":
        logdata["odd"] = Wordless()
    if logdata.get("what") == "dropped":
        logdata["is_ignored"] = True
    if logdata.get("what") == "no dict":
        logdata["event"] = "text"
    return logdata
"""


def plan_of(folder: Path, ini: str = TYPE, hook: str = HOOK) -> Plan:
    folder.mkdir(exist_ok=True)
    (folder / "sf_demo.py").write_text(hook)
    return drivers.engine(folder, f"{ini}[loader]\nhooks = {folder}\n", files=()).plans["demo"]


def raws(*whats: str, broken: int = 0) -> Raws:
    def parse(text: str) -> dict[str, object]:
        if text == "unparsable":
            raise ParseError("no good")
        return {"what": text}

    return Raws(list(whats), parse, broken=[("start of it", "too long")] * broken)


def whats(done: Done, output: int = 0) -> list[str]:
    return [json.loads(message)["what"] for message in done.packed[output]]


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return plan_of(tmp_path_factory.mktemp("plan"))


WHATS = st.lists(st.sampled_from(["good", "unparsable", "unpackable", "dropped"]), max_size=8)


@settings(deadline=None)
@given(WHATS, st.integers(0, 2), st.integers(0, 10**6))
def test_each_bad_record_is_rejected_alone_under_its_own_number_and_all_others_arrive(plan: Plan, kinds: list[str], broken: int, first: int) -> None:
    done = plan.run(raws(*kinds, broken=broken), Source("b", "demo/x"), first)
    expected = [(first + n, kind, {"unparsable": "parse", "unpackable": "map"}[kind]) for n, kind in enumerate(kinds) if kind.startswith("un")]
    expected += [(first + len(kinds) + n, "start of it", "frame") for n in range(broken)]
    assert sorted((reject.number, reject.raw, reject.stage) for reject in done.rejects) == sorted(expected)
    assert whats(done) == ["good"] * kinds.count("good")
    assert done.excluded == kinds.count("dropped")
    assert done.read == len(kinds) + broken == done.excluded + len(done.rejects) + len(done.packed[0])


def test_a_reject_says_why(plan: Plan) -> None:
    done = plan.run(raws("unparsable", "unpackable", broken=1), Source("b", "demo/x"), 0)
    reasons = {reject.stage: reject.reason for reject in done.rejects}
    assert reasons["parse"] == "no good"
    assert reasons["frame"] == "too long"
    assert reasons["map"] == "TypeError: Type is not JSON serializable: Wordless"


def test_of_a_rejected_record_a_bounded_part_is_kept(plan: Plan) -> None:
    def parse(text: str) -> dict[str, object]:
        raise ParseError("no good")

    done = plan.run(Raws(["x" * (RAW_KEPT + 1)], parse), Source("b", "demo/x"), 0)
    assert done.rejects[0].raw == "x" * RAW_KEPT


def test_a_record_that_one_output_cannot_pack_reaches_no_other(tmp_path: Path) -> None:
    """Else it would be delivered and rejected at once, and the account would not balance."""
    plan = plan_of(tmp_path, f"{TYPE}[out_file:lean]\npath = {tmp_path}/lean\nkeep = what\n")
    done = plan.run(raws("good", "unpackable", "good"), Source("b", "demo/x"), 0)
    assert [len(packed) for packed in done.packed] == [2, 2]
    assert [reject.number for reject in done.rejects] == [1]


def test_flags_are_counted_once_also_when_a_chunk_is_done_again_record_by_record(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, f"{TYPE}timestamp_key = time\n")
    done = plan.run(raws("good", "unpackable", "good"), Source("b", "demo/x"), 0)
    assert done.flags == {"bad timestamp": 2}


def test_of_two_outputs_only_the_one_that_does_not_get_everything_gets_an_event_id(tmp_path: Path) -> None:
    """The full document is the es-loader's, which has none; it has its @id."""
    plan = plan_of(tmp_path, f"{TYPE}[out_file:ecs]\npath = {tmp_path}/ecs\nfields = ecs\n[out_file:full]\npath = {tmp_path}/full\n")
    done = plan.run(raws("good"), Source("b", "demo/x"), 41)
    documents = dict(zip(plan.outputs, [json.loads(packed[0]) for packed in done.packed], strict=True))
    assert "id" not in documents["out_file"]["event"]
    assert "id" not in documents["out_file:full"]["event"]
    assert documents["out_file:ecs"]["event"]["id"].endswith("-000000000041")


def ids(plan: Plan, source: Source, first: int = 0) -> list[str]:
    return [json.loads(message)["event"]["id"] for message in plan.run(raws("good", "good"), source, first).packed[0]]


def test_event_ids_are_the_same_at_every_load_and_differ_by_record_and_object(tmp_path: Path) -> None:
    ecs, ecs_again = (_with_ids(plan_of(tmp_path / name)) for name in "ab")
    source = Source("b", "demo/x", etag="1")
    assert ids(ecs, source) == ids(ecs_again, Source("b", "demo/x", etag="1", modified=datetime.datetime.now(datetime.UTC)))
    others = [source, Source("b2", "demo/x", etag="1"), Source("b", "demo/y", etag="1"), Source("b", "demo/x", etag="2")]
    found = [one for other in others for one in ids(ecs, other)] + ids(ecs, source, 2)
    assert len(set(found)) == 2 * len(others) + 2
    assert ids(ecs, source, 1)[0] == ids(ecs, source)[1]


def _with_ids(plan: Plan) -> Plan:
    plan.without_id = 0  # as if its output wanted ids
    return plan


def test_an_id_that_the_type_gives_stays(tmp_path: Path) -> None:
    plan = _with_ids(plan_of(tmp_path, f"{TYPE}ecs = event.id\nevent.id = what\n"))
    assert ids(plan, Source("b", "demo/x")) == ["good", "good"]


def test_a_record_that_says_event_is_no_object_goes_without_id(tmp_path: Path) -> None:
    plan = _with_ids(plan_of(tmp_path))
    done = plan.run(raws("no dict"), Source("b", "demo/x"), 0)
    assert json.loads(done.packed[0][0])["event"] == "text"


RULES = "log_type,field,pattern,pattern_type,comment\ndemo,what,secret,text,\ndemo,url.path,/health,text,\n"


def test_exclusion_sees_raw_names_before_and_ecs_names_after_the_mapping(tmp_path: Path) -> None:
    rules = tmp_path / "rules.csv"
    rules.write_text(RULES)
    plan = plan_of(tmp_path, f"{TYPE}ecs = url.path\nurl.path = what\n[DEFAULT]\nexclude_log_patterns_filename = {rules}\n")
    done = plan.run(raws("secret", "good", "/health", "unpackable"), Source("b", "demo/x"), 0)
    assert (whats(done), done.excluded, [reject.number for reject in done.rejects]) == (["good"], 2, [3])


def test_the_hook_runs_after_the_mapping_and_before_the_clean_up(tmp_path: Path) -> None:
    hook = "def transform(logdata):\n    logdata['saw'] = dict(logdata['url'])\n    logdata['gone'] = ''\n    return logdata\n"
    plan = plan_of(tmp_path, f"{TYPE}ecs = url.path\nurl.path = what\n", hook)
    document = json.loads(plan.run(raws("/a"), Source("b", "demo/x"), 0).packed[0][0])
    assert document["saw"] == {"path": "/a"}
    assert "gone" not in document


def test_a_text_no_index_takes_is_clipped_only_where_the_record_is_large(tmp_path: Path) -> None:
    hook = "def transform(logdata):\n    logdata['long'] = 'x' * 40000\n    logdata['more'] = 'y' * int(logdata['what'])\n    return logdata\n"
    plan = plan_of(tmp_path, TYPE, hook)
    small, large = (json.loads(message) for message in plan.run(raws("1", "30000"), Source("b", "demo/x"), 0).packed[0])
    assert len(small["long"]) == 40000
    assert large["long"].endswith("x<<TRUNCATED>>")
    assert len(large["more"]) == 30000


def test_records_that_framing_had_to_parse_are_not_parsed_again_unless_one_fails(plan: Plan) -> None:
    def never(text: str) -> dict[str, object]:
        raise AssertionError

    done = plan.run(Raws(["a", "b"], never, records=[{"what": "a"}, {"what": "b"}]), Source("b", "demo/x"), 0)
    assert whats(done) == ["a", "b"]


def test_an_empty_chunk_is_nothing(plan: Plan) -> None:
    done = plan.run(raws(), Source("b", "demo/x"), 0)
    assert (done.read, done.packed, done.rejects) == (0, [[]], [])


def test_a_filter_that_raises_costs_its_enrichment_and_no_record(tmp_path: Path) -> None:
    (tmp_path / "filter_broken.py").write_text(
        "from loader.api import Filter\n\n\nclass Broken(Filter):\n    def prepare(self, log_type):\n        return lambda record: record['none']\n"
    )
    ini = f"[loader]\nplugins = {tmp_path}\n[filter_broken]\n[app]\ns3_key = app/\nfile_format = json\n"
    loaded = drivers.load(tmp_path, ini, "app/1", b'{"n":1}\n{"n":2}\n')
    assert [document["n"] for document in loaded.documents] == [1, 2]
    assert loaded.documents[0]["error"]["message"] == "filter_broken: KeyError: 'none'"
    assert loaded.account.ledger.flags["filter_broken failed"] == 2


def test_a_parser_that_raises_anything_rejects_that_record_alone(tmp_path: Path) -> None:
    (tmp_path / "parser_odd.py").write_text(
        "from loader.api import Parser, decoded, line_chunks, lines\n\n\nclass Odd(Parser):\n    def prepare(self, log_type, limits):\n"
        "        return lambda blocks: line_chunks(lines(decoded(blocks), 100), lambda text: {'n': 1 / int(text)}, limits)\n"
    )
    ini = f"[loader]\nplugins = {tmp_path}\n[app]\ns3_key = app/\nfile_format = odd\n"
    loaded = drivers.load(tmp_path, ini, "app/1", b"1\n0\n2\n")
    assert [document["n"] for document in loaded.documents] == [1.0, 0.5]
    assert [reject["reason"] for reject in loaded.rejects] == ["ZeroDivisionError: division by zero"]


RUNAWAY = "[app]\ns3_key = app/\nfile_format = text\nlog_pattern = (?P<a>(x+)+)y\n[loader]\nmatch_seconds = 50ms\nhook_seconds = 50ms\n"


def test_a_pattern_that_goes_back_and_forth_costs_its_record_alone(tmp_path: Path) -> None:
    loaded = drivers.load(tmp_path, RUNAWAY, "app/1", b"xxy\n" + b"x" * 60 + b"\nxy\n", files=())
    assert [document["a"] for document in loaded.documents] == ["xx", "x"]
    (reject,) = loaded.rejects
    assert reject["reason"].startswith("matching it with log_pattern takes longer than 0.05 s ([loader] match_seconds): index.py check")
    assert (reject["record"], reject["stage"]) == (1, "parse")
    assert loaded.account.ledger.flags["took too long"] == 1


def test_a_source_of_nothing_but_such_records_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loader.pipeline.MOST_OVERDUE", 2)
    ini = f"{RUNAWAY}chunk_records = 2\n"
    loaded = drivers.load(tmp_path, ini, "app/1", (b"x" * 60 + b"\n") * 9 + b"xy\n", files=())
    assert loaded.account.status == "failed"
    assert loaded.account.reason.startswith("2 records took too long: index.py check tells which patterns of app go back and forth")
    assert len(loaded.rejects) == 4


def test_a_rule_that_goes_back_and_forth_costs_its_record_alone(tmp_path: Path) -> None:
    tmp_path.mkdir(exist_ok=True)
    (tmp_path / "rules.csv").write_text("log_type,field,pattern,pattern_type,comment\napp,a,(x+)+y,regex,\n")
    ini = RUNAWAY.replace("(?P<a>(x+)+)y", "(?P<a>.*)") + f"[DEFAULT]\nexclude_log_patterns_filename = {tmp_path}/rules.csv\n"
    loaded = drivers.load(tmp_path, ini, "app/1", b"xxy\n" + b"x" * 60 + b"\nabc\n", files=())
    assert [document["a"] for document in loaded.documents] == ["abc"]
    assert [(reject["record"], reject["stage"]) for reject in loaded.rejects] == [(1, "map")]
    assert loaded.rejects[0]["reason"].startswith("the step 'exclude' takes longer than 0.1 s ([loader] hook_seconds): index.py check tells")
    assert loaded.account.ledger.excluded == 1
    assert loaded.account.ledger.balances()


def test_a_hook_that_never_ends_costs_its_own_work_and_no_record(tmp_path: Path) -> None:
    tmp_path.mkdir(exist_ok=True)
    (tmp_path / "sf_app.py").write_text("def transform(logdata):\n    while logdata['a'] == 'x':\n        pass\n    return logdata\n")
    ini = RUNAWAY.replace("(?P<a>(x+)+)y", "(?P<a>.*)").replace("[loader]", f"script_ecs = x\n[loader]\nhooks = {tmp_path}")
    loaded = drivers.load(tmp_path, ini, "app/1", b"a\nx\nb\n", files=())
    assert [document["a"] for document in loaded.documents] == ["a", "x", "b"]
    assert loaded.documents[1]["error"]["message"] == "sf_app: Overdue: not done within 0.05 seconds"
    assert loaded.account.ledger.flags["hook failed"] == 1


def test_a_key_pattern_that_goes_back_and_forth_fails_its_object_alone(tmp_path: Path) -> None:
    ini = "[app]\ns3_key = (x+)+y\nfile_format = json\n[loader]\nmatch_seconds = 50ms\n"
    loaded = drivers.load(tmp_path, ini, "x" * 60, b'{"a": 1}', files=())
    assert (loaded.account.status, loaded.account.reason) == ("failed", "an s3_key pattern takes too long for this key: see index.py check")


def test_what_an_output_mends_is_counted_once_though_a_chunk_is_done_again_for_its_culprit() -> None:
    counted: collections.Counter[str] = collections.Counter()

    def pack(record: dict[str, str]) -> bytes:
        counted["cut"] += 1
        if record["a"] == "bad":
            raise ParseError("no words")
        return record["a"].encode()

    plan = Plan("demo", lambda blocks: iter(()), [], ["out"], [WayOut(pack, None)], -1, counted=(counted,))
    done = plan.run(Raws(["x", "bad", "y"], lambda text: {"a": text}), Source("b", "k"), 0)
    assert (done.packed, len(done.rejects)) == ([[b"x", b"y"]], 1)
    assert counted == {"cut": 3}
