"""The book of rules: workflows, calendars, routing, skills, reasons; from the files that ship and the operator's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from data.errors import BadInput, Refused
from dispatch.calendar import Calendar
from dispatch.calendars import load_calendars
from dispatch.reasons import Reasons, load_reasons
from dispatch.refusals import refuse
from dispatch.routing import Table
from dispatch.routing_file import load_routing
from dispatch.skills import Skills
from dispatch.skills_file import load_skills
from dispatch.words import listed, plain
from dispatch.workflow import Workflow
from dispatch.workflow_file import SHIPPED, BadWorkflow, load

WORKFLOWS = "workflows"


class BadBook(BadInput):
    """Rules that cannot be used. `problems` are those of all files, each `file:line: reason`."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Book:
    """Everything that commands go by. Immutable; another book is for cases that come later."""

    workflows: Mapping[str, Workflow]
    calendars: Mapping[str, Calendar]
    routing: Table
    skills: Skills
    reasons: Reasons

    @classmethod
    def load(cls, folder: Path | None = None) -> Book:
        """The shipped rules, and those in `folder` instead or beside them.

        `folder` may have workflows/*.toml, calendars/*.toml, routing.toml, skills.toml and reasons.toml.

        Raises BadBook with every problem of every file: rules that are half there are worse than no start.
        """
        problems: list[str] = []
        calendars = _read(lambda: load_calendars(folder), problems)
        workflows = _workflows(SHIPPED, calendars, problems)
        if folder is not None and (folder / WORKFLOWS).is_dir():
            workflows |= _workflows(folder / WORKFLOWS, calendars, problems)
        routing = _read(lambda: load_routing(folder, workflows=workflows), problems)
        skills = _read(lambda: load_skills(folder), problems)
        reasons = _read(lambda: load_reasons(folder), problems)
        if problems or calendars is None or routing is None or skills is None or reasons is None:
            raise BadBook(problems)
        return cls(workflows, calendars, routing, skills, reasons)

    def workflow(self, id: str) -> Workflow:
        """The workflow of a case. Raises Refused where this server has none of that name."""
        found = self.workflows.get(id)
        if found is None:
            raise refuse(Refused, "no_workflow", id=id, known=listed(self.workflows, plain))
        return found

    def calendar(self, id: str) -> Calendar:
        """The calendar of a clock. Raises Refused where this server has none of that name."""
        found = self.calendars.get(id)
        if found is None:
            raise refuse(Refused, "no_calendar", id=id)
        return found


@lru_cache(maxsize=1)
def shipped() -> Book:
    """The rules that ship, read once."""
    return Book.load(None)


T = TypeVar("T")


def _read(part: Callable[[], T], problems: list[str]) -> T | None:
    """A part that loads itself, or None with its problems noted."""
    try:
        return part()
    except BadInput as error:
        problems += str(error).splitlines()
        return None


def _workflows(folder: Path, calendars: Mapping[str, Calendar] | None, problems: list[str]) -> dict[str, Workflow]:
    found: dict[str, Workflow] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            workflow = load(path, calendars=calendars)
        except BadWorkflow as error:
            problems += error.problems
            continue
        if workflow.id in found:
            problems.append(
                f"{path}:1: workflow {workflow.id} is in {found[workflow.id].path} too; give one another id"
            )
        found[workflow.id] = workflow
    return found
