"""What commands carry: the body of each."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, model_validator

from dashboard.api.examples import taken
from dashboard.api.fields import POINT, Actor, Command, Degrees, Id, Key, Line, Name, Note, Role, Text, Whole
from data.records import Evidence


class Open(BaseModel):
    """A new incident. The routing table gives it a workflow and an owner, or it waits in triage."""

    actor: Actor
    role: Role = "dispatcher"
    category: Name
    severity: Whole = Field(3, ge=1, le=4)
    title: Text = ""
    lon: Degrees | None = Field(None, ge=-180, le=180)
    lat: Degrees | None = Field(None, ge=-90, le=90)
    address: Text = ""
    contact: Line | None = Field(None, description="Kept, and shown with its middle covered")
    workflow: str = Field("", max_length=100, description="Instead of the routing table's")
    owner: Line | None = Field(None, description="Instead of the routing table's")
    outside: bool = Field(False, description="Take a point outside the region's areas; else 409, reason `outside`")
    key: Key = None

    @model_validator(mode="after")
    def _whole_point(self) -> Open:
        if (self.lon is None) != (self.lat is None):
            raise ValueError(POINT)
        return self

    model_config = taken(
        {
            "actor": "desk 3",
            "category": "0307",
            "severity": 2,
            "title": "路口积水",
            "lon": 116.801,
            "lat": 35.552,
            "address": "文化路与建设路口",
            "key": "6f1c",
        },
        anyOf=[
            {"required": ["lon", "lat"], "properties": {"lon": {"type": "number"}, "lat": {"type": "number"}}},
            {"properties": {"lon": {"type": "null"}, "lat": {"type": "null"}}},
        ],
    )


class EvidenceIn(BaseModel):
    """What a move rests on: a photo's address, a signature, a form's number."""

    kind: str = Field(min_length=1, max_length=50, pattern=r"^[a-z][a-z0-9_-]*$")
    ref: Text = ""
    note: Text = ""

    model_config = {"extra": "forbid"}


def pieces(given: list[EvidenceIn]) -> list[Evidence]:
    """Evidence as a move takes it."""
    return [Evidence(**each.model_dump()) for each in given]


class Move(Command):
    """A move of the case's workflow. `GET /incidents/{id}` lists those that can be made now, and what each needs."""

    move: str = Field(min_length=1, max_length=100, pattern=r"^[a-z][a-z0-9_]*$")
    owner: Annotated[Line | None, Field(description="Who has it from now on, where the move names an owner")] = None
    reason: Text = ""
    rule: Line = Field("", description="The rule that a return appeals to")
    note: Note = ""
    evidence: list[EvidenceIn] = Field(default=[], max_length=50)
    by: str = Field("", max_length=100, description="A span such as `1 day`, for an extension")

    model_config = taken(
        {"move": "assign", "actor": "desk 3", "role": "dispatcher", "owner": "municipal-works", "key": "77d0"},
        {
            "move": "return",
            "actor": "works desk",
            "role": "owner",
            "reason": "the road belongs to the county",
            "expected": 104240,
        },
    )


class RecommendedIn(BaseModel):
    """A unit that was recommended, and how long it was said to need."""

    unit: Id
    travel_s: Annotated[Degrees | None, Field(ge=0)] = None

    model_config = {"extra": "forbid"}


class Dispatch(Command):
    """Units to send, and what was recommended when they were chosen."""

    units: list[Id] = Field(min_length=1, max_length=100)
    note: Text = ""
    recommended: list[RecommendedIn] = Field(default=[], max_length=5, description="Best first")
    basis: Text = Field("", description="How their times were found")
    reason: Line = Field("", description="Id of the reason (`GET /reasons`) when others were chosen")

    model_config = taken(
        {
            "units": ["E07"],
            "actor": "desk 3",
            "expected": 104232,
            "recommended": [{"unit": "E07", "travel_s": 214.0}, {"unit": "E02", "travel_s": 260.5}],
            "basis": "road",
            "key": "9ad1",
        }
    )


class Recall(Command):
    """Units to call back."""

    units: list[Id] = Field(min_length=1, max_length=100)
    reason: Text = ""

    model_config = taken({"units": ["E07"], "actor": "desk 3", "reason": "false alarm"})


class Arrive(Command):
    """The unit that is there."""

    unit: Id

    model_config = taken({"unit": "E07", "actor": "E07", "role": "worker"})


class Close(Command):
    """How it ended, and what the workflow's closing move needs."""

    disposition: Text = ""
    note: Note = ""
    evidence: list[EvidenceIn] = Field(default=[], max_length=50)

    model_config = taken({"actor": "desk 3", "disposition": "pumped dry"})


class Merge(Command):
    """The incident that this one is part of."""

    into: Id
    note: Text = ""

    model_config = taken({"into": "D-7KQ2M4XA", "actor": "desk 3"})


class Split(Command):
    """It is a matter of its own after all."""

    note: Text = ""

    model_config = taken({"actor": "desk 3"})


class FileCase(Command):
    """Make a case of an incident that has none yet. Without workflow and owner the routing table says both."""

    workflow: str = Field("", max_length=100, description="Instead of the routing table's")
    owner: Line | None = Field(None, description="Instead of the routing table's")
    reason: Text = ""

    model_config = taken({"actor": "desk 3", "workflow": "grid-5"})
