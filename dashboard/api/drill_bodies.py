"""What the API says about exercises: scenarios, drills, and how one stands."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from dashboard.api.case_bodies import Said
from dashboard.api.examples import shown
from dashboard.api.objective_words import asked
from replay.drill_injects import incident_of_inject
from replay.drill_state import DrillState, Fate, InjectState, Phase
from replay.report_log import DrillLog
from replay.report_objectives import carried_out
from replay.scenario import Action, Inject, InjectKind
from replay.scenario_list import Listed

As = Literal["controller", "evaluator", "player"]

_ADDRESS = {"timeline": "drill:typhoon:may", "zh": "台风“云雀”防御演练", "en": "Typhoon Yunque defence exercise"}


class ScenarioBody(BaseModel):
    """A scenario. One with `faults` cannot be played: each is a line of its file and what is wrong there, in English
    here, in Chinese in `faults_zh`."""

    id: str
    zh: str
    en: str
    start: datetime | None = Field(description="Null: its file cannot be read")
    zone: str
    duration_s: float
    injects: int = Field(description="How many")
    objectives: int = Field(description="How many")
    shipped: bool = Field(description="False: the operator's own, in the folder `scenarios`")
    faults: list[str]
    faults_zh: list[str]

    model_config = shown(
        {
            "id": "typhoon",
            "zh": "台风“云雀”防御演练",
            "en": "Typhoon Yunque defence exercise",
            "start": "2026-07-22T05:00:00Z",
            "zone": "Asia/Shanghai",
            "duration_s": 28800.0,
            "injects": 45,
            "objectives": 6,
            "shipped": True,
            "faults": [],
            "faults_zh": [],
        }
    )

    @classmethod
    def of(cls, each: Listed) -> ScenarioBody:
        return cls(
            id=each.id,
            zh=each.zh,
            en=each.en,
            start=each.start,
            zone=each.zone,
            duration_s=each.duration.total_seconds(),
            injects=each.injects,
            objectives=each.objectives,
            shipped=each.shipped,
            faults=list(each.faults),
            faults_zh=[fault.zh for fault in each.faults],
        )


class DrillBody(Said):
    """A drill of this store. `rate`: seconds of the exercise a second while it runs; `now` is its own time."""

    timeline: str
    scenario: str
    run: str
    phase: Phase
    now: datetime
    rate: float
    seed: int
    policy: str
    made_by: str

    model_config = shown(
        {
            **_ADDRESS,
            "scenario": "typhoon",
            "run": "may",
            "phase": "running",
            "now": "2026-07-22T05:12:30Z",
            "rate": 1.0,
            "seed": 7,
            "policy": "",
            "made_by": "zhao",
        }
    )

    @classmethod
    def of(cls, state: DrillState, now: datetime) -> DrillBody:
        scenario = state.scenario
        return cls(
            timeline=state.timeline,
            scenario=scenario.id,
            run=state.timeline.partition(":")[2].removeprefix(scenario.id).removeprefix(":"),
            zh=scenario.zh,
            en=scenario.en,
            phase=state.phase,
            now=now,
            rate=state.rate,
            seed=state.seed,
            policy=state.policy,
            made_by=state.made_by,
        )


class ExpectedBody(BaseModel):
    """What an inject calls for. `met` is null until it is done or its time has run out."""

    action: Action
    within_s: float
    due: datetime = Field(description="From when the inject came in; of one that waits, from when it is planned")
    objective: str
    site: str
    online: bool
    units: dict[str, int] = Field(description="How many of each kind; empty: any one")
    done_at: datetime | None
    met: bool | None


class InjectBody(Said):
    """One entry of the list (MSEL). `fired_at` and `by`: when and by whom it was fired or skipped, or by whom it was
    added."""

    id: str
    at: datetime = Field(description="When it is planned")
    kind: InjectKind
    source: str
    category: str
    severity: int
    area: str
    lon: float | None
    lat: float | None
    incident: str = Field(description="The incident that it opens or continues")
    unit: str
    site: str
    fate: Fate
    fired_at: datetime | None
    by: str
    note: str = Field(description="Why it was skipped")
    added: bool
    expect: ExpectedBody | None
    notes: str

    @classmethod
    def of(cls, each: InjectState, log: DrillLog, now: datetime, *, player: bool) -> InjectBody:
        """For a player without what is only for those who run and judge."""
        inject = each.inject
        waiting = each.fate is Fate.WAITING
        return cls(
            id=inject.id,
            at=log.state.scenario.start + inject.at,
            kind=inject.kind,
            zh=inject.zh,
            en=inject.en,
            source=inject.source,
            category=inject.category,
            severity=inject.severity,
            area=inject.area,
            lon=inject.lon,
            lat=inject.lat,
            incident=incident_of_inject(inject),
            unit=inject.unit,
            site=inject.site,
            fate=each.fate,
            fired_at=None if waiting else each.at,
            by="" if player else each.actor,
            note="" if player else each.note,
            added=not player and each.added,
            expect=None if player else _expected(each, log, now),
            notes="" if player else inject.notes,
        )


def _expected(each: InjectState, log: DrillLog, now: datetime) -> ExpectedBody | None:
    expected = each.inject.expected
    if expected is None:
        return None
    fired = each.fate is Fate.FIRED and each.at is not None
    since = each.at if fired and each.at is not None else log.state.scenario.start + each.inject.at
    due = since + expected.within
    done = carried_out(log, each, expected) if fired else None
    met = None if not fired or (done is None and now <= due) else done is not None and done <= due
    return ExpectedBody(
        action=expected.action,
        within_s=expected.within.total_seconds(),
        due=due,
        objective=expected.objective,
        site=expected.site,
        online=expected.online,
        units=dict(expected.units),
        done_at=done,
        met=met,
    )


class RatingBody(BaseModel):
    """An evaluator's judgement: P, S, M or U (HSEEP)."""

    rating: str
    by: str
    note: str
    at: datetime


