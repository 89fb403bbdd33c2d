"""What the API says about units, sites, feeds and records, and how rows of the store become it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from dashboard.api.covered import covered, masked
from dashboard.api.examples import shown
from data.records import Kind, Record, UnitStatus
from data.store import DeadLetter, FeedRow, SiteRow, UnitRow


class UnitBody(BaseModel):
    """One unit: who it is, what it does, where it was last. `seq` is what a command expects; driving on leaves it."""

    id: str
    name: str
    name_en: str
    kind: str
    skills: list[str]
    duty_area: str | None
    status: UnitStatus
    status_at: datetime | None
    status_actor: str
    incident: str | None
    lon: float | None
    lat: float | None
    position_at: datetime | None
    bearing: float | None
    simulated: bool
    seq: int

    model_config = shown(
        {
            "id": "E07",
            "name": "消防车 7",
            "name_en": "Fire engine 7",
            "kind": "fire_engine",
            "skills": ["fire"],
            "duty_area": "370812001",
            "status": "dispatched",
            "status_at": "2026-05-01T08:00:41+08:00",
            "status_actor": "desk 3",
            "incident": "D-7KQ2M4XA",
            "lon": 116.79,
            "lat": 35.55,
            "position_at": "2026-05-01T08:01:10+08:00",
            "bearing": 87.0,
            "simulated": False,
            "seq": 104234,
        }
    )

    @classmethod
    def of(cls, row: UnitRow) -> UnitBody:
        names = [name for name in cls.model_fields if name not in ("skills", "seq")]
        return cls(**{name: getattr(row, name) for name in names}, skills=list(row.skills), seq=row.status_seq)


class SiteBody(BaseModel):
    """One fixed point. `distance_m` and `in_view` answer a question about a place, and are null without one."""

    id: str
    kind: str
    name: str
    name_en: str
    lon: float
    lat: float
    bearing: float | None
    fov: float | None
    online: bool
    status_at: datetime | None
    area: str | None
    attrs: dict[str, Any]
    distance_m: float | None = Field(None, description="Great-circle metres to the place asked for")
    in_view: bool | None = Field(
        None, description="Whether that place lies in the camera's wedge; null where its bearing is unknown"
    )

    model_config = shown(
        {
            "id": "C-0412",
            "kind": "camera",
            "name": "文化路口",
            "name_en": "Wenhua crossing",
            "lon": 116.8,
            "lat": 35.55,
            "bearing": 90.0,
            "fov": 60.0,
            "online": True,
            "status_at": "2026-05-01T07:00:00+08:00",
            "area": "370812001001003",
            "attrs": {},
            "distance_m": 180.5,
            "in_view": True,
        }
    )

    @classmethod
    def of(cls, row: SiteRow, distance_m: float | None = None, in_view: bool | None = None) -> SiteBody:
        names = [name for name in cls.model_fields if name not in ("distance_m", "in_view")]
        return cls(**{name: getattr(row, name) for name in names}, distance_m=distance_m, in_view=in_view)


class FeedBody(BaseModel):
    """One feed and what was heard from it."""

    id: str
    name: str
    name_en: str
    rhythm_s: float | None = Field(description="Longest silence that is still normal, seconds")
    areas: bool = Field(description="Every finest area is expected to be heard from within the rhythm")
    simulated: bool
    last_at: datetime | None
    last_received_at: datetime | None
    age_s: float | None = Field(description="Seconds since it was last heard from")
    state: str = Field(description="ok, silent (longer than its rhythm) or never (not heard from yet)")
    accepted: int
    rejected: int

    model_config = shown(
        {
            "id": "hotline",
            "name": "12345 热线",
            "name_en": "Hotline 12345",
            "rhythm_s": 900.0,
            "areas": False,
            "simulated": False,
            "last_at": "2026-05-01T07:58:00+08:00",
            "last_received_at": "2026-05-01T07:58:02+08:00",
            "age_s": 118.0,
            "state": "ok",
            "accepted": 41230,
            "rejected": 3,
        }
    )

    @classmethod
    def of(cls, row: FeedRow, now: datetime) -> FeedBody:
        names = [name for name in cls.model_fields if name not in ("age_s", "state")]
        heard = row.last_received_at or row.last_at
        age = None if heard is None else max(0.0, (now - heard).total_seconds())
        silent = age is not None and row.rhythm_s is not None and age > row.rhythm_s
        state = "never" if age is None else "silent" if silent else "ok"
        return cls(**{name: getattr(row, name) for name in names}, age_s=age, state=state)


class RecordBody(BaseModel):
    """One entry of the log, contacts covered."""

    seq: int | None
    kind: Kind
    source: str
    source_id: str
    version: int
    at: datetime
    received_at: datetime | None
    lon: float | None
    lat: float | None
    area: str | None
    payload: dict[str, Any]

    model_config = shown(
        {
            "seq": 104233,
            "kind": "event",
            "source": "desk",
            "source_id": "D-7KQ2M4XA",
            "version": 0,
            "at": "2026-05-01T08:00:00+08:00",
            "received_at": "2026-05-01T08:00:00+08:00",
            "lon": 116.801,
            "lat": 35.552,
            "area": "370812001001003",
            "payload": {"category": "0307", "title": "路口积水", "contact": "138****5678"},
        }
    )

    @classmethod
    def of(cls, record: Record) -> RecordBody:
        names = [name for name in cls.model_fields if name != "payload"]
        payload = record.payload.model_dump(mode="json", exclude_defaults=True)
        if payload.get("contact"):
            payload["contact"] = masked(payload["contact"])
        return cls(**{name: getattr(record, name) for name in names}, payload=payload)


class DeadLetterBody(BaseModel):
    """One refused input. `body` is its first 2,000 characters, bytes that are no UTF-8 replaced, contacts covered."""

    id: int | None
    source: str
    reason: str
    message: str
    received_at: datetime
    body: str

    model_config = shown(
        {
            "id": 12,
            "source": "hotline",
            "reason": "time.format",
            "message": "at: must be an ISO 8601 time such as 2026-05-01T08:00:00+08:00",
            "received_at": "2026-05-01T08:00:00+08:00",
            "body": '{"source":"hotline","at":"yesterday"}',
        }
    )

    @classmethod
    def of(cls, letter: DeadLetter) -> DeadLetterBody:
        text = letter.body[:8000].decode("utf-8", errors="replace")
        text = covered(text)[:2000]
        return cls(
            id=letter.id,
            source=letter.source,
            reason=letter.reason,
            message=covered(letter.message),
            received_at=letter.received_at,
            body=text,
        )
