"""One key and one record explained: routed, read, followed through the plan, and packed. Outputs get nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

from loader.api import Blocks
from loader.assembly import Assembly
from loader.batch import Reject, Source
from loader.errors import ConfigError, Problem, SourceError
from loader.explain import routing, trace
from loader.explain.differences import MISSING, differences, dotted
from loader.explain.misses import miss, unread
from loader.explain.model import PASTED, Document, Ending, Explanation, FieldChange, Object, RecordSeen, Sent, Step, Verdict
from loader.explain.origins import Origins
from loader.explain.trace import Seen, Trace
from loader.frames import Raws
from loader.plan import Plan
from loader.planner import FORMAT
from loader.rules.alone import verdict
from loader.rules.rule import Condition, Rule
from loader.stages import exclude
from loader.stages.decode import decode


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """What to explain. ``open`` gives the bytes of the object, or ``text`` is a record; with neither, only the key is.

    ``key`` is what the type is told from; empty where ``log_type`` says it, and ``source`` stands for an object that has no key.
    """

    key: str
    source: Source
    number: int = 1
    log_type: str = ""
    output: str = ""
    open: Callable[[], Blocks] | None = None
    name: str = ""
    text: str | None = None


def explain(assembly: Assembly, wanted: Wanted) -> Explanation:
    """Follow the key, and the record if there is one, through the working parts. Outputs pack, and get nothing."""
    route = routing.explain(assembly.router, assembly.config.types, wanted.key, wanted.log_type)
    problems = _problems(assembly, route.log_type)
    outcome = Ending.ROUTED if route.log_type else Ending.SKIPPED if route.matches or wanted.key.endswith("/") else Ending.UNKNOWN
    told = Explanation(outcome, route.reason, route, problems=problems)
    plan = assembly.plans.get(route.log_type)
    if route.log_type and plan is None:
        told.outcome, told.reason = Ending.MISTAKEN, f"the section [{route.log_type}] cannot be used: see the mistakes"
    if plan and (wanted.open or wanted.text is not None):
        _Follower(assembly, plan, wanted, told).follow()
    if any(problem.fatal for problem in problems):
        told.outcome, told.reason = Ending.MISTAKEN, "a load refuses this configuration: see the mistakes"
    return told


def _problems(assembly: Assembly, log_type: str) -> list[Problem]:
    """Return the mistakes that stop a load, and the warnings about this type."""
    return [problem for problem in assembly.config.all_problems() if problem.fatal or problem.section == log_type]


class _Follower:
    """Takes one record through a plan and notes it in an explanation."""

    def __init__(self, assembly: Assembly, plan: Plan, wanted: Wanted, told: Explanation) -> None:
        self.assembly, self.plan, self.wanted, self.told = assembly, plan, wanted, told
        self.section = assembly.config.types[plan.name]
        self.record = RecordSeen(wanted.number)

    def follow(self) -> None:
        """Find the record and follow it."""
        seen, found = self._pasted(self.wanted.text) if self.wanted.text is not None else self._read()
        self.told.object = seen
        if found.raws is None and found.broken is None:
            self._nothing(seen, found)
            return
        self.told.record = self.record
        followed = trace.follow(self.plan, self.wanted.source, found)
        self._note(followed)
        if seen.error and self.told.outcome != Ending.REJECTED:
            self.told.outcome, self.told.reason = Ending.FAILED, f"the object breaks behind this record: {seen.error}"

    def _nothing(self, seen: Object, found: trace.Found) -> None:
        """Say why there is no such record."""
        number = self.wanted.number
        if seen.error:
            self.told.outcome, self.told.reason = Ending.FAILED, seen.error
        elif found.left_out:
            self.told.outcome, self.told.reason = Ending.EXCLUDED, f"left out by {found.left_out}"
        elif found.count:
            self.told.outcome, self.told.reason = Ending.NOTHING, f"there is no record {number}: --record takes 1 to {found.count}"
        else:
            hint = ": give the whole object as FILE, this format is not read line by line" if self.wanted.text is not None else ""
            self.told.outcome, self.told.reason = Ending.NOTHING, f"there are no records in it{hint}"

    def _read(self) -> tuple[Object, trace.Found]:
        """Find the record in the object."""
        seen = Object(self.wanted.name)
        assert self.wanted.open is not None
        found = trace.Found(self.wanted.number - 1)
        try:
            blocks, seen.peeled = decode(_counted(self.wanted.open(), seen, "bytes"), self.assembly.settings.max_object_bytes)
            found = trace.find(self.plan, _counted(blocks, seen, "unpacked"), found.number)
            seen.error = found.error
        except SourceError as why:
            seen.error = str(why)
        seen.records, seen.all_counted = found.count, found.all
        return seen, found

    def _pasted(self, text: str) -> tuple[Object, trace.Found]:
        """Find the record in a pasted text: an object's content, or else a record by itself, as carriers bring them."""
        body = text.encode("utf-8", "surrogateescape")
        found = trace.find(self.plan, iter([body]), self.wanted.number - 1)
        if found.raws is None and self.wanted.number == 1 and (raws := self._item(text)):
            found = trace.Found(0, raws, count=1)
        return Object(PASTED, len(body), [], len(body), found.count, found.all, found.error), found

    def _item(self, text: str) -> Raws | None:
        parser = self.assembly.plugins.get(f"parser_{self.section.read(FORMAT)}")
        noted = list(self.section.problems)
        try:
            return Raws([text.strip()], parser.item(self.section), self.section.fields) if parser else None  # type: ignore[attr-defined]
        except ConfigError:
            return None
        finally:
            self.section.problems[:] = noted

    def _note(self, followed: Trace) -> None:
        record, told = self.record, self.told
        origins = Origins(self.section, self.wanted.source)
        record.raw, record.parsed, record.mended = followed.raw, followed.parsed, followed.flags
        extra = [followed.for_ecs] if followed.for_ecs and followed.for_ecs not in followed.seen else []
        record.steps = list(map(_step, [*followed.seen, *extra]))
        record.unread = unread(self.section, record.raw) if record.parsed is not None else ""
        record.verdicts = list(self._verdicts(followed))
        record.documents = [Document(one.fields, one.removed) for one in origins.tell(followed)] if followed.documents else []
        record.unmapped = origins.unmapped(followed)
        if followed.reject:
            self._rejected(followed.reject)
        elif not followed.documents:
            last = followed.seen[-1].name if followed.seen else ""
            rules = f", rule {', '.join(followed.rules)}" if followed.rules and last.startswith("exclude") else ""
            told.outcome, told.reason = Ending.EXCLUDED, f"dropped by the step {last}{rules}"
        else:
            told.outputs = list(self._sent(followed))
            told.reason = "" if self.plan.outputs else "no output matches this log type: its objects are skipped"
            told.outcome = Ending.DELIVERED if self.plan.outputs else Ending.SKIPPED

    def _rejected(self, reject: Reject) -> None:
        self.told.outcome = Ending.REJECTED
        self.told.reason = self.record.reason = reject.reason
        self.record.stage = reject.stage
        if reject.stage != "map":
            self.record.miss = miss(self.section, self.record.raw)

    def _verdicts(self, followed: Trace) -> Iterator[Verdict]:
        """Ask each exclusion rule by itself of what the steps of that name ask them all of, disabled and expired rules too."""
        held = {seen.name: seen.before[0] for seen in followed.seen if seen.before}
        raw = held.get("exclude", followed.parsed)
        final = held.get("exclude again", held.get("tidy"))
        key, now = self.wanted.source.key, exclude.utc_now()
        for rule in self.assembly.rules:
            if rule.serves(self.section.name) and raw is not None:
                first = verdict(rule, raw, key, now, final=False)
                last = verdict(rule, final, key, now, final=True) if final is not None else None
                met = None if rule.expression else first.matched, last.matched if last else None
                yield Verdict(rule.name, rule.action, _asks(rule), *met, (last or first).note, rule.file, rule.line)

    def _sent(self, followed: Trace) -> Iterator[Sent]:
        fields = {output.name: output.fields for output in self.assembly.outputs}
        for output, messages in followed.messages.items():
            if not self.wanted.output or output == self.wanted.output:
                texts = [message.decode("utf-8", "backslashreplace") for message in messages]
                yield Sent(output, fields.get(output, ""), sum(map(len, messages)), texts)


def _asks(rule: Rule) -> str:
    """Return what a rule asks, in a line."""
    if rule.expression:
        return rule.expression
    return " or ".join(" and ".join(map(_condition, conditions)) for conditions in rule.alternatives)


def _condition(asked: Condition) -> str:
    return f"{asked.field or 'the key'} is {'not ' * asked.negated}{asked.kind} {asked.pattern}"


def _counted(blocks: Blocks, seen: Object, field: str) -> Blocks:
    for block in blocks:
        setattr(seen, field, getattr(seen, field) + len(block))
        yield block


def _step(seen: Seen) -> Step:
    """Return a step's changes: of the first record it leaves, where it makes many."""
    changes = []
    for change in differences(seen.before[0], seen.after[0]) if seen.before and seen.after else []:
        kind = "added" if change.old is MISSING else "removed" if change.new is MISSING else "changed"
        old, new = (None if value is MISSING else value for value in (change.old, change.new))
        changes.append(FieldChange(dotted(change.path), kind, old, new))
    return Step(seen.name, len(seen.after), max(0, len(seen.after) - len(seen.before)), changes, seen.flags, seen.error)
