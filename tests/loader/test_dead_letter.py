"""``loader/dead_letter.py``: rows go to an output like any other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loader.batch import Reject, Source
from loader.dead_letter import DeadLetter
from loader.errors import DeliveryError
from loader.ledger import Ledger
from loader.receiver import Receiver
from tests import drivers
from tests.loader.test_deliver import Always

NOW = 1716537600.5
TIME = "2024-05-24T08:00:00.500+00:00"


def letter() -> tuple[DeadLetter, drivers.MemoryOutput]:
    output = drivers.MemoryOutput()
    drivers.configured(output, "out_dead")
    return DeadLetter(output, lambda: NOW), output


def rows(one: DeadLetter, output: drivers.MemoryOutput) -> list[dict[str, object]]:
    one.delivery.flush()
    assert all(message.endswith(b"\n") and message.count(b"\n") == 1 for message in output.messages)
    return [json.loads(message) for message in output.messages]


def test_rejected_records_come_with_all_that_is_known_of_them() -> None:
    one, output = letter()
    rejects = [Reject(7, "raw\ntext", "why", "parse"), Reject(8, "x", "cut", "frame", cut=True)]
    one.rejected(Source("b", "a/k", etag='"e"', version="v1"), "demo", rejects)
    where = {"log_type": "demo", "bucket": "b", "key": "a/k", "time": TIME, "etag": '"e"', "version": "v1"}
    assert rows(one, output) == [
        {"stage": "parse", "reason": "why", **where, "record": 7, "raw": "raw\ntext"},
        {"stage": "frame", "reason": "cut", **where, "record": 8, "raw": "x", "cut": True},
    ]


def test_refused_messages_come_with_their_output_and_where_they_are_from() -> None:
    one, output = letter()
    one.refused("out_siem", b"<134>1 text", "too long", Ledger(place=("demo", "b", "a/k")))
    one.refused("out_siem", b"<134>1 text", "too long", Ledger())
    told = {"stage": "deliver", "reason": "too long", "output": "out_siem", "time": TIME, "message": "<134>1 text"}
    assert rows(one, output) == [{**told, "log_type": "demo", "bucket": "b", "key": "a/k"}, told]


def test_quarantined_objects_come_with_what_it_takes_to_load_them() -> None:
    one, output = letter()
    one.quarantined(Source("b", "a/k", version="v1", first=10, stop=20, alternates=("a%2Fk",)), "it does not exist", "demo")
    told = {"stage": "source", "reason": "it does not exist", "log_type": "demo", "bucket": "b", "key": "a/k", "time": TIME, "version": "v1"}
    assert rows(one, output) == [{**told, "first": 10, "stop": 20, "alternates": ["a%252Fk"]}]


def test_a_dead_letter_that_stays_down_is_an_error_and_never_a_loss() -> None:
    down = drivers.configured(Always(), "out_dead", retry_for="0")
    one = DeadLetter(down)  # type: ignore[arg-type]
    one.add([b"{}"])
    with pytest.raises(DeliveryError, match="gave up"):
        one.delivery.flush()


def test_rows_go_to_a_siem_as_messages_of_their_own(tmp_path: Path) -> None:
    ini = (
        "[demo]\ns3_key = demo\nfile_format = text\nlog_pattern = (?P<a>good)\n[loader]\ndead_letter = out_syslog:rejects\n"
        "[out_syslog:rejects]\nhost = 127.0.0.1\nport = {port}\nprotocol = tcp\nretry_for = 5s\n"
    )
    with Receiver() as siem:
        loaded = drivers.load(tmp_path, ini.format(port=siem.port), "demo", b"good\nbad\nworse\n")
        siem.wait(2)
        messages = list(siem.messages)
    assert (loaded.account.ledger.rejected, len(loaded.documents)) == (2, 1)
    heads, bodies = zip(*(message.split(b" - rejects - ") for message in messages), strict=True)
    assert all(head.startswith(b"<134>1 2") and b" rejects" in head for head in heads)
    assert [(row["raw"], row["record"]) for row in map(json.loads, bodies)] == [("bad", 1), ("worse", 2)]
