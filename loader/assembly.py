"""The INI files made into working parts: plugins, routes, and one plan a log type, with every mistake noted on its section.

Building an assembly never raises: ``check`` shows what is wrong with it, a load refuses to start (``require``).
"""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import fnmatch
from pathlib import Path

from loader.api import Filter, Formatter, Limits, Output, Parser, Plugin
from loader.config import Config
from loader.errors import ConfigError, Problem
from loader.options import COMPAT, Option, compat, number, path, size, text
from loader.plan import FORMAT, LABEL, OPTIONS, Plan, compile_plan
from loader.registry import Registry, configure
from loader.route import OPTIONS as ROUTE_OPTIONS
from loader.route import Router
from loader.section import Origin, Section
from loader.stages import ecs, exclude, hooks, stamp

HOME = Path(__file__).parent.parent
DEAD_LETTER = "out_file:dead_letter"
STAGES = (ecs, exclude, hooks, stamp)
# what es-loader reads from a section and this program does not (yet), or what has never had an effect
ELSEWHERE = ("loggroup", "ignore_header_line_number", "bump_version", "custom_user_agent")


class Settings(Plugin):
    """The options of ``[loader]``."""

    workers = Option(number(0, 512), "0", doc="Worker processes; 0: one per core.")
    tries = Option(number(1, 10), "2", doc="How often an object is tried whose worker died on it.")
    max_object_bytes = Option(size, "64g", doc="Largest object, unpacked.")
    max_record_bytes = Option(size, "16m", doc="Largest record.")
    chunk_records = Option(number(1, 100000), "1000", doc="Most records that are worked on at once.")
    hooks = Option(path, "", doc="Folder of sf_<type>.py files that is searched before the shipped ones.")
    plugins = Option(path, "", doc="Folder of plugins that is searched before the shipped ones.")
    compat = Option(compat, "", doc="es-loader: the values that it gave, where ours differ (docs/compatibility.md lists them).")
    dead_letter = Option(text, DEAD_LETTER, doc="Output that takes rejected records, by the name of its section.")


