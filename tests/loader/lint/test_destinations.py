"""What check says of fields that outputs and formatters name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.loader.lint.test_checks import USED, found

TYPE = "[demo]\ns3_key = demo/\nfile_format = text\nlog_pattern = (?P<ip>\\S+) (?P<word>[a-z]+) (?P<n>\\d+)\n" + USED
SYSLOG = "[out_syslog]\nhost = siem.example.com\n"


@pytest.mark.parametrize(
    ("line", "slip", "right"),
    [
        ("hostname = field:host.nam,unknown", "host.nam", "host.name"),
        ("severity = field:event.severty", "event.severty", "event.severity"),
        ("profile = devo\nprotocol = tcp\ntag = my.app.[event.modul].[cloud.account.id]", "event.modul", "event.module"),
        ("structured_data = x@32473\nstructured_fields = action=event.acton user.name", "event.acton", "event.action"),
        ("drop = event.orignal source.ip", "event.orignal", "event.original"),
        ("format = template\n[formatter_template]\ntemplate = {event.action} {user.nam|-}", "user.nam", "user.name"),
        ("format = cef\n[formatter_cef]\nmap = suser=user.emal", "user.emal", "user.email"),
    ],
)
def test_a_slip_in_a_field_that_an_output_names_is_told_with_the_right_name(tmp_path: Path, line: str, slip: str, right: str) -> None:
    (one,) = found(tmp_path, f"{TYPE}{SYSLOG}{line}\n")
    assert f"{slip!r} is no field of ECS (did you mean {right!r}?)" in one
    assert found(tmp_path, f"{TYPE}{SYSLOG}{line.replace(slip, right)}\n") == []


def test_fields_of_a_sites_own_are_left_alone(tmp_path: Path) -> None:
    assert found(tmp_path, f"{TYPE}{SYSLOG}fields = full\nhostname = field:my_device,x\nkeep = @message word my_device\n") == []
