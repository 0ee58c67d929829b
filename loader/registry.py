"""Kind and name to class, by looking for the file: ``plugins/out_syslog.py`` exists, therefore ``syslog`` is an output.

A site's folder is searched before ours. A file defines exactly one subclass of its kind's base class.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from loader import api
from loader.config import Config
from loader.errors import ConfigError, Problem
from loader.options import Option, declared
from loader.section import Section

KINDS: dict[str, type[api.Plugin]] = {"in": api.Input, "parser": api.Parser, "filter": api.Filter, "formatter": api.Formatter, "out": api.Output}
OURS = Path(__file__).parent.parent / "plugins"
OF_TYPES = frozenset({"s3_key", "file_format", "log_pattern"})  # that no plugin has: keys by which a log type is known


class Registry:
    """Finds plugin classes in ``folders`` and makes configured instances of them."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self.folders = list(folders)
        self.classes: dict[str, type[api.Plugin]] = {}

    def names(self, kind: str) -> list[str]:
        """Return the names of all plugins of a kind."""
        return sorted({path.stem.partition("_")[2] for folder in self.folders for path in folder.glob(f"{kind}_*.py")})

    def find(self, kind: str, name: str) -> type[api.Plugin]:
        """Return the class of a plugin; raises ConfigError when there is no such file, or it is not as it should be."""
        stem = f"{kind}_{name}"
        if stem not in self.classes:
            file = next((path for folder in self.folders if _is_file(path := folder / f"{stem}.py")), None)
            if file is None:
                near = difflib.get_close_matches(name, self.names(kind), 1, 0.5)
                hint = f"did you mean '{kind}_{near[0]}'?" if near else f"there are: {', '.join(self.names(kind))}"
                raise ConfigError(Problem(f"there is no plugin {stem}", hint=hint))
            self.classes[stem] = self._only_class(_import(file), KINDS[kind], file)
        return self.classes[stem]

    def keys(self, kind: str, name: str) -> set[str]:
        """Return the keys of log types that a plugin reads; none of one that cannot be imported, which hurts only those who use it."""
        try:
            return {option.name for option in getattr(self.find(kind, name), "options", ())}
        except ConfigError:
            return set()

    def type_keys(self, kind: str) -> set[str]:
        """Return the keys of log types that any plugin of a kind reads."""
        return {key for name in self.names(kind) for key in self.keys(kind, name)}

    def create(self, config: Config, section_name: str) -> api.Plugin:
        """Return a plugin with its options read from its section, not yet open; raises ConfigError with every mistake."""
        section = config.plugin(section_name)
        kind, _, name = section_name.partition(":")[0].partition("_")
        try:
            plugin = self.find(kind, name)()
        except ConfigError as why:
            if OF_TYPES & section.own:
                section.problem("", f"a section named {kind}_... is a plugin's, and this one looks like a log type", "give it another name")
                raise ConfigError(*section.problems) from why
            for problem in why.problems:
                section.problem("", f"{problem.file}: {problem.message}" if problem.file else problem.message, problem.hint)
            raise ConfigError(*section.problems) from why
        configure(plugin, section)
        return plugin

    def _only_class(self, module: ModuleType, base: type[api.Plugin], file: Path) -> type[api.Plugin]:
        found = [c for c in vars(module).values() if isinstance(c, type) and issubclass(c, base) and c.__module__ == module.__name__]
        if len(found) != 1:
            raise ConfigError(Problem(f"must define exactly one subclass of {base.__name__}, and has {len(found)}", str(file)))
        return found[0]


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name longer than any file's
        return False


def configure(plugin: api.Plugin, section: Section) -> None:
    """Read a plugin's options from its section and set them; raises ConfigError with every mistake, unknown keys included."""
    plugin.name = section.name
    options = declared(type(plugin), Option)
    if isinstance(plugin, api.Output):
        section.values = {**plugin.preset(section.values), **section.values}
    missing = False
    for name, option in options.items():
        try:
            plugin.__dict__[name] = section.read(option)
        except ConfigError:
            missing = True
    for option in getattr(plugin, "options", ()):  # those that it reads from log types
        if option.name in section.own - options.keys():
            section.claimed.add(option.name)
            section.problem(option.name, "is an option of log types", "write it into the section of the log type")
    section.unknown(options, fatal=True)
    if missing or any(problem.fatal for problem in section.problems):
        raise ConfigError(*section.problems)


def _import(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"sluice_site.{file.stem}", file)
    try:
        if file.parent == OURS:  # a site's folder may be a package, and even have the same name
            return importlib.import_module(f"{OURS.name}.{file.stem}")
        module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
        spec.loader.exec_module(module)  # type: ignore[union-attr]
    except Exception as why:  # noqa: BLE001  # a site's file may fail in any way
        raise ConfigError(Problem(f"cannot be imported: {type(why).__name__}: {why}", str(file))) from why
    return module
