"""The engine: every mistake is told before the first record, and every source ends with an account that is true."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import json
import logging
import os
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from loader.api import TAKEN, Blocks, Outcome, OutputClosed, Retryable, Source, SourceError, SourceSkipped
from loader.engine import Engine, Task
from loader.errors import CORRUPT, TRANSIENT, ConfigError
from loader.ledger import DONE, FAILED, SKIPPED, Account, Ledger
from loader.pace import FIELDS
from loader.sharing import Lock, Shared
from tests import drivers

TYPE = "[demo]\ns3_key = demo\nfile_format = text\nlog_pattern = (?P<ip>\\S+) (?P<n>\\d+)\n"
LINES = b"192.0.2.1 1\n192.0.2.2 2\nnonsense\n192.0.2.3 3\n"


def engine(folder: Path, ini: str = TYPE) -> Engine:
    return drivers.engine(folder, ini, files=())


def load(folder: Path, body: bytes, ini: str = TYPE, key: str = "demo/x") -> drivers.Loaded:
    return drivers.load(folder, ini, key, body, files=())


def test_a_mistake_stops_an_engine_before_the_first_record(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"priority: 'high' is not a whole number"):
        engine(tmp_path, f"{TYPE}priority = high\n")


def test_a_source_is_read_to_its_end_and_its_account_is_true(tmp_path: Path) -> None:
    loaded = load(tmp_path, LINES)
    account, ledger = loaded.account, loaded.account.ledger
    assert (account.status, account.log_type, account.uri) == (DONE, "demo", "s3://sample-bucket/demo/x")
    assert (ledger.read, ledger.excluded, ledger.rejected, dict(ledger.delivered)) == (4, 0, 1, {"out_file": 3})
    assert account.reason == "1 of 4 records rejected"
    assert ledger.bytes_in == len(LINES)
    assert ledger.bytes_out == (tmp_path / "out.jsonl").stat().st_size
    assert [document["ip"] for document in loaded.documents] == ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
    where = {"log_type": "demo", "bucket": "sample-bucket", "key": "demo/x", "etag": "e", "record": 2}
    assert [{**row, "time": ""} for row in loaded.rejects] == [
        {"stage": "parse", "reason": "does not match log_pattern", **where, "raw": "nonsense", "time": ""}
    ]


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("other/x", "unknown log type: no s3_key pattern is found in this key"),
        ("demo/", "a folder"),
        ("demo/tmp", "ignored by s3_key_ignored of demo"),
    ],
)
def test_what_is_not_for_us_is_skipped_with_a_reason_and_never_read(tmp_path: Path, key: str, reason: str) -> None:
    one = engine(tmp_path, TYPE + "s3_key_ignored = tmp\n")
    one.input = drivers.MemoryInput({})  # any read would fail
    account = one.run(Task(1, Source("b", key)))
    assert (account.status, account.reason) == (SKIPPED, reason)
    assert account.ledger.balances()


def test_a_type_that_no_output_takes_is_skipped_with_the_reason(tmp_path: Path) -> None:
    one = Engine(drivers.configuration.load([], [path_of(tmp_path, TYPE + "[out_null]\nmatch = audit* other\n")]), "in_file")
    one.input = drivers.MemoryInput({})
    account = one.run(Task(1, Source("b", "demo/x")))
    assert (account.status, account.reason) == (SKIPPED, "no output matches log type demo")


def path_of(folder: Path, ini: str) -> Path:
    path = folder / "other.ini"
    path.write_text(ini)
    return path


@pytest.mark.parametrize("body", [b"", b"\n\n  \n", gzip.compress(b"")], ids=["nothing", "blank", "empty gzip"])
def test_an_empty_object_is_done_and_says_so(tmp_path: Path, body: bytes) -> None:
    account = load(tmp_path, body).account
    assert (account.status, account.reason, account.ledger.read) == (DONE, "empty: no records", 0)


class BreakingInput(drivers.MemoryInput):
    """Yields the object and then raises."""

    def __init__(self, body: bytes, error: Exception) -> None:
        super().__init__({"demo/x": body})
        self.error = error

    def read(self, source: Source) -> Blocks:
        yield from super().read(source)
        raise self.error


@pytest.mark.parametrize("error", [SourceError("cut off"), ConnectionResetError("cut off")])
def test_what_was_read_of_a_source_that_breaks_arrives_and_its_account_is_failed(tmp_path: Path, error: Exception) -> None:
    one = engine(tmp_path)
    one.input = BreakingInput(LINES * 100, error)
    account = one.run(Task(1, Source("b", "demo/x")))
    assert account.status == FAILED
    assert account.reason == ("cut off" if isinstance(error, SourceError) else "unexpected ConnectionResetError: cut off")
    assert ("Traceback" in account.detail) == (not isinstance(error, SourceError))
    assert len(drivers.rows(tmp_path / "out.jsonl")) == account.ledger.delivered["out_file"] == 300
    assert len(drivers.rows(tmp_path / "rejects.ndjson")) == account.ledger.rejected == 100
    assert account.ledger.balances()


def test_a_source_that_its_input_skips_while_reading_is_skipped(tmp_path: Path) -> None:
    one = engine(tmp_path)
    one.input = BreakingInput(b"", SourceSkipped("archived in GLACIER"))
    account = one.run(Task(1, Source("b", "demo/x")))
    assert (account.status, account.reason) == (SKIPPED, "archived in GLACIER")


def test_a_truncated_gzip_fails_after_what_could_be_read(tmp_path: Path) -> None:
    whole = b"".join(b"192.0.2.1 %d\n" % (n * 7919 % 10007) for n in range(20000))
    loaded = load(tmp_path, gzip.compress(whole)[:-9])
    assert loaded.account.status == FAILED
    assert "the object is incomplete" in loaded.account.reason
    assert 0 < loaded.account.ledger.read <= 20000
    assert len(loaded.documents) == loaded.account.ledger.delivered["out_file"] > 1000


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"\x7fELF\0\0\0\0" + bytes(600), "binary data of an unknown format, starting 7f 45 4c 46"),
        (bz2.compress(b"a 1\n")[:-3], "the object is incomplete"),
        (b"PAR1" + bytes(20), "broken Parquet"),
    ],
)
def test_an_object_that_cannot_be_decoded_fails_with_what_it_is(tmp_path: Path, body: bytes, said: str) -> None:
    account = load(tmp_path, body).account
    assert account.status == FAILED
    assert said in account.reason
    assert account.ledger.balances()


def test_a_missing_object_fails(tmp_path: Path) -> None:
    one = engine(tmp_path, f"{TYPE}[in_file]\nroot = {tmp_path}\n")
    one.open_input()
    account = one.run(Task(1, Source("b", "demo/x")))
    assert account.status == FAILED
    assert account.reason == f"no file 'demo/x' in the folder {str(tmp_path)!r}"


def test_a_limit_of_the_loader_section_is_named_when_it_is_met(tmp_path: Path) -> None:
    account = load(tmp_path, gzip.compress(b"192.0.2.1 1\n" * 10_000), f"{TYPE}[loader]\nmax_object_bytes = 1k\n").account
    assert account.status == FAILED
    assert "the 1024 bytes of [loader] max_object_bytes" in account.reason


HOOK = {
    "raises": ("logdata['seen'] = 1\n    raise KeyError('nope')", "sf_demo: KeyError: 'nope'"),
    "returns None": ("logdata['seen'] = 1", "sf_demo: TypeError: transform returned None, not the record"),
    "returns a text": ("logdata['seen'] = 1\n    return 'done'", "sf_demo: TypeError: transform returned str, not the record"),
}


@pytest.mark.parametrize("name", HOOK)
def test_a_record_whose_hook_fails_goes_on_as_the_hook_left_it_counted_and_logged_once(
    tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    body, said = HOOK[name]
    (tmp_path / "sf_demo.py").write_text(f"def transform(logdata):\n    {body}\n")
    with caplog.at_level(logging.WARNING):
        loaded = load(tmp_path, LINES, f"{TYPE}script_ecs = x\n[loader]\nhooks = {tmp_path}\n")
    assert loaded.account.status == DONE
    assert [(document["seen"], document["error"]["message"]) for document in loaded.documents] == [(1, said)] * 3
    assert loaded.account.ledger.flags == {"hook failed": 3}
    (told,) = [record.getMessage() for record in caplog.records if "hook" in record.getMessage()]
    assert told.startswith(f"hook of demo failed on s3://sample-bucket/demo/x: {said.removeprefix('sf_demo: ')}")


class FailingOutput(drivers.MemoryOutput):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error: Exception | None = error

    def write(self, messages: Sequence[bytes]) -> Outcome:
        if self.error:
            raise self.error
        return super().write(messages)


def with_output(folder: Path, output: drivers.MemoryOutput) -> Engine:
    one = engine(folder, f"{TYPE}ecs = source.ip\nsource.ip = ip\n")
    drivers.configured(output, "out_file", retry_for="0")
    one.deliveries["out_file"].output = output
    one.deliveries["out_file"].backoff.limit = 0
    one.input = drivers.MemoryInput({"demo/x": LINES, "demo/y": b"192.0.2.9 9\n"})
    return one


@pytest.mark.parametrize(("error", "stop"), [(Retryable("no route"), False), (OutputClosed("reader gone"), True), (ValueError("bug"), False)])
def test_an_output_that_takes_nothing_fails_the_source_and_the_next_does_not_pay(tmp_path: Path, error: Exception, stop: bool) -> None:
    output = FailingOutput(error)
    one = with_output(tmp_path, output)
    first = one.run(Task(1, Source("b", "demo/x")))
    assert (first.status, first.stop) == (FAILED, stop)
    assert str(error) in first.reason
    assert first.ledger.delivered["out_file"] == 0
    output.error = None
    second = one.run(Task(2, Source("b", "demo/y")))
    assert (second.status, second.ledger.delivered["out_file"]) == (DONE, 1)
    assert [json.loads(message)["ip"] for message in output.messages] == ["192.0.2.9"]


def test_each_of_several_outputs_must_take_every_record(tmp_path: Path) -> None:
    loaded = load(tmp_path, LINES, f"{TYPE}[out_file:second]\npath = {tmp_path}/second.jsonl\nfields = ecs\nmatch = demo\n[out_null]\nmatch = d*o\n")
    assert loaded.account.status == DONE
    assert dict(loaded.account.ledger.delivered) == {"out_file": 3, "out_file:second": 3, "out_null": 3}
    second = drivers.rows(tmp_path / "second.jsonl")
    assert [row["event"]["original"] for row in second] == [row["@message"] for row in loaded.documents]


def test_progress_is_told_as_chunks_are_done(tmp_path: Path) -> None:
    one = engine(tmp_path, f"{TYPE}[loader]\nchunk_records = 1\n")
    one.input = drivers.MemoryInput({"demo/x": LINES})
    seen: list[int] = []
    one.run(Task(1, Source("b", "demo/x")), lambda ledger: seen.append(ledger.read))
    assert seen == [1, 2, 3, 4]


def test_an_account_crosses_to_the_parent_process_as_it_is(tmp_path: Path) -> None:
    account: Account = load(tmp_path, LINES).account
    assert pickle.loads(pickle.dumps(account)) == account


def test_with_no_output_configured_documents_go_to_standard_output(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    one = Engine(drivers.configuration.load([path_of(tmp_path, f"{TYPE}[out_file:dead_letter]\npath = {tmp_path}/rejects\n")]), "in_file")
    one.input = drivers.MemoryInput({"demo/x": LINES})
    account = one.run(Task(1, Source("b", "demo/x")))
    assert dict(account.ledger.delivered) == {"out_stdout": 3}
    shown: list[dict[str, Any]] = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [row["n"] for row in shown] == ["1", "2", "3"]


def test_closing_closes_every_plugin(tmp_path: Path) -> None:
    one = engine(tmp_path)
    one.input = drivers.MemoryInput({"demo/x": LINES})
    one.run(Task(1, Source("b", "demo/x")))
    output: Any = one.assembly.plugins["out_file"]
    assert output.descriptor >= 0
    one.close()
    assert output.descriptor == -1


def test_a_mistake_that_shows_only_while_reading_ends_the_run(tmp_path: Path) -> None:
    one = engine(tmp_path)
    one.input = BreakingInput(b"", ConfigError("no credentials"))
    with pytest.raises(ConfigError, match="no credentials"):
        one.run(Task(1, Source("b", "demo/x")))


class HesitantOutput(drivers.MemoryOutput):
    """Asks once for the first message again."""

    def write(self, messages: Sequence[bytes]) -> Outcome:
        super().write(messages)
        return Outcome(retry=[0]) if len(self.calls) < 2 else TAKEN


def test_a_message_asked_for_again_is_still_counted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = HesitantOutput()
    one = with_output(tmp_path, output)
    one.deliveries["out_file"].backoff.limit = 60
    monkeypatch.setattr(one.deliveries["out_file"], "sleep", lambda pause: None)
    account = one.run(Task(1, Source("b", "demo/x")))
    assert (account.status, account.ledger.delivered["out_file"]) == (DONE, 3)
    assert [len(call) for call in output.calls] == [3, 1]


def test_engines_of_one_run_share_rates_and_the_lock_of_outputs(tmp_path: Path) -> None:
    ini = f"{TYPE}[out_null]\nrate = 10\n[out_null:free]\n"
    one, other = (drivers.engine(tmp_path / name, ini, files=()) for name in "ab")
    shared = Shared([*one.deliveries, one.dead_letter.delivery.output.name], FIELDS)
    for engine in (one, other):
        engine.share(shared)
    first, second = (engine.deliveries["out_null"].pace for engine in (one, other))
    assert first and second
    assert (first.turn(5, 5), second.turn(5, 5)) == (0, pytest.approx(0.4, abs=0.05))
    assert one.deliveries["out_null:free"].pace is None
    assert isinstance(one.deliveries["out_null:free"].output.lock, Lock)


@pytest.mark.parametrize(("error", "failure"), [(OSError(28, "No space left on device"), TRANSIENT), (KeyError("a mistake of ours"), CORRUPT)])
def test_trouble_of_the_machine_may_pass_and_another_surprise_is_the_objects(tmp_path: Path, error: Exception, failure: str) -> None:
    one = engine(tmp_path)
    one.input = BreakingInput(LINES, error)
    assert one.run(Task(1, Source("b", "demo/x"))).failure == failure


def test_an_object_that_another_process_is_at_is_waited_for_and_nothing_of_it_is_sent_again(tmp_path: Path) -> None:
    begun, end = os.pipe(), os.pipe()

    def pause(seconds: float) -> None:
        os.write(end[1], b".")  # from now on the other goes on
        os.waitpid(pid, 0)

    body, task = {"demo/x": b"192.0.2.1 1\n" * 20}, Task(1, Source("b", "demo/x", etag="e"))
    one = drivers.engine(tmp_path, f"{TYPE}[loader]\nstate = {tmp_path}/state\nchunk_records = 5\n", files=())
    one.input, one.pause = drivers.MemoryInput(body, 40), pause
    one.use_ledger()
    if not (pid := os.fork()):
        try:
            os.close(end[1])

            def amid(ledger: Ledger) -> None:
                if ledger.read == 10:
                    os.write(begun[1], b".")
                    os.read(end[0], 1)

            os._exit(one.run(task, amid).status != DONE)
        finally:
            os._exit(2)
    os.read(begun[0], 1)
    account = one.run(task)
    for descriptor in (*begun, *end):
        os.close(descriptor)
    with contextlib.suppress(ChildProcessError):  # it was waited for
        os.waitpid(pid, 0)
    assert (account.status, account.reason.partition(":")[0]) == (SKIPPED, "done already")
    assert len(drivers.rows(tmp_path / "out.jsonl")) == 20
