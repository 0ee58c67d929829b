"""Log types that the es-loader brought along and that are not here."""

from __future__ import annotations

from pathlib import Path

from loader import config, former
from loader.assembly import HOME
from tests import drivers


def test_a_section_that_changes_an_absent_one_is_left_out_with_a_warning_and_stops_nothing(tmp_path: Path) -> None:
    ini = "[guardduty]\nindex_rotation = weekly\n[linux-secure]\ns3_key = secure/\n[app]\ns3_key = app/\nfile_format = json\n"
    loaded = drivers.load(tmp_path, ini, "app/1", b'{"n": 1}')
    assert [document["n"] for document in loaded.documents] == [1]
    engine = drivers.engine(tmp_path / "again", ini)
    told = [str(problem) for problem in engine.config.all_problems()]
    assert len(told) == 2
    assert all(former.ABSENT in problem and "until then no key leads to it" in problem for problem in told)
    assert engine.router.route("secure/x").log_type == ""


def test_a_whole_section_of_such_a_name_is_a_log_type_like_any_other(tmp_path: Path) -> None:
    loaded = drivers.load(tmp_path, "[guardduty]\ns3_key = gd/\nfile_format = json\n", "gd/1", b'{"n": 1}')
    assert loaded.account.log_type == "guardduty"


def test_what_is_here_is_among_them() -> None:
    assert set(config.load([HOME / "aws.ini"]).types) <= former.BUILT_IN
