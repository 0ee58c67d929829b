"""Log types that one key can satisfy: example keys of each type, offered to all that are asked before it."""

from __future__ import annotations

from collections.abc import Iterator

from loader.assembly import Assembly
from loader.lint.examples import examples
from loader.lint.finding import Finding, warning
from loader.lint.known import is_site
from loader.route import KEY, PRIORITY


def check(assembly: Assembly) -> Iterator[Finding]:
    """Look at pairs of log types of which the site has written one at least."""
    rows = assembly.router.rows
    types = assembly.config.types
    for place, (name, pattern, _) in enumerate(rows):
        if KEY.name not in types[name].own:
            continue
        keys = examples(pattern)
        for other, earlier, _ in rows[:place]:
            if KEY.name not in types[other].own or not (is_site(types[name], KEY.name) or is_site(types[other], KEY.name)):
                continue
            if earlier.pattern == pattern.pattern:
                yield warning(types[name], KEY.name, f"is the pattern of {other} too, which is asked first: no object is of this type")
            elif taken := next((key for key in keys if earlier.search(key)), ""):
                message = f"key {taken!r} is taken by {other} before {name} sees it"
                yield warning(types[name], KEY.name, message, f"{PRIORITY.name} = 1 lets {name} be asked first")
