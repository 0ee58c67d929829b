"""``plugins/filter_ioc.py`` and the file it looks indicators up in."""

from __future__ import annotations

import datetime
import ipaddress
import json
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.api import ConfigError
from plugins._ioc.database import Database, write
from plugins._ioc.indicator import Indicator, address_indicator, domain_indicator
from plugins.filter_ioc import IocFilter
from tests.drivers import configured, load, log_type, rows

STIX = Indicator(
    "192.0.2.1", "ipv4-addr", None, "acme", "indicator--1", "C2 server", "Seen in a campaign", "https://ti.example.com/1", "High",
    "2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z",
)  # fmt: skip
INDICATORS = [
    address_indicator("192.0.2.1", "own"), STIX, address_indicator("192.0.2.0/28", "own"), address_indicator("2001:db8::/32", "own"),
    address_indicator("0:0:0:0:0:0:0:1", "own"), domain_indicator("Evil.example.", "own"), domain_indicator("*.bad.example", "own"),
    domain_indicator("bücher.example", "own"),
]  # fmt: skip


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    file = tmp_path_factory.mktemp("ioc") / "odd name #1?.db"
    write(file, INDICATORS)
    return file


@pytest.fixture
def filtering(request, database):
    def start(**keys):
        plugin = configured(IocFilter(), "filter_ioc", database=str(database))
        plugin.open()
        request.addfinalizer(plugin.close)
        return plugin.prepare(log_type(**keys))

    return start


def found(record):
    told = record["threat.enrichments"] if "threat.enrichments" in record else record["threat"]["enrichments"]
    return [(one["indicator"]["provider"], one["indicator"]["name"], one["matched"]["field"]) for one in told]


def test_an_address_gets_the_enrichments_of_ecs_one_for_each_indicator(filtering):
    """Row ``ioc_ip``."""
    record = filtering(ioc_ip="source.ip")({"source": {"ip": "192.0.2.1"}})
    matched = {"atomic": "192.0.2.1", "field": "source.ip", "type": "indicator_match_rule"}
    assert record["threat.enrichments"] == [
        {"indicator": {"provider": "own", "type": "ipv4-addr", "name": "192.0.2.0/28"}, "matched": matched},
        {
            "indicator": {
                "provider": "acme", "type": "ipv4-addr", "name": "C2 server", "ip": "192.0.2.1", "description": "Seen in a campaign",
                "reference": "https://ti.example.com/1", "confidence": "High", "first_seen": "2024-01-01T00:00:00Z",
                "modified_at": "2024-02-01T00:00:00Z",
            },
            "matched": {**matched, "id": "indicator--1"},
        },
        {"indicator": {"provider": "own", "type": "ipv4-addr", "name": "192.0.2.1", "ip": "192.0.2.1"}, "matched": matched},
    ]  # fmt: skip
    assert record["threat.matched"] == {"indicators": ["192.0.2.1"], "providers": ["acme", "own"]}


def test_a_domain_is_told_as_the_domain_of_a_url(filtering):
    """Row ``ioc_domain``."""
    record = filtering(ioc_domain="dns.question.name")({"dns": {"question": {"name": "EVIL.example."}}})
    assert record["threat.enrichments"] == [
        {
            "indicator": {"provider": "own", "type": "domain-name", "name": "evil.example", "url": {"domain": "evil.example"}},
            "matched": {"atomic": "EVIL.example.", "field": "dns.question.name", "type": "indicator_match_rule"},
        }
    ]


@pytest.mark.parametrize("compat", ["", "es-loader"])
def test_row_1_5_14_enrichments_and_matched_are_keys_with_literal_dots(filtering, compat):
    record = filtering(ioc_ip="ip", compat=compat)({"ip": "192.0.2.1", "threat": {"framework": "x"}})
    assert record.keys() == {"ip", "threat", "threat.enrichments", "threat.matched"}
    assert record["threat"] == {"framework": "x"}


def test_fields_may_be_lists(filtering):
    record = filtering(ioc_ip="related.ip dns.ip", ioc_domain="related.hosts")(
        {"related": {"ip": ["198.51.100.1", "192.0.2.2", None, 5, "2001:db8::7"], "hosts": ["evil.example", "good.example"]}}
    )
    assert found(record) == [("own", "192.0.2.0/28", "related.ip"), ("own", "2001:db8::/32", "related.ip"), ("own", "evil.example", "related.hosts")]
    assert record["threat.matched"] == {"indicators": ["192.0.2.2", "2001:db8::7", "evil.example"], "providers": ["own"]}


