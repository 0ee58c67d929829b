"""The API of plugins: what it exports, and what a plugin that says nothing does."""

from __future__ import annotations

import pytest

from loader import api
from tests import drivers


def test_everything_exported_is_there_and_in_order() -> None:
    assert len(set(api.__all__)) == len(api.__all__)
    assert all(hasattr(api, name) for name in api.__all__)
    public = {name for name, value in vars(api).items() if not name.startswith("_") and getattr(value, "__module__", "").startswith("loader")}
    assert public - set(api.__all__) == set()


def test_an_outcome_says_that_all_was_taken_unless_told_otherwise() -> None:
    assert api.Outcome() == api.TAKEN
    assert (api.TAKEN.retry, api.TAKEN.refused) == ((), {})


def test_a_message_is_the_body_and_a_newline_unless_an_output_packs_it_otherwise() -> None:
    pack = api.Output().prepare(drivers.log_type(), lambda record: str(record["a"]).encode())
    assert pack({"a": 5}) == b"5\n"


def test_an_output_that_is_told_nothing_takes_every_type_whole() -> None:
    output = drivers.configured(drivers.MemoryOutput(), "out_x")
    assert isinstance(output, api.Output)
    assert (output.match, output.format, output.fields, output.keep, output.drop) == (["*"], "json", "full", [], [])
    assert (output.chunk_bytes, output.retry_for, output.retry_wait) == (512 * 1024, 300.0, 30.0)
    with output.lock:
        output.flush()
    output.close()


@pytest.mark.parametrize(
    ("kind", "call"),
    [
        (api.Input, lambda one: one.read(api.Source("b", "k"))),
        (api.Parser, lambda one: one.prepare(drivers.log_type(), api.Limits())),
        (api.Filter, lambda one: one.prepare(drivers.log_type())),
        (api.Formatter, lambda one: one.prepare(drivers.log_type())),
        (api.Output, lambda one: one.write([])),
    ],
)
def test_what_a_plugin_must_write_itself_says_so(kind: type[api.Plugin], call: object) -> None:
    with pytest.raises(NotImplementedError):
        call(kind())  # type: ignore[operator]
