"""Find and call ``transform(logdata)`` of ``sf_<type>.py``, the Python a log type brings along.

Folders are searched in order, a site's before ours; dashes in a type's name are underscores in the file's. A hook that raises
or returns None costs nothing but its own work: the record goes on as the hook left it, ``error.message`` says so.
"""

from __future__ import annotations

import importlib.util
import logging
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from loader.batch import Batch, Record
from loader.options import TypeOption, text
from loader.section import Section

SCRIPT = TypeOption(text, "", name="script_ecs", doc="Any text switches the hook sf_<type>.py on; by custom, the fields it sets.")
OPTIONS = (SCRIPT,)
CONTROL = ("__index_name", "__index_dt", "__doc_id_suffix", "is_ignored", "ignored_reason")
log = logging.getLogger(__name__)


def prepare(log_type: Section, folders: Iterable[Path]) -> tuple[Callable[[Batch], None] | None, bool]:
    """Return ``run_hook(batch)``, or None when the type has no hook; and whether records stay tidy.

    They do without a hook, or when its file says ``TIDY = True``: it makes the ECS objects that it needs and sets no empty values.
    Any other hook finds the objects around mapped fields made, empty or not. A missing or broken file is a problem of the type.
    """
    module = load(log_type, folders) if log_type.read(SCRIPT) else None
    if module is None:
        return None, True
    return _runner(log_type.name, module.transform), bool(getattr(module, "TIDY", False))


def _runner(name: str, transform: Callable[[Record], Any]) -> Callable[[Batch], None]:

    def run_hook(batch: Batch) -> None:
        records = batch.records
        errors = 0
        dropped: list[int] = []
        for index, record in enumerate(records):
            try:
                done = transform(record)
                if not isinstance(done, dict):
                    raise TypeError(f"transform returned {'None' if done is None else type(done).__name__}, not the record")
            except (Exception, SystemExit) as why:  # noqa: BLE001  # the seam around a step that may fail without losing the record
                done = record
                note_error(done, f"sf_{name}: {type(why).__name__}: {why}")
                if not errors:
                    debugged = log.isEnabledFor(logging.DEBUG)
                    log.warning("hook of %s failed on %s: %s: %s%s", name, batch.source.uri, type(why).__name__, why, _line(why), exc_info=debugged)
                errors += 1
            records[index] = done
            if "is_ignored" in done and done["is_ignored"]:
                dropped.append(index)
            for key in CONTROL:
                if key in done:
                    del done[key]
        if errors:
            batch.flags["hook failed"] += errors
        if dropped:
            gone = frozenset(dropped)
            batch.keep([index not in gone for index in range(len(records))])

    return run_hook


def load(log_type: Section, folders: Iterable[Path]) -> ModuleType | None:
    """Import the hook's file, which has a ``transform``; what is wrong is noted as a problem."""
    filename = f"sf_{log_type.name.replace('-', '_')}.py"
    searched = [folder / filename for folder in folders]
    file = next((path for path in searched if path.is_file()), None)
    if file is None:
        places = ", ".join(str(path.parent) for path in searched)
        log_type.problem(SCRIPT.name, f"the hook {filename} does not exist in {places}", "add the file, or leave script_ecs empty")
        return None
    spec = importlib.util.spec_from_file_location(f"sluice_hooks.{file.stem}", file)
    try:
        module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
        spec.loader.exec_module(module)  # type: ignore[union-attr]
    except (Exception, SystemExit) as why:  # noqa: BLE001  # a user's file may fail in any way
        log_type.problem(SCRIPT.name, f"the hook {file} cannot be imported: {type(why).__name__}: {why}")
        return None
    if not callable(getattr(module, "transform", None)):
        log_type.problem(SCRIPT.name, f"the hook {file} has no function transform(logdata)")
        return None
    return module


def _line(why: BaseException) -> str:
    """Return where in the hook's file it was raised, as far as that is known."""
    frames = traceback.extract_tb(why.__traceback__)
    return f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if len(frames) > 1 else ""


def note_error(record: Record, message: str) -> None:
    """Set ``error.message``, behind what it says already."""
    error = record.get("error")
    if isinstance(error, dict):
        error["message"] = f"{error['message']}; {message}" if error.get("message") else message
    else:
        record["error"] = {"message": message}
