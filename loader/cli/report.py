"""An explanation as text: on a terminal cut to its width and sparingly coloured, elsewhere whole and plain."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from rich.cells import cell_len
from rich.filesize import decimal

from loader.cli.page import Page, Row, short, shown, visible
from loader.cli.wording import counted
from loader.explain.differences import dotted, flat
from loader.explain.misses import Miss
from loader.explain.model import PASTED, Document, Ending, Explanation, FieldChange, RecordSeen, Sent, Step, Verdict
from loader.explain.origins import Field, Unmapped
from loader.explain.routing import Match, Routing

RAW_LINES, SENT_LINES, CHANGES, RULES = 6, 4, 16, 8  # shown of each, where not all is
SUMMED_UP = ("stamp", "ecs", "tidy", "remember")  # steps whose changes are seen in the document
STYLES = {"constant": "dim", "stamped": "dim", "parsed": "dim", "hook": "magenta", "enriched": "cyan", "key": "dim"}
GOOD = {Ending.DELIVERED: "green", Ending.ROUTED: "green", Ending.EXCLUDED: "yellow", Ending.SKIPPED: "yellow"}
WORDS = {
    Ending.ROUTED: "has a log type",
    Ending.DELIVERED: "would be delivered",
    Ending.EXCLUDED: "would be excluded",
    Ending.SKIPPED: "would be skipped",
    Ending.REJECTED: "would be rejected",
    Ending.FAILED: "would fail",
    Ending.UNKNOWN: "would be skipped",
    Ending.NOTHING: "nothing to show",
    Ending.MISTAKEN: "would not start",
}


class Report(Page):
    """Prints an explanation."""

    def show(self, told: Explanation) -> None:
        """Print all of it, the verdict last: that is where a terminal's user looks first."""
        self._problems(told)
        self._routing(told.routing)
        if told.object and told.object.name != PASTED:
            peeled = f"{', '.join(told.object.peeled)}: " if told.object.peeled else ""
            unpacked = f" unpack to {decimal(told.object.unpacked)}" if told.object.peeled else ""
            self.line("object", f"{peeled}{decimal(told.object.bytes)}{unpacked}, from {visible(told.object.name)}")
        if told.record:
            seen = told.object
            of = f" of {seen.records:,}{'' if seen.all_counted else ' and more'}" if seen and seen.records else ""
            self.line("record", f"{told.record.number:,}{of}")
            self._record(told.record)
            self._outputs(told.outputs)
        self._verdict(told)

    def _problems(self, told: Explanation) -> None:
        for problem in told.problems:
            self.print(("mistake " if problem.fatal else "warning ", "bold red" if problem.fatal else "bold yellow"), visible(str(problem)))
        if told.problems:
            self.print("")

    def _routing(self, route: Routing) -> None:
        if route.key:
            taken = next((match for match in route.matches if match.takes), None)
            key = visible(route.key)
            parts = (key[: taken.start], (key[taken.start : taken.end], "bold green"), key[taken.end :]) if taken and key == route.key else (key,)
            self.print(("key     ", "bold"), *parts)
        name = f"{route.log_type}{', as --type says' * route.forced}" if route.log_type else f"none: {route.reason}"
        self.line("type", name, "bold green" if route.log_type else "bold yellow")
        for match in route.matches:
            found = visible(route.key[match.start : match.end])
            self.line("", f"{match.log_type} {_said(match, route)} ({_place(match)}): s3_key finds '{found}'", "" if match.takes else "dim")
        if route.nearest:
            self.line("nearest", "")
            lacking = (f"not {', '.join(map(repr, near.lacking))}" if near.lacking else "" for near in route.nearest)
            self.rows([(near.log_type, f"the key has {near.shared!r}", lacks, "") for near, lacks in zip(route.nearest, lacking, strict=True)])
        if route.suggestion:
            self.print("")
            self.print("A type for keys like this one begins with")
            self.print(f"    [mytype]\n    s3_key = {visible(route.suggestion)}\n    file_format = text\n    index_name = log-mytype")
            self.print("in user.ini; --type NAME reads the object as a type that there is.")

    def _record(self, record: RecordSeen) -> None:
        self.heading("raw")
        self.block(record.raw, RAW_LINES)
        if record.reason:
            self.heading("rejected", record.stage)
            self.print(("  " + visible(record.reason), "red"))
        if record.miss:
            self._miss(record.raw, record.miss)
        if record.parsed is not None:
            self._parsed(record)
        self._rules(record.verdicts)
        self._steps(record)
        for number, document in enumerate(record.documents, 1):
            of = f" {number} of {len(record.documents)}" if len(record.documents) > 1 else ""
            self._document(f"document{of}", document, record.unmapped if number == 1 else [])

    def _miss(self, raw: str, miss: Miss) -> None:
        """Print the line in which matching stopped, a caret under the place, and what was wanted there."""
        at = raw.rfind("\n", 0, miss.end) + 1
        line = raw[at:].partition("\n")[0]
        before, behind = visible(line[: miss.end - at]), visible(line[miss.end - at :])
        room = self.width - 4
        if not self.full and cell_len(before) > room * 2 // 3:
            before = "…" + before[-(room * 2 // 3) :]
        self.print("  ", (before, "green"), self.cut(behind, room - cell_len(before)))
        self.print("  " + " " * cell_len(before), ("^", "bold red"))
        self.print((f"  column {miss.end - at + 1}: {self.cut(visible(miss.wanted), room - 10)}", "red"))
        if miss.option:
            self.print("")
            self.print(("  matched  ", "bold"), (self.tail(visible(miss.matched), room - 9), "green"))
            self.print(("  wanted   ", "bold"), (self.cut(visible(miss.rest) or "the end of the text", room - 9), "red"))
        self.rows([(name, shown(value), "", "") for name, value in miss.groups.items() if value is not None])

    def _parsed(self, record: RecordSeen) -> None:
        goes: dict[str, list[str]] = {}
        for field in itertools.chain.from_iterable(document.fields for document in record.documents):
            if field.origin != "parsed":
                for source in field.source.split(", "):
                    goes.setdefault(source, []).append(field.field)
        rows = []
        for name, value in ((dotted(path), value) for path, value in flat(record.parsed or {}).items()):
            targets = list(dict.fromkeys(goes.get(name, ())))
            rows.append((visible(name), shown(value), f"-> {', '.join(targets)}" if targets else "", "dim"))
        self.heading("parsed", counted(len(rows), "field"))
        self.rows(rows)
        if record.unread:
            self.print(("  the pattern does not read the end: ", "yellow"), self.cut(shown(record.unread), self.width - 38))

    def _steps(self, record: RecordSeen) -> None:
        if record.steps:
            self.heading("steps")
            width = max(len(step.name) for step in record.steps) + 2
        for step in record.steps:
            style = "red" if step.error else "yellow" if not step.records else ""
            self.print(f"  {step.name:<{width}}", (visible(_done(step)), style))
            if step.name not in SUMMED_UP:
                self._changes(step.changes)

    def _rules(self, verdicts: Sequence[Verdict]) -> None:
        if not verdicts:
            return
        met = [one for one in verdicts if one.raw or one.final]
        self.heading("exclusion rules", f"{len(met)} of {len(verdicts)} met")
        others = [one for one in verdicts if one not in met]
        kept = met + (others if self.full else others[: max(RULES - len(met), 0)])
        self.rows([(visible(one.rule), visible(one.asks), _ruled(one), "yellow" if one in met else "dim") for one in kept])
        if len(kept) < len(verdicts):
            self.print((f"  … {counted(len(verdicts) - len(kept), 'rule')} more, not met", "dim"))

    def _changes(self, changes: Sequence[FieldChange]) -> None:
        for change in changes if self.full else changes[:CHANGES]:
            mark, style = {"added": ("+", "green"), "changed": ("~", "yellow"), "removed": ("-", "red")}[change.change]
            values = [shown(value) for kind, value in (("added", change.old), ("removed", change.new)) if change.change != kind]
            line = f"{visible(change.field)}  {' -> '.join(values)}"
            self.print("      ", (mark, style), f" {self.cut(line, self.width - 8)}")
        if len(changes) > CHANGES and not self.full:
            self.print((f"      … {len(changes) - CHANGES} more", "dim"))

    def _document(self, title: str, document: Document, unmapped: Sequence[Unmapped]) -> None:
        kept = [field for field in document.fields if self.full or field.origin != "parsed"]
        kept.sort(key=lambda field: not field.field.startswith("@"))
        rows: list[Row] = [(visible(field.field), shown(field.value), _origin(field), STYLES.get(field.origin, "")) for field in kept]
        for misfit in (one for one in unmapped if one.why):
            top = misfit.target.partition(".")[0]
            place = max((place for place, row in enumerate(rows, 1) if row[0].partition(".")[0] == top), default=len(rows))
            rows.insert(place, (misfit.target, shown(misfit.value), f"{misfit.why} ({', '.join(misfit.sources)})", "yellow"))
        hidden = len(document.fields) - len(kept)
        self.heading(title, counted(len(document.fields), "field"))
        if hidden:
            self.print((f"  {counted(hidden, 'parsed field')} as above (--full lists them)", "dim"))
        self.rows(rows)
        self.listed("taken out, for they say nothing", (f"{one.field} {shown(one.value)}" for one in document.removed if one.step == "tidy"))
        others = [one for one in document.removed if one.step != "tidy"]
        self.listed("taken out on the way", (f"{one.field} ({one.step}{': ' * bool(one.why)}{one.why})" for one in others))
        lacking = [one for one in unmapped if not one.why]
        self.listed("mapped, but the record has nothing to say there", (f"{one.target} ({', '.join(one.sources)})" for one in lacking))

    def _outputs(self, outputs: Sequence[Sent]) -> None:
        for sent in outputs:
            self.heading(sent.output, f"fields = {sent.fields}, {counted(len(sent.messages), 'message')}, {counted(sent.bytes, 'byte')}")
            for message in sent.messages:
                self.block(message.removesuffix("\n"), SENT_LINES)

    def _verdict(self, told: Explanation) -> None:
        reason = told.reason
        if told.outcome == Ending.DELIVERED and told.record:
            raw = len(told.record.raw.encode("utf-8", "surrogatepass"))
            reason = f"{raw:,} bytes in, {', '.join(f'{sent.bytes:,} out to {sent.output}' for sent in told.outputs)}"
        if told.outcome == Ending.ROUTED:
            reason = f"give the object as FILE to see its records as {told.routing.log_type}"
        self.print("")
        if told.record and told.record.mended:
            self.print(("mended  ", "bold yellow"), "; ".join(map(visible, told.record.mended)))
        self.print((WORDS[told.outcome], f"bold {GOOD.get(told.outcome, 'red')}"), f": {visible(reason)}" if reason else "")


def _said(match: Match, route: Routing) -> str:
    """Return what a pattern that is found means for the key."""
    if match.takes:
        return "takes it"
    if match.ignored_by:
        return f"leaves it: s3_key_ignored {match.ignored_by!r} is found too"
    return "would come later" if route.log_type and not route.forced else "is not asked"


def _place(match: Match) -> str:
    """Return where a pattern is written."""
    file = short(match.file) or "default"
    return f"{file}:{match.line}" if match.line else file


def _ruled(verdict: Verdict) -> str:
    """Return what a rule says of the record, in words."""
    where = [name for name, met in (("raw", verdict.raw), ("final", verdict.final)) if met]
    said = f"{verdict.action}: met by its {' and '.join(where)} names" if where and not verdict.note else "not met"
    return f"{said} ({verdict.note})" if verdict.note else said


def _done(step: Step) -> str:
    """Return what a step did, in words."""
    if step.error:
        return f"failed: {step.error}"
    if not step.records:
        return "drops the record"
    words = [f"{count} {kind}" for kind in ("added", "changed", "removed") if (count := sum(change.change == kind for change in step.changes))]
    words += [f"makes {step.records} records of it"] if step.made else []
    return ", ".join([*words, *step.mended]) or "nothing"


def _origin(field: Field) -> str:
    if field.origin == "mapped":
        return field.source
    if field.origin == "parsed":
        return "parsed"
    return f"{field.origin}: {field.source}" if field.source else field.origin
