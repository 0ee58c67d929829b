"""How a plan is put together: the order of the steps, what costs nothing where it is not asked for, and what is told of a section."""

from __future__ import annotations

import json
from pathlib import Path

from loader.batch import Source
from tests import drivers
from tests.loader.test_plan import HOOK, TYPE, raws, whats

FILTER = """
from loader.api import Filter, Option, text
class Mine(Filter):
    drop = Option(text, "", doc="What to drop.")
    def prepare(self, log_type):
        if log_type.name == "other":
            return None
        def apply(record):
            record["seen"] = "kept" if record["url"]["path"] != self.drop else ""
            return record if record["seen"] else None
        return apply
"""


def test_a_filter_sees_mapped_records_and_may_drop_them_and_a_type_it_does_not_serve_pays_nothing(tmp_path: Path) -> None:
    (tmp_path / "filter_mine.py").write_text(FILTER)
    ini = f"[other]\nfile_format = json\n[filter_mine]\ndrop = /b\n[loader]\nplugins = {tmp_path}\nhooks = {tmp_path}\n"
    (tmp_path / "sf_demo.py").write_text(HOOK)
    plans = drivers.engine(tmp_path, f"{TYPE}ecs = url.path\nurl.path = what\n{ini}", files=()).plans
    done = plans["demo"].run(raws("/a", "/b", "/c"), Source("b", "demo/x"), 0)
    assert (whats(done), done.excluded) == (["/a", "/c"], 1)
    assert [json.loads(message)["seen"] for message in done.packed[0]] == ["kept", "kept"]
    assert len(plans["other"].steps) == len(plans["demo"].steps) - 2  # no hook, no filter


TEXT = "[demo]\ns3_key = demo\nfile_format = text\nlog_pattern = (?P<address>\\S+) (?P<when>.+)\n"


def test_a_source_that_log_pattern_never_gives_is_told_with_the_nearest_group_and_stops_nothing(tmp_path: Path) -> None:
    """Files written for the es-loader have such lines."""
    ini = f"{TEXT}timestamp_key = wen\necs = source.ip source.port event.action user.name\nsource.ip = adress\nsource.port = q missing\n"
    engine = drivers.engine(tmp_path, f"{ini}event.action = missing when\nuser.name = @log_type\n", files=())
    assert [str(problem).partition("[demo] ")[2] for problem in engine.config.all_problems()] == [
        "timestamp_key: log_pattern has no group 'wen' (did you mean 'when'?)",
        "source.ip: log_pattern has no group 'adress' (did you mean 'address'?)",
        "source.port: log_pattern has no group 'q'",
    ]


def test_a_renamed_field_and_the_file_time_are_sources_too(tmp_path: Path) -> None:
    ini = f"{TEXT}timestamp_key = file_timestamp\nrenamed_newfields = client\nclient = address\necs = source.ip\nsource.ip = client.ip client\n"
    assert drivers.engine(tmp_path, ini, files=()).config.all_problems() == []


def steps(tmp_path: Path, ini: str) -> list[str]:
    (tmp_path / "sf_demo.py").write_text(HOOK)
    plan = drivers.engine(tmp_path, f"{TYPE.replace('script_ecs = x', '')}{ini}[loader]\nhooks = {tmp_path}\n", files=()).plans["demo"]
    return [step.name for step in plan.steps]


def test_a_type_that_asks_for_nothing_has_no_step_for_it(tmp_path: Path) -> None:
    assert steps(tmp_path, "") == ["carrier", "stamp", "ecs", "tidy"]  # carrier: JSON may come from EventBridge


def test_row_1_5_12_the_steps_stand_in_the_order_of_the_product(tmp_path: Path) -> None:
    (tmp_path / "rules.csv").write_text("log_type,field,pattern,pattern_type\ndemo,a,b,text\n")
    ini = f"script_ecs = x\nfield_prefix = p\njson_to_text = a\nuser_agent_enrichment_field = user_agent\ns3_key_fields = (?P<part>.)\n{BULK}{RULES}"
    found = steps(tmp_path, ini.replace("FOLDER", str(tmp_path)))
    assert found == [
        "remember", "carrier", "derive", "exclude", "stamp", "as text", "ecs", "hook", "filter_useragent", "prefix", "exclude again", "label", "tidy",
    ]  # fmt: skip


