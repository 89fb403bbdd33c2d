"""The workflows that cases follow, and the reasons an officer can give for choosing other units."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from dashboard.api.case_bodies import MoveBody, Said
from dashboard.api.deps import ServicesDep
from dashboard.api.examples import shown
from data.records import IncidentState
from dispatch.workflow import Limit, On, Transition, Workflow

router = APIRouter(tags=["casework"])


class StepBody(Said):
    """A state of the workflow. `phase` is what the wall counts it as; a `final` one ends the case."""

    id: str
    phase: IncidentState
    final: bool


class TransitionBody(MoveBody):
    """A move, from which steps it can be made, and what makes it by itself."""

    sources: list[str]
    on: On = Field(description="What makes it without a person choosing it; empty: nothing")

    @classmethod
    def of(cls, transition: Transition) -> TransitionBody:
        return cls(**MoveBody.of(transition).model_dump(), sources=list(transition.sources), on=transition.on)


class LimitBody(Said):
    """A time limit and its clock. Some matters have another amount or calendar: `overrides`."""

    clock: str
    span: str = Field(description='The amount with its unit: "1 day"')
    calendar: str
    start_on: list[str] = Field(description="Steps or moves that start it")
    stop_on: list[str]
    warn: list[float] = Field(description="Fractions of the time at which it warns")
    overrides: list[OverrideBody]

    @classmethod
    def of(cls, limit: Limit) -> LimitBody:
        return cls(
            zh=limit.zh,
            en=limit.en,
            clock=limit.clock,
            span=limit.span,
            calendar=limit.calendar,
            start_on=list(limit.start_on),
            stop_on=list(limit.stop_on),
            warn=list(limit.warn),
            overrides=[
                OverrideBody(
                    severity=other.severity,
                    category=list(other.category),
                    span=f"{other.amount:g} {other.unit}",
                    calendar=other.calendar,
                )
                for other in limit.overrides
            ],
        )


class OverrideBody(BaseModel):
    """Another amount or calendar for some matters. Conditions that are given must all hold."""

    severity: int | None = Field(description="This or more urgent")
    category: list[str] = Field(description="Prefixes")
    span: str
    calendar: str


class WorkflowBody(Said):
    """A workflow."""

    id: str
    revision: str = Field(description="Digest of its file; a case names the one it was moved by")
    initial: str
    steps: list[StepBody]
    transitions: list[TransitionBody]
    limits: list[LimitBody]
    roles: list[RoleBody]

    @classmethod
    def of(cls, workflow: Workflow) -> WorkflowBody:
        return cls(
            id=workflow.id,
            zh=workflow.zh,
            en=workflow.en,
            revision=workflow.revision,
            initial=workflow.initial,
            steps=[StepBody.model_validate(step, from_attributes=True) for step in workflow.steps.values()],
            transitions=[TransitionBody.of(transition) for transition in workflow.transitions],
            limits=[LimitBody.of(limit) for limit in workflow.limits],
            roles=[RoleBody(id=id, zh=zh, en=en) for id, (zh, en) in workflow.roles.items()],
        )


class RoleBody(Said):
    """A role that may make moves."""

    id: str


class Workflows(BaseModel):
    """All workflows, those that ship and the operator's own, by id."""

    workflows: list[WorkflowBody]

    model_config = shown(
        {
            "workflows": [
                {
                    "id": "grid-5",
                    "zh": "网格五步",
                    "en": "Grid, five steps",
                    "revision": "9d3c51f2",
                    "initial": "reported",
                    "steps": [{"id": "reported", "zh": "已上报", "en": "reported", "phase": "open", "final": False}],
                    "transitions": [
                        {
                            "move": "assign",
                            "zh": "派遣",
                            "en": "assign",
                            "to": "assigned",
                            "roles": ["dispatcher"],
                            "needs_reason": False,
                            "needs_note": False,
                            "needs_owner": True,
                            "effect": "",
                            "evidence": [],
                            "sources": ["reported"],
                            "on": "",
                        }
                    ],
                    "limits": [
                        {
                            "clock": "accept",
                            "zh": "受理",
                            "en": "accept",
                            "span": "1 day",
                            "calendar": "natural",
                            "start_on": ["assigned"],
                            "stop_on": ["handling"],
                            "warn": [0.8],
                            "overrides": [],
                        }
                    ],
                    "roles": [{"id": "dispatcher", "zh": "值班员", "en": "duty officer"}],
                }
            ]
        }
    )


class ReasonBody(Said):
    """A reason for choosing other units than were recommended; `press` is the key that gives it."""

    id: str
    press: int


class Reasons(BaseModel):
    """In the order of their keys."""

    reasons: list[ReasonBody]

    model_config = shown(
        {"reasons": [{"id": "road-closed", "press": 2, "zh": "推荐路线不通", "en": "The way is closed"}]}
    )


@router.get("/workflows", summary="Workflows: steps, moves, time limits")
def workflows(services: ServicesDep) -> Workflows:
    return Workflows(workflows=[WorkflowBody.of(each) for each in services.book.workflows.values()])


@router.get("/reasons", summary="Reasons for choosing other units than were recommended")
def reasons(services: ServicesDep) -> Reasons:
    found = services.book.reasons.values()
    return Reasons(reasons=[ReasonBody.model_validate(each, from_attributes=True) for each in found])
