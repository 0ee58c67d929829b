"""``plugins/filter_xff.py``: who the client is behind proxies."""

from __future__ import annotations

import ipaddress
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.api import ConfigError, membership
from plugins.filter_xff import LONGEST, XffFilter, address, networks
from tests.drivers import configured, load, log_type


def filtering(fields="source.ip xff", **options):
    plugin = configured(XffFilter(), "filter_xff", **options)
    plugin.open()
    return plugin.prepare(log_type(**({"clientip_xff": fields} if fields else {})))


def chosen(client, xff, **options):
    record = filtering(**options)({"source": {"ip": client}, "xff": xff})
    assert record["xff"] == xff
    return record["source"]["ip"]


def test_an_address_that_is_no_trusted_proxy_stays():
    assert chosen("198.51.100.1", "203.0.113.9, 10.0.0.1") == "198.51.100.1"


def test_behind_a_trusted_proxy_the_right_most_address_that_is_not_trusted_is_the_client():
    assert chosen("10.0.0.1", ["192.0.2.66", "203.0.113.9", "10.0.0.2", "172.16.0.1"]) == "203.0.113.9"


def test_are_all_of_the_list_trusted_the_left_most_is_the_client():
    assert chosen("10.0.0.1", ["10.0.0.3", "10.0.0.2"]) == "10.0.0.3"


@pytest.mark.parametrize(
    ("xff", "client"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("192.0.2.66,203.0.113.9 ,10.0.0.2", "203.0.113.9"),
        ("203.0.113.9:51234", "203.0.113.9"),
        ("[2001:db8::9]:443, 10.0.0.2:80", "2001:db8::9"),
        ("2001:DB8::9", "2001:db8::9"),
        ("[2001:db8::9]", "2001:db8::9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("fe80::1%eth0, 10.0.0.2", "fe80::1"),
        ('"203.0.113.9"', "203.0.113.9"),
        ("203.0.113.9, , ,", "203.0.113.9"),
        (["192.0.2.66, 203.0.113.9", "10.0.0.2"], "203.0.113.9"),
        (["203.0.113.9", None, 5], "203.0.113.9"),
    ],
)
def test_a_plain_header_is_read_as_a_list_with_ports_brackets_and_blanks(xff, client):
    assert chosen("10.0.0.1", xff) == client


@pytest.mark.parametrize(
    "xff", ["", "-", " , ", "unknown", [], None, 7, {"a": 1}, "203.0.113.9, unknown", "203.0.113.9, _hidden", "1.2.3", "[x", ":"]
)
def test_a_list_that_does_not_tell_leaves_the_proxy(xff):
    assert chosen("10.0.0.1", xff) == "10.0.0.1"


def test_what_stands_left_of_an_unknown_client_is_hearsay():
    assert chosen("10.0.0.1", "203.0.113.9, unknown, 10.0.0.2") == "10.0.0.2"


@pytest.mark.parametrize("source", [None, "text", {}, {"ip": None}, {"ip": ["10.0.0.1"]}, {"ip": "-"}])
def test_without_an_address_nothing_happens(source):
    assert filtering()({"source": source, "xff": "203.0.113.9"}) == {"source": source, "xff": "203.0.113.9"}
    assert filtering()({"xff": "203.0.113.9"}) == {"xff": "203.0.113.9"}


def test_both_fields_may_stand_at_the_top_or_deep():
    assert filtering("client http.request.xff")({"client": "10.0.0.1:99", "http": {"request": {"xff": "192.0.2.1"}}})["client"] == "192.0.2.1"
    assert filtering("a.b.c x")({"a": {"b": {"c": "10.0.0.1"}}, "x": "192.0.2.1"})["a"]["b"]["c"] == "192.0.2.1"


@pytest.mark.parametrize(
    "proxy", ["127.0.0.1", "10.255.0.1", "172.31.0.1", "192.168.1.1", "100.64.0.1", "169.254.1.1", "::1", "fd00::1", "fe80::1", "::ffff:10.0.0.1"]
)
def test_private_and_loopback_addresses_are_trusted_unless_the_section_says_otherwise(proxy):
    assert chosen(proxy, "203.0.113.9") == "203.0.113.9"
    assert chosen(proxy, "203.0.113.9", trusted_proxies="198.51.100.0/24") == proxy


def test_a_list_of_proxies_takes_the_place_of_the_private_ones_or_names_them():
    assert chosen("198.51.100.1", "203.0.113.9, 10.0.0.1", trusted_proxies="198.51.100.0/24 2001:db8::1") == "10.0.0.1"
    assert chosen("198.51.100.1", "203.0.113.9, 10.0.0.1", trusted_proxies="private, 198.51.100.0/24") == "203.0.113.9"
    assert chosen("10.0.0.1", "203.0.113.9", trusted_proxies="") == "10.0.0.1"


def test_a_file_adds_proxies_one_a_line_with_comments(tmp_path):
    file = tmp_path / "proxies.txt"
    file.write_text("\ufeff# edge\n198.51.100.0/24   # the first\n\n2001:db8:1::/48\n", encoding="utf-8")
    assert chosen("198.51.100.1", "203.0.113.9, 10.0.0.1, 2001:db8:1::5", trusted_proxies_file=str(file)) == "203.0.113.9"


def test_every_wrong_line_of_the_file_is_told_with_its_number(tmp_path):
    file = tmp_path / "proxies.txt"
    file.write_text("192.0.2.0/24\n192.0.2.0/33\nproxy.example.com\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        filtering(trusted_proxies_file=str(file))
    assert [str(problem) for problem in caught.value.problems] == [
        f"{file}:2: '192.0.2.0/33' is no address and no network: write for example 192.0.2.0/24",
        f"{file}:3: 'proxy.example.com' is no address and no network: write for example 192.0.2.0/24",
    ]


def test_a_file_that_is_not_there_stops_the_program():
    with pytest.raises(ConfigError, match=r"\[filter_xff\] trusted_proxies_file: 'absent.txt' cannot be read"):
        filtering(trusted_proxies_file="absent.txt")


def test_a_wrong_network_in_the_section_is_a_mistake():
    with pytest.raises(ValueError, match="'10.0.0.0/99' is no address and no network"):
        networks("private 10.0.0.0/99")


@pytest.mark.parametrize("fields", ["source.ip", "source.ip a b"])
def test_any_number_of_fields_but_two_is_a_mistake(fields):
    plugin = configured(XffFilter(), "filter_xff")
    plugin.open()
    section = log_type(clientip_xff=fields)
    assert plugin.prepare(section) is None
    (problem,) = section.problems
    assert problem.key == "clientip_xff"
    assert problem.fatal


def test_a_type_without_the_key_costs_nothing():
    assert filtering("") is None


def test_a_list_longer_than_any_is_walked_from_its_right_only():
    assert chosen("10.0.0.1", "203.0.113.9," + "10.0.0.2," * 1000) == "10.0.0.2"
    assert chosen("10.0.0.1", "x" * 100_000) == "10.0.0.1"
    assert chosen("10.0.0.1", "x" * 100_000 + ", 203.0.113.9") == "203.0.113.9"


def test_an_address_that_is_cut_is_not_taken_for_another():
    tail = ",10.0.0.2" * 226
    assert len(f"92.0.2.166{tail}") + 4 == LONGEST
    assert chosen("10.0.0.1", f"192.0.2.166{' ' * 4}{tail}") == "10.0.0.2"


PROXIES = [ipaddress.ip_address("10.0.0.1"), ipaddress.ip_address("fd00::1")]
ADDRESSES = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6), st.sampled_from(PROXIES))


