"""json_to_text: objects and lists as one text."""

from __future__ import annotations

import copy
import datetime
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from loader.batch import Batch, Source
from loader.stages import as_text
from tests.drivers import log_type

TREES: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=3), below, max_size=3),
    max_leaves=6,
)


def written(record: dict[str, Any], **options: str) -> dict[str, Any]:
    run = as_text.prepare(log_type(**options))
    assert run is not None
    batch = Batch(Source("b", "k"), [""], [copy.deepcopy(record)], [0], datetime.datetime.now(datetime.UTC))
    run(batch)
    return batch.records[0]


def test_a_type_that_names_no_field_has_no_step() -> None:
    assert as_text.prepare(log_type()) is None


def test_row_1_5_3_json_to_text_writes_dotted_fields_as_compact_json() -> None:
    record = {"nest": {"deep": {"user": "é", "n": None}}, "items": [1, "a"], "plain": "x"}
    found = written(record, json_to_text="nest.deep items plain missing nest.deep.user.more")
    assert found == {"nest": {"deep": '{"user":"é","n":null}'}, "items": '[1,"a"]', "plain": "x"}


def test_row_1_5_3_json_to_text_in_compat_mode_is_what_python_prints() -> None:
    assert written({"a": {"b": [True, None, "it's"]}}, json_to_text="a", compat="es-loader") == {"a": "{'b': [True, None, \"it's\"]}"}


@given(TREES)
def test_the_text_reads_back_as_what_it_was(value: Any) -> None:
    found = written({"a": value}, json_to_text="a")["a"]
    assert (json.loads(found) if isinstance(value, dict | list) else found) == value
