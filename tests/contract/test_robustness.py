"""What a tester found who tried to break it: states that leaked between records, time without bound, logs that hide themselves."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from loader.errors import ConfigError
from tests import drivers

ECS = "[out_file:b]\npath = {folder}/ecs\nfields = ecs\n"
CWL = {"messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": "g", "logStream": "s"}
BRIDGE = {"detail-type": "x", "resources": [], "account": "123456789012", "region": "eu-west-1", "time": "2024-05-01T00:00:00Z", "id": "i"}


def run(folder, section, body, *, hook="", loader="", **options):
    if hook:
        (folder / "sf_app.py").write_text(hook)
    ini = f"[loader]\nhooks = {folder}\n{loader}{ECS.format(folder=folder)}[app]\ns3_key = app/\n{section}"
    loaded = drivers.load(folder, ini, "app/x", body if isinstance(body, bytes) else body.encode(), files=(), **options)
    return loaded, drivers.rows(folder / "ecs")


LINES = "".join(f'{{"n": {n}}}\n' for n in range(4))


def test_records_that_share_an_object_of_their_hook_have_ids_of_their_own(tmp_path):
    hook = "E = {'kind': 'alert'}\ndef transform(l):\n    l['event'] = E\n    return l\n"
    _, ecs = run(tmp_path, "file_format = json\nscript_ecs = y\n", LINES, hook=hook)
    assert len({one["event"]["id"] for one in ecs}) == 4


def test_what_a_hook_merges_from_a_constant_belongs_to_its_record(tmp_path):
    merging = "utils.merge_dicts(l, C)\n    l['rule']['id'] = l['n']"
    hook = f"from siem import utils\nC = {{'rule': {{'name': 'x'}}}}\ndef transform(l):\n    {merging}\n    return l\n"
    loaded, _ = run(tmp_path, "file_format = json\nscript_ecs = y\n", LINES, hook=hook)
    assert [one["rule"]["id"] for one in loaded.documents] == [0, 1, 2, 3]


def test_a_dict_that_a_hook_uses_again_is_the_record_as_it_was_returned(tmp_path):
    hook = "D = {}\ndef transform(l):\n    D.clear()\n    D.update(l)\n    return D\n"
    loaded, _ = run(tmp_path, "file_format = json\nscript_ecs = y\n", LINES, hook=hook)
    assert [one["n"] for one in loaded.documents] == [0, 1, 2, 3]


@pytest.mark.parametrize("text", ["", "-", "null", "[]"])
def test_blank_lines_of_containers_go_on_in_every_output(tmp_path, text):
    loaded, ecs = run(tmp_path, "file_format = json\nvia_firelens = yes\n", json.dumps({"log": text}))
    assert (loaded.rejects, len(loaded.documents), len(ecs)) == ([], 1, 1)


def test_another_dict_that_a_hook_returns_goes_on_in_every_output(tmp_path):
    loaded, ecs = run(tmp_path, "file_format = json\nscript_ecs = y\n", '{"n": 1}', hook="def transform(l):\n    return {'a': 1}\n")
    assert (loaded.rejects, len(ecs)) == ([], 1)


def test_field_prefix_leaves_what_is_stamped(tmp_path):
    loaded, _ = run(tmp_path, "file_format = json\nfield_prefix = p\n", '{"@timestamp": "2020-01-01T00:00:00Z", "@message": "m", "a": 1}')
    assert loaded.rejects == []
    assert loaded.documents[0]["@timestamp"] == "2020-01-01T00:00:00Z"


def test_one_bad_event_costs_itself_and_not_its_message(tmp_path):
    events = [{"id": "1", "message": "one"}, {"id": "2"}, {"id": "3", "message": "three"}]
    loaded, _ = run(tmp_path, "file_format = text\nlog_pattern = (?P<a>.*)\nvia_cwl = yes\n", json.dumps({**CWL, "logEvents": events}))
    assert [one["a"] for one in loaded.documents] == ["one", "three"]
    assert (loaded.account.ledger.read, len(loaded.rejects)) == (3, 1)


def test_event_ids_do_not_depend_on_blocks_or_chunks(tmp_path):
    body = "".join(json.dumps({"log": f'{{"n":{n}}}', "source": "stderr" if n % 3 == 1 else "stdout"}) + "\n" for n in range(6))
    found = set()
    for place, (block, loader) in enumerate([(65536, ""), (90, ""), (65536, "chunk_records = 2\n")]):
        (folder := tmp_path / str(place)).mkdir()
        found.add(tuple(one["event"]["id"] for one in run(folder, "file_format = json\nvia_firelens = yes\n", body, loader=loader, block=block)[1]))
    assert len(found) == 1


def test_addresses_that_are_none_are_counted_in_a_fresh_process():
    code = """