@pytest.mark.parametrize(
    ("name", "hits"),
    [
        ("evil.example", ["evil.example"]), ("www.evil.example", []), ("bad.example", []), ("a.bad.example", ["*.bad.example"]),
        ("b.a.bad.example", ["*.bad.example"]), ("notbad.example", []), ("Bücher.Example", ["xn--bcher-kva.example"]),
        ("xn--bcher-kva.example", ["xn--bcher-kva.example"]), ("", []), (".", []), ("*.bad.example", ["*.bad.example"]),
        ("a." * 500, []), ("ü" * 200, []), ("192.0.2.1", []), ("192.0.2.0/28", []), ("\ud800.example", []),
    ],
)  # fmt: skip
def test_names_match_exactly_and_those_below_only_where_the_list_says_so(database, name, hits):
    assert [one.value for one in Database(database).domain(name)] == hits


def test_an_address_is_no_domain_and_a_domain_no_address(filtering):
    apply = filtering(ioc_ip="ip", ioc_domain="name")
    assert apply({"ip": "evil.example", "name": "192.0.2.1"}) == {"ip": "evil.example", "name": "192.0.2.1"}


@pytest.mark.parametrize("text", ["::ffff:192.0.2.2", " 192.0.2.2 "])
def test_an_address_is_the_same_however_it_is_written(database, text):
    assert [one.value for one in Database(database).address(text)] == ["192.0.2.0/28"]


def test_the_same_number_in_ipv4_and_ipv6_are_two_addresses(database):
    assert [one.value for one in Database(database).address("::1")] == ["::1"]
    assert Database(database).address("0.0.0.1") == []


def test_small_addresses_of_ipv6_lie_in_networks_of_ipv6(tmp_path):
    write(tmp_path / "ioc.db", [address_indicator("::/24", "own"), address_indicator("0.0.0.0/24", "own")])
    assert [[one.value for one in Database(tmp_path / "ioc.db").address(text)] for text in ("::5", "0.0.0.5")] == [["::/24"], ["0.0.0.0/24"]]


@pytest.mark.parametrize("value", ["198.51.100.1", "no address", "", None, 7, {"a": 1}, [], [[]], "x" * 1_000_000, "192.0.2.0/28"])
def test_what_is_not_found_leaves_the_record_as_it_was(filtering, value):
    assert filtering(ioc_ip="ip", ioc_domain="ip")({"ip": value}) == {"ip": value}


@pytest.mark.parametrize(
    ("own", "kept"),
    [("none", 0), ({"enrichments": []}, 0), ({"enrichments": [{"indicator": {"name": "a"}}]}, 1), ({"enrichments": {"indicator": {"name": "a"}}}, 1)],
)
def test_what_the_record_says_of_threats_stays_in_outputs_of_ecs_too(tmp_path, database, own, kept):
    lean = tmp_path / "lean.jsonl"
    demo = "[demo]\ns3_key = demo/\nfile_format = json\nioc_ip = ip\n"
    ini = f"[filter_ioc]\ndatabase = {database}\n[out_file:lean]\npath = {lean}\nfields = lean\n{demo}"
    load(tmp_path, ini, "demo/a.json", json.dumps({"ip": "192.0.2.9", "threat": own}).encode())
    assert [one["indicator"]["name"] for one in rows(lean)[0]["threat"]["enrichments"]] == ["a"] * kept + ["192.0.2.0/28"]


def test_records_do_not_share_what_they_were_given(filtering):
    apply = filtering(ioc_domain="name")
    apply({"name": "evil.example"})["threat.enrichments"][0]["indicator"]["url"]["domain"] = "changed"
    assert apply({"name": "evil.example"})["threat.enrichments"][0]["indicator"]["url"] == {"domain": "evil.example"}


def test_an_indicator_is_not_found_when_its_time_is_over(tmp_path):
    now = datetime.datetime.now(datetime.UTC)
    ends = {"past": now - datetime.timedelta(seconds=1), "future": now + datetime.timedelta(hours=1)}
    rows_ = [Indicator("192.0.2.1", "ipv4-addr", None, name, valid_until=end.strftime("%Y-%m-%dT%H:%M:%S.%fZ")) for name, end in ends.items()]
    write(tmp_path / "ioc.db", rows_)
    assert [one.provider for one in Database(tmp_path / "ioc.db").address("192.0.2.1")] == ["future"]


def test_no_long_text_is_remembered(database):
    plugin = configured(IocFilter(), "filter_ioc", database=str(database))
    plugin.open()
    plugin.prepare(log_type(ioc_ip="a", ioc_domain="a"))({"a": ["x" * 1_000_000, "192.0.2.1"]})
    assert list(plugin.addresses) == list(plugin.domains) == ["192.0.2.1"]
    plugin.close()


