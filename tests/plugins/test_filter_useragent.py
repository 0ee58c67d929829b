"""``plugins/filter_useragent.py``: what a user agent text tells."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from loader.assembly import HOME
from plugins.filter_useragent import UserAgentFilter
from tests.drivers import configured, load, log_type, rows

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 12_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.0 Mobile/15E148 Safari/604.1"
OS = {"name": "iOS", "version": "12.1", "full": "iOS 12.1"}
NESTED = {"name": "Mobile Safari", "version": "12.0", "os": OS, "device": {"name": "iPhone"}}
FLAT = {
    "name": "Mobile Safari",
    "version": "12.0",
    "os.name": "iOS",
    "os.version": "12.1",
    "os.full": "iOS 12.1",
    "device.name": "iPhone",
}


@pytest.fixture(scope="module")
def plugin():
    one = configured(UserAgentFilter(), "filter_useragent")
    one.open()
    return one


def agent(plugin, place, compat="", field="user_agent"):
    return plugin.prepare(log_type(user_agent_enrichment_field=field, compat=compat))({"user_agent": place})["user_agent"]


@pytest.mark.parametrize("compat", ["", "es-loader"])
def test_row_1_5_14_name_version_system_and_device_are_keys_with_literal_dots(plugin, compat):
    assert agent(plugin, {"original": IPHONE}, compat) == {"original": IPHONE, **FLAT}


@pytest.mark.parametrize(
    ("original", "found"),
    [
        ("curl/8.4.0", {"name": "curl", "version": "8.4.0"}),
        (
            "aws-cli/2.15.0 Python/3.11.6 Linux/5.10",
            {"name": "aws-cli", "version": "2.15.0", "os.name": "Linux", "os.version": "5.10", "os.full": "Linux 5.10"},
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0",
            {"name": "Firefox", "version": "115.0", "os.name": "Linux", "os.full": "Linux"},
        ),
        ("nothing that anybody knows", {}),
    ],
)  # fmt: skip
def test_only_what_is_known_is_set(plugin, original, found):
    assert agent(plugin, {"original": original}) == {"original": original, **found}


@pytest.mark.parametrize("place", [{}, {"original": None}, {"original": ""}, {"original": ["a"]}, {"original": 5}, "text", None, []])
@pytest.mark.parametrize("compat", ["", "es-loader"])
def test_what_is_no_user_agent_leaves_the_record_as_it_was(plugin, place, compat):
    assert agent(plugin, place, compat) == place


def test_what_the_record_says_itself_wins_and_in_compat_what_was_found(plugin):
    place = {"original": IPHONE, "name": "App", "os": {"name": "own", "type": "ios"}, "device": "x"}
    assert agent(plugin, dict(place)) == {**place, "version": "12.0", "os.version": "12.1", "os.full": "iOS 12.1"}
    assert agent(plugin, dict(place), "es-loader") == {**place, **FLAT}


def test_the_object_may_be_a_nested_one(plugin):
    apply = plugin.prepare(log_type(user_agent_enrichment_field="a.ua"))
    assert apply({"a": {"ua": {"original": "curl/8.4.0"}}})["a"]["ua"]["name"] == "curl"


def test_a_type_without_the_key_costs_nothing(plugin):
    assert plugin.prepare(log_type()) is None


def test_a_hostile_text_costs_little_time(plugin):
    began = time.monotonic()
    for start, more in [("", "A"), ("Mozilla/5.0 (compatible; ", "a;"), ("", "("), ("Mozilla/5.0 (Linux; Android 10; K) ", " ")]:
        text = start + more * 1_000_000
        agent(plugin, {"original": text})
    assert time.monotonic() - began < 1


INI = (
    "[demo]\ns3_key = demo/\nfile_format = json\nindex_name = demo\necs = user_agent.original\nuser_agent.original = ua\n"
    "user_agent_enrichment_field = user_agent\n"
)


def test_the_engine_parses_user_agents_without_a_section_and_outputs_of_ecs_have_them(tmp_path):
    """Row ``user_agent_enrichment_field``."""
    lean = tmp_path / "lean.jsonl"
    loaded = load(tmp_path, f"[out_file:lean]\npath = {lean}\nfields = lean\n{INI}", "demo/a.json", json.dumps({"ua": IPHONE}).encode())
    assert loaded.documents[0]["user_agent"] == {"original": IPHONE, **FLAT}
    assert rows(lean)[0]["user_agent"] == {"original": IPHONE, **NESTED}


def test_in_compat_the_engine_writes_the_keys_of_the_es_loader(tmp_path):
    loaded = load(tmp_path, f"[loader]\ncompat = es-loader\n{INI}", "demo/a.json", json.dumps({"ua": IPHONE}).encode())
    assert loaded.documents[0]["user_agent"] == {"original": IPHONE, **FLAT}


def test_without_a_type_that_asks_the_rules_are_not_loaded():
    program = (
        "import sys\nfrom loader.assembly import HOME, Assembly\nfrom loader.config import load\n"
        "Assembly(load([HOME / 'aws.ini']), 'in_file')\nprint(sorted({'ua_parser', 'maxminddb'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=HOME)
    assert done.stdout == "[]\n"
