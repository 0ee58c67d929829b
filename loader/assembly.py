"""The INI files made into working parts: plugins, routes, and one plan a log type, with every mistake noted on its section.

Building an assembly never raises: ``check`` shows what is wrong with it, a load refuses to start (``require``).
"""

from __future__ import annotations

import contextlib
import dataclasses
import fnmatch
import functools
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from loader import former, idle, inputs
from loader.api import Filter, Formatter, Limits, Output, Parser, Plugin
from loader.config import Config
from loader.errors import ConfigError, Problem
from loader.frames import Read
from loader.options import COMPAT, Option, TypeOption, compat, declared, flag, folder, number, path, seconds, size, text
from loader.plan import Plan
from loader.planner import FORMAT, OPTIONS, Parts, compile_plan
from loader.registry import Registry, configure
from loader.route import OPTIONS as ROUTE_OPTIONS
from loader.route import Router
from loader.rules import files
from loader.rules.rule import Rule
from loader.section import Origin, Section, nearest
from loader.stages import as_text, derive, ecs, envelope, exclude, hooks, label, own_logs, prefix, stamp
from loader.stages.decode import parquet_or

HOME = Path(__file__).parent.parent
DEAD_LETTER = "out_file:dead_letter"
REJECTS = {"path": "rejects/rejects.ndjson", "rotate_bytes": "100m", "rotate_keep": "10", "sync": "yes"}  # unless its section says otherwise
ENRICHERS = ("filter_xff", "filter_geoip", "filter_ioc", "filter_useragent")  # in the order of the product, whatever that of the sections
STAGES = (envelope, derive, own_logs, exclude, stamp, as_text, ecs, hooks, prefix, label)


class Settings(Plugin):
    """The options of ``[loader]``."""

    workers = Option(number(0, 512), "0", doc="Worker processes; 0: one per core.")
    tries = Option(number(1, 10), "2", doc="How often an object is tried whose worker died on it.")
    max_object_bytes = Option(size, "64g", doc="Largest object, unpacked.")
    max_record_bytes = Option(size, "16m", doc="Largest record.")
    chunk_records = Option(number(1, 100000), "1000", doc="Most records that are worked on at once.")
    match_seconds = Option(seconds, "1s", doc="How long log_pattern may look at one record; 0: as long as it likes.")
    hook_seconds = Option(seconds, "10s", doc="How long a hook may take for one record; 0: as long as it likes.")
    hooks = Option(folder, "", doc="Folder of sf_<type>.py files that is searched before the shipped ones; as seen from the current folder.")
    plugins = Option(folder, "", doc="Folder of plugins that is searched before the shipped ones; as seen from the current folder.")
    compat = Option(compat, "", doc="es-loader: the values that it gave, where ours differ (docs/compatibility.md lists them).")
    state = Option(path, "state", doc="Folder of the ledger on disk (what has arrived where), as seen from the current folder; empty: none.")
    remember = Option(seconds, "90d", doc="How long the ledger on disk knows an object after it was last touched.")
    force = Option(flag, "no", doc="Load again what the ledger on disk says has arrived; as --force.")
    fast = Option(flag, "yes", doc="Run log types as generated functions where that is possible; no: step by step, to the same bytes.")
    dead_letter = Option(text, DEAD_LETTER, doc="Output that takes rejected records, by the name of its section.")


class Plans(dict[str, Plan]):
    """Log types by name, each compiled when it is first asked for; raises ConfigError where there is a mistake after all, such as a hook
    that is gone since the check.
    """

    def __init__(self, compile_type: Callable[[Section], None], types: Mapping[str, Section]) -> None:
        super().__init__()
        self._compile, self._types = compile_type, types

    def __missing__(self, name: str) -> Plan:
        section = self._types[name]
        self._compile(section)
        if any(problem.fatal for problem in section.problems):
            self.pop(name, None)
            raise ConfigError(*section.problems)
        return self[name]


