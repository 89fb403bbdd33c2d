"""The pages are true: what they link to is there, and the commands they name exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
COMMAND = re.compile(r"(?:python |`|^)app\.py ([a-z][a-z-]*(?: [a-z][a-z-]*)?)", re.M)
TARGET = re.compile(r"\bmake ([a-z]+)\b")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]
    missing = [link for link in links if not (page.parent / link).exists()]
    assert not missing


def test_every_command_in_the_docs_exists() -> None:
    from app import app

    root = get_command(app)
    known = set(root.commands)  # type: ignore[attr-defined]
    inner = {f"{name} {sub}" for name, group in root.commands.items() for sub in getattr(group, "commands", {})}  # type: ignore[attr-defined]
    groups = {name.split()[0] for name in inner}
    named = {found for page in PAGES for found in COMMAND.findall(page.read_text(encoding="utf-8"))}
    assert named
    unknown = [
        words
        for words in named
        if (words.split()[0] not in known) or (words.split()[0] in groups and words not in inner)
    ]
    assert not unknown


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_runs_in_the_virtual_environment(page: Path) -> None:
    outside = re.findall(r".*(?<![\w/])python3? app\.py.*", page.read_text(encoding="utf-8"))
    assert not outside


def test_every_make_target_in_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    code = "\n".join(
        a or b for a, b in re.findall(r"```sh\n(.*?)```|`([^`\n]+)`", (ROOT / "README.md").read_text(), re.S)
    )
    named = set(TARGET.findall(code))
    assert {"demo", "test", "setup"} <= named <= targets


def test_every_decision_is_listed() -> None:
    listed = set(LINK.findall((ROOT / "docs/decisions/README.md").read_text(encoding="utf-8")))
    assert listed == {page.name for page in (ROOT / "docs/decisions").glob("0*.md")}
