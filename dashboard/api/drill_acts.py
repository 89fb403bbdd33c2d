"""What those who run, play and judge an exercise send: the body of each act."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from dashboard.api.examples import taken
from dashboard.api.fields import Actor, Degrees, Line, Name, Note, Severity, Whole
from data.records import UnitStatus
from replay.policies import POLICIES
from replay.scenario import Action, InjectKind

RUN = r"^(|[A-Za-z0-9][A-Za-z0-9_.-]{0,23})$"
Rate = Annotated[
    float,
    Field(gt=0, le=3600, allow_inf_nan=False, description="Seconds of the exercise that one second is"),
]
InjectName = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00]*$", description="Id of an inject")]


class Act(BaseModel):
    """Who does it. There is no login yet: the actor is believed, and kept."""

    actor: Actor

    model_config = taken({"actor": "zhao"})


class Make(Act):
    """A new drill of a scenario, with the units, sites and rules that the real timeline has now.

    `policy` decides for players without people; left out, people at the desks decide. Crews turn out, drive and work
    by themselves in any case, when somebody sends them.
    """

    scenario: Name = Field(description="Id of the scenario")
    run: str = Field("", pattern=RUN, description="Name of this run, where the scenario was played before")
    seed: Whole = Field(0, ge=0, le=2**31 - 1, description="Of what is drawn by chance: how long crews take")
    policy: str = Field("", json_schema_extra={"enum": ["", *POLICIES]})

    model_config = taken({"scenario": "typhoon", "run": "may", "seed": 7, "actor": "zhao"})


class Go(Act):
    """Let the exercise's clock run."""

    rate: Rate = 1.0

    model_config = taken({"actor": "zhao", "rate": 1})


class Noted(Act):
    """With a note for the report."""

    note: Note = ""

    model_config = taken({"actor": "zhao", "note": "午餐"})


class Fire(Act):
    """Put an inject in now."""

    inject: InjectName

    model_config = taken({"actor": "zhao", "inject": "T-07"})


class Skip(Noted):
    """Leave an inject out."""

    inject: InjectName

    model_config = taken({"actor": "zhao", "inject": "T-07", "note": "力量不足"})


class Acknowledge(Noted):
    """A player has taken note of what came in."""

    inject: InjectName

    model_config = taken({"actor": "desk 3", "inject": "T-01"})


class Rating(Noted):
    """An evaluator's judgement of an objective: performed without challenges, with some, with major ones, unable."""

    objective: Name
    rating: Literal["P", "S", "M", "U"]

    model_config = taken({"actor": "li", "objective": "first-order", "rating": "S", "note": "夜班交接慢"})


class ExpectIn(BaseModel):
    """What an inject calls for, as in a scenario file."""

    action: Action
    within: str = Field(max_length=20, description='A length such as "3 min"')
    objective: Line = ""
    site: Line = ""
    online: bool = True
    units: dict[str, Whole] = Field(default_factory=dict, max_length=20)

    model_config = taken({"action": "dispatch", "within": "3 min", "objective": "first-order"})


class InjectIn(BaseModel):
    """An inject as in a scenario file (docs/drill.md)."""

    id: InjectName
    at: str = Field(max_length=40, description='After the start ("1:25", hours:minutes), or a time with its offset')
    kind: InjectKind
    zh: str = Field(max_length=500)
    en: str = Field(max_length=500)
    source: Line = ""
    category: Line = ""
    severity: Severity | None = None
    lon: Annotated[Degrees, Field(ge=-180, le=180)] | None = None
    lat: Annotated[Degrees, Field(ge=-90, le=90)] | None = None
    area: Line = ""
    incident: Line = ""
    unit: Line = ""
    status: UnitStatus | None = None
    site: Line = ""
    online: bool | None = None
    radius_m: Annotated[Degrees, Field(ge=1, le=20_000)] | None = None
    until: str | None = Field(None, max_length=40)
    expect: ExpectIn | None = None
    notes: str = Field("", max_length=1000)

    model_config = taken(
        {
            "id": "X-01",
            "at": "1:25",
            "kind": "event",
            "source": "119",
            "category": "0501",
            "severity": 2,
            "lon": 120.769,
            "lat": 33.058,
            "zh": "仓库起火",
            "en": "A warehouse burns",
            "expect": {"action": "dispatch", "within": "3 min"},
        }
    )

    def values(self) -> dict[str, Any]:
        """Those that were given, as the file has them."""
        return self.model_dump(mode="json", exclude_unset=True, exclude_none=True)


class Add(Act):
    """One more inject. It is verified as those of a file."""

    inject: InjectIn

    model_config = taken(
        {
            "actor": "zhao",
            "inject": {
                "id": "X-01",
                "at": "1:25",
                "kind": "message",
                "zh": "请开放文化中心安置点",
                "en": "Open the culture centre",
            },
        }
    )
