"""``loader/fast/direct.py``: what is written without a look-up says the same as what is looked up."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader.fast.fragments import Fragments
from tests.drivers import both_ways
from tests.loader.fast.cases import HOOK, ODD, T, compiled

VALUES = {"timestamp_key": "time", "ecs": "source.ip source.port user.name related.ip related.user event.action", "source.ip": "ip",
    "source.port": "port",
          "user.name": "who", "related.ip": "[ip, other]", "related.user": "who", "event.action": "who"}  # fmt: skip
TABLE = HOOK + '\nDERIVED = (derive("user.id event.type", both, "who port", varied=True), derive("event.action", size, "other", varied=True),)\n'
TEXTS = st.sampled_from([text for text in ODD if not set(text) & set(" ,\x85\u2028\x01\x1b")])


@pytest.mark.parametrize("parser", ["csv", "json"])
@pytest.mark.parametrize("hook", ["", TABLE], ids=["mapping", "table"])
def test_texts_as_they_stand(parser: str, hook: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    plan = compiled({"file_format": parser, "csv_delimiter": ",", **VALUES}, ("full", "ecs"), hook, chunk=2)

    @settings(deadline=None, max_examples=15)
    @given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS, TEXTS), min_size=3, max_size=6))
    def holds(rows: list[tuple[str, ...]]) -> None:
        lines = ["time,ip,port,who,other", *(f"{T},{','.join(row)}" for row in rows)]
        if parser == "json":
            import json

            names = ("ip", "port", "who", "other")
            lines = [json.dumps({"time": T, **{name: _value(text) for name, text in zip(names, row, strict=True)}}) for row in rows]
        quick, plain, _ = both_ways(plan, "k", "\n".join(lines).encode("utf-8", "surrogatepass"), varied=True)
        assert quick == plain

    holds()


def _value(text: str) -> object:
    return {"0": 0, "7": 7, "443": 443, "true": True, "": None, "1.0": 1.0, "-5": -5, "[1]": [1], '{"a":1}': {"a": 1}, "null": []}.get(text, text)


def test_digits_of_json_numbers_go_through_the_function() -> None:
    """An integer under a long is the usual case of JSON: it has once made every record odd."""
    plan = compiled({"file_format": "json", **VALUES}, ("full",))
    body = "".join(f'{{"time": "{T}", "port": {port}, "ip": "192.0.2.1"}}\n' for port in (0, 1, 443, 10**15)).encode()
    for varied in (False, True):
        quick, plain, through = both_ways(plan, "k", body, varied=varied)
        assert (quick == plain, through) == (True, 4)


def test_a_dash_in_the_place_of_a_number_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flow logs have rows of dashes: computed each time, such a row cost four times as much as another."""
    asked, compute = [], Fragments.compute
    monkeypatch.setattr(Fragments, "compute", lambda self, key: asked.append(key) or compute(self, key))
    plan = compiled({"file_format": "csv", "csv_delimiter": ",", **VALUES}, ("full",))
    body = "\n".join(["time,ip,port,who,other", *[f"{T},192.0.2.1,-,a,b"] * 40]).encode()
    quick, plain, through = both_ways(plan, "k", body)
    assert (quick == plain, through) == (True, 40)
    assert 1 <= asked.count("-") <= 3
