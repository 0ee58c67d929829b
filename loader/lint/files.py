"""Files beside the configuration: hooks no log type calls, and files anyone on the machine may change."""

from __future__ import annotations

import difflib
import stat
from collections.abc import Iterator
from pathlib import Path

from loader.assembly import Assembly
from loader.errors import Problem
from loader.lint.finding import NOTE, WARNING, Finding
from loader.stages.hooks import SCRIPT, filenames


def check(assembly: Assembly) -> Iterator[Finding]:
    """Look at the INI files, and at the folders of hooks and plugins."""
    plugins = [Path(assembly.settings.plugins)] if assembly.settings.plugins else []
    for folder in assembly.hook_folders:
        for file in sorted(folder.glob("sf_*.py")):
            yield from _hook(assembly, file)
    files = [Path(file) for file in assembly.config.files]
    folders = [folder for folder in dict.fromkeys([*assembly.hook_folders, *plugins]) if folder.is_dir()]
    for path in [*files, *(path for folder in folders for path in [folder, *sorted(folder.glob("*.py"))])]:
        yield from _permissions(path)


def _hook(assembly: Assembly, file: Path) -> Iterator[Finding]:
    owners = {name: log_type for log_type in assembly.config.types for name in filenames(log_type)}
    if file.name not in owners:
        near = difflib.get_close_matches(file.name, owners, 1)
        hint = f"did you mean {near[0]}?" if near else "a hook is named after its log type, with underscores for dashes"
        yield Finding(NOTE, Problem("belongs to no log type, and is never called", str(file), hint=hint, fatal=False))
    elif not assembly.config.types[owners[file.name]].values.get(SCRIPT.name):
        hint = f"any text in {SCRIPT.name} of [{owners[file.name]}] switches it on"
        yield Finding(NOTE, Problem(f"is never called: its log type has no {SCRIPT.name}", str(file), hint=hint, fatal=False))


def _permissions(path: Path) -> Iterator[Finding]:
    try:
        found = path.stat().st_mode
    except OSError:  # gone since it was listed
        return
    if found & stat.S_IWOTH and not found & stat.S_ISVTX and (stat.S_ISREG(found) or stat.S_ISDIR(found)):
        yield Finding(WARNING, Problem("anyone on this machine may change it, and so what runs", str(path), hint=f"chmod o-w {path}", fatal=False))
