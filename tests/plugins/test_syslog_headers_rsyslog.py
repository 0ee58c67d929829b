"""What a real rsyslogd reads in our headers."""

from __future__ import annotations

import dataclasses

import pytest

from loader.api import Option
from loader.options import declared
from plugins.out_syslog import SyslogOutput
from tests.plugins.syslog_messages import CLOUDTRAIL, encode
from tests.rsyslog import Rsyslog
from tests.servers import LOCALHOST

pytestmark = pytest.mark.rsyslog
READ = "%pri%~%timereported%~%hostname%~%programname%~%procid%~%msgid%~%structured-data%~%msg%"
RECORD = {"@timestamp": "2024-05-04T07:32:05.123Z", "user": {"name": 'a"b\\c]d'}, "process": {"pid": 4711}}


@dataclasses.dataclass
class Reading(Rsyslog):
    """Writes what it has read, part by part."""

    def _config(self) -> str:
        config = super()._config()
        assert "%rawmsg%" in config
        return config.replace("%rawmsg%", READ)


@pytest.fixture(scope="module")
def rsyslog(tmp_path_factory):
    with Reading(tmp_path_factory.mktemp("headers") / "rsyslog") as running:
        yield running


def understood(rsyslog, record, count=1, **values):
    """Send a record, and return what rsyslogd has read of it."""
    before = len(rsyslog.received("tcp"))
    output = SyslogOutput()
    output.name = "out_syslog"
    values = {"host": LOCALHOST, "port": str(rsyslog.ports["tcp"]), "protocol": "tcp", "hostname": "web-1", **values}
    output.__dict__.update({name: option.read(values.get(name)) for name, option in declared(SyslogOutput, Option).items()})
    output.open()
    output.write([output.prepare(CLOUDTRAIL, encode)(record)])
    output.flush()
    output.close()
    return [line.decode().split("~") for line in rsyslog.wait("tcp", before + count)[before:]]


def test_rfc_3164_with_tag_and_process_id(rsyslog):
    values = {"header": "rfc3164", "app_name": "cloud-trail", "procid": "field:process.pid", "severity": "err"}
    (found,) = understood(rsyslog, RECORD, **values)
    assert found[:5] == ["131", "May  4 07:32:05", "web-1", "cloud-trail", "4711"]
    assert found[7].strip() == encode(RECORD).decode()


def test_structured_data_with_everything_that_is_escaped(rsyslog):
    values = {"structured_data": "ecs@32473", "structured_fields": "user=user.name pid=process.pid"}
    (found,) = understood(rsyslog, RECORD, **values)
    assert found[2:7] == ["web-1", "log-aws-cloudtrail", "-", "cloudtrail", r'[ecs@32473 user="a\"b\\c\]d" pid="4711"]']


def test_the_pieces_of_a_large_message(rsyslog):
    values = {"oversize": "split", "max_message_bytes": "600", "enterprise_id": "32473", "framing": "octet"}
    record = {**RECORD, "text": "é" * 500}
    found = understood(rsyslog, record, count=3, **values)
    assert [part[6].partition(" n=")[2] for part in found] == [f'"{number}" of="3"]' for number in (1, 2, 3)]
    assert "".join(part[7] for part in found) == encode(record).decode()
