"""Which filters an assembly has, in which order, and what it says of those that have no effect."""

from __future__ import annotations

import pytest

from loader import config as configuration
from loader.assembly import HOME, Assembly
from plugins._ioc.database import write
from plugins._ioc.indicator import address_indicator

TYPE = "[demo]\ns3_key = demo\nfile_format = json\nindex_name = demo\n"
KEYS = "user_agent_enrichment_field = user_agent\nioc_ip = source.ip\ngeoip = source\nclientip_xff = source.ip xff\n"
SITE = """from loader.api import Filter, TypeOption, text
class SiteFilter(Filter):
    options = (TypeOption(text, "", name="mine", doc="."),)
    def prepare(self, log_type):
        return lambda record: record
"""


@pytest.fixture
def database(tmp_path):
    write(tmp_path / "ioc.db", [address_indicator("192.0.2.1", "own")])
    return tmp_path / "ioc.db"


@pytest.fixture
def assembled(tmp_path):
    def start(ini, *files):
        path = tmp_path / "test.ini"
        path.write_text(f"[loader]\nplugins = {tmp_path}\n[out_null]\n{ini}", encoding="utf-8")
        one = Assembly(configuration.load([*files, path]), "in_file")
        assert not [problem for problem in one.config.all_problems() if problem.fatal]
        return one

    return start


def enriching(one, name="demo"):
    return [step.name for step in one.plans[name].steps if step.name.startswith("filter_")]


def warnings(one):
    return [f"{problem.section}.{problem.key}: {problem.message}" for problem in one.config.all_problems()]


def test_xff_and_useragent_need_no_section_and_are_there_only_for_types_that_name_them(assembled):
    one = assembled(f"{TYPE}clientip_xff = source.ip xff\nuser_agent_enrichment_field = ua\n[other]\ns3_key = x\nfile_format = json\n")
    assert enriching(one) == ["filter_xff", "filter_useragent"]
    assert enriching(one, "other") == []
    assert warnings(one) == []


def test_the_order_is_that_of_the_product_then_a_sites_filters_as_the_ini_has_them(assembled, tmp_path, database):
    for name in ("zebra", "ant"):
        (tmp_path / f"filter_{name}.py").write_text(SITE)
    found = f"database = {database}\n"
    ini = f"[filter_zebra]\n[filter_useragent]\n[filter_ioc]\n{found}[filter_ant]\n[filter_ioc:second]\n{found}[filter_xff]\n"
    one = assembled(f"{ini}{TYPE}{KEYS}".replace("geoip = source\n", ""))
    assert enriching(one) == ["filter_xff", "filter_ioc", "filter_ioc:second", "filter_useragent", "filter_zebra", "filter_ant"]
    assert warnings(one) == []


def test_without_the_keys_no_type_has_a_filter_though_there_are_sections(assembled, database):
    one = assembled(f"[filter_xff]\n[filter_ioc]\ndatabase = {database}\n[filter_useragent]\n[filter_geoip]\n{TYPE}")
    assert enriching(one) == []
    assert warnings(one) == []


def test_a_users_type_that_asks_for_what_has_no_database_is_told_once(assembled):
    one = assembled(f"{TYPE}geoip = source\nioc_ip = a\nioc_domain = b\n[other]\ns3_key = x\nfile_format = json\ngeoip = source\nioc_ip = c\n")
    assert warnings(one) == [
        "demo.geoip: has no effect: [filter_geoip] gives no database",
        "demo.ioc_ip: has no effect: [filter_ioc] gives no database",
    ]
    assert enriching(one) == []


def test_a_section_without_a_database_has_no_effect_either(assembled):
    assert warnings(assembled(f"[filter_geoip]\n{TYPE}geoip = source\n")) == ["demo.geoip: has no effect: [filter_geoip] gives no database"]


def test_the_shipped_types_ask_in_advance_and_nothing_is_said(assembled):
    one = assembled("[alb]\nindex_name = other\n", HOME / "aws.ini")
    assert warnings(one) == []
    assert [name for name in one.plans if enriching(one, name)] == []


def test_a_shipped_type_that_the_user_lets_ask_is_told(assembled):
    one = assembled("[vpcflowlogs]\ngeoip = source\n", HOME / "aws.ini")
    assert warnings(one) == ["vpcflowlogs.geoip: has no effect: [filter_geoip] gives no database"]