def test_a_type_without_the_keys_costs_nothing(filtering):
    assert filtering() is None


def test_without_a_database_no_type_costs_anything():
    plugin = configured(IocFilter(), "filter_ioc")
    plugin.open()
    assert plugin.lacks == "no database"
    assert plugin.prepare(log_type(ioc_ip="source.ip")) is None
    plugin.close()


def missing(file):
    pass


def garbage(file):
    file.write_bytes(b"no database at all " * 100)


def empty(file):
    file.write_bytes(b"")


def other(file):
    with sqlite3.connect(file) as one:
        one.execute("CREATE TABLE indicator (a)")
    one.close()


def later(file):
    write(file, INDICATORS)
    with sqlite3.connect(file) as one:
        one.execute("PRAGMA user_version = 2")
    one.close()


def cut(file):
    write(file, INDICATORS)
    file.write_bytes(file.read_bytes()[:5000])


@pytest.mark.parametrize("spoil", [missing, garbage, empty, other, later, cut, lambda file: file.mkdir()])
def test_a_file_that_is_no_database_stops_the_program_and_says_what_to_run(tmp_path, spoil):
    file = tmp_path / "ioc.db"
    spoil(file)
    with pytest.raises(ConfigError, match=r"\[filter_ioc\] database: '.*ioc.db' is no file of indicators: .*; write it with: index.py ioc build"):
        configured(IocFilter(), "filter_ioc", database=str(file)).open()


def test_the_database_may_be_replaced_while_it_is_read(tmp_path):
    file = tmp_path / "ioc.db"
    write(file, INDICATORS)
    old = Database(file)
    write(file, [address_indicator("198.51.100.1", "own")])
    assert [one.provider for one in old.address("192.0.2.9")] == ["own"]
    assert [one.value for one in Database(file).address("198.51.100.1")] == ["198.51.100.1"]
    assert list(tmp_path.iterdir()) == [file]


PARTS = st.tuples(st.integers(0, 2**32 - 1), st.integers(1, 32))


@given(st.lists(PARTS, min_size=1, max_size=8), st.integers(0, 2**32 - 1), st.booleans())
def test_an_address_is_found_in_the_networks_that_ipaddress_says(tmp_path_factory, networks, number, inside):
    found = {str(ipaddress.IPv4Network(one, strict=False)).removesuffix("/32") for one in networks}
    file = tmp_path_factory.mktemp("ioc") / "ioc.db"
    write(file, [address_indicator(one, "own") for one in found])
    one = ipaddress.ip_address(networks[0][0] if inside else number)
    database = Database(file)
    assert {hit.value for hit in database.address(str(one))} == {text for text in found if one in ipaddress.ip_network(text)}
    database.close()


def test_the_engine_matches_indicators_and_outputs_of_ecs_have_them(tmp_path, database):
    lean = tmp_path / "lean.jsonl"
    ini = (
        f"[filter_ioc]\ndatabase = {database}\n[out_file:lean]\npath = {lean}\nfields = lean\n"
        "[demo]\ns3_key = demo/\nfile_format = json\nindex_name = demo\necs = source.ip\nsource.ip = client\nioc_ip = source.ip\n"
    )
    loaded = load(tmp_path, ini, "demo/a.json", json.dumps({"client": "192.0.2.7", "threat": "none"}).encode())
    assert found(loaded.documents[0]) == [("own", "192.0.2.0/28", "source.ip")]
    assert found(rows(lean)[0]) == [("own", "192.0.2.0/28", "source.ip")]
    assert "matched" not in rows(lean)[0]["threat"]


def test_a_database_broken_inside_costs_the_enrichment_and_no_record(tmp_path):
    file = tmp_path / "ioc.db"
    write(file, [address_indicator(str(ipaddress.ip_address(2**31 + number)), "own") for number in range(20000)])
    body = bytearray(file.read_bytes())
    page = body.index(b"128.0.39.16own") // 4096 * 4096
    body[page : page + 100] = b"\xff" * 100
    file.write_bytes(body)
    ini = (
        f"[filter_ioc]\ndatabase = {file}\n[demo]\ns3_key = demo/\nfile_format = json\nindex_name = demo\necs = source.ip\n"
        "source.ip = client\nioc_ip = source.ip\n"
    )
    loaded = load(tmp_path, ini, "demo/a.json", json.dumps({"client": "128.0.39.16"}).encode())
    assert loaded.account.ledger.flags["filter_ioc failed"] == 1
    assert "filter_ioc: DatabaseError" in loaded.documents[0]["error"]["message"]
