"""For the tests of text bodies: two records, any text at all, and what becomes of a control. Nothing is shared with the code."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from loader import schema
from loader.api import Formatter
from tests.drivers import configured, log_type

FLOW = {
    "@timestamp": "2024-05-24T07:32:05+00:00",
    "event": {
        "action": "reject", "category": ["network"], "outcome": "failure", "type": ["denied", "connection"], "start": "2024-05-24T07:31:05+00:00",
        "original": "2 123456789012 eni-0a1b 192.0.2.10 198.51.100.20 49152 0 47 31 6127 1716535865 1716535925 REJECT OK",
    },
    "cloud": {"provider": "aws", "account": {"id": "123456789012"}, "region": "eu-central-1"},
    "source": {"ip": "192.0.2.10", "port": 49152, "bytes": 6127, "packets": 31},
    "destination": {"ip": "2001:db8::20", "port": 0},
    "network": {"transport": "gre", "iana_number": "47"},
    "related": {"ip": ["192.0.2.10", "2001:db8::20"]},
}  # fmt: skip
CALL = {
    "@timestamp": "2024-05-24T07:32:01.250Z",
    "event": {
        "action": "PutObject", "category": ["file"], "id": "c0ffee00-0000-4000-8000-000000000001", "outcome": "success",
        "provider": "s3.amazonaws.com", "original": '{"eventName":"PutObject","requestParameters":{"key":"a=b|c\\\\d.txt"}}',
    },
    "cloud": {"provider": "aws", "region": "eu-west-1"},
    "source": {"ip": "203.0.113.9"},
    "user": {"name": "alice", "id": "AIDAEXAMPLE"},
    "user_agent": {"original": "aws-cli/2.15.0 md/Botocore#1.34"},
    "error": {"code": "AccessDenied"},
}  # fmt: skip

TEXT = st.text(st.characters() | st.sampled_from("\n\r\t\\|=\"'^: ,;\x00\x1b\x7f\x85\x9b\u2028\u2029\ud800{}[]%"), max_size=12)
# values that try: what each format has for itself, in the order that would end a field
TRIES = st.sampled_from(
    ["a src=198.51.100.9", "a|b", "\\", "\\=", "a\n<13>b", "x\tsrc=1", "x^src=1", "x||src=1", 'x" src="1', "a\\", " ", "", "||", "=", "a|"]
)
VALUE = TEXT | TRIES
# Texts that hypothesis has found in the code may be names of fields, which have tags of their own.
NAMES = TEXT.filter(lambda name: not schema.is_known(name)) | st.sampled_from(["src", "SRC", "sev", "cs1Label", "rt", "a.b", "source.ip"])
WILD = st.dictionaries(NAMES, VALUE, max_size=4)


def encode(formatter: Formatter, record: dict[str, Any], type_name: str = "demo", /, **options: str) -> bytes:
    """Encode one record."""
    one = configured(formatter, "formatter", **options)
    one.open()
    return one.prepare(log_type(type_name))(record)


def shown(text: str, *, marks: str = "", keep: str = "") -> str:
    """Return a text as it reads where controls, and ``marks``, are written as Python writes them."""
    found = []
    for character in text:
        code = ord(character)
        if character in keep:
            found.append(character)
        elif character in marks or code < 32 or 0x7F <= code <= 0x9F or code in (0x2028, 0x2029):
            short = {9: "\\t", 10: "\\n", 13: "\\r"}
            found.append(short.get(code) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"))
        else:
            found.append("\ufffd" if 0xD800 <= code <= 0xDFFF else character)
    return "".join(found)


def is_one_line(body: bytes, *, allowed: str = "") -> bool:
    """Tell whether no receiver, terminal or editor sees the end of a line, or a control other than those allowed."""
    text = body.decode()
    return not any(shown(character) != character for character in text if character not in allowed and character != "\ufffd")
