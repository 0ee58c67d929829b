"""A hook as a table where something follows from the fields of a sample: outcome, family of addresses, names of numbers, parts of a URL."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from loader.draft.fields import Fields, flat, plain
from loader.draft.mapping import Mapped

GOOD = ("accept", "accepted", "allow", "allowed", "permit", "permitted", "pass", "passed", "success", "succeeded", "successful", "ok")
BAD = (
    "deny", "denied", "drop", "dropped", "block", "blocked", "reject", "rejected", "refused", "fail", "failed", "failure", "error", "unsuccessful",
)  # fmt: skip
OUTCOMES = ("outcome", "result", "status", "eventoutcome", "outcomeresult", "authenticationresult", "action", "act", "verdict")
MOST = 12  # words of a table
URL = "url.original url.scheme url.domain url.port url.path url.query url.fragment"


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """A row of ``DERIVED`` as text, the code in front of the table that it needs, and what it imports."""

    targets: str
    source: str
    text: str
    code: str = ""
    imports: tuple[str, ...] = ()


def rows(fields: Fields, mapping: Sequence[Mapped]) -> list[Row]:
    """Return what follows from the fields of a sample. A row reads the record alone, so none reads what the mapping sets."""
    by_target = {one.target: one.source for one in mapping}
    tops = {"event", "ecs", "cloud", "related", *(target.partition(".")[0] for target in by_target)}
    found = [*_rows(fields, by_target)]
    more = {target.partition(".")[0] for row in found for target in row.targets.split()}
    return [row for row in found if row.source.partition(".")[0] not in tops | more]


def _rows(fields: Fields, by_target: dict[str, str]) -> Iterator[Row]:
    verdicts = _verdicts(fields)
    if status := by_target.get("http.response.status_code"):
        yield Row("event.outcome", status, f'derive("event.outcome", outcome, "{status}")', OUTCOME)
    elif verdicts:
        path, words = verdicts
        lines = "".join(f"    {word!r}: {'success' if word.lower() in GOOD else 'failure'!r},\n" for word in words).replace("'", '"')
        yield Row("event.outcome", path, f'derive("event.outcome", OUTCOME, "{path}")', f"OUTCOME = {{\n{lines}}}\n")
    if address := by_target.get("source.ip", by_target.get("destination.ip")):
        yield Row("network.type", address, f'derive("network.type", family, "{address}")', FAMILY)
    number = by_target.get("network.iana_number")
    if number and "network.transport" not in by_target:
        yield Row("network.transport", number, f'derive("network.transport", transport, "{number}")', TRANSPORT)
    asked = by_target.get("url.original")
    if asked and not any(target.startswith("url.") for target in by_target if target != "url.original"):
        yield Row(URL, asked, f'derive("{URL}", url_parts, "{asked}", varied=True)', "", ("url_parts",))


def _verdicts(fields: Fields) -> tuple[str, list[str]] | None:
    """Return the field whose values say how it ended, and these."""
    for name in OUTCOMES:
        for path, values in fields.items():
            texts = sorted({value for value in flat(values) if isinstance(value, str)} - {"", "-"})
            named = plain(path) in (name, f"event{name}")
            if named and 0 < len(texts) <= MOST and all(text.lower() in GOOD + BAD for text in texts):
                return path, texts
    return None


def text(name: str, title: str, found: Sequence[Row]) -> str:
    """Return the hook's file."""
    names = ", ".join(sorted({"derive", *(one for row in found for one in row.imports)}))
    code = "\n\n".join(row.code for row in found if row.code.startswith("def"))
    tables = "".join(f"{row.code}\n" for row in found if row.code and not row.code.startswith("def"))
    table = "".join(f"    {_sources_last(row.text)},\n" for row in found)
    typed = "from typing import Any\n\n" if code else ""
    body = f"{tables}\n\n{code}\n\n" if tables and code else f"\n{code}\n\n" if code else tables
    return (
        f'"""Hook of {title}: what follows from its fields and cannot be said in [{name}].\n\n'
        "A row is targets, a function or a mapping of values, sources. A function gets the sources as the record has them, None\n"
        'where there is none, and looks at nothing else; docs/writing-a-log-type.md has what each row costs.\n"""\n\n'
        f"from __future__ import annotations\n\n{typed}from siem.utils import {names}\n\n{body}DERIVED = (\n{table}"
        "    # Go on here, for example with what kind of event it is, by its name:\n"
        '    # derive("event.category event.type", {"login": (["authentication"], ["start"])}.get, "action"),\n'
        ")\n"
    )


def _sources_last(row: str) -> str:
    return row if len(row) < 140 else row.replace('", ', '",\n        ', 1)


OUTCOME = '''def outcome(status: Any) -> str | None:
    """Return event.outcome of a status of HTTP."""
    return {"1": "success", "2": "success", "3": "success", "4": "failure", "5": "failure"}.get(str(status or "")[:1])
'''
FAMILY = '''def family(address: Any) -> str | None:
    """Return network.type of an address."""
    return None if address in (None, "", "-") else "ipv6" if ":" in str(address) else "ipv4"
'''
TRANSPORT = '''def transport(number: Any) -> str | None:
    """Return network.transport: keywords of IANA, "Assigned Internet Protocol Numbers"."""
    return {"1": "icmp", "2": "igmp", "6": "tcp", "17": "udp", "47": "gre", "50": "esp", "58": "ipv6-icmp", "132": "sctp"}.get(str(number))
'''