class Assembly:
    """All that one configuration gives. ``plans`` has the log types that could be compiled."""

    def __init__(self, config: Config, input_name: str = "") -> None:
        self.config, self.input_name = config, input_name
        self.settings = Settings()
        with contextlib.suppress(ConfigError):  # noted in its section; every option has a default to go on with
            configure(self.settings, config.loader)
        self.registry = Registry([Path(folder) for folder in (self.settings.plugins,) if folder] + [HOME / "plugins"])
        self.plugins: dict[str, Plugin] = {}
        self.plans: dict[str, Plan] = {}
        for section in config.types.values():
            section.values.setdefault(COMPAT.name, self.settings.compat)
        self.router = Router(config.types.values())
        self._compile()

    def require(self) -> None:
        """Raise ConfigError with every mistake when one of them is fatal."""
        if any(problem.fatal for problem in self.config.all_problems()):
            raise ConfigError(*self.config.all_problems())

    def close(self) -> None:
        """Close all plugins."""
        for plugin in self.plugins.values():
            plugin.close()

    def _compile(self) -> None:
        """Create all plugins and compile all types."""
        self.outputs = [one for one in (self._plugin(name) for name in self._output_names()) if isinstance(one, Output)]
        self.config.plugin(DEAD_LETTER).values.setdefault("path", "rejects/rejects.ndjson")
        dead = self._plugin(self.settings.dead_letter)
        self.dead = dead if isinstance(dead, Output) else None
        filters = [one for one in (self._plugin(name) for name in self._sections("filter")) if isinstance(one, Filter)]
        rules = self._rules()
        folders = [Path(folder) for folder in (self.settings.hooks, "/opt/siem", HOME / "siem") if folder]
        for section in self.config.types.values():
            self._compile_type(section, filters, rules, folders)
        self.config.plugin(self.input_name)
        for output in self.outputs:
            if not any(fnmatch.fnmatchcase(name, glob) for name in self.config.types for glob in output.match):
                self.config.plugin(output.name).problem("match", "matches no log type: nothing will arrive here", fatal=False)
        self._note_unknown()

    def _compile_type(self, section: Section, filters: list[Filter], rules: list[dict[str, str]], folders: list[Path]) -> None:
        try:
            parser = self._plugin(f"parser_{section.read(FORMAT)}", section)
            wanted = [one for one in self.outputs if any(fnmatch.fnmatchcase(section.name, glob) for glob in one.match)]
            pairs = [(one, self._plugin(f"formatter_{one.format}", self.config.plugin(one.name))) for one in wanted]
            outputs = [(one, formatter) for one, formatter in pairs if isinstance(formatter, Formatter)]
            if not isinstance(parser, Parser):
                raise ConfigError(*section.problems)
            limits = Limits(self.settings.max_record_bytes, self.settings.chunk_records)
            self.plans[section.name] = compile_plan(section, parser, filters, outputs, limits=limits, rules=rules, hook_folders=folders)
        except ConfigError:  # that is noted in the section; the stages may have more to say
            section.claimed |= self._type_options("parser")
            section.read(LABEL)
            stamp.prepare(section)
            ecs.prepare(section)
            hooks.prepare(section, folders)

    def _plugin(self, name: str, user: Section | None = None) -> Plugin | None:
        """Return the open plugin of a section, made at first use; None when it cannot be: then that is noted as a problem."""
        if name not in self.plugins:
            section = self.config.plugin(name)
            try:
                plugin = self.registry.create(self.config, name)
                plugin.open()
            except ConfigError as why:
                if user and section.origin == Origin():  # the mistake is where it is named
                    del self.config.plugins[name]
                    for problem in why.problems:
                        kind = name.partition("_")[0]
                        hint = problem.hint.replace(f"'{kind}_", "'")
                        user.problem(FORMAT.name if kind == "parser" else "format", problem.message, hint)
                elif not section.problems:
                    self.config.problems += [dataclasses.replace(problem, section=problem.section or name) for problem in why.problems]
                return None
            self.plugins[name] = plugin
        return self.plugins[name]

    def _sections(self, kind: str) -> list[str]:
        return [name for name in self.config.plugins if name.startswith(f"{kind}_")]

    def _output_names(self) -> list[str]:
        return [name for name in self._sections("out") if name not in (DEAD_LETTER, self.settings.dead_letter)] or ["out_stdout"]

    def _rules(self) -> list[dict[str, str]]:
        """Return the exclusion rules; a named file that is missing is a problem, the default one may be."""
        section = self.config.defaults
        name = section.read(exclude.FILENAME)
        file = next((path for path in (Path(name), HOME / name) if path.is_file()), None) if name else None
        if file is None:
            if name and name != "exclude_log_patterns.csv":
                section.problem(exclude.FILENAME.name, f"no such file: {name!r}")
            return []
        try:
            rules = exclude.load(file)
            for name in sorted({rule["log_type"] for rule in rules} - set(self.config.types)):
                near = difflib.get_close_matches(name, self.config.types, 1)
                hint = f"did you mean {near[0]!r}?" if near else ""
                self.config.problems.append(Problem("there is no such log type: its rules exclude nothing", str(file), 0, name, "", hint, False))
            return rules
        except ConfigError as why:
            self.config.problems += why.problems
            return []

    def _note_unknown(self) -> None:
        """Note unknown keys of log types, a warning since existing files carry dead ones, and mistakes in plugins nothing uses yet."""
        known = {option.name for options in (OPTIONS, ROUTE_OPTIONS, *(stage.OPTIONS for stage in STAGES)) for option in options}
        known |= self._type_options("parser")
        enriching = self._type_options("filter")  # of no effect until the filter has a section, and no mistake
        for section in self.config.types.values():
            if FORMAT.name not in section.values and difflib.get_close_matches(section.name, ("loader",), 1, 0.7):
                section.problem("", "is taken for a log type", "did you mean [loader]?")
            section.claimed |= {*ELSEWHERE, *self.config.referenced, *enriching}
            section.unknown(known, fatal=False)
        for name in set(self.config.plugins) - set(self.plugins):
            if not self.config.plugins[name].problems:
                with contextlib.suppress(ConfigError):  # it is noted in the section
                    self.registry.create(self.config, name)

    def _type_options(self, kind: str) -> set[str]:
        found: set[str] = set()
        for name in self.registry.names(kind):
            with contextlib.suppress(ConfigError):  # one that cannot be imported hurts only those who use it
                found |= {option.name for option in getattr(self.registry.find(kind, name), "options", ())}
        return found