class Assembly:
    """All that one configuration gives. ``plans`` has the log types that could be compiled.

    A ``checked`` configuration has had an assembly before, which found no fatal mistake: it is not looked through for mistakes again, and
    a log type is compiled when it is first asked for.
    """

    def __init__(self, config: Config, input_name: str = "", *, checked: bool = False) -> None:
        self.config, self.input_name = config, input_name
        self.settings = Settings()
        with contextlib.suppress(ConfigError):  # noted in its section; every option has a default to go on with
            configure(self.settings, config.loader)
        self.registry = Registry([Path(folder) for folder in (self.settings.plugins,) if folder] + [HOME / "plugins"])
        self.plugins: dict[str, Plugin] = {}
        self.plans: dict[str, Plan] = Plans(self._compile_type, config.types) if checked else {}
        self.absent: dict[str, Section] = {}  # sections left out: they change a log type that is not here
        self._leave_out_former()
        for section in config.types.values():
            section.values.setdefault(COMPAT.name, self.settings.compat)
            section.claimed |= {*config.left_over(section, idle.LISTS)}
        self.router = Router(config.types.values())
        self._create()
        if not checked:
            for section in self.config.types.values():
                self._compile_type(section)
            idle.filters(self.filters, self.config, HOME / "aws.ini")
        if self.input_name:
            inputs.declare(self.config, self.registry, self.input_name)
        if not checked:
            self._check()

    def require(self) -> None:
        """Raise ConfigError with every mistake when one of them is fatal."""
        if any(problem.fatal for problem in self.config.all_problems()):
            raise ConfigError(*self.config.all_problems())

    def close(self) -> None:
        """Close all plugins."""
        for plugin in self.plugins.values():
            plugin.close()

    def _leave_out_former(self) -> None:
        """Leave out sections that change a log type of the es-loader which is not here, with a warning: files written for it have them."""
        for name in former.BUILT_IN & self.config.types.keys():
            section = self.config.types[name]
            if FORMAT.name not in section.values:
                section.problem("", former.ABSENT, "until then no key leads to it", fatal=False)
                self.config.problems += section.problems
                self.absent[name] = self.config.types.pop(name)

    def _create(self) -> None:
        """Create what the plans of all log types are made of."""
        self.outputs = [one for one in (self._plugin(name) for name in self._output_names()) if isinstance(one, Output)]
        for output in self.outputs:  # those too that no log type has
            self._formatter(output)
        for key, value in REJECTS.items():
            self.config.plugin(DEAD_LETTER).values.setdefault(key, value)
        self.dead = self._dead_letter()
        self.filters = [one for one in (self._plugin(name) for name in self._filter_names()) if isinstance(one, Filter)]
        self.rules = self._rules()
        self.hook_folders = [Path(folder) for folder in (self.settings.hooks, "/opt/siem", HOME / "siem") if folder]

    def _check(self) -> None:
        """Note what has no effect, and mistakes in what nothing uses."""
        idle.outputs(self.outputs, self.config)
        idle.rates([*self.outputs, *([self.dead] if self.dead else [])], self.config)
        idle.keys(self.config, self.registry, idle.names((OPTIONS, ROUTE_OPTIONS, *(stage.OPTIONS for stage in STAGES))), declared(Settings, Option))
        self._try_unused()

    def _formatter(self, output: Output) -> None:
        """Create the formatter of an output; one that cannot be, or does not go with the output, is noted where it is named."""
        name, section = f"formatter_{output.format}", self.config.plugin(output.name)
        if ":" in name and name not in self.config.plugins:
            near = nearest(name, self._sections("formatter"))
            section.problem("format", f"there is no section [{name}]", f"did you mean {near.removeprefix('formatter_')!r}?" if near else "write one")
            return
        found = self._plugin(name, section, "format")
        if isinstance(found, Formatter) and found.needs_raw and output.fields == "lean":
            section.problem("format", f"{output.format} is the raw text, which fields = lean leaves out", "write fields = ecs")

    def _dead_letter(self) -> Output | None:
        """Return the output that takes rejected records; None when it cannot be, which is a problem of ``[loader]``."""
        name = self.settings.dead_letter
        found = self._plugin(name, self.config.loader, "dead_letter") if name.startswith("out_") else None
        if not name.startswith("out_"):
            self.config.loader.problem("dead_letter", f"{name!r} is no output", f"write the name of its section, such as {DEAD_LETTER}")
        return found if isinstance(found, Output) else None

    def _compile_type(self, section: Section) -> None:
        try:
            parser = self._plugin(f"parser_{section.read(FORMAT)}", section, FORMAT.name)
            wanted = [one for one in self.outputs if any(fnmatch.fnmatchcase(section.name, glob) for glob in one.match)]
            pairs = [(one, self.plugins.get(f"formatter_{one.format}")) for one in wanted]
            outputs = [(one, formatter) for one, formatter in pairs if isinstance(formatter, Formatter)]
            for one, formatter in outputs:
                if formatter.labelled and type(one).prepare is not Output.prepare:
                    self.config.plugin(one.name).problem("format", f"{one.format} is for out_file and out_stdout: {one.name} frames messages itself")
            if not isinstance(parser, Parser):
                raise ConfigError(*section.problems)
            chosen = self.settings
            records = min([chosen.chunk_records, *(max(int(one.rate), 1) for one in wanted if one.rate)])  # the ledger learns of a second's worth
            limits = Limits(chosen.max_record_bytes, records, match_seconds=chosen.match_seconds, hook_seconds=chosen.hook_seconds)
            parts = Parts(self.filters, limits, self.rules, self.hook_folders, self._objects, chosen.fast)
            plan = self.plans[section.name] = compile_plan(section, parser, outputs, parts)
            if section.read(FORMAT) != "parquet":
                plan.read = parquet_or(plan.read, functools.cache(functools.partial(self._parquet, section, limits)))
        except ConfigError:  # that is noted in the section; the stages may have more to say
            section.claimed |= self.registry.type_keys("parser")
            section.claimed |= {*section.read(derive.DERIVED)}
            for stage in STAGES:
                section.claimed |= {option.name for option in stage.OPTIONS}
            for prepare in (label.prepare, stamp.prepare, ecs.prepare, functools.partial(hooks.prepare, folders=self.hook_folders)):
                with contextlib.suppress(ConfigError):  # noted likewise
                    prepare(section)

    def _parquet(self, section: Section, limits: Limits) -> Read:
        """Return the reader of Parquet objects, which any type may have; raises ConfigError without the package it takes."""
        parser = self.registry.create(self.config, "parser_parquet")
        parser.open()
        assert isinstance(parser, Parser)
        return parser.prepare(section, limits)

    def _objects(self) -> Parser:
        """Return the parser of the JSON in which carriers come."""
        parser = self._plugin("parser_json")
        if not isinstance(parser, Parser):  # told at its section
            raise ConfigError
        return parser

    def _plugin(self, name: str, user: Section | None = None, key: str = "") -> Plugin | None:
        """Return the open plugin of a section, made at first use; None when it cannot be: then that is noted as a problem.

        ``user`` is the section whose ``key`` asks for it.
        """
        if name not in self.plugins:
            section = self.config.plugin(name)
            try:
                plugin = self.registry.create(self.config, name)
                plugin.open()
            except ConfigError as why:
                if user and section.origin == Origin():  # the mistake is where it is named
                    del self.config.plugins[name]
                    kind = name.partition("_")[0]
                    for problem in why.problems:
                        message = f"{problem.key}: {problem.message}" if problem.key else problem.message
                        user.problem(key, message, problem.hint if kind == "out" else problem.hint.replace(f"'{kind}_", "'"))
                else:
                    self._note(section, why.problems)
                return None
            self.plugins[name] = plugin
        return self.plugins[name]

    def _sections(self, kind: str) -> list[str]:
        return [name for name in self.config.plugins if name.startswith(f"{kind}_")]

    def _filter_names(self) -> list[str]:
        """Return the filters in their order: ours, which need no section where a log type asks for them, then a site's."""
        found = self._sections("filter")
        bases = {name.partition(":")[0] for name in found}
        for name in ENRICHERS:
            keys = self.registry.keys("filter", name.removeprefix("filter_"))
            if name not in bases and any(section.values.get(key) for section in self.config.types.values() for key in keys):
                found.append(name)
        ranks = {name: rank for rank, name in enumerate(ENRICHERS)}
        return sorted(found, key=lambda name: ranks.get(name.partition(":")[0], len(ranks)))

    def _output_names(self) -> list[str]:
        return [name for name in self._sections("out") if name not in (DEAD_LETTER, self.settings.dead_letter)] or ["out_stdout"]

    def _rules(self) -> list[Rule]:
        """Return the exclusion rules, noting what is wrong with them."""
        rules, problems = files.load(self._rule_file(exclude.PATTERNS), self._rule_file(exclude.RULES))
        self.config.problems += [*problems, *files.notes(rules, self.config.types, exclude.utc_now())]
        return rules

    def _rule_file(self, option: TypeOption[str]) -> Path | None:
        """Return the file that is named; one that is missing is a problem, unless it is of the default name."""
        name = self.config.defaults.read(option)
        file = next((path for path in (Path(name), HOME / name) if path.is_file()), None) if name else None
        if name and file is None and name not in exclude.DEFAULTS:
            self.config.defaults.problem(option.name, f"no such file: {name!r}")
        return file

    def _note(self, section: Section, problems: Iterable[Problem]) -> None:
        """Note what is wrong with a plugin: at its key, but what has a place of its own."""
        for problem in problems:
            if problem.file:
                self.config.problems.append(dataclasses.replace(problem, section=problem.section or section.name))
            else:
                section.problem(problem.key, problem.message, problem.hint, fatal=problem.fatal)

    def _try_unused(self) -> None:
        """Note mistakes in plugins nothing uses yet."""
        for name in set(self.config.plugins) - set(self.plugins):
            if not self.config.plugins[name].problems:
                with contextlib.suppress(ConfigError):  # it is noted in the section
                    self.registry.create(self.config, name)