import sys, pathlib, tempfile
from tests import drivers
folder = pathlib.Path(tempfile.mkdtemp())
ini = "[app]\\ns3_key = app/\\nfile_format = json\\necs = source.ip\\nsource.ip = ip\\n"
loaded = drivers.load(folder, ini, "app/x", b'{"ip": "nope"}', files=())
sys.exit(loaded.account.ledger.flags["source.ip left out: no ip"] != 1)
"""
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False).returncode == 0


def test_blanks_behind_a_bracket_are_read_in_linear_time_and_bounded(tmp_path):
    taken = []
    for size in (1, 4):
        (folder := tmp_path / str(size)).mkdir()
        began = time.perf_counter()
        run(folder, "file_format = json\n", b"[" + b" " * size * 1_000_000 + b'{"a": 1}]', loader="max_record_bytes = 1m\n")
        taken.append(time.perf_counter() - began)
    assert taken[1] < 8 * taken[0]


def test_hooks_that_never_end_end_the_object(tmp_path, monkeypatch):
    monkeypatch.setattr("loader.pipeline.MOST_OVERDUE", 5)
    hook = "def transform(l):\n    while True:\n        pass\n"
    loaded, _ = run(tmp_path, "file_format = json\nscript_ecs = y\n", '{"a": 1}\n' * 20, hook=hook, loader="hook_seconds = 0.05s\n")
    assert (loaded.account.status, loaded.account.reason[:9]) == ("failed", "5 records")


def test_a_record_cannot_claim_to_be_unreadable_and_pass_by_its_hook(tmp_path):
    events = [{"id": "1", "message": '{"__error_message": "no", "a": 1}'}]
    section = "file_format = json\nvia_cwl = yes\nscript_ecs = y\n"
    loaded, _ = run(tmp_path, section, json.dumps({**CWL, "logEvents": events}), hook="def transform(l):\n    l['hooked'] = 1\n    return l\n")
    assert "error" not in loaded.documents[0]
    assert loaded.documents[0]["hooked"] == 1


def test_a_record_cannot_exclude_itself(tmp_path):
    loaded, _ = run(tmp_path, "file_format = json\nscript_ecs = y\n", '{"is_ignored": true, "a": 1}', hook="def transform(l):\n    return l\n")
    assert [one["a"] for one in loaded.documents] == [1]


def test_what_carriers_tell_has_the_types_of_ecs(tmp_path):
    told = {"log": "{}", "container_id": 5, "container_name": ["x"], "ec2_instance_id": {"a": 1}}
    _, ecs = run(tmp_path, "file_format = json\nvia_firelens = yes\n", json.dumps(told))
    assert ecs[0]["container"] in ({"id": "5"}, {"id": "5", "name": "x"})
    assert "instance" not in ecs[0]["cloud"] or isinstance(ecs[0]["cloud"]["instance"]["id"], str)


def test_a_lone_surrogate_costs_nothing_in_a_large_document_either(tmp_path):
    hook = "def transform(l):\n    l['c'] = '\\ud800'\n    l['d'] = 'x' * 70000\n    return l\n"
    loaded, _ = run(tmp_path, "file_format = json\nscript_ecs = y\n", '{"a": 1}', hook=hook)
    assert len(loaded.documents) == 1


def test_an_ignored_part_of_a_list_is_counted(tmp_path):
    hook = "def transform(l):\n    return [dict(l, p=1), dict(l, p=2, is_ignored=True)]\n"
    loaded, _ = run(tmp_path, "file_format = json\nscript_ecs = y\n", '{"a": 1}', hook=hook)
    assert (loaded.account.ledger.made, loaded.account.ledger.excluded) == (1, 1)


def test_texts_of_rejects_are_bounded(tmp_path):
    loaded, _ = run(tmp_path, "file_format = text\nlog_pattern = (?P<a>.)\nvia_firelens = yes\n", json.dumps({"nolog": "x" * 3_000_000}))
    assert len(loaded.rejects[0]["raw"]) <= 65536


@pytest.mark.parametrize("what", ["GeneratorExit", "__import__('asyncio').CancelledError"])
def test_a_hook_that_raises_what_is_no_exception_costs_its_own_work(tmp_path, what):
    loaded, _ = run(tmp_path, "file_format = json\nscript_ecs = y\n", '{"a": 1}', hook=f"def transform(l):\n    raise {what}\n")
    assert loaded.account.ledger.flags["hook failed"] == 1


def test_a_file_format_of_any_length_is_a_mistake_and_no_crash(tmp_path):
    with pytest.raises(ConfigError):
        drivers.engine(tmp_path, f"[app]\ns3_key = app/\nfile_format = {'x' * 300}\n", files=())


def test_a_derived_field_cannot_bear_the_name_of_an_option(tmp_path):
    ini = "[app]\ns3_key = app/\nfile_format = json\nderived_fields = index_name\nindex_name = s3_key | upper\n"
    with pytest.raises(ConfigError, match="derived_fields: 'index_name' is an option too"):
        drivers.engine(tmp_path, ini, files=())


def test_a_list_of_a_hook_that_has_taken_the_id_out_is_a_list(tmp_path):
    hook = "def transform(l):\n    p = dict(l)\n    l.pop('@id')\n    return [l, p]\n"
    loaded, _ = run(tmp_path, "file_format = json\nscript_ecs = y\n", '{"a": 1}', hook=hook)
    assert len(loaded.documents) == 2