@given(ADDRESSES, st.lists(st.one_of(ADDRESSES.map(str), st.sampled_from(["unknown", "", "-", "é"])), max_size=8), st.booleans())
def test_the_result_is_one_of_the_addresses_given_and_no_trusted_one_stands_right_of_it_untrusted(client, passed_on, as_text):
    result = chosen(str(client), ",".join(passed_on) if as_text else passed_on)
    known = [found for text in passed_on if (found := address(text))]
    assert address(result) in [address(str(client)), *known]
    is_trusted = membership(networks("private"))
    if is_trusted(address(str(client))) and not is_trusted(address(result)):
        after = known[max(place for place, one in enumerate(known) if one == address(result)) + 1 :]
        assert all(map(is_trusted, after))


def test_the_engine_chooses_the_client_without_a_section(tmp_path):
    """Row ``clientip_xff``."""
    ini = (
        "[demo]\ns3_key = demo/\nfile_format = json\nindex_name = demo\necs = source.ip source.address\nsource.ip = client\n"
        "source.address = client\nclientip_xff = source.ip xff\n"
    )
    loaded = load(tmp_path, ini, "demo/a.json", json.dumps({"client": "10.0.0.7", "xff": "203.0.113.9, 10.0.0.8"}).encode())
    assert loaded.documents[0]["source"] == {"ip": "203.0.113.9", "address": "10.0.0.7"}