class ObjectiveBody(Said):
    """What the exercise is to show. `target` says what is asked for."""

    id: str
    target: Said
    ratings: list[RatingBody]


class MessageBody(Said):
    """What players were told of, a message or what they are to acknowledge, and who took note of it first."""

    inject: str
    at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str


class DrillStateBody(DrillBody):
    """How a drill stands. `version` grows with every act. `role=player` has only what came in."""

    start: datetime
    end: datetime = Field(description="When it ends at the latest, and ended once it has")
    zone: str
    version: int
    injects: list[InjectBody]
    objectives: list[ObjectiveBody]
    messages: list[MessageBody]

    model_config = shown(
        {
            **_ADDRESS,
            "scenario": "typhoon",
            "run": "may",
            "phase": "running",
            "now": "2026-07-22T05:12:30Z",
            "rate": 1.0,
            "seed": 7,
            "policy": "",
            "made_by": "zhao",
            "start": "2026-07-22T05:00:00Z",
            "end": "2026-07-22T13:00:00Z",
            "zone": "Asia/Shanghai",
            "version": 4,
            "injects": [
                {
                    "id": "T-01",
                    "at": "2026-07-22T05:05:00Z",
                    "kind": "message",
                    "zh": "气象台发布暴雨橙色预警",
                    "en": "Orange rainstorm warning",
                    "source": "weather",
                    "category": "",
                    "severity": 3,
                    "area": "",
                    "lon": None,
                    "lat": None,
                    "incident": "",
                    "unit": "",
                    "site": "",
                    "fate": "fired",
                    "fired_at": "2026-07-22T05:05:00Z",
                    "by": "clock",
                    "note": "",
                    "added": False,
                    "expect": {
                        "action": "acknowledge",
                        "within_s": 300.0,
                        "due": "2026-07-22T05:10:00Z",
                        "objective": "acknowledged",
                        "site": "",
                        "online": True,
                        "units": {},
                        "done_at": "2026-07-22T05:06:10Z",
                        "met": True,
                    },
                    "notes": "仅导控可见",
                }
            ],
            "objectives": [
                {
                    "id": "acknowledged",
                    "zh": "预警五分钟内确认",
                    "en": "Warnings acknowledged within five minutes",
                    "target": {"zh": "应采取的行动 90% 按时完成", "en": "90% of the expected actions in time"},
                    "ratings": [
                        {"rating": "S", "by": "li", "note": "夜班交接慢", "at": "2026-07-22T13:00:00Z"},
                    ],
                }
            ],
            "messages": [
                {
                    "inject": "T-01",
                    "at": "2026-07-22T05:05:00Z",
                    "zh": "气象台发布暴雨橙色预警",
                    "en": "Orange rainstorm warning",
                    "acknowledged_at": "2026-07-22T05:06:10Z",
                    "acknowledged_by": "desk 3",
                }
            ],
        }
    )

    @classmethod
    def in_full(cls, log: DrillLog, now: datetime, role: As) -> DrillStateBody:
        """The state for whoever asks in a role."""
        state, player = log.state, role == "player"
        shown_ones = [each for each in state.injects.values() if not player or each.fate is Fate.FIRED]
        shown_ones.sort(key=lambda each: (each.inject.at, each.inject.id))
        return cls(
            **dict(DrillBody.of(state, now)),
            start=state.scenario.start,
            end=state.ended_at or state.scenario.end,
            zone=state.scenario.zone,
            version=state.acts,
            injects=[InjectBody.of(each, log, now, player=player) for each in shown_ones],
            objectives=[] if player else _objectives(state),
            messages=_messages(state),
        )


def _objectives(state: DrillState) -> list[ObjectiveBody]:
    ratings: dict[str, list[RatingBody]] = {}
    for each in state.ratings.values():
        body = RatingBody(rating=each.rating, by=each.evaluator, note=each.note, at=each.at)
        ratings.setdefault(each.objective, []).append(body)
    return [
        ObjectiveBody(
            id=each.id,
            zh=each.zh,
            en=each.en,
            target=Said.both(asked(each.target, state.scenario)),
            ratings=ratings.get(each.id, []),
        )
        for each in state.scenario.objectives
    ]


def _for_players(inject: Inject) -> bool:
    """Whether players are told of it by a notice: a message, and whatever else they are expected to acknowledge."""
    expected = inject.expected
    return inject.kind is InjectKind.MESSAGE or (expected is not None and expected.action is Action.ACKNOWLEDGE)


def _messages(state: DrillState) -> list[MessageBody]:
    found = []
    for each in state.injects.values():
        if _for_players(each.inject) and each.fate is Fate.FIRED and each.at is not None:
            at, by = state.acknowledged.get(each.inject.id, (None, ""))
            found.append(
                MessageBody(
                    inject=each.inject.id,
                    at=each.at,
                    zh=each.inject.zh,
                    en=each.inject.en,
                    acknowledged_at=at,
                    acknowledged_by=by,
                )
            )
    return sorted(found, key=lambda message: (message.at, message.inject))
