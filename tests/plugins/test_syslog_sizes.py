"""Messages that are larger than their receiver takes: shrunk, cut, split, refused; counted in any case."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.api import Outcome, ParseError, Parts
from loader.receiver import Receiver
from plugins._syslog.sizes import MARKER, boundary, cut, cut_up, shortened, without_raw
from tests import drivers
from tests.plugins.syslog_messages import CLOUDTRAIL, configured, encode, read_5424, split_at, split_octets

TIME = {"@timestamp": "2024-05-24T07:32:05Z"}
FRAMINGS = {"none": lambda stream: [stream], "lf": lambda stream: split_at(b"\n", stream), "octet": split_octets}
BIG_RECORDS = st.dictionaries(
    st.sampled_from(["@message", "a", "b", "ä", "list"]),
    st.text(max_size=900)
    | st.lists(st.text(max_size=30), max_size=60)
    | st.fixed_dictionaries({"original": st.text(max_size=900), "x": st.integers()}),
    max_size=5,
)


def fitted(record, pack=encode, **values):
    """Return the output, and what it packs of the record in 480 bytes unless told otherwise."""
    output = configured(**{"max_message_bytes": 480, "hostname": "web-1", **values})
    return output, output.prepare(CLOUDTRAIL, pack)({**TIME, **record})


def messages(packed, framing="none"):
    return [one for piece in (packed.pieces if isinstance(packed, Parts) else [packed]) for one in FRAMINGS[framing](piece)]


# --- what fits


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("oversize", ["shrink", "cut", "split", "refuse"])
def test_a_message_of_exactly_the_limit_is_left_as_it_is_and_one_more_byte_is_too_much(framing, oversize):
    output = configured(max_message_bytes=1000, framing=framing, oversize=oversize, hostname="web-1")
    pack = output.prepare(CLOUDTRAIL, lambda record: b"x" * record["n"])
    (empty,) = messages(pack({**TIME, "n": 0}), framing)
    (whole,) = messages(pack({**TIME, "n": 1000 - len(empty)}), framing)
    assert len(whole) == 1000
    assert not output.counted
    sizes = [len(message) for message in messages(pack({**TIME, "n": 1001 - len(empty)}), framing)]
    if oversize == "refuse":
        assert sizes == [1001]
    else:
        assert max(sizes) <= 1000
        assert output.counted.total() == 1


def test_without_a_limit_nothing_is_measured():
    output, packed = fitted({"a": "x" * 10**6}, max_message_bytes=0)
    assert len(packed) > 10**6
    assert output.offer([packed], lambda messages: Outcome(retry=(0,))) == Outcome(retry=(0,))


def test_the_limit_of_a_datagram_holds_where_none_is_set():
    output = configured(datagram=65507)
    assert len(output.prepare(CLOUDTRAIL, encode)({"a": "x" * 70000})) <= 65507
    assert output.most == 65507


# --- shrink


def test_the_raw_text_goes_first_and_alone_when_that_is_enough():
    record = {"@message": "r" * 500, "event": {"action": "x", "original": "r" * 500}, "note": "n" * 200}
    output, packed = fitted(record)
    assert json.loads(read_5424(packed).msg) == {**TIME, "event": {"action": "x"}, "note": "n" * 200}
    assert output.counted == {"raw text left out to fit out_syslog": 1}


def test_then_the_longest_texts_are_shortened_as_little_as_need_be_with_a_marker():
    record = {"@message": "r" * 500, "long": "ü" * 400, "longer": {"x": ["y" * 900]}, "short": "s" * 60, "n": 17}
    output, packed = fitted(record)
    found = json.loads(read_5424(packed).msg)
    assert 420 < len(packed) <= 480
    assert (found["short"], found["n"]) == ("s" * 60, 17)
    for text in (found["long"], found["longer"]["x"][0]):
        assert text.endswith(MARKER) and len(text.encode()) > 70
    assert output.counted == {"texts shortened to fit out_syslog": 1}


def test_long_lists_are_shortened_too():
    _, packed = fitted({"related": {"ip": [f"192.0.2.{n}" for n in range(200)]}})
    addresses = json.loads(read_5424(packed).msg)["related"]["ip"]
    assert addresses == [f"192.0.2.{n}" for n in range(len(addresses))]
    assert 4 <= len(addresses) < 40


def test_what_has_nothing_to_shorten_is_cut():
    output, packed = fitted({f"field{n}": n for n in range(100)})
    assert packed.endswith(MARKER.encode())
    assert len(packed) == 480
    assert output.counted == {"cut to fit out_syslog": 1}


def test_a_form_that_is_the_raw_text_keeps_it_shortened():
    def raw(record):
        if "@message" not in record:
            raise ParseError("there is no raw text")
        return record["@message"].encode()

    output, packed = fitted({"@message": "ü" * 500}, raw)
    assert read_5424(packed).msg.decode().lstrip("ü") == MARKER
    assert 470 < len(packed) <= 480
    assert output.counted == {"texts shortened to fit out_syslog": 1}


@given(BIG_RECORDS)
def test_what_is_shrunk_is_whole_json_within_the_limit(record):
    before = json.dumps(record)
    output, packed = fitted(record)
    assert len(packed) <= 480
    assert json.dumps(record) == before, "the record was changed"
    if "cut to fit out_syslog" not in output.counted:
        found = json.loads(read_5424(packed).msg)
        assert set(found) >= {*record, *TIME} - {"@message"}
    assert sum(output.counted.values()) == (len(encode({**TIME, **record})) > 480 - len(packed) + len(read_5424(packed).msg))


@given(st.text(max_size=300), st.integers(64, 400))
def test_shortening_keeps_what_it_can(text, space):
    record = {"a": text, "b": 1}
    found = shortened(record, encode, space)
    if found is None:
        assert len(encode({"a": text.encode()[:64].decode("utf-8", "ignore"), "b": 1})) > space - len(MARKER)
    else:
        assert len(found) <= space
        kept = json.loads(found)["a"]
        assert kept == text or kept.endswith(MARKER) and text.startswith(kept.removesuffix(MARKER).rstrip("\\"))


def test_shortening_is_never_a_byte_over():
    for space in range(64, 300):
        assert len(shortened({"a": "x" * 1000}, lambda record: record["a"].encode(), space)) in (space, space - 1, space - 2, space - 3, space - 4)


def test_the_raw_text_is_left_out_of_a_copy():
    record = {"@message": "r", "event": {"original": "r", "action": "x"}}
    assert without_raw(record) == {"event": {"action": "x"}}
    assert record == {"@message": "r", "event": {"original": "r", "action": "x"}}
    assert without_raw({"event": {"action": "x"}}) is None
    assert without_raw({"event": "x"}) is None


# --- cut


@given(st.text(max_size=200), st.integers(8, 300))
def test_a_cut_is_within_the_limit_at_a_character_and_has_the_marker(text, most):
    found = cut(text.encode("utf-8", "replace"), most)
    assert len(found) <= most
    shown = found.decode()
    if shown != text:
        assert shown.endswith(MARKER)
        assert text.startswith(shown.removesuffix(MARKER))


@given(st.binary(max_size=100), st.integers(8, 90))
def test_bytes_that_are_no_utf_8_are_cut_within_the_limit_too(body, most):
    assert len(cut(body, most)) <= most
    assert 0 <= boundary(body, most) <= most


def test_a_cut_does_not_leave_half_an_escape():
    assert cut(rb"act=a\\\=b" + b"x" * 40, 16) == b"act=a" + MARKER.encode()


def test_cutting_goes_for_the_end_and_leaves_the_raw_text_where_it_is():
    output, packed = fitted({"@message": "r" * 300, "z": "z" * 300}, oversize="cut")
    assert b"r" * 300 in packed
    assert packed.endswith(b"z" + MARKER.encode())
    assert len(packed) == 480
    assert output.counted == {"cut to fit out_syslog": 1}


# --- split

PIECE = re.compile(rb'\[part id="([0-9a-f]{12})" n="([0-9]+)" of="([0-9]+)"\] ')


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("header", ["rfc5424", "rfc3164", "none"])
@given(text=st.text(st.sampled_from('aé€😀\\"'), min_size=600, max_size=900))
def test_pieces_are_within_the_limit_and_join_to_the_whole(framing, header, text):
    _, packed = fitted({}, lambda record: text.encode(), oversize="split", framing=framing, header=header)
    found = messages(packed, framing)
    assert max(map(len, found)) <= 480
    parts = [PIECE.search(one) for one in found]
    assert len({part[1] for part in parts}) == 1
    assert [(int(part[2]), int(part[3])) for part in parts] == [(number, len(found)) for number in range(1, len(found) + 1)]
    bodies = [one[part.end() :] for one, part in zip(found, parts, strict=True)]
    assert "".join(body.decode() for body in bodies) == text  # each is text by itself
    assert len({one[: part.start()] for one, part in zip(found, parts, strict=True)}) == 1  # all under the same header


@pytest.mark.parametrize("data", [{}, {"structured_data": "ecs@1", "structured_fields": "a"}])
def test_with_an_enterprise_number_the_pieces_are_told_by_structured_data(data):
    output, packed = fitted({"a": 'b"]'}, lambda record: b"x" * 1000, oversize="split", enterprise_id="32473", **data)
    found = [read_5424(one) for one in messages(packed)]
    assert b"".join(one.msg for one in found) == b"x" * 1000
    own = [("ecs@1", [("a", 'b"]')])] if data else []
    assert [one.data[:-1] for one in found] == [own] * len(found)
    told = [dict(one.data[-1][1]) for one in found]
    assert [one.data[-1][0] for one in found] == ["part@32473"] * len(found)
    assert [(int(one["n"]), int(one["of"])) for one in told] == [(number, len(found)) for number in range(1, len(found) + 1)]
    assert output.counted == {"split to fit out_syslog": 1}


def test_two_records_have_pieces_of_two_ids_and_the_same_record_the_same_again():
    ids = {PIECE.search(fitted({"a": text * 1000}, oversize="split")[1])[1] for text in "xyx"}
    assert len(ids) == 2


def test_many_pieces_have_room_for_their_numbers():
    _, packed = fitted({}, lambda record: b"x" * 100_000, oversize="split")
    assert max(map(len, packed.pieces)) <= 480
    assert len(packed.pieces) > 100


@given(st.binary(max_size=300), st.integers(32, 100))
def test_whatever_the_bytes_pieces_join_to_them(body, most):
    pieces = cut_up(body, most)
    assert b"".join(pieces) == body
    assert all(0 < len(piece) <= most for piece in pieces)


# --- refuse


def test_what_is_refused_is_told_and_the_rest_is_sent():
    output = configured(max_message_bytes=480, oversize="refuse", hostname="web-1")
    pack = output.prepare(CLOUDTRAIL, encode)
    packed = [pack({**TIME, "a": "x" * count}) for count in (10, 900, 20, 901, 30)]
    sent = []

    def write(messages):
        sent.extend(messages)
        return Outcome(retry=(1,), refused={2: "why not"})

    outcome = output.offer(packed, write)
    assert sent == [packed[0], packed[2], packed[4]]
    assert list(outcome.retry) == [2]
    assert outcome.refused.keys() == {1, 3, 4}
    assert outcome.refused[1] == f"{len(packed[1])} bytes are more than max_message_bytes = 480: raise it, or set oversize"
    assert outcome.refused[4] == "why not"
    assert output.uneven


def test_nothing_is_written_when_all_are_refused():
    output = configured(max_message_bytes=480, oversize="refuse")
    packed = output.prepare(CLOUDTRAIL, encode)({"a": "x" * 900})
    assert list(output.offer([packed], lambda messages: pytest.fail("written")).refused) == [0]


@pytest.mark.parametrize("oversize", ["shrink", "cut", "split"])
def test_a_header_that_leaves_no_room_is_refused_with_the_reason(oversize):
    values = {"structured_data": "a@1", "structured_fields": "a", "oversize": oversize}
    output, packed = fitted({"a": "x" * 900}, **values)
    outcome = output.offer([packed], lambda messages: Outcome())
    assert outcome.refused == {0: f"{len(packed)} bytes are more than max_message_bytes = 480: its header leaves no room: use fewer fields in it"}
    assert not output.counted


def test_pieces_are_not_refused_for_being_more_than_the_limit_together():
    output, packed = fitted({"a": "x" * 2000}, oversize="split")
    assert output.offer([packed], lambda messages: Outcome(retry=range(len(messages)))) == Outcome(retry=range(1))
    assert not output.uneven


# --- in a load

DEMO = "[demo]\ns3_key = demo\nfile_format = json\necs = message\nmessage = text\ncloud_provider =\n"
BODY = b"".join(b'{"text":"%b"}\n' % (b"x" * count) for count in (10, 3000, 20))


def loaded(folder, ini):
    """Load three records, the second of which is large, to a receiver and to a file."""
    with Receiver() as siem:
        ini = f"{DEMO}[out_syslog]\nhost = 127.0.0.1\nport = {siem.port}\nprotocol = tcp\nfields = lean\nmax_message_bytes = 1000\n{ini}"
        found = drivers.load(folder, ini, "demo/1", BODY, files=())
        assert siem.wait(2)
        return found, siem.messages


def test_what_was_shortened_is_in_the_account_of_the_object(tmp_path):
    found, messages = loaded(tmp_path, "")
    assert [len(message) <= 1000 for message in messages] == [True] * 3
    assert found.account.ledger.flags["texts shortened to fit out_syslog"] == 1
    assert found.account.ledger.delivered["out_syslog"] == 3


def test_pieces_are_one_record_in_the_account(tmp_path):
    found, messages = loaded(tmp_path, "oversize = split\n")
    assert len(messages) > 4
    assert found.account.ledger.delivered["out_syslog"] == 3
    assert found.account.ledger.balances()


def test_a_message_that_is_refused_is_in_the_dead_letter_and_other_outputs_have_theirs(tmp_path):
    found, messages = loaded(tmp_path, "oversize = refuse\n")
    ledger = found.account.ledger
    assert (len(messages), ledger.delivered["out_syslog"], ledger.refused["out_syslog"], ledger.delivered["out_file"]) == (2, 2, 1, 3)
    assert ledger.balances()
    (row,) = found.rejects
    assert (row["stage"], row["output"]) == ("deliver", "out_syslog")
    assert "more than max_message_bytes = 1000" in row["reason"]
    assert "x" * 3000 in row["message"]