ELSEWHERE = """
def transform(logdata):
    if logdata["what"] == "b":
        logdata["__index_name"] = "elsewhere"
    return logdata
"""
BULK = "[out_file:bulk]\npath = FOLDER/bulk\nformat = bulk\n"
RULES = "[DEFAULT]\nexclude_log_patterns_filename = FOLDER/rules.csv\n"


def test_row_1_5_3_max_log_count_never_costs_a_record(tmp_path: Path) -> None:
    body = b"".join(b'{"what":"%d"}\n' % number for number in range(20))
    loaded = drivers.load(tmp_path, "[demo]\ns3_key = demo\nfile_format = json\nmax_log_count = 5\n", "demo/1", body, files=())
    assert len(loaded.documents) == 20


def test_row_1_5_13_index_name_of_a_hook_is_the_app_name_of_its_messages(tmp_path: Path) -> None:
    (tmp_path / "sf_demo.py").write_text(ELSEWHERE)
    ini = f"{TYPE}index_name = usual\n[out_syslog]\nhost = 127.0.0.1\nprotocol = tcp\n[loader]\nhooks = {tmp_path}\n"
    engine = drivers.engine(tmp_path, ini, files=())
    done = engine.plans["demo"].run(raws("a", "b"), Source("b", "demo/x"), 0)
    place = engine.plans["demo"].outputs.index("out_syslog")
    assert [message.split(b" ")[3] for message in done.packed[place]] == [b"usual", b"elsewhere"]


def test_records_that_a_hook_has_made_of_one_are_told_apart_and_balance(tmp_path: Path) -> None:
    (tmp_path / "sf_demo.py").write_text("def transform(logdata):\n    return [dict(logdata, part=n) for n in range(int(logdata['what']))]\n")
    ini = f"{TYPE}[out_file:ecs]\npath = {tmp_path}/ecs\nfields = ecs\n[loader]\nhooks = {tmp_path}\n"
    loaded = drivers.load(tmp_path, ini, "demo/1", b'{"what":"2"}\n{"what":"0"}\n{"what":"1"}\n', files=())
    assert [(document["what"], document["part"]) for document in loaded.documents] == [("2", 0), ("2", 1), ("1", 0)]
    ledger = loaded.account.ledger
    assert (ledger.read, ledger.made, ledger.excluded) == (3, 1, 1)
    assert ledger.balances()
    ids = [document["event"]["id"].partition("-")[2] for document in drivers.rows(tmp_path / "ecs")]
    assert ids == ["000000000000", "000000000000.1", "000000000002"]
    assert len({document["@id"] for document in loaded.documents}) == 3


def test_an_output_of_ecs_alone_knows_no_prefix(tmp_path: Path) -> None:
    ini = (
        "[demo]\ns3_key = demo\nfile_format = json\nfield_prefix = vendor\necs = user.name source.ip event.action\nuser.name = user.login\n"
        f"source.ip = source\nevent.action = event\n[out_file:ecs]\npath = {tmp_path}/ecs\nfields = ecs\n"
    )
    body = b'{"user": {"login": "alice"}, "source": "192.0.2.1", "event": "login", "other": 1}\n'
    (full,) = drivers.load(tmp_path, ini, "demo/1", body, files=()).documents
    assert full["vendor"]["user"] == {"login": "alice", "name": "alice"}
    assert "source" not in full
    (ecs,) = drivers.rows(tmp_path / "ecs")
    assert (ecs["user"], ecs["source"], ecs["event"]["action"]) == ({"name": "alice"}, {"ip": "192.0.2.1"}, "login")
    assert ecs["event"]["id"] and "vendor" not in ecs
