"""Who may import whom: STYLE 3.4 as DESIGN changed it, on the syntax tree; and every module has its test."""

from __future__ import annotations

import ast
import dataclasses
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

HOME = Path(__file__).parent.parent
LEAVES = {
    "ahead", "backtracking", "batch", "changes", "charset", "claims", "cloud", "cutter", "errors", "firstline", "former", "frames", "ini", "jsontext",
    "ledger",
    "listing", "literals", "log", "markup", "matching", "memo", "networks", "options", "pace", "paths", "pieces", "positions", "quotes",
    "receiver", "regexpath", "regextokens",
    "rejects", "schema", "section", "separators", "sharing", "times", "watchdog",
}  # fmt: skip
EXCLUSION = {"rules"} | {
    f"rules.{name}" for name in ("rule", "conditions", "expressions", "draft", "csv_file", "json_file", "files", "alone", "index")
}
LEAVES |= EXCLUSION
LEAVES |= {"queues.held", "queues.inflight", "queues.receipts", "queues.notice", "queues.forms", "queues.reading", "replay.rowfiles", "replay.tally"}
STAGE_LEAVES = {
    "batch", "changes", "charset", "cloud", "errors", "frames", "jsontext", "memo", "options", "paths", "schema", "section", "times", "watchdog",
}  # fmt: skip
STAGE_LEAVES |= EXCLUSION
MAY = {  # what each module of loader/ that is no leaf may import beside leaves
    "api": set(),
    "chunk": set(),
    "config": set(),
    "metrics": set(),
    "results": set(),
    "route": set(),
    "registry": {"api", "config"},
    "deliver": {"api", "chunk"},
    "fast.leaves": {"stages"},
    "fast.layout": {"fast.leaves"},
    "fast.excluded": {"fast.layout", "fast.leaves"},
    "fast.fragments": {"fast.layout", "fast.leaves"},
    "fast.objects": {"fast.excluded", "fast.layout", "fast.leaves"},
    "fast.conformed": {"stages"},
    "fast.clashes": {"fast.conformed", "fast.layout", "fast.leaves", "fast.objects", "stages"},
    "fast.calls": {"fast.fragments", "fast.layout", "fast.leaves", "fast.objects", "stages"},
    "fast.direct": {"fast.calls", "fast.layout", "fast.leaves", "fast.objects", "stages"},
    "fast.writer": {"fast.direct", "fast.excluded", "fast.fragments", "fast.layout", "fast.leaves", "fast.objects", "stages"},
    "fast.texts": {"fast.layout", "fast.leaves", "fast.objects", "fast.writer", "stages"},
    "fast.records": {"fast.clashes", "fast.layout", "fast.leaves", "fast.objects", "fast.writer", "stages"},
    "fast.together": set(),
    "fast.clock": {"stages"},
    "fast.run": {"fast.clock", "fast.leaves", "fast.together", "fast.writer", "stages"},
    "fast.regular": {"fast.leaves", "stages"},
    "fast.columnar": {"fast.layout", "fast.leaves", "fast.objects", "fast.regular", "fast.texts", "fast.writer"},
    "fast.document": {"fast.layout", "fast.leaves", "stages"},
    "fast.build": {
        "api", "fast.clashes", "fast.clock", "fast.columnar", "fast.document", "fast.excluded", "fast.layout", "fast.leaves", "fast.records",
        "fast.regular", "fast.run", "fast.texts", "fast.writer", "stages",
    },  # fmt: skip
    "plan": {"api", "fast.run", "stages"},
    "planner": {"api", "fast.build", "fast.leaves", "fast.run", "plan", "stages"},
    "journal": set(),
    "stats": set(),
    "dead_letter": {"api", "deliver"},
    "dispatch": {"dead_letter", "deliver", "plan"},
    "pipeline": {"api", "dispatch", "plan"},
    "inputs": {"api", "config", "registry"},
    "idle": {"api", "config", "registry", "route", "stages"},
    "assembly": {"api", "config", "idle", "inputs", "plan", "planner", "registry", "route", "stages"},
    "engine": {"api", "assembly", "config", "dead_letter", "deliver", "dispatch", "inputs", "journal", "pipeline", "plan", "route", "stages"},
    "replay.texts": {"api", "engine", "plan", "planner", "stages"},
    "replay.replay": {"api", "dispatch", "engine", "pipeline", "plan", "replay.texts", "route"},
    "crew": {"engine"},
    "queues.drain": {"api", "deliver", "engine"},
    "worker": {"config", "engine"},
    "reference": {"assembly", "planner", "registry", "route"},
}
FOLDERS = {"", "fast", "queues", "replay"}  # with modules that stand in MAY or LEAVES, as those of loader/ itself
OTHERWISE = {"cli", "draft", "explain", "lint", "stages"}  # folders with rules of their own
BESIDE = {  # the stages that are more than a module: ecs writes its mapping, which types its values
    ("loader/stages/ecs.py", "stages.mapping"),
    ("loader/stages/ecs.py", "stages.typed"),
    ("loader/stages/ecs.py", "stages.compat"),
    ("loader/stages/hooks.py", "stages.declared"),
    ("loader/stages/hooks.py", "stages.table"),
    ("loader/stages/table.py", "stages.declared"),
    ("loader/stages/declared.py", "stages.tidy"),
    ("loader/stages/for_ecs.py", "stages.typed"),
    ("loader/stages/for_ecs.py", "stages.stamp"),
    ("loader/stages/compat.py", "stages.typed"),
    ("loader/stages/mapping.py", "stages.typed"),
    ("loader/stages/stamp.py", "stages.clock"),  # the time is the largest part of the stamp
}
WITHOUT_TWIN = {  # short, and each for a reason
    "loader/explain/model.py": "dataclasses alone; test_explanation.py and test_report.py read every one",
    "loader/queues/held.py": "dataclasses; test_inflight.py works with each",
    "loader/queues/notice.py": "test_reading.py has a case for all that a message may ask for",
    "loader/queues/forms.py": "test_reading.py has every form",
    "loader/reference.py": "what it writes is compared with docs/reference.md in tests/test_docs.py",
}


