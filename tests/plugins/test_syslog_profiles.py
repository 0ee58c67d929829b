"""Profiles: what each SIEM gets of real records, and that its page in docs/siem/ shows the same."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from loader.batch import Source
from loader.engine import HOME
from loader.errors import ConfigError
from loader.registry import Registry
from plugins._syslog.profiles import PROFILES
from tests import drivers
from tests.plugins.syslog_messages import read_5424, split_at, split_octets

TRAIL = next((HOME / "samples" / "AWSLogs").glob("*/CloudTrail/us-east-1/**/*.json.gz"))
FLOWS = min((HOME / "samples" / "AWSLogs").glob("*/vpcflowlogs/**/*.log.gz"))
OUTPUT = "host = 127.0.0.1\nhostname = sluice-1\n"
STAMP = r"[A-Z][a-z]{2} (?: [1-9]|[12][0-9]|3[01]) [0-2][0-9]:[0-5][0-9]:[0-5][0-9]"


def sent(folder: Path, ini: str, sample: Path = TRAIL, log_type: str = "cloudtrail", head: str = OUTPUT) -> list[bytes]:
    """Return what an output packs of a sample, in its frames."""
    engine = drivers.engine(folder, f"[out_syslog]\n{head}{ini}")
    assert [str(problem) for problem in engine.config.all_problems()] == []
    plan = engine.plans[log_type]
    source, packed = Source("sample-bucket", sample.relative_to(HOME / "samples").as_posix(), etag="e"), []
    for raws in plan.read(iter([gzip.decompress(sample.read_bytes())])):
        done = plan.run(raws, source, 0)
        assert not done.rejects
        packed += done.packed[plan.outputs.index("out_syslog")]
    assert len(packed) > 5
    return packed


def lines(packed: list[bytes]) -> list[str]:
    return [message.decode() for message in split_at(b"\n", b"".join(packed))]


def qradar(packed: list[bytes]) -> None:
    for line in lines(packed):
        assert re.match(rf"<134>{STAMP} sluice-1 LEEF:2\.0\|[^|]+\|[^|]+\|[^|]*\|[^|]+\|", line)
        assert len(line.encode()) <= 4096


def arcsight(packed: list[bytes]) -> None:
    for line in lines(packed):
        assert re.match(rf"<134>{STAMP} sluice-1 CEF:0\|", line)


def logrhythm(packed: list[bytes]) -> None:
    for line in lines(packed):
        assert re.match(r"[A-Z][a-z]{2} [0-3][0-9] 20[0-9]{2} [0-9:]{8} sluice-1 <USER:NOTE> [^|]*\|?[a-z_]+=", line)
        assert len(line.encode()) <= 2048


def splunk(packed: list[bytes]) -> None:
    for line in lines(packed):
        message = read_5424(line.encode())
        assert message.app_name == "log-aws-cloudtrail"
        assert json.loads(message.msg)["event"]["module"] == "cloudtrail"
        assert len(line.encode()) <= 10000
        assert re.sub(r"^<\d+>1 \S+ \S+ \S+ \S+ \S+ - ", "", line) == message.msg.decode()  # as the page has it in props.conf


def devo(packed: list[bytes]) -> None:
    for line in lines(packed):
        found = re.match(rf"<14>{STAMP} sluice-1 my\.app\.sluice\.cloudtrail: (.*)", line)
        assert found
        assert json.loads(found[1])["@timestamp"]


def elastic(packed: list[bytes]) -> None:
    for line in lines(packed):
        assert json.loads(line)["ecs"]["version"]


def graylog(packed: list[bytes]) -> None:
    for message in split_octets(b"".join(packed)):
        assert json.loads(read_5424(message).msg)["event"]["module"] == "cloudtrail"


READERS: dict[str, Callable[[list[bytes]], None]] = {
    "qradar": qradar, "arcsight": arcsight, "logrhythm": logrhythm, "splunk": splunk, "devo": devo, "elastic": elastic, "graylog": graylog,
}  # fmt: skip


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_alone_makes_messages_as_its_siem_reads_them(name: str, tmp_path: Path) -> None:
    READERS[name](sent(tmp_path, f"profile = {name}\n"))


def test_row_1_1_logrhythms_line_is_the_beats_style_one_with_the_original_last(tmp_path: Path) -> None:
    packed = sent(tmp_path, "profile = logrhythm\nmax_message_bytes = 0\n")
    for line in lines(packed):
        head, _, body = line.partition(" <USER:NOTE> ")
        assert re.fullmatch(r"May 24 2024 [0-9:]{8} sluice-1", head)
        assert re.search(r"\|original_message=\{.*\}$", body)
        assert all("=" in pair for pair in body.split("|original_message=")[0].strip("|").split("|"))


def test_what_is_written_beside_a_profile_wins(tmp_path: Path) -> None:
    packed = sent(tmp_path, "profile = Splunk\nframing = octet\nheader = rfc3164\n")
    assert all(re.match(rf"<134>{STAMP} sluice-1 log-aws-cloudtrail: \{{", one.decode()) for one in split_octets(b"".join(packed)))


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("written", ["protocol = udp", "protocol = relp", "protocol = tls", "header = rfc5424", "header = rfc3164"])
def test_another_protocol_or_header_takes_with_it_what_goes_only_with_the_profiles_own(name: str, written: str, tmp_path: Path) -> None:
    packed = sent(tmp_path, f"profile = {name}\n{written}\n")
    assert packed[0].endswith(b"\n") is (written not in ("protocol = udp", "protocol = relp") and name != "graylog")


def test_a_port_of_a_profile_goes_with_its_protocol(tmp_path: Path) -> None:
    engine = drivers.engine(tmp_path, f"[out_syslog]\n{OUTPUT}profile = devo\nprotocol = tcp\n[out_syslog:b]\n{OUTPUT}profile = devo\n")
    assert [one.destination.partition(" ")[2] for one in engine.assembly.outputs[1:]] == ["tcp://127.0.0.1:514", "tls://127.0.0.1:443"]


def test_what_is_written_and_does_not_fit_is_told_beside_a_profile_too(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="framing: lf is not for protocol = udp"):
        drivers.engine(tmp_path, f"[out_syslog]\n{OUTPUT}profile = qradar\nprotocol = udp\nframing = lf\n")


def test_a_tag_of_ones_own_chooses_the_table_of_devo(tmp_path: Path) -> None:
    packed = sent(tmp_path, "profile = devo\ntag = my.app.[cloud.account.id].[record-no.such.field]\n")
    assert all(" my.app.123456789012.null: {" in line for line in lines(packed))


def test_every_preset_is_an_option_with_a_value_that_it_takes() -> None:
    found = Registry([HOME / "plugins"]).find("out", "syslog")
    for name, preset in PROFILES.items():
        for key, value in preset.items():
            getattr(found, key).read(value)
        assert name == name.lower()


@pytest.mark.parametrize("name", PROFILES)
def test_the_overview_says_what_a_profile_sets_and_its_page_shows_how_to_use_it(name: str) -> None:
    (row,) = [line for line in (HOME / "docs/siem/README.md").read_text().splitlines() if line.startswith(f"| [{name}]")]
    assert dict(re.findall(r"`(\w+) = ([^`]*)`", row)) == PROFILES[name]
    page = (HOME / "docs/siem" / f"{name}.md").read_text()
    assert re.search(rf"```ini\n# user.ini\n\[out_syslog\]\nprofile = {name}\nhost = \S+", page)
    assert "\nNothing arrives?" in page


@pytest.mark.parametrize("name", PROFILES)
def test_the_message_that_a_page_shows_is_the_one_that_is_sent(name: str, tmp_path: Path) -> None:
    page = (HOME / "docs/siem" / f"{name}.md").read_text()
    (ini,) = re.findall(r"```ini\n# user.ini\n\[out_syslog\]\n(.*?)```", page, re.DOTALL)
    (shown,) = re.findall(r"\nWhat arrives.*?\n```\n(.*?)\n```\n", page, re.DOTALL)
    named = "" if "\nhostname" in ini else "hostname = loader-1\n"
    (found, *_) = sent(tmp_path, re.sub(r"/etc/sluice/\S+", "", ini) + named, FLOWS, "vpcflowlogs", head="")
    assert re.search(".*".join(map(re.escape, shown.replace("\n", "").split("..."))), found.decode())
