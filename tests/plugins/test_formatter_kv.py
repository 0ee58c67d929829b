"""``plugins/formatter_kv.py``: pairs that a parser of each kind reads back, whatever the values hold."""

from __future__ import annotations

import ast
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.errors import ConfigError
from plugins.formatter_kv import KvFormatter
from tests import drivers
from tests.plugins.bodies import CALL, FLOW, VALUE, WILD, encode, is_one_line, shown


def pieces(body: bytes, between: str) -> dict[str, str]:
    """Read pairs as a receiver does that knows no quotes: it splits at the separator, and at the first =."""
    found = {}
    for part in body.decode().split(between):
        key, sign, value = part.partition("=")
        assert sign and key not in found
        found[key] = value
    return found


def quoted(body: bytes) -> dict[str, str]:
    """Read pairs with blanks between, as one that knows quotes and the escapes in them."""
    text, found, at = body.decode(), {}, 0
    while at < len(text):
        pair = re.compile(r'([^\s="]+)=("(?:[^"\\]|\\.)*"|[^\s"=]+)(?: +|\t|\Z)').match(text, at)
        assert pair, text[at:]
        assert pair[1] not in found
        found[pair[1]] = ast.literal_eval(pair[2]) if pair[2].startswith('"') else pair[2]
        at = pair.end()
    return found


def mended(text: str) -> str:
    return "".join("\ufffd" if 0xD800 <= ord(character) <= 0xDFFF else character for character in text)


def test_a_flow_with_two_bars_between_is_what_is_documented() -> None:
    body = encode(KvFormatter(), FLOW, separator="||", leading="yes")
    assert body == (
        b"||@timestamp=2024-05-24T07:32:05+00:00||event.action=reject||event.category=network||event.outcome=failure||event.type=denied,connection"
        b"||event.start=2024-05-24T07:31:05+00:00"
        b"||event.original=2 123456789012 eni-0a1b 192.0.2.10 198.51.100.20 49152 0 47 31 6127 1716535865 1716535925 REJECT OK"
        b"||cloud.provider=aws||cloud.account.id=123456789012||cloud.region=eu-central-1||source.ip=192.0.2.10||source.port=49152||source.bytes=6127"
        b"||source.packets=31||destination.ip=2001:db8::20||destination.port=0||network.transport=gre||network.iana_number=47"
        b"||related.ip=192.0.2.10,2001:db8::20"
    )


def test_a_call_with_blanks_between_is_quoted_where_it_must_be() -> None:
    body = encode(KvFormatter(), {"event": CALL["event"], "user_agent": CALL["user_agent"], "empty": ""})
    assert body.startswith(b"event.action=PutObject event.category=file event.id=c0ffee00-0000-4000-8000-000000000001 event.outcome=success ")
    assert body.endswith(
        rb'event.original="{\"eventName\":\"PutObject\",\"requestParameters\":{\"key\":\"a=b|c\\\\d.txt\"}}" '
        rb'user_agent.original="aws-cli/2.15.0 md/Botocore#1.34" empty=""'
    )


@given(
    separator=st.sampled_from(["|", "||", '", "', ";", " | ", "\\t|", "\\t", "¦"]),
    quote=st.sampled_from(["auto", "never", "always"]), values=st.lists(VALUE, min_size=1, max_size=4), wild=WILD,
)  # fmt: skip
def test_a_receiver_that_splits_at_the_separator_gets_just_the_pairs(separator: str, quote: str, values: list[str], wild: dict[str, str]) -> None:
    record = {"a": {str(number): value for number, value in enumerate(values)}, "b": wild}
    body = encode(KvFormatter(), record, separator=separator, quote=quote)
    between = separator.strip('"').replace("\\t", "\t")
    assert is_one_line(body, allowed="\t" if "\t" in between else "")
    found = pieces(body, between)
    mine = {key: found.pop(key) for key in list(found) if re.fullmatch(r"a\.\d", key)}
    if quote == "never" or (quote == "auto" and between.strip()):
        assert mine == {f"a.{number}": shown(value, marks=between.strip()) for number, value in enumerate(values)}
    assert len(mine) == len(values)
    assert len(found) <= len(wild)


@given(
    options=st.sampled_from([("auto", '" "'), ("always", '" "'), ("always", "\\t"), ("auto", '"  "')]), values=st.lists(VALUE, max_size=4), wild=WILD
)
def test_what_is_quoted_reads_back_as_it_was(options: tuple[str, str], values: list[str], wild: dict[str, str]) -> None:
    record = {"a": {str(number): value for number, value in enumerate(values)}, "b": wild}
    body = encode(KvFormatter(), record, quote=options[0], separator=options[1])
    found = quoted(body)
    assert {key: found.pop(key) for key in list(found) if re.fullmatch(r"a\.\d", key)} == {
        f"a.{number}": mended(value) for number, value in enumerate(values)
    }
    assert len(found) <= len(wild)


@given(values=st.lists(VALUE, min_size=1, max_size=4))
def test_without_quotes_blanks_between_pairs_are_the_only_ones(values: list[str]) -> None:
    body = encode(KvFormatter(), {str(number): value for number, value in enumerate(values)}, quote="never")
    assert list(pieces(body, " ").values()) == [shown(value, marks=" ") for value in values]


def test_keys_hold_nothing_that_ends_them_and_a_key_comes_once() -> None:
    body = encode(KvFormatter(), {"a b": 1, "a=b": 2, 'a"b': 3, "": 4, "größe": 5, "@x-y": 6}, separator="|")
    assert body.decode() == "a_b=1,2,3|_=4|größe=5|@x-y=6"


@pytest.mark.parametrize("separator", ["", '""', "a", "=", '"', "\\n", ".", "_", "@", "-", "\\x41"])
def test_a_separator_that_keys_or_lines_need_is_told(tmp_path: Any, separator: str) -> None:
    with pytest.raises(ConfigError, match=r"\[formatter_kv\] separator: .* cannot stand between pairs"):
        drivers.engine(tmp_path, f"[out_null]\nformat = kv\n[formatter_kv]\nseparator = {separator}\n", files=())