@dataclasses.dataclass(frozen=True)
class Import:
    name: str
    line: int
    function: str  # the function it stands in, if any


@dataclasses.dataclass(frozen=True)
class Module:
    path: str  # below the repository, with slashes
    source: str

    @property
    def name(self) -> str:
        """Dotted."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.source)

    def imports(self) -> list[Import]:
        """Return all imports, ``from loader import x`` as loader.x where that is a module."""
        return list(_walk(self.tree, ""))

    def imported(self, package: str) -> set[str]:
        """Return the names of imported modules below a package, without it: '' for the package itself."""
        found = {one.name for one in self.imports() if one.name.split(".")[0] == package}
        return {name.removeprefix(package).lstrip(".") for name in found}


def _walk(node: ast.AST, function: str) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, child.lineno, function) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            package = f"{'.' * child.level}{child.module or ''}"
            yield from (Import(_module(package, alias.name), child.lineno, function) for alias in child.names)
        else:
            inner = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _walk(child, getattr(child, "name", "lambda") if inner else function)


def _module(package: str, name: str) -> str:
    file = HOME / package.replace(".", "/") / name
    return f"{package}.{name}" if file.with_suffix(".py").is_file() or file.is_dir() else package


def modules() -> list[Module]:
    files = [HOME / "index.py", *(file for folder in ("loader", "plugins", "siem") for file in sorted((HOME / folder).rglob("*.py")))]
    return [Module(file.relative_to(HOME).as_posix(), file.read_text(encoding="utf-8")) for file in files]


ALL = modules()


# --- the rules: each yields what breaks it ---


def index_imports_only_commands_and_errors(module: Module) -> Iterator[str]:
    if module.path == "index.py":
        for one in module.imports():
            root = one.name.split(".")[0]
            if root not in sys.stdlib_module_names and not one.name.startswith(("loader.cli", "loader.errors")):
                yield f"imports {one.name} in line {one.line}; it may import loader.cli and loader.errors"


def leaves_import_only_leaves(module: Module) -> Iterator[str]:
    package, _, name = module.name.partition(".")
    if package == "loader" and name in LEAVES:
        for other in module.imported("loader") - LEAVES:
            yield f"is a leaf and imports loader.{other}"


def each_module_imports_only_what_lies_below_it(module: Module) -> Iterator[str]:
    package, _, name = module.name.partition(".")
    if package == "loader" and name not in LEAVES | FOLDERS and name.split(".")[0] not in OTHERWISE:
        if name not in MAY:
            yield "is not in MAY: say there what it may import, or that it is a leaf"
            return
        for other in module.imported("loader"):
            if not {other, other.split(".")[0]} & (LEAVES | MAY[name]):
                yield f"imports loader.{other}"


def checks_look_at_an_assembly_and_run_nothing(module: Module) -> Iterator[str]:
    if module.path.startswith("loader/lint/"):
        for other in module.imported("loader"):
            if other.split(".")[0] not in LEAVES | MAY["reference"] | {"config", "lint", "stages"}:
                yield f"imports loader.{other}"


def explaining_runs_a_plan_and_delivers_nothing(module: Module) -> Iterator[str]:
    if module.path.startswith("loader/explain/"):
        for other in module.imported("loader"):
            if other.split(".")[0] not in LEAVES | {"api", "assembly", "explain", "plan", "planner", "route", "stages"}:
                yield f"imports loader.{other}"


def drafting_tries_what_it_writes_and_delivers_nothing(module: Module) -> Iterator[str]:
    if module.path.startswith("loader/draft/"):
        for other in module.imported("loader"):
            if other.split(".")[0] not in LEAVES | {"api", "assembly", "config", "draft", "explain", "lint", "plan", "planner", "registry", "stages"}:
                yield f"imports loader.{other}"


def stages_import_only_leaves_and_never_each_other(module: Module) -> Iterator[str]:
    if module.path.startswith("loader/stages/"):
        for other in module.imported("loader"):
            if other not in STAGE_LEAVES and (module.path, other) not in BESIDE:
                yield f"is a stage and imports loader.{other}"


def plugins_import_only_the_api_and_their_own_folder(module: Module) -> Iterator[str]:
    if module.path.startswith("plugins/"):
        for other in module.imported("loader") - {"api"}:
            yield f"imports loader.{other}; a plugin knows loader.api alone"
        for other in module.imported("plugins"):
            if not other.startswith("_"):
                yield f"imports the plugin {other}"
        folder = module.path.split("/")[1]
        own = {other.split(".")[0] for other in module.imported("plugins")}
        if folder.startswith("_") and own - {folder}:
            yield f"imports {own - {folder}}, which is another plugin's"
        if "siem" in {one.name.split(".")[0] for one in module.imports()}:
            yield "imports siem"


def hooks_import_only_their_tools_and_the_standard_library(module: Module) -> Iterator[str]:
    if module.path.startswith("siem/"):
        toolbox = {"loader.cloud", "loader.paths", "loader.times"} if module.path.startswith("siem/_") else set()
        ours = {other.name for other in ALL if other.path.startswith("siem/")}
        if module.path.startswith("siem/sf_"):
            ours = {"siem.utils", "siem.fileformat_winevtxml"}
        for one in module.imports():
            if one.name.split(".")[0] not in sys.stdlib_module_names and one.name not in toolbox | ours:
                yield f"imports {one.name} in line {one.line}; a hook may import siem.utils and the standard library"


def the_loader_never_names_plugins_or_hooks(module: Module) -> Iterator[str]:
    if module.path.startswith("loader/"):
        for one in module.imports():
            if one.name.split(".")[0] in ("plugins", "siem"):
                yield f"imports {one.name} in line {one.line}; plugins and hooks are found by their files"


KEPT = {("boto3", "plugins/"), ("botocore", "plugins/"), ("configparser", "loader/config.py")}


def some_packages_have_one_place(module: Module) -> Iterator[str]:
    for one in module.imports():
        for package, place in KEPT:
            if one.name.split(".")[0] == package and not module.path.startswith(place):
                yield f"imports {one.name} in line {one.line}, which belongs to {place}"


def logging_is_configured_in_one_place(module: Module) -> Iterator[str]:
    if module.path != "loader/log.py":
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and node.attr in ("basicConfig", "dictConfig", "fileConfig"):
                yield f"configures logging in line {node.lineno}; loader/log.py does"


def packages_are_empty(module: Module) -> Iterator[str]:
    if module.path.endswith("__init__.py"):
        words = ast.get_docstring(module.tree) is not None and not module.path.startswith("loader/")  # a private folder may say what it is
        names = module.path == "siem/__init__.py" and module.imported("siem") == {"deprecated"}  # that hooks of the es-loader import from it
        if len(module.tree.body) > words + names:
            yield "is not empty"


LATE = {
    ("loader/rules/expressions.py", "_parsed", "jmespath"),  # few have rules that are expressions
    ("loader/cli/progress.py", "_bar", "loader.cli.bar"),  # the rest are made of rich, and nothing of it is shown before the first record is sent
    ("loader/cli/load.py", "run", "loader.cli.summary"),
    ("loader/cli/drain.py", "conclude", "loader.cli.summary"),
}


def imports_stand_at_the_top(module: Module) -> Iterator[str]:
    lines = module.source.splitlines()
    for one in module.imports():
        root = one.name.split(".")[0]
        optional = module.path.startswith("plugins/") and one.function == "open" and "noqa: PLC0415" in lines[one.line - 1]
        optional &= root not in {*sys.stdlib_module_names, "loader", "plugins"}
        if one.function and not optional and (module.path, one.function, one.name) not in LATE:
            yield f"imports {one.name} inside {one.function} in line {one.line}; only a plugin's open does that, for a package that is optional"


LOADS_BY_NAME = {"index.py", "loader/registry.py", "loader/stages/hooks.py"}


def modules_are_loaded_by_name_in_three_places(module: Module) -> Iterator[str]:
    if module.path not in LOADS_BY_NAME and "importlib" in {one.name.split(".")[0] for one in module.imports()}:
        yield f"uses importlib; only {', '.join(sorted(LOADS_BY_NAME))} do"


def imports_are_absolute(module: Module) -> Iterator[str]:
    for one in module.imports():
        if one.name.startswith("."):
            yield f"imports {one.name} in line {one.line}: write the whole name"


RULES: list[Callable[[Module], Iterator[str]]] = [
    index_imports_only_commands_and_errors,
    leaves_import_only_leaves,
    each_module_imports_only_what_lies_below_it,
    checks_look_at_an_assembly_and_run_nothing,
    explaining_runs_a_plan_and_delivers_nothing,
    drafting_tries_what_it_writes_and_delivers_nothing,
    stages_import_only_leaves_and_never_each_other,
    plugins_import_only_the_api_and_their_own_folder,
    hooks_import_only_their_tools_and_the_standard_library,
    the_loader_never_names_plugins_or_hooks,
    some_packages_have_one_place,
    logging_is_configured_in_one_place,
    packages_are_empty,
    imports_stand_at_the_top,
    modules_are_loaded_by_name_in_three_places,
    imports_are_absolute,
]


def broken(rule: Callable[[Module], Iterator[str]], found: Iterable[Module]) -> list[str]:
    return [f"{module.path} {what}" for module in found for what in rule(module)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule(rule: Callable[[Module], Iterator[str]]) -> None:
    assert broken(rule, ALL) == []


OFFENDERS = [
    (index_imports_only_commands_and_errors, "index.py", "import loader.engine", "index.py imports loader.engine in line 1"),
    (leaves_import_only_leaves, "loader/paths.py", "from loader import config", "loader/paths.py is a leaf and imports loader.config"),
    (each_module_imports_only_what_lies_below_it, "loader/plan.py", "from loader.engine import Task", "loader/plan.py imports loader.engine"),
    (each_module_imports_only_what_lies_below_it, "loader/helper.py", "", "loader/helper.py is not in MAY"),
    (each_module_imports_only_what_lies_below_it, "loader/queues/helper.py", "", "loader/queues/helper.py is not in MAY"),
    (each_module_imports_only_what_lies_below_it, "loader/api.py", "from loader.queues.drain import Drain", "imports loader.queues.drain"),
    (explaining_runs_a_plan_and_delivers_nothing, "loader/explain/x.py", "from loader.deliver import Delivery", "imports loader.deliver"),
    (drafting_tries_what_it_writes_and_delivers_nothing, "loader/draft/x.py", "from loader.engine import Engine", "imports loader.engine"),
    (checks_look_at_an_assembly_and_run_nothing, "loader/lint/x.py", "from loader.engine import Engine", "loader/lint/x.py imports loader.engine"),
    (stages_import_only_leaves_and_never_each_other, "loader/stages/ecs.py", "from loader.stages import tidy", "imports loader.stages.tidy"),
    (stages_import_only_leaves_and_never_each_other, "loader/stages/tidy.py", "from loader.registry import Registry", "imports loader.registry"),
    (plugins_import_only_the_api_and_their_own_folder, "plugins/out_x.py", "from loader.frames import lines", "a plugin knows loader.api alone"),
    (plugins_import_only_the_api_and_their_own_folder, "plugins/out_x.py", "from plugins.out_file import FileOutput", "imports the plugin out_file"),
    (plugins_import_only_the_api_and_their_own_folder, "plugins/_x/a.py", "from plugins._json.frames import X", "which is another plugin's"),
    (hooks_import_only_their_tools_and_the_standard_library, "siem/sf_x.py", "import orjson", "siem/sf_x.py imports orjson in line 1"),
    (hooks_import_only_their_tools_and_the_standard_library, "siem/sf_x.py", "from siem import _web", "siem/sf_x.py imports siem._web in line 1"),
    (hooks_import_only_their_tools_and_the_standard_library, "siem/sf_x.py", "from siem.sf_alb import transform", "imports siem.sf_alb in line 1"),
    (hooks_import_only_their_tools_and_the_standard_library, "siem/utils.py", "from loader.paths import put", "imports loader.paths in line 1"),
    (the_loader_never_names_plugins_or_hooks, "loader/x.py", "def f():\n    import plugins.out_file", "imports plugins.out_file in line 2"),
    (some_packages_have_one_place, "loader/x.py", "from botocore import config", "which belongs to plugins/"),
    (some_packages_have_one_place, "loader/x.py", "import configparser", "which belongs to loader/config.py"),
    (logging_is_configured_in_one_place, "loader/x.py", "import logging\nlogging.basicConfig()", "configures logging in line 2"),
    (packages_are_empty, "loader/__init__.py", '"""Words."""', "loader/__init__.py is not empty"),
    (packages_are_empty, "plugins/_x/__init__.py", '"""Words."""\nVERSION = 1', "plugins/_x/__init__.py is not empty"),
    (packages_are_empty, "siem/__init__.py", '"""Words."""\nfrom siem.deprecated import x\nVERSION = 1', "siem/__init__.py is not empty"),
    (imports_stand_at_the_top, "loader/x.py", "class A:\n    def open(self):\n        import boto3  # noqa: PLC0415", "inside open in line 3"),
    (imports_stand_at_the_top, "plugins/x.py", "def open():\n    import json  # noqa: PLC0415", "imports json inside open"),
    (imports_stand_at_the_top, "plugins/x.py", "def write():\n    import boto3  # noqa: PLC0415", "imports boto3 inside write"),
    (imports_stand_at_the_top, "plugins/x.py", "def open():\n    import boto3", "imports boto3 inside open"),
    (modules_are_loaded_by_name_in_three_places, "loader/x.py", "from importlib import import_module", "uses importlib"),
    (imports_are_absolute, "loader/x.py", "from . import config", "imports . in line 1"),
]


@pytest.mark.parametrize(("rule", "path", "source", "said"), OFFENDERS)
def test_a_file_that_breaks_a_rule_is_named(rule: Callable[[Module], Iterator[str]], path: str, source: str, said: str) -> None:
    (message,) = broken(rule, [Module(path, source)])
    assert message.startswith(path)
    assert said in message


def cycles(graph: dict[str, set[str]]) -> list[str]:
    """Return the cycles that a walk in depth meets, each as a -> b -> a."""
    found: list[str] = []
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in above:
            found.append(" -> ".join((*above[above.index(name) :], name)))
        elif name not in done:
            for other in sorted(graph.get(name, ())):
                visit(other, (*above, name))
            done.add(name)

    for name in sorted(graph):
        visit(name, ())
    return found


def test_there_is_no_cycle() -> None:
    ours = {module.name for module in ALL}
    assert cycles({module.name: {one.name for one in module.imports()} & ours for module in ALL}) == []
    assert cycles({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b -> c -> b"]


def test_a_private_folder_belongs_to_one_plugin() -> None:
    users: dict[str, set[str]] = {}
    for module in ALL:
        if module.path.startswith("plugins/") and not module.path.startswith("plugins/_"):
            for other in module.imported("plugins"):
                users.setdefault(other.split(".")[0], set()).add(module.path)
    bodies = {f"plugins/formatter_{name}.py" for name in ("cef", "kv", "leef", "logrhythm", "ltsv", "raw", "template")}
    # families: sessions, roles and refusals are the same for both; so are what a value is as text, and the map of ECS
    shared = {"_aws": {"plugins/in_s3.py", "plugins/in_sqs.py"}, "_text": bodies}
    assert {folder: fronts for folder, fronts in users.items() if len(fronts) > 1 and not fronts <= shared.get(folder, set())} == {}


def test_every_module_has_its_test_twin() -> None:
    missing = []
    for module in ALL:
        folder, _, file = module.path.rpartition("/")
        twin = f"tests/{folder}/test_{file}"
        folders = ("", "/draft", "/explain", "/fast", "/queues", "/replay", "/rules", "/stages")
        twinned = folder in ("plugins", *(f"loader{below}" for below in folders))
        wanted = twinned and file != "__init__.py" and module.path not in WITHOUT_TWIN
        if wanted and not (HOME / twin).is_file():
            missing.append(f"{module.path} has no {twin}")
    assert missing == []


def test_every_exception_is_still_one() -> None:
    assert {path for path in WITHOUT_TWIN if not (HOME / path).is_file()} == set()
    names = {module.name.removeprefix("loader.") for module in ALL if module.name.startswith("loader.")}
    assert (LEAVES | MAY.keys()) - names == set()


def test_importing_any_module_reads_and_connects_to_nothing() -> None:
    """No call at the top of a module that opens a file, a socket or the environment."""
    calls = ("open(", "read_text(", "read_bytes(", "socket.create", "environ[", "getenv(", "boto3.client(", "load(")
    found = []
    for module in ALL:
        for node in module.tree.body:
            if isinstance(node, ast.Expr | ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call):
                text = ast.unparse(node.value)
                found += [f"{module.path}:{node.lineno} {text}" for call in calls if text.startswith(call) or f".{call}" in text.split("lambda")[0]]
    assert found == []
