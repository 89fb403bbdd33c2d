"""A workflow as data: its steps, the moves between them, who may make each, and its time limits. Pure values.

Workflows are read from files (`workflow_file.py`) and verified before anything uses them (`workflow_checks.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from data.records import IncidentState

DISPATCHER = "dispatcher"
OWNER = "owner"
WORKER = "worker"
SUPERVISOR = "supervisor"
DISTRICT = "district"
SYSTEM = "system"

ROLES: Mapping[str, tuple[str, str]] = {
    DISPATCHER: ("值班员", "duty officer"),
    OWNER: ("承办单位", "department that has the case"),
    WORKER: ("网格员、处置人员", "grid worker, crew"),
    SUPERVISOR: ("督办", "supervisor"),
    DISTRICT: ("区级裁定", "district"),
    SYSTEM: ("系统", "system"),
}
"""The roles every workflow knows: id -> (Chinese, English). A file may add its own."""

FILE = "file"
"""The first move of every case: it comes into the workflow's initial step."""
ASSIGN = "assign"
RETURN = "return"
FORCE_CLOSE = "force_close"
MERGE = "merge"
SPLIT = "split"
NOTE = "note"

EXCEPTIONAL = frozenset({FORCE_CLOSE, MERGE})
"""Moves by which people may end a case without its verifying step; each is in the record under its name."""

EVERY_STEP = "*"
"""In a file: from every step that is not final."""


class On(StrEnum):
    """What makes a move by itself, without a person choosing it."""

    NOTHING = ""
    DISPATCHED = "dispatched"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    RECALLED = "recalled"
    CLOSED = "closed"


class Effect(StrEnum):
    """What a move does to the clocks beside what the limits say."""

    NONE = ""
    SUSPEND = "suspend"
    RESUME = "resume"
    EXTEND = "extend"


@dataclass(frozen=True, slots=True)
class Step:
    """A state of the workflow. `phase` is what the wall counts it as; a `final` one ends the case."""

    id: str
    zh: str
    en: str
    phase: IncidentState
    final: bool = False


@dataclass(frozen=True, slots=True)
class Transition:
    """A move: from any of `sources` to the step `to` (None: the step stays).

    `roles` may make it; without roles only what `on` names does. `needs_reason` is met by a reason or by the rule that
    is appealed to. `evidence` are the kinds of evidence that must come with it.
    """

    move: str
    sources: tuple[str, ...]
    to: str | None
    roles: tuple[str, ...]
    zh: str
    en: str
    needs_reason: bool = False
    needs_note: bool = False
    needs_owner: bool = False
    evidence: tuple[str, ...] = ()
    on: On = On.NOTHING
    effect: Effect = Effect.NONE

    @property
    def manual(self) -> bool:
        return bool(self.roles)


@dataclass(frozen=True, slots=True)
class Override:
    """Another amount or calendar for some matters. Conditions that are given must all hold."""

    amount: float
    unit: str
    calendar: str
    severity: int | None = None  # this or more urgent
    category: tuple[str, ...] = ()  # prefixes

    def matches(self, category: str, severity: int) -> bool:
        return (self.severity is None or severity <= self.severity) and (
            not self.category or category.startswith(self.category)
        )


@dataclass(frozen=True, slots=True)
class Limit:
    """A time limit. Its clock starts when a step of `start_on` is entered, or a move named there is made.

    It starts once, and stops at what `stop_on` names or when the case ends. One with `restart` begins anew, with a
    fresh deadline, each time it is started again. `warn` are fractions of the time at which it warns. The first of
    `overrides` that matches replaces amount and calendar.
    """

    clock: str
    zh: str
    en: str
    amount: float
    unit: str
    calendar: str
    start_on: tuple[str, ...]
    stop_on: tuple[str, ...]
    warn: tuple[float, ...] = (0.8,)
    restart: bool = False
    overrides: tuple[Override, ...] = ()

    @property
    def span(self) -> str:
        """The amount with its unit: "1 day", "45 s"."""
        return f"{self.amount:g} {self.unit}"

    def of(self, category: str, severity: int) -> Limit:
        """The limit that holds for such a matter."""
        for other in self.overrides:
            if other.matches(category, severity):
                return replace(self, amount=other.amount, unit=other.unit, calendar=other.calendar, overrides=())
        return self


@dataclass(frozen=True)
class Workflow:
    """One profile. `revision` is a digest of its file: a case says by which it was moved.

    `verify` is the step that no way to a final step may go around, empty for a workflow that has none.
    """

    id: str
    zh: str
    en: str
    revision: str
    initial: str
    steps: Mapping[str, Step]
    transitions: tuple[Transition, ...]
    limits: tuple[Limit, ...] = ()
    roles: Mapping[str, tuple[str, str]] = field(default_factory=lambda: dict(ROLES))
    verify: str = ""
    path: str = ""
    lost: tuple[str, str] | None = None
    """Of a stand-in (`stand_in.py`): what is gone, and the way out (Chinese, English); None for one read whole."""

    def moves(self, step: str) -> list[Transition]:
        """What people can do in a step, in the file's order. A note can always be added."""
        found = [t for t in self.transitions if t.manual and step in t.sources]
        if not any(t.move == NOTE for t in found):
            found.append(replace(A_NOTE, roles=tuple(self.roles)))
        return found

    def find(self, step: str, move: str) -> Transition | None:
        """The transition that `move` makes from a step by hand."""
        return next((t for t in self.moves(step) if t.move == move), None)

    def named(self, move: str) -> list[Transition]:
        """All transitions of a move, whatever step they start from."""
        return [t for t in self.transitions if t.move == move]

    def automatic(self, step: str, on: On) -> Transition | None:
        """The transition that makes itself in a step when `on` happens."""
        return next((t for t in self.transitions if t.on is on and step in t.sources), None)

    def closing(self, step: str) -> list[Transition]:
        """The regular moves by which people end a case from a step."""
        return [t for t in self.moves(step) if t.move not in EXCEPTIONAL and self.ends(t)]

    def ended(self, step: str) -> str:
        """The final step of a case that ends otherwise: where force-closing leads, else the first final step."""
        forced = self.find(step, FORCE_CLOSE)
        if forced is not None and forced.to is not None:
            return forced.to
        return next(id for id, step_ in self.steps.items() if step_.final)

    def ends(self, t: Transition) -> bool:
        """Whether a transition leads to a final step."""
        return t.to is not None and t.to in self.steps and self.steps[t.to].final

    def limit(self, clock: str) -> Limit | None:
        return next((limit for limit in self.limits if limit.clock == clock), None)


A_NOTE = Transition(NOTE, (), None, (), "备注", "note", needs_note=True)
