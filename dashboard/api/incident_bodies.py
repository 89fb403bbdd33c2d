"""What the API says about incidents: in a list, whole, and after a command."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from dashboard.api.case_bodies import Calendars, CaseBody
from dashboard.api.examples import shown
from data.casework import ClockState
from data.records import IncidentState
from data.store import IncidentRow
from dispatch.runner import Done


class Listed(BaseModel):
    """An incident as a list shows it. The fields of its case are empty or null where it has none."""

    id: str
    state: IncidentState
    opened_at: datetime
    closed_at: datetime | None
    category: str
    severity: int
    title: str
    title_en: str
    source: str
    lon: float | None
    lat: float | None
    area: str | None
    workflow: str
    step: str
    owner: str
    clock: str = Field(description="Its running clock with the earliest deadline")
    due: datetime | None
    clock_state: ClockState | None = Field(description="At the time of the answer")
    returns: int
    parent: str | None = Field(description="The incident it was merged into")

    model_config = shown(
        {
            "id": "D-7KQ2M4XA",
            "state": "dispatched",
            "opened_at": "2026-05-01T08:00:00+08:00",
            "closed_at": None,
            "category": "0307",
            "severity": 2,
            "title": "路口积水",
            "title_en": "Water standing at the crossing",
            "source": "desk",
            "lon": 116.801,
            "lat": 35.552,
            "area": "370812001001003",
            "workflow": "grid-5",
            "step": "assigned",
            "owner": "municipal-works",
            "clock": "accept",
            "due": "2026-05-06T08:00:00+08:00",
            "clock_state": "running",
            "returns": 0,
            "parent": None,
        }
    )


class IncidentBody(BaseModel):
    """One incident as it stands. `seq` is the version that commands may name as `expected`."""

    id: str
    state: IncidentState
    opened_at: datetime
    dispatched_at: datetime | None
    arrived_at: datetime | None
    closed_at: datetime | None
    category: str
    severity: int = Field(description="1 most urgent .. 4 routine")
    title: str
    title_en: str
    address: str
    source: str
    lon: float | None
    lat: float | None
    area: str | None = Field(description="Code of the finest area that holds the point")
    units: list[str]
    rows: int = Field(description="Event rows that make it up; 0: its source says by now that they are another's")
    last_actor: str
    seq: int

    model_config = shown(
        {
            "id": "D-7KQ2M4XA",
            "state": "dispatched",
            "opened_at": "2026-05-01T08:00:00+08:00",
            "dispatched_at": "2026-05-01T08:00:41+08:00",
            "arrived_at": None,
            "closed_at": None,
            "category": "0307",
            "severity": 2,
            "title": "路口积水",
            "title_en": "Water standing at the crossing",
            "address": "",
            "source": "desk",
            "lon": 116.801,
            "lat": 35.552,
            "area": "370812001001003",
            "units": ["E07"],
            "rows": 1,
            "last_actor": "desk 3",
            "seq": 104233,
        }
    )

    @classmethod
    def of(cls, row: IncidentRow) -> IncidentBody:
        names = [name for name in cls.model_fields if name != "units"]
        return cls(**{name: getattr(row, name) for name in names}, units=list(row.units))


class IncidentDone(BaseModel):
    """The incident after the command. `repeated`: the same key had done it before, nothing was changed now."""

    incident: IncidentBody
    case: CaseBody | None = Field(description="Null: it has no workflow and was never merged")
    seq: int
    repeated: bool

    @classmethod
    def of(cls, done: Done, now: datetime, calendars: Calendars) -> IncidentDone:
        """The outcome as a body; the states of its clocks are those at `now`."""
        row = done.incident
        assert row is not None
        return cls(
            incident=IncidentBody.of(row), case=case_body(row, now, calendars), seq=done.seq, repeated=done.repeated
        )


def case_body(row: IncidentRow, now: datetime, calendars: Calendars) -> CaseBody | None:
    return None if row.case is None else CaseBody.of(row.case, now, calendars)
