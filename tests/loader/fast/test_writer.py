"""``loader/fast/writer.py``: the function as text, one message an output, and what goes around it."""

from __future__ import annotations

import ast

import pytest

from tests.drivers import both_ways
from tests.loader.fast.cases import HOOK, T, compiled

CSV = {"file_format": "csv", "csv_delimiter": ",", "timestamp_key": "time", "ecs": "source.ip user.name", "source.ip": "ip", "user.name": "who"}
BODY = "\n".join(["time,ip,who", *(f"2024-05-01T00:00:00.{number:06}Z,192.0.2.{number},user{number}" for number in range(30))]).encode()
HEADERS = ["protocol=tcp", "protocol=tcp framing=octet", "protocol=tcp framing=nul", "protocol=udp", "protocol=tcp header=none",
    "protocol=tcp header=none framing=octet",
           "protocol=tcp app_name=it's{a}", "protocol=tcp hostname=é%s", "protocol=tcp facility=auth severity=crit procid=7 msgid=m"]  # fmt: skip


@pytest.mark.parametrize("fields", ["full", "ecs", "lean"])
@pytest.mark.parametrize("header", HEADERS)
def test_headers_and_frames(header: str, fields: str) -> None:
    quick, plain, through = both_ways(compiled(CSV, (f"{fields} {header}",)), "k", BODY)
    assert (quick == plain, through) == (True, 30)


@pytest.mark.parametrize("policy", ["shrink", "cut", "split", "refuse"])
@pytest.mark.parametrize("framing", ["lf", "octet", "nul"])
def test_messages_around_the_largest_size(policy: str, framing: str) -> None:
    body = "\n".join(["time,ip,who", *(f"{T},192.0.2.1,{'x' * size}" for size in range(0, 300, 3))]).encode()
    plan = compiled(CSV, (f"full protocol=tcp framing={framing} max_message_bytes=1100 oversize={policy}",))
    quick, plain, through = both_ways(plan, "k", body)
    assert quick == plain
    assert 0 < through < 100


def test_several_outputs_get_each_record_once_and_an_odd_one_no_more() -> None:
    plan = compiled(CSV, ("full", "ecs protocol=tcp max_message_bytes=600", "lean", "full protocol=udp", "ecs"))
    body = "\n".join(["time,ip,who", *(f"{T},192.0.2.1,{'x' * (400 if number % 3 == 0 else 5)}" for number in range(30))]).encode()
    quick, plain, through = both_ways(plan, "k", body)
    assert quick == plain
    assert through == 20
    assert {len(messages) for messages in quick.packed.values()} == {30}


def test_the_text_of_the_function_is_kept_and_reads_as_python() -> None:
    plan = compiled(CSV, ("full", "ecs"), f"{HOOK}\nDERIVED = (derive('event.action', echo, 'who'),)\n")
    assert plan.fast is not None
    both_ways(plan, "k", BODY)
    (function,) = plan.fast.functions.values()
    assert not isinstance(function, str)
    source = function.run.source
    assert source.startswith("def run(rows, texts")
    assert isinstance(ast.parse(source).body[0], ast.FunctionDef)


@pytest.mark.parametrize("form", ["csv", "json"])
def test_of_a_record_that_is_odd_at_the_second_output_the_first_sends_no_message(form: str) -> None:
    """What it had sent by then is undone: the steps make its messages for all outputs."""
    sizes = [5, 400, 5, 5, 400, 5, 5]
    lines = [f"{T},192.0.2.1,{'x' * size}" for size in sizes]
    if form == "json":
        lines = [f'{{"time": "{T}", "ip": "192.0.2.1", "who": "{"x" * size}"}}' for size in sizes]
    body = "\n".join([*(["time,ip,who"] if form == "csv" else []), *lines]).encode()
    plan = compiled({**CSV, "file_format": form}, ("full", "lean protocol=tcp max_message_bytes=500 oversize=cut"))
    quick, plain, through = both_ways(plan, "k", body)
    assert (quick == plain, through) == (True, 5)
    assert [len(messages) for messages in quick.packed.values()] == [7, 7]
    assert plan.fast is not None
    (function,) = plan.fast.functions.values()
    assert not isinstance(function, str)
    rows = [{"time": T, "ip": "192.0.2.1", "who": "x" * size} for size in sizes] if form == "json" else lines
    (first, second), odd, _ = function(rows, [str(row) for row in rows], None, None, "2024-05-24T09:00:00+00:00", "k", "b", "", "", "p", 0, False)
    assert odd == [1, 4]
    assert [place for place, message in enumerate(first) if message is None] == [place for place, one in enumerate(second) if one is None] == odd
