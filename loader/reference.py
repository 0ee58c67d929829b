"""The reference of all options, written from the classes that declare them: ``python -m loader.reference > docs/reference.md``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any

from loader.assembly import HOME, STAGES, Settings
from loader.options import COMPAT, Option, declared
from loader.planner import OPTIONS
from loader.registry import KINDS, Registry
from loader.route import OPTIONS as ROUTE_OPTIONS

TITLES = {"in": "Inputs", "parser": "Parsers", "filter": "Filters", "formatter": "Formatters", "out": "Outputs"}


def pages() -> Iterator[str]:
    """Yield the lines of the reference."""
    registry = Registry([HOME / "plugins"])
    yield "# Reference of options\n"
    yield "Written from the program by `python -m loader.reference`; a test keeps it true. Sizes are `512k`, `16m`, `2g`; times `30s`, `5m`."
    yield from _table("`[loader]`", Settings.__doc__, declared(Settings, Option).values())
    types = [*ROUTE_OPTIONS, COMPAT, *OPTIONS, *(option for stage in STAGES for option in stage.OPTIONS)]
    yield from _table("A log type's section", "Every section that is neither `[loader]` nor a plugin's; `[DEFAULT]` reaches these only.", types)
    for kind, title in TITLES.items():
        yield f"\n## {title}"
        for name in registry.names(kind):
            plugin = registry.find(kind, name)
            about = (sys.modules[plugin.__module__].__doc__ or "").split("\n\n")[0]
            yield from _table(f"`[{kind}_{name}]`", about, declared(plugin, Option).values(), "###")
            yield from _rows("In a log type's section:", getattr(plugin, "options", ()))


def _table(title: str, text: str | None, options: Iterable[Option[Any]], level: str = "##") -> Iterator[str]:
    yield f"\n{level} {title}\n"
    yield " ".join((text or "").split()).replace("``", "`")
    yield from _rows("", options)


def _rows(title: str, options: Iterable[Option[Any]]) -> Iterator[str]:
    options = list(options)
    if not options:
        return
    yield f"\n{title}\n" if title else ""
    yield "| key | default | meaning |\n|---|---|---|"
    for option in options:
        default = "(required)" if option.default is None else f"`{option.default}`" if option.default else ""
        meaning = option.doc + (" A secret: `env:NAME` or `file:PATH`." if option.secret else "")
        yield f"| `{option.name}` | {default} | {meaning} |"


def text() -> str:
    """Return the whole reference."""
    return "\n".join(pages()) + "\n"


if __name__ == "__main__":
    assert set(TITLES) == set(KINDS)
    sys.stdout.write(text())
