"""``plugins/filter_geoip.py`` with databases made here."""

from __future__ import annotations

import json
import shutil

import netaddr
import pytest
from mmdb_writer import MMDBWriter

from loader.api import ConfigError
from plugins.filter_geoip import GeoipFilter
from tests.drivers import configured, load, log_type

BOSTON = {
    "city": {"names": {"en": "Boston", "de": "Boston (MA)"}},
    "continent": {"code": "NA", "names": {"en": "North America", "de": "Nordamerika"}},
    "country": {"iso_code": "US", "names": {"en": "United States", "de": "USA"}},
    "location": {"latitude": 42.36, "longitude": -71.06, "time_zone": "America/New_York"},
    "subdivisions": [{"iso_code": "MA", "names": {"en": "Massachusetts"}}, {"iso_code": "ZZ", "names": {"en": "nearer"}}],
}
NULL_ISLAND = {"location": {"latitude": 0.0, "longitude": 0.0}}
GEO = {
    "city_name": "Boston",
    "continent_code": "NA",
    "continent_name": "North America",
    "country_iso_code": "US",
    "country_name": "United States",
    "region_iso_code": "US-MA",
    "region_name": "Massachusetts",
    "timezone": "America/New_York",
    "location": {"lon": -71.06, "lat": 42.36},
}
AS = {"number": 64500, "organization": {"name": "Example Net"}}


def write(path, networks, version=6):
    writer = MMDBWriter(version, "Test", languages=["en"], ipv4_compatible=version == 6)
    for network, facts in networks.items():
        writer.insert_network(netaddr.IPSet([network]), facts)
    writer.to_db_file(str(path))
    return str(path)


@pytest.fixture(scope="module")
def databases(tmp_path_factory):
    folder = tmp_path_factory.mktemp("geoip")
    city = write(
        folder / "city.mmdb",
        {"192.0.2.0/24": BOSTON, "2001:db8::/32": BOSTON, "198.51.100.0/24": {"country": {"iso_code": "FR"}}, "203.0.113.0/24": NULL_ISLAND},
    )
    network = {"autonomous_system_number": 64500, "autonomous_system_organization": "Example Net"}
    asn = write(folder / "asn.mmdb", {"192.0.2.0/25": network, "2001:db8::/32": network, "203.0.113.0/24": {"autonomous_system_number": 1}})
    return {"database": city, "asn_database": asn}


@pytest.fixture
def filtering(request):
    def start(geoip="source destination", compat="", **options):
        plugin = configured(GeoipFilter(), "filter_geoip", **options)
        plugin.open()
        request.addfinalizer(plugin.close)
        return plugin.prepare(log_type(compat=compat, **({"geoip": geoip} if geoip else {})))

    return start


def test_an_address_gets_the_geo_and_as_objects_of_ecs(filtering, databases):
    assert filtering(**databases)({"source": {"ip": "192.0.2.1", "port": 1}}) == {"source": {"ip": "192.0.2.1", "port": 1, "geo": GEO, "as": AS}}


def test_an_ipv6_address_is_found(filtering, databases):
    assert filtering(**databases)({"source": {"ip": "2001:db8::1"}})["source"]["geo"] == GEO


def test_each_object_named_is_looked_up_and_no_other(filtering, databases):
    found = filtering("client, destination", **databases)({name: {"ip": "192.0.2.1"} for name in ("client", "destination", "source")})
    assert ["geo" in found[name] for name in ("client", "destination", "source")] == [True, True, False]


def test_only_what_is_known_is_set(filtering, databases):
    apply = filtering(**databases)
    assert apply({"source": {"ip": "198.51.100.1"}})["source"] == {"ip": "198.51.100.1", "geo": {"country_iso_code": "FR"}}
    assert apply({"source": {"ip": "192.0.2.200"}})["source"] == {"ip": "192.0.2.200", "geo": GEO}
    assert apply({"source": {"ip": "203.0.113.1"}})["source"] == {
        "ip": "203.0.113.1",
        "geo": {"location": {"lon": 0.0, "lat": 0.0}},
        "as": {"number": 1},
    }


