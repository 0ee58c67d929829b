"""A small sample of each format, what is to be found in it, and what its drafted type must map."""

from __future__ import annotations

import dataclasses
import gzip
import json


@dataclasses.dataclass(frozen=True)
class Example:
    """``options`` must be among those of the draft; ``first`` are fields of the first document, by dotted names."""

    body: bytes
    records: int
    options: dict[str, str]
    first: dict[str, object]


FLOW = {"eventTime": "2024-05-24T08:00:00Z", "srcaddr": "192.0.2.7", "dstport": 443, "action": "ALLOW", "userAgent": "curl/8.1"}
FLOWS = [FLOW, FLOW | {"eventTime": "2024-05-24T08:00:01Z", "action": "DENY"}]
AT = "2024-05-24T08:00:00+00:00"
ACCESS = (
    '192.0.2.7 - ann [24/May/2024:08:00:00 +0000] "GET /a?b=c HTTP/1.1" 200 512 "-" "curl/8.1"\n'
    '192.0.2.8 - - [24/May/2024:08:00:01 +0000] "POST /b HTTP/1.1" 404 17 "https://www.example.com/" "curl/8.1"\n'
)
EVENT = (
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Demo'/><EventID>4625</EventID>"
    "<TimeCreated SystemTime='2024-05-24T08:00:00.5Z'/><Computer>pc.example.com</Computer></System>"
    "<EventData><Data Name='IpAddress'>192.0.2.7</Data></EventData></Event>"
)
CWL = {
    "messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": "g", "logStream": "s",
    "logEvents": [{"id": str(number), "timestamp": 1716537600000, "message": json.dumps({"src": "192.0.2.7", "n": number})} for number in range(2)],
}  # fmt: skip

