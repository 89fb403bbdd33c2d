"""What the API says about a case: where it stands, who has it, its clocks, its returns, and what can be done now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field

from dashboard.api.examples import shown
from data.casework import Case, CaseClock, ClockState, Returned
from dispatch.both import Both
from dispatch.calendar import Calendar
from dispatch.not_now import NotNow
from dispatch.routing import why_in
from dispatch.workflow import Effect, Transition

Calendars = Mapping[str, Calendar]


class Said(BaseModel):
    """Something said to a person, in both languages."""

    zh: str
    en: str

    @classmethod
    def both(cls, said: Both) -> Self:
        return cls(zh=said.zh, en=said.en)


class ClockBody(BaseModel):
    """One SLA clock. `original` is its first deadline, kept for ever; `due` the one that holds."""

    id: str
    limit: str = Field(description='As the workflow words it: "1 day"')
    calendar: str
    state: ClockState = Field(description="At the time of the answer")
    started_at: datetime
    original: datetime
    due: datetime
    warn: list[datetime] = Field(description="The moments at which it warns")
    paused_at: datetime | None
    stopped_at: datetime | None
    doubts: list[Said] = Field([], description="What its deadline was counted without: days not announced yet")

    @classmethod
    def of(cls, clock: CaseClock, now: datetime, calendars: Calendars) -> ClockBody:
        names = [name for name in cls.model_fields if name not in ("state", "warn", "doubts")]
        calendar = calendars.get(clock.calendar) if clock.stopped_at is None else None
        return cls(
            **{name: getattr(clock, name) for name in names},
            state=clock.state(now),
            warn=list(clock.warn),
            doubts=[]
            if calendar is None
            else [Said.both(each) for each in calendar.doubts(clock.started_at, clock.due)],
        )


class ReturnBody(BaseModel):
    """One entry of the rejection ledger: `owner` handed the case back."""

    at: datetime
    owner: str
    actor: str
    reason: str
    rule: str = Field(description="The rule it appealed to, empty for none")

    @classmethod
    def of(cls, returned: Returned) -> ReturnBody:
        return cls(**{name: getattr(returned, name) for name in cls.model_fields})


class CaseBody(BaseModel):
    """Where a case stands. Names of workflows, steps and clocks are in `GET /workflows`, of owners in `GET /owners`."""

    workflow: str = Field(description="Empty while it has none: it was merged before it was routed")
    revision: str = Field(description="Digest of the profile by which it was moved last")
    step: str
    owner: str
    since: datetime | None = Field(description="When it came to its step")
    moved_at: datetime | None
    move: str = Field(description="Its last move")
    rule: str = Field(description="The routing rule that gave it to its owner, empty for none")
    why: Said = Field(description="Why its owner has it")
    clocks: list[ClockBody]
    next_due: str | None = Field(
        description="The clock with the earliest deadline, of those that run or were late when paused"
    )
    suspended: bool
    returns: list[ReturnBody]
    extensions: int
    reworks: int
    parent: str | None = Field(description="The incident it was merged into")
    children: list[str]

    model_config = shown(
        {
            "workflow": "grid-5",
            "revision": "9d3c51f2",
            "step": "assigned",
            "owner": "dept-water",
            "since": "2026-05-01T08:02:10+08:00",
            "moved_at": "2026-05-01T08:02:10+08:00",
            "move": "assign",
            "rule": "drainage",
            "why": {
                "zh": "规则 drainage：类别 03* → 水务局",
                "en": "rule drainage: category 03* -> Water bureau",
            },
            "clocks": [
                {
                    "id": "accept",
                    "limit": "1 day",
                    "calendar": "cn-working",
                    "state": "running",
                    "started_at": "2026-05-01T08:02:10+08:00",
                    "original": "2026-05-06T08:00:00+08:00",
                    "due": "2026-05-06T08:00:00+08:00",
                    "warn": ["2026-05-05T16:24:00+08:00"],
                    "paused_at": None,
                    "stopped_at": None,
                    "doubts": [],
                }
            ],
            "next_due": "accept",
            "suspended": False,
            "returns": [],
            "extensions": 0,
            "reworks": 0,
            "parent": None,
            "children": [],
        }
    )

    @classmethod
    def of(cls, case: Case, now: datetime, calendars: Calendars) -> CaseBody:
        made = ("why", "clocks", "next_due", "returns", "children")
        due = case.next_due()
        return cls(
            **{name: getattr(case, name) for name in cls.model_fields if name not in made},
            why=Said(zh=why_in(case.why, "zh"), en=why_in(case.why, "en")),
            clocks=[ClockBody.of(clock, now, calendars) for clock in case.clocks],
            next_due=None if due is None else due.id,
            returns=[ReturnBody.of(each) for each in case.returns],
            children=list(case.children),
        )


class MoveBody(BaseModel):
    """A move that the workflow has, and what it needs."""

    move: str
    zh: str
    en: str
    to: str | None = Field(description="The step it leads to; null: the step stays")
    roles: list[str] = Field(description="Who may make it")
    needs_reason: bool = Field(description="A reason, or the rule that is appealed to")
    needs_note: bool
    needs_owner: bool
    effect: Effect = Field(description="On the clocks; `extend` needs `by`, a span such as `1 day`")
    evidence: list[str] = Field(description="Kinds of evidence that must come with it")

    model_config = shown(
        {
            "move": "return",
            "zh": "退回",
            "en": "return",
            "to": "reported",
            "roles": ["owner"],
            "needs_reason": True,
            "needs_note": False,
            "needs_owner": False,
            "effect": "",
            "evidence": [],
        }
    )

    @classmethod
    def of(cls, transition: Transition) -> MoveBody:
        names = ("move", "zh", "en", "to", "needs_reason", "needs_note", "needs_owner", "effect")
        return cls(
            **{name: getattr(transition, name) for name in names},
            roles=list(transition.roles),
            evidence=list(transition.evidence),
        )


class NotNowBody(BaseModel):
    """A move that the workflow has and nobody can make now."""

    move: str
    zh: str
    en: str
    roles: list[str] = Field(description="Who may make it, when it can be made")
    evidence: list[str] = Field(description="Kinds of evidence that must come with it")
    why: Said = Field(description="The steps that it is made in, or what is in its way")

    @classmethod
    def of(cls, found: NotNow) -> NotNowBody:
        t = found.transition
        named = {name: getattr(t, name) for name in ("move", "zh", "en")}
        return cls(**named, roles=list(t.roles), evidence=list(t.evidence), why=Said.both(found.why))