@pytest.mark.parametrize(
    "place",
    [
        {"ip": "10.0.0.1"}, {"ip": "no address"}, {"ip": ""}, {"ip": None}, {"ip": []}, {"ip": ["10.0.0.1", None, 5, ["192.0.2.1"]]}, {"ip": 1}, {},
        "text", None, [],
    ],
)  # fmt: skip
def test_what_is_no_known_address_leaves_the_record_as_it_was(filtering, databases, place):
    assert filtering(**databases)({"source": place, "destination": place}) == {"source": place, "destination": place}


def test_of_a_list_of_addresses_the_first_that_is_known_counts(filtering, databases):
    """Row: a list under ``.ip`` does not crash."""
    addresses = ["10.0.0.1", "198.51.100.1", "192.0.2.1"]
    assert filtering(**databases)({"source": {"ip": addresses}})["source"] == {"ip": addresses, "geo": {"country_iso_code": "FR"}}


def test_objects_may_be_nested(filtering, databases):
    assert filtering("source.nat client", **databases)({"source": {"nat": {"ip": "192.0.2.1"}}})["source"]["nat"]["geo"] == GEO


def test_compat_gives_the_fields_of_the_es_loader_and_replaces_what_the_record_says(filtering, databases):
    """Row ``geoip``: geo has four fields, as has two."""
    geo = {key: GEO[key] for key in ("city_name", "country_iso_code", "country_name", "location")}
    apply = filtering(compat="es-loader", **databases)
    assert apply({"source": {"ip": "192.0.2.1"}})["source"] == {"ip": "192.0.2.1", "geo": geo, "as": AS}
    own = {"ip": "192.0.2.1", "geo": {"city_name": "Home", "name": "office"}, "as": "text"}
    assert apply({"source": own})["source"] == {"ip": "192.0.2.1", "geo": {**geo, "name": "office"}, "as": AS}
    assert filtering(**databases)({"source": {"ip": "192.0.2.1"}})["source"]["geo"] == GEO


def test_an_address_in_the_place_of_its_object_is_told(databases):
    plugin = configured(GeoipFilter(), "filter_geoip", **databases)
    plugin.open()
    section = log_type(geoip="source.ip destination")
    plugin.prepare(section)
    plugin.close()
    (problem,) = section.problems
    assert (problem.message, problem.hint, problem.fatal) == ("'source.ip' is an address", "name its object: source", False)


def test_databases_are_found_by_their_usual_names(filtering, databases, tmp_path):
    shutil.copy(databases["database"], tmp_path / "GeoLite2-City.mmdb")
    assert filtering(databases=str(tmp_path))({"source": {"ip": "192.0.2.1"}})["source"] == {"ip": "192.0.2.1", "geo": GEO}
    shutil.copy(databases["asn_database"], tmp_path / "GeoLite2-ASN.mmdb")
    assert filtering(databases=str(tmp_path))({"source": {"ip": "192.0.2.1"}})["source"] == {"ip": "192.0.2.1", "geo": GEO, "as": AS}


def test_a_database_that_is_named_goes_before_that_of_the_folder(filtering, databases, tmp_path):
    shutil.copy(databases["database"], tmp_path / "GeoLite2-City.mmdb")
    four = write(tmp_path / "own.mmdb", {"192.0.2.0/24": {"country": {"iso_code": "DE"}}})
    assert filtering(databases=str(tmp_path), database=four)({"source": {"ip": "192.0.2.1"}})["source"]["geo"] == {"country_iso_code": "DE"}


def test_a_folder_without_databases_is_a_mistake(tmp_path):
    with pytest.raises(ConfigError, match=r"\[filter_geoip\] databases: there is no GeoLite2-City.mmdb and no GeoLite2-ASN.mmdb in '.*'"):
        configured(GeoipFilter(), "filter_geoip", databases=str(tmp_path)).open()


def test_what_the_record_says_itself_wins(filtering, databases):
    apply = filtering(**databases)
    found = apply({"source": {"ip": "192.0.2.1", "geo": {"city_name": "Home", "name": "office"}, "as": {"number": 5}}})["source"]
    assert found["geo"] == {**GEO, "city_name": "Home", "name": "office"}
    assert found["as"] == {**AS, "number": 5}