SAMPLES = {
    "access": Example(
        ACCESS.encode(), 2, {"file_format": "text"},
        {"@timestamp": AT, "source.ip": "192.0.2.7", "http.response.status_code": 200, "event.outcome": "success", "url.query": "b=c"},
    ),
    "syslog": Example(
        b"<34>2024-05-24T08:00:00Z fw sshd[17]: Failed password for ann\n<34>2024-05-24T08:00:01Z fw cron: job has been done\n", 2,
        {"file_format": "text"},
        {"@timestamp": AT, "host.name": "fw", "process.name": "sshd", "process.pid": 17, "message": "Failed password for ann"},
    ),
    "lines": Example("\n".join(map(json.dumps, FLOWS)).encode(), 2, {"file_format": "json"}, {
        "@timestamp": AT, "source.ip": "192.0.2.7", "destination.port": 443, "event.action": "ALLOW", "event.outcome": "success",
        "network.type": "ipv4",
    }),
    "packed": Example(gzip.compress(json.dumps({"Records": FLOWS}).encode()), 2, {"file_format": "json", "json_delimiter": "Records"}, {
        "@timestamp": AT, "source.ip": "192.0.2.7", "user_agent.original": "curl/8.1",
    }),
    "array": Example(json.dumps(FLOWS, indent=1).encode(), 2, {"file_format": "json"}, {"@timestamp": AT}),
    "eventbridge": Example(
        json.dumps({"version": "0", "id": "i", "detail-type": "t", "source": "s", "account": "123456789012", "time": "2024-05-24T08:00:00Z",
                    "region": "eu-west-1", "detail": {"src": "192.0.2.7"}}).encode(), 1,
        {"file_format": "json"}, {"@timestamp": AT, "source.ip": "192.0.2.7"},
    ),
    "cloudwatch": Example(json.dumps(CWL).encode(), 2, {"via_cwl": "yes", "file_format": "json"}, {"@timestamp": AT, "source.ip": "192.0.2.7"}),
    "headed": Example(
        b'time,src ip,"dst_port",verdict\n2024-05-24 08:00:00,192.0.2.7,443,allow\n2024-05-24 08:00:01,192.0.2.8,80,"de,ny"\n', 2,
        {"file_format": "csv", "csv_delimiter": ","}, {"@timestamp": AT, "destination.port": 443},
    ),
    "headless": Example(
        b"1716537600;192.0.2.7;ACCEPT;www.example.com\n1716537601;192.0.2.8;DROP;www.example.com\n", 2,
        {"file_format": "csv", "csv_delimiter": ";", "csv_header": "timestamp ip action hostname"}, {"@timestamp": AT, "event.outcome": "success"},
    ),
    "tabs": Example(
        b"ts\tsrc\tdst\n1716537600\t192.0.2.7\t198.51.100.1\n", 1, {"csv_delimiter": r"\t"}, {"@timestamp": AT, "destination.ip": "198.51.100.1"},
    ),
    "table": Example(
        b"version srcaddr dstaddr protocol start\n2 192.0.2.7 198.51.100.1 6 1716537600\n2 192.0.2.8 198.51.100.1 17 1716537600\n", 2,
        {"file_format": "csv"}, {"@timestamp": AT, "network.transport": "tcp", "network.iana_number": "6"},
    ),
    "w3c": Example(
        b"#Software: demo\n#Fields: date time c-ip cs-method cs-uri-stem sc-status\n2024-05-24 08:00:00 192.0.2.7 GET /a 200\n", 1,
        {"file_format": "text", "text_header_line_number": "2"}, {"@timestamp": AT, "source.ip": "192.0.2.7", "url.path": "/a"},
    ),
    "pairs": Example(
        b'date=2024-05-24 time=08:00:00 srcip=192.0.2.7 dstip=198.51.100.1 action="accept" user="ann b"\n'
        b'date=2024-05-24 time=08:00:01 srcip=192.0.2.8 dstip=198.51.100.1 action="deny" user="-"\n', 2,
        {"file_format": "text"}, {"@timestamp": AT, "user.name": "ann b", "event.outcome": "success"},
    ),
    "audit": Example(
        b"type=USER_LOGIN msg=audit(1716537600.123:17): pid=17 uid=0 exe=/usr/bin/ssh res=failed\n"
        b"type=CWD msg=audit(1716537600.123:18): cwd=/ pid=18 x=1\n", 2,
        {"file_format": "text"}, {"@timestamp": "2024-05-24T08:00:00.123000+00:00", "process.pid": 17},
    ),
    "cef": Example(
        b"CEF:0|Vendor|Product|1.0|17|Login failed|5|rt=1716537600000 src=192.0.2.7 duser=ann msg=no luck\n", 1,
        {"file_format": "cef"}, {"@timestamp": AT, "source.ip": "192.0.2.7", "observer.vendor": "Vendor", "event.code": "17"},
    ),
    "xml": Example(
        b"<log><entry><time>2024-05-24T08:00:00Z</time><src>192.0.2.7</src></entry>"
        b"<entry><time>2024-05-24T08:00:01Z</time><src>192.0.2.8</src></entry></log>",
        2, {"file_format": "xml"}, {"@timestamp": AT, "source.ip": "192.0.2.7"},
    ),
    "windows": Example(f"{EVENT}\n{EVENT}\n".encode(), 2, {"file_format": "winevtxml"}, {
        "@timestamp": "2024-05-24T08:00:00.500000+00:00", "event.code": "4625", "host.name": "pc.example.com", "source.ip": "192.0.2.7",
    }),
    "traces": Example(
        b"2024-05-24 08:00:00,123 ERROR [main] it went wrong again\n  at a.b(c)\n  at d\n2024-05-24 08:00:01,123 INFO [main] all is well now\n", 2,
        {"file_format": "multiline"}, {"@timestamp": "2024-05-24T08:00:00.123000+00:00", "log.level": "ERROR"},
    ),
    "prose": Example(b"nothing here has a form\nor a time, but it is text\n", 2, {"file_format": "text"}, {}),
}  # fmt: skip
