"""What each SIEM expects, as texts of options: ``profile = NAME`` sets those that are not written. docs/siem/ has both sides."""

from __future__ import annotations

from collections.abc import Mapping

PROFILES: Mapping[str, Mapping[str, str]] = {
    # IBM's DSM guide: LEEF behind a header of RFC 3164 without a tag. A TCP payload ends at 4096 bytes unless QRadar is told otherwise.
    "qradar": {
        "protocol": "tcp", "framing": "lf", "header": "rfc3164", "app_name": "-", "format": "leef", "max_message_bytes": "4096",
    },
    # ArcSight's CEF standard: `Mmm dd hh:mm:ss host CEF:0|...`, a line each.
    "arcsight": {"protocol": "tcp", "framing": "lf", "header": "rfc3164", "app_name": "-", "format": "cef"},
    # The line of LogRhythm's collectors; its rules look for original_message, which stands last: so the end is cut, and nothing is left out.
    "logrhythm": {
        "protocol": "tcp", "framing": "lf", "header": "logrhythm", "facility": "user", "severity": "notice", "format": "logrhythm",
        "max_message_bytes": "2048", "oversize": "cut",
    },
    # Splunk cuts an event at TRUNCATE, 10000 bytes by default, which would leave half a JSON.
    "splunk": {"protocol": "tcp", "framing": "lf", "header": "rfc5424", "format": "json", "max_message_bytes": "10000"},
    "devo": {
        "protocol": "tls", "port": "443", "framing": "lf", "header": "devo", "facility": "user", "severity": "info",
        "tag": "my.app.sluice.[event.module]", "format": "json",
    },
    # A line is the document: Filebeat, Elastic Agent and Logstash take newline-delimited JSON over TCP without a header.
    "elastic": {"protocol": "tcp", "framing": "lf", "header": "none", "format": "json"},
    # Graylog's Syslog TCP input tells octet counting by the first digit.
    "graylog": {"protocol": "tcp", "framing": "octet", "header": "rfc5424", "format": "json"},
}  # fmt: skip

FRAMED = ("tcp", "tls")  # protocols on which each message has a frame


def fitting(preset: Mapping[str, str], written: Mapping[str, str]) -> dict[str, str]:
    """Return the options of a profile that go with what is written beside it."""
    found, protocol = dict(preset), written.get("protocol", preset.get("protocol"))
    if protocol != preset.get("protocol"):
        found.pop("port", "")
    if protocol not in FRAMED:
        found.pop("framing", "")
    if written.get("header", preset.get("header")) != preset.get("header"):
        found.pop("tag", "")
    return found


def profile(value: str) -> str:
    """The name of a profile, in any case, or none."""
    if value and value.lower() not in PROFILES:
        raise ValueError(f"{value!r} is no profile: there are {', '.join(PROFILES)}")
    return value.lower()
