"""What a report on a file of the es-loader consists of."""

from __future__ import annotations

import dataclasses

SAME, OTHERWISE, IGNORED, CHANGE = "as it is", "with a difference", "ignored", "to change"


@dataclasses.dataclass(frozen=True, slots=True)
class Advice:
    """What becomes of one key, or of several alike; no section is the environment or the file as a whole."""

    status: str
    section: str
    keys: list[str]
    line: int
    text: str = ""
