"""``plugins/out_null.py``: takes everything."""

from __future__ import annotations

from loader.api import TAKEN
from plugins.out_null import NullOutput
from tests.drivers import configured, log_type


def test_everything_is_taken_and_nothing_kept():
    output = configured(NullOutput())
    output.open()
    before = dict(vars(output))
    assert output.write([]) is TAKEN
    assert output.write([b"a\n", b"b\n" * 10_000]) is TAKEN
    output.flush()
    output.close()
    assert vars(output) == before


def test_records_are_packed_as_for_any_other_output():
    assert configured(NullOutput()).prepare(log_type(), lambda record: b"body")({}) == b"body\n"
