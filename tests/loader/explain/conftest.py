"""What the tests of explain share: an assembly of INI text, and one record followed through it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loader import config
from loader.assembly import Assembly
from loader.batch import Source
from loader.explain.explanation import Wanted, explain
from loader.explain.model import Explanation
from tests.drivers import blocks_of

EDGE = """
[edge]
s3_key = edge/
file_format = json
timestamp_key = when
ecs = source.ip source.port event.action
source.ip = client.addr client.ip
source.port = client.port
event.action = verdict
static_ecs = event.kind
event.kind = event
"""


@pytest.fixture
def assembled(tmp_path: Path) -> Callable[[str], Assembly]:
    """Make an assembly of INI text, with an output that nobody listens to; ``tmp_path/hooks`` is searched for hooks."""

    def make(ini: str = EDGE) -> Assembly:
        hooks = tmp_path / "hooks"
        hooks.mkdir(exist_ok=True)
        file = tmp_path / "test.ini"
        file.write_text(f"[loader]\nhooks = {hooks}\n[out_file]\npath = {tmp_path}/never/out.jsonl\n{ini}", encoding="utf-8")
        return Assembly(config.load([file]), "in_s3")

    return make


@pytest.fixture
def told(assembled: Callable[[str], Assembly]) -> Callable[..., Explanation]:
    """Explain a record of a body, under a key of the type ``edge``."""

    def follow(body: bytes, ini: str = EDGE, *, key: str = "edge/a", number: int = 1, **more: Any) -> Explanation:
        source = Source("sample-bucket", key, etag="e")
        return explain(assembled(ini), Wanted(key, source, number, open=lambda: blocks_of(body, 7), name="a body", **more))

    return follow