@pytest.mark.parametrize(("own", "kept"), [(None, GEO), ("", GEO), ({}, GEO), ("Boston", "Boston"), ([1], [1])])
def test_a_geo_that_is_no_object_costs_nothing(filtering, databases, own, kept):
    assert filtering(**databases)({"source": {"ip": "192.0.2.1", "geo": own}})["source"]["geo"] == kept


def test_records_do_not_share_what_they_were_given(filtering, databases):
    apply = filtering(**databases)
    first = apply({"source": {"ip": "192.0.2.1"}})["source"]
    first["geo"]["city_name"] = first["geo"]["location"]["lon"] = first["as"]["organization"]["name"] = "changed"
    assert apply({"source": {"ip": "192.0.2.1"}})["source"] == {"ip": "192.0.2.1", "geo": GEO, "as": AS}


def test_names_come_in_the_language_asked_for_else_in_english(filtering, databases):
    geo = filtering(language="de", **databases)({"source": {"ip": "192.0.2.1"}})["source"]["geo"]
    assert (geo["city_name"], geo["country_name"], geo["region_name"]) == ("Boston (MA)", "USA", "Massachusetts")


def test_an_ipv6_address_is_no_error_in_a_database_of_ipv4(filtering, tmp_path):
    database = write(tmp_path / "four.mmdb", {"192.0.2.0/24": BOSTON}, version=4)
    apply = filtering(database=database)
    assert apply({"source": {"ip": "2001:db8::1"}}) == {"source": {"ip": "2001:db8::1"}}
    assert "geo" in apply({"source": {"ip": "192.0.2.1"}})["source"]


def test_one_database_alone_serves(filtering, databases):
    assert "as" not in filtering(database=databases["database"])({"source": {"ip": "192.0.2.1"}})["source"]
    assert filtering(asn_database=databases["asn_database"])({"source": {"ip": "192.0.2.1"}})["source"] == {"ip": "192.0.2.1", "as": AS}


def test_a_type_without_the_key_costs_nothing(filtering, databases):
    assert filtering("", **databases) is None


def test_without_a_database_no_type_costs_anything(filtering):
    assert filtering() is None


@pytest.mark.parametrize("key", ["database", "asn_database"])
@pytest.mark.parametrize("content", [b"", b"no database", b"\xab\xcd\xefMaxMind.com", None])
def test_a_file_that_is_no_database_stops_the_program_naming_it(tmp_path, key, content):
    path = tmp_path / "broken.mmdb"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=rf"\[filter_geoip\] {key}: .*broken\.mmdb"):
        configured(GeoipFilter(), "filter_geoip", **{key: str(path)}).open()


def test_a_folder_is_no_database(tmp_path):
    with pytest.raises(ConfigError, match="database"):
        configured(GeoipFilter(), "filter_geoip", database=str(tmp_path)).open()


def test_a_database_broken_inside_costs_the_enrichment_and_no_record_and_says_so_once(tmp_path, databases, filtering, caplog):
    with open(databases["database"], "rb") as file:
        body = bytearray(file.read())
    at = body.index(b"Boston")
    body[at - 40 : at] = b"\xff" * 40
    (tmp_path / "rotten.mmdb").write_bytes(body)
    apply = filtering(database=str(tmp_path / "rotten.mmdb"))
    for address in ("192.0.2.1", "192.0.2.2"):
        assert apply({"source": {"ip": address}}) == {"source": {"ip": address}}
    assert [message for message in caplog.messages if "[filter_geoip]" in message] == caplog.messages
    assert len(caplog.messages) == 1


def test_the_engine_enriches_mapped_addresses(tmp_path, databases):
    ini = (
        "[demo]\ns3_key = demo/\nfile_format = json\nindex_name = demo\necs = source.ip\nsource.ip = client\ngeoip = source\n"
        f"[filter_geoip]\ndatabase = {databases['database']}\n"
    )
    loaded = load(tmp_path, ini, "demo/a.json", json.dumps({"client": "192.0.2.7"}).encode())
    assert loaded.documents[0]["source"]["geo"]["city_name"] == "Boston"
