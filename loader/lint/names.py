"""Options that name a field which no record of their log type has, as far as its fields are known: log_pattern names them."""

from __future__ import annotations

from collections.abc import Iterator

from loader.assembly import Assembly
from loader.lint.finding import Finding, warning
from loader.lint.known import hook_words, is_site, mapped
from loader.section import Section, nearest
from loader.stages import as_text, clock, derive, envelope, label, stamp

STAMPED = ("cloud", "ecs", "event", "error", "container")  # objects that a record may have without a mapping
FINAL = ("clientip_xff", "ioc_ip", "ioc_domain")  # fields that enrichment looks at, behind mapping and hook
OBJECTS = {"geoip": "ip", "user_agent_enrichment_field": "original"}  # objects that it looks at, and what it wants below


def check(assembly: Assembly) -> Iterator[Finding]:
    """Look at the log types whose fields are known."""
    for section in assembly.config.types.values():
        if section.fields is not None:
            for key, name in _unknown(assembly, section):
                if is_site(section, key):
                    near = nearest(name, _objects(section) if key in OBJECTS else _names(section))
                    hint = f"did you mean {near!r}?" if near else ""
                    yield warning(section, key, f"no record has a field {name!r}", hint)


def _unknown(assembly: Assembly, section: Section) -> Iterator[tuple[str, str]]:
    """Yield the keys that name a field which is not there, and the field."""
    renamed: list[str] = section.read(stamp.RENAMED)
    before = {*(section.fields or ()), *derive.names(section), *envelope.names(section), *clock.TOLD}
    raw = {*before, *renamed}
    told = hook_words(assembly, section)
    for new in renamed:
        if (old := section.values.get(new, "")) and old not in before:
            yield new, old
    for option, names in ((stamp.DOC_ID, [section.read(stamp.DOC_ID)]), (as_text.FIELDS, section.read(as_text.FIELDS))):
        yield from ((option.name, name) for name in names if name and _head(name) not in raw and name[0] != "@")
    wanted = [(label.ID_SUFFIX.name, name) for name in section.read(label.ID_SUFFIX).split()]
    wanted += [(key, name) for key in FINAL for name in _words(section, key)]
    wanted += [(key, f"{name}.{below}") for key, below in OBJECTS.items() for name in _words(section, key) if not name.endswith(f".{below}")]
    targets = mapped(section)
    for key, name in wanted:
        head = _head(name)
        if head not in raw and head not in told and head not in STAMPED and head[0] != "@" and not _is_mapped(name, targets):
            yield key, name.removesuffix(f".{OBJECTS[key]}") if key in OBJECTS else name


def _is_mapped(name: str, targets: list[str]) -> bool:
    return any(f"{name}.".startswith(f"{target}.") or target.startswith(f"{name}.") for target in targets)


def _names(section: Section) -> list[str]:
    return [*(section.fields or ()), *section.read(stamp.RENAMED), *derive.names(section), *mapped(section)]


def _objects(section: Section) -> list[str]:
    return [target.rpartition(".")[0] for target in mapped(section) if "." in target]


def _words(section: Section, key: str) -> list[str]:
    return section.values.get(key, "").replace(",", " ").split()


def _head(name: str) -> str:
    return name.partition(".")[0]
