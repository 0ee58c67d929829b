"""Values that are taken without a word, and mean something else than they say: words that are none, quotes, commas, empty steps of a path."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from loader.assembly import Assembly
from loader.lint.finding import Finding, warning
from loader.lint.known import PATTERN, is_site
from loader.section import Section
from loader.stages import as_text, clock, ecs, envelope, label, stamp

ROTATIONS = ("auto", "daily", "weekly", "monthly", "yearly")
TIME_WORDS = ("epoch", "iso8601", "syslog")  # as loader/times.py looks for them in a format
DATE_GROUPS = frozenset({"year", "month", "day", "hour", "minute", "second", "microsecond"})
JMESPATHS = frozenset({"envelope_path", "bucket_path", "key_path"})  # of in_sqs: quotes make a text there
USER_AGENT = "user_agent_enrichment_field"


def check(assembly: Assembly) -> Iterator[Finding]:
    """Look at what the site has written: the options of log types and their mappings, and quotes everywhere."""
    for section in (assembly.config.defaults, *assembly.config.types.values()):
        for found in (*_labels(section), *_names(section), *_times(section), *_mappings(section), *_texts(section)):
            if is_site(section, found.problem.key) and found.problem.key in section.own:
                yield found
    for section in (assembly.config.loader, assembly.config.defaults, *assembly.config.plugins.values(), *assembly.config.types.values()):
        yield from _quotes(section)


def _labels(section: Section) -> Iterator[Finding]:
    rotation, time = section.values.get(label.ROTATION.name, ""), section.values.get(label.TIME.name, "")
    if rotation and not any(word in rotation for word in ROTATIONS):
        near = difflib.get_close_matches(rotation.lower(), ROTATIONS, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"write one of {', '.join(ROTATIONS)}"
        yield warning(section, label.ROTATION.name, f"{rotation!r} is taken for yearly, as any word that is none of its own", hint)
    if time and time != label.TIME.default and "ingested" not in time:
        hint = f"write {label.TIME.default} or event_ingested"
        yield warning(section, label.TIME.name, f"{time!r} is taken for {label.TIME.default}, as any word that is none of its own", hint)
    if section.read(envelope.VIA_CWL) and section.read(envelope.VIA_FIRELENS):
        key = envelope.VIA_CWL.name if envelope.VIA_CWL.name in section.own else envelope.VIA_FIRELENS.name
        yield warning(section, key, "has no effect beside via_firelens: records come by one carrier", "switch one of the two off")


def _names(section: Section) -> Iterator[Finding]:
    identity, agent = section.values.get(stamp.DOC_ID.name, ""), section.values.get(USER_AGENT, "")
    if "." in identity:
        message = f"{identity!r} is taken for the name of one top-level field: no path is walked"
        yield warning(section, stamp.DOC_ID.name, message, "name a top-level field, or give it one with derived_fields")
    if agent.endswith(".original"):
        yield warning(section, USER_AGENT, f"{agent!r} is a text", f"name its object: {agent.removesuffix('.original')}")


def _times(section: Section) -> Iterator[Finding]:
    for option, forms in ((clock.FORMAT, [section.values.get(clock.FORMAT.name, "")]), (clock.FORMATS, section.read(clock.FORMATS))):
        for form in forms:
            if form and "%" not in form and not any(word in form for word in TIME_WORDS):
                meant = next((word for word in TIME_WORDS if word in form.lower()), "")
                hint = f"did you mean {meant!r}?" if meant else f"write {', '.join(TIME_WORDS)} or a strptime format such as %Y-%m-%d %H:%M:%S"
                yield warning(section, option.name, f"{form!r} is a format without a directive: no time matches it", hint)
    pattern = section.read(clock.FILE_TIME)
    if pattern is not None and not DATE_GROUPS & pattern.groupindex.keys():
        message = "has none of the groups year, month, day, hour, minute, second, microsecond: no time is found in a key"
        yield warning(section, clock.FILE_TIME.name, message, "name its parts: (?P<year>...)")


def _mappings(section: Section) -> Iterator[Finding]:
    """Look at the sources of mapped fields, and at fields that become a text before their members are mapped."""
    written: list[str] = section.read(as_text.FIELDS)
    for target in section.read(ecs.ECS):
        value = section.values.get(target, "").strip()
        bracketed = value.startswith("[") and value.endswith("]")
        paths = re.split(r"[\s,\[\]]+", value)
        if not bracketed and ("[" in value or "]" in value):
            yield warning(section, target, f"{value!r} has a bracket without its other half: it is taken for part of a field's name", "write [a, b]")
        elif not bracketed and "," in value:
            yield warning(section, target, "a comma is taken for part of a field's name", "write a b for the first that has a value, [a, b] for both")
        elif odd := next((path for path in paths if path and not all(path.split("."))), ""):
            yield warning(section, target, f"{odd!r} has an empty step: no record has such a field", "write one dot between two names")
        for above in (above for above in written if any(path.startswith(f"{above}.") for path in paths)):
            message = f"{above!r} is a text by then ({as_text.FIELDS.name}): what is below it is never there"
            yield warning(section, target, message, f"take {above} off {as_text.FIELDS.name}, or map it whole")


def _texts(section: Section) -> Iterator[Finding]:
    """Look at paths with empty steps in other options."""
    for option in (stamp.DOC_ID, label.ID_SUFFIX, clock.KEY, clock.ALIAS, clock.KEYS, as_text.FIELDS):
        if odd := next((path for path in section.values.get(option.name, "").replace(",", " ").split() if not all(path.split("."))), ""):
            yield warning(section, option.name, f"{odd!r} has an empty step: no record has such a field", "write one dot between two names")


def _quotes(section: Section) -> Iterator[Finding]:
    for key in sorted(section.own - {PATTERN} - JMESPATHS):
        value = section.values.get(key, "").strip()
        quoted = len(value) > 2 and value[0] == value[-1] in "\"'" and value[0] not in value[1:-1]
        if quoted and not any(word in value for word in TIME_WORDS) and is_site(section, key):  # these are found within quotes too
            yield warning(section, key, f"the quotes of {value} are part of the value", "leave them out")
