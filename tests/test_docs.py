"""What is documented is true: every option, plugin, link and log type."""

from __future__ import annotations

import re
from pathlib import Path

from loader import reference
from loader.engine import HOME
from loader.registry import KINDS, Registry

PAGES = [HOME / "README.md", *sorted((HOME / "docs").rglob("*.md"))]


def test_the_reference_is_what_the_program_declares() -> None:
    assert (HOME / "docs" / "reference.md").read_text(encoding="utf-8") == reference.text(), "run: python -m loader.reference > docs/reference.md"


def test_every_plugin_has_a_line_in_the_readme() -> None:
    registry = Registry([HOME / "plugins"])
    readme = (HOME / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| \[(\w+)\]", readme, re.MULTILINE))
    assert named == {f"{kind}_{name}" for kind in KINDS for name in registry.names(kind)}


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert "://" in target or (page.parent / target).exists(), (page.name, target)


def test_the_examples_of_the_docs_are_configurations_without_a_mistake(tmp_path: Path) -> None:
    from loader.config import load
    from loader.engine import Engine

    pages = [page for page in PAGES if page.name != "writing-a-log-type.md"]  # its examples have hooks: tests/test_writing.py runs them
    blocks = [block for page in pages for block in re.findall(r"```ini\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)]
    assert len(blocks) >= 2
    for number, block in enumerate(blocks):
        file = tmp_path / f"{number}.ini"
        file.write_text(re.sub(r"/etc/sluice/\S+", "", block), encoding="utf-8")  # files that are not here
        engine = Engine(load([HOME / "aws.ini"], [file]), "in_file")
        assert engine.config.all_problems() == []


def test_all_paths_of_the_repository_are_its_own() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in [*PAGES, HOME / "Makefile", HOME / ".ci" / "run"])
    assert "/root" not in text and "/work" not in text


def test_every_row_of_the_compatibility_table_names_a_test_that_exists() -> None:
    page = (HOME / "docs" / "compatibility.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith(("| Row", "| Matter"))]
    assert len(rows) > 90
    for row in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", row.rsplit("|", 2)[1])
        assert named, row
        for file, test in named:
            assert (f"def {test}(" if test else "def test_") in (HOME / file).read_text(encoding="utf-8"), (file, test)
