"""A ``user.ini`` of the es-loader, key by key: what is understood as it is, what comes out otherwise, what is ignored, what to change."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from loader import former, schema
from loader.assembly import Assembly
from loader.lint import es_loader, everywhere
from loader.lint.advice import CHANGE, IGNORED, OTHERWISE, SAME, Advice
from loader.lint.known import SHIPPED, hook_file
from loader.planner import FORMAT
from loader.rules.conditions import REGEX
from loader.section import Section
from loader.stages import clock, compat, ecs, hooks, stamp, typed

NO_BRANCH = re.compile(r"\\.|\[[^\]]*\]|\((?:\\.|[^()])*\)")
RULE_FILE = "exclude_log_patterns_filename"
HALF_HOUR = re.compile(r"-\d\d?:?30")


class Migration:
    """The report on one file, which an assembly has read behind ``aws.ini``."""

    def __init__(self, assembly: Assembly, file: str) -> None:
        self.assembly, self.file = assembly, file
        self.places = {
            name: {key: at[-1].line for key, origins in keys.items() if (at := [origin for origin in origins if origin.file == file])}
            for name, keys in assembly.config.places.items()
        }

    def report(self) -> list[Advice]:
        """Return all advice: section by section, then what concerns the file as a whole."""
        found = [advice for name, keys in self.places.items() if keys for advice in self._section(name, keys)]
        return found + list(self._rules()) + list(everywhere.advice(self.assembly, self.places))

    def _section(self, name: str, lines: dict[str, int]) -> Iterator[Advice]:
        config = self.assembly.config
        section = config.defaults if name == "DEFAULT" else config.types.get(name) or self.assembly.absent.get(name)
        if section is None:  # [loader] or a plugin: written for this program
            return
        if name in former.BUILT_IN and not self._is_whole(section):
            yield from self._built_in(section, lines)
        wrong = {problem.key: problem for problem in config.all_problems() if problem.section == name and problem.file == self.file}
        same: list[str] = []
        for key, line in lines.items():
            if key and (found := self._key(section, key, lines)):
                yield Advice(found[0], name, [key], line, found[1])
            elif key and key in wrong:
                problem = wrong[key]
                text = f"{problem.message}{f' ({problem.hint})' if problem.hint else ''}"
                yield Advice(CHANGE if problem.fatal else IGNORED, name, [key], line, text)
            elif key:
                same.append(key)
        yield from self._values(section, same)
        if same:
            yield Advice(SAME, name, same, lines.get("", 0))

    def _is_whole(self, section: Section) -> bool:
        return FORMAT.name in section.own

    def _built_in(self, section: Section, lines: dict[str, int]) -> Iterator[Advice]:
        yield Advice(CHANGE, section.name, [], lines.get("", 0), former.ABSENT)

    def _key(self, section: Section, key: str, lines: dict[str, int]) -> tuple[str, str] | None:
        """Return what is to say of one key: its status and why; None when nothing is."""
        value = section.values.get(key, "")
        if key in es_loader.DEAD:
            return IGNORED, es_loader.DEAD[key]
        if key in (clock.ZONE.name, "index_tz") and HALF_HOUR.fullmatch(value):
            return OTHERWISE, f"{value} is taken as it is written; the es-loader added the half hour to a negative offset, and was one hour off"
        if key == clock.ALIAS.name and key not in section.read(stamp.RENAMED):
            if section.values.get(clock.KEY.name):
                return IGNORED, "timestamp_key is there too, and counts"
            return OTHERWISE, "is read as timestamp_key; the es-loader's code did not know it, and took the time of the file, or of loading"
        if key == FORMAT.name and value in es_loader.FORMATS:
            return OTHERWISE, es_loader.FORMATS[value]
        if key in es_loader.OTHERWISE:
            return OTHERWISE, es_loader.OTHERWISE[key]
        if key == RULE_FILE:
            return self._rule_file(section)
        if key == hooks.SCRIPT.name:
            return self._hook(section)
        if key in es_loader.NEEDS:
            return self._enrichment(key)
        return self._brackets(section, key, value) if key in section.read(ecs.ECS) else None

    def _rule_file(self, section: Section) -> tuple[str, str] | None:
        name = section.values[RULE_FILE]
        found = [str(place) for place in (Path(name), Path(SHIPPED).parent / name) if place.is_file()]
        if found:
            return OTHERWISE, f"is read from {found[0]}; the es-loader fetched it from the bucket GEOIP_BUCKET"
        return CHANGE, "was an object in the bucket GEOIP_BUCKET: copy it to this machine, and write its path"

    def _hook(self, section: Section) -> tuple[str, str] | None:
        if file := hook_file(self.assembly, section):
            old = [f"siem.{name} (now siem.utils.{es_loader.DEPRECATED[name]})" for name in old_names(file)]
            return (OTHERWISE, f"its hook uses {', '.join(old)}: still there, and each is warned of once") if old else None
        if not section.values[hooks.SCRIPT.name]:
            return None
        return CHANGE, f"copy sf_{section.name.replace('-', '_')}.py into a folder, and name that: --hooks DIR, or hooks = DIR in [loader]"

    def _enrichment(self, key: str) -> tuple[str, str] | None:
        name, options, what = es_loader.NEEDS[key]
        plugin = self.assembly.config.plugins.get(name)
        if plugin and any(plugin.values.get(option) for option in options):
            return None
        if name == "filter_xff":
            return OTHERWISE, "the es-loader's database of proxies is not read: private addresses are trusted, or trusted_proxies of [filter_xff]"
        return CHANGE, f"its database {what}, and write {' or '.join(options[:2])} = in a section [{name}]"

    def _brackets(self, section: Section, key: str, value: str) -> tuple[str, str] | None:
        if not (value.startswith("[") and value.endswith("]")) or compat.is_array(key):
            return None
        said = "the es-loader took the brackets literally here, and never set it"
        if not schema.is_known(key):
            near = schema.nearest(key)
            return CHANGE, f"{said}; {f'ECS has {near!r}' if near else 'it is no ECS field, and gets a list now'}"
        return OTHERWISE, f"{said}; it gets {'a list' if typed.is_array(key) else 'the first that has a value: leave the brackets out'}"

    def _values(self, section: Section, same: list[str]) -> Iterator[Advice]:
        """Tell, and take out of ``same``, the keys whose values come out otherwise than the es-loader's."""
        same[:] = [key for key in same if key not in es_loader.LABELS]  # told once, for the whole file
        if section.values.get("compat") == "es-loader":
            return
        targets = [key for key in same if key in section.read(ecs.ECS) + section.read(ecs.STATIC)]
        lists = [key for key in targets if typed.is_array(key) != compat.is_array(key)]
        kinds = [key for key in targets if typed.kind(key) in (*typed.WHOLE, "float", "double", "scaled_float", "boolean")]
        keep = "compat = es-loader in the section, or in [loader], keeps"
        for keys, text in (
            (kinds, f"numbers and booleans, as ECS has them; the es-loader gave text; {keep} that"),
            (lists, f"lists, as ECS has them; the es-loader gave one value; {keep} that"),
        ):
            if keys:
                yield Advice(OTHERWISE, section.name, keys, self.places[section.name][keys[0]], text)
        same[:] = [key for key in same if key not in (*lists, *kinds)]

    def _rules(self) -> Iterator[Advice]:
        """Tell the exclusion rules whose pattern means something else."""
        for rule in self.assembly.rules:
            for condition in (condition for conditions in rule.alternatives for condition in conditions if condition.kind == REGEX):
                if "|" in NO_BRANCH.sub("", condition.pattern):
                    text = f"{condition.pattern!r} must match a whole value with each branch; the es-loader asked that of the last one only"
                    yield Advice(OTHERWISE, rule.log_type, [condition.field], 0, f"exclusion rule in {rule.file}:{rule.line}: {text}")


def old_names(file: Path) -> list[str]:
    """Return the names that a hook takes from the package ``siem`` itself, as those of the es-loader did; none of a file that is no Python."""
    try:
        nodes = list(ast.walk(ast.parse(file.read_bytes())))
    except (OSError, SyntaxError, ValueError):
        return []
    found = {name.name for node in nodes if isinstance(node, ast.ImportFrom) and node.module == "siem" and not node.level for name in node.names}
    found |= {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "siem"}
    return sorted(found & es_loader.DEPRECATED.keys())
