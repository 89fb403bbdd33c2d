"""The projected rows besides incidents, columns in table order."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from data.records import Kind, Payload, Record, UnitStatus


@dataclass(slots=True)
class Unit:
    """Projected unit, columns in table order."""

    timeline: str
    id: str
    name: str = ""
    name_en: str = ""
    kind: str = ""
    skills: list[str] = field(default_factory=list)
    duty_area: str | None = None
    status: str = UnitStatus.AVAILABLE.value
    status_at: datetime | None = None
    status_actor: str = ""
    incident: str | None = None
    lon: float | None = None
    lat: float | None = None
    position_at: datetime | None = None
    bearing: float | None = None
    simulated: bool = False
    seq: int = 0
    master_at: datetime | None = None
    master_version: int = -1
    status_seq: int = 0
    """`seq` of the last record that changed anything but its position: the version that commands expect."""

    def set_status(self, status: UnitStatus, at: datetime, actor: str, incident: str | None, seq: int) -> bool:
        """Set the status unless a newer one is known. Says whether it was set."""
        if self.status_at is not None and at < self.status_at:
            return False
        self.status, self.status_at, self.status_actor, self.incident = status.value, at, actor, incident
        self.changed(seq)
        return True

    def changed(self, seq: int) -> None:
        """A record changed what the unit is or does, not just where it is."""
        self.seq = self.status_seq = seq


@dataclass(slots=True)
class Site:
    """Projected site, columns in table order. Shown once its inventory entry has come (`master_at`)."""

    timeline: str
    id: str
    kind: str = ""
    name: str = ""
    name_en: str = ""
    lon: float | None = None
    lat: float | None = None
    bearing: float | None = None
    fov: float | None = None
    online: bool = True
    status_at: datetime | None = None
    area: str | None = None
    attrs: dict[str, object] = field(default_factory=dict)
    seq: int = 0
    master_at: datetime | None = None
    master_version: int = -1


@dataclass(slots=True)
class Feed:
    """Projected feed, columns in table order."""

    timeline: str
    id: str
    name: str = ""
    name_en: str = ""
    rhythm_s: float | None = None
    areas: bool = False
    simulated: bool = False
    last_at: datetime | None = None
    last_received_at: datetime | None = None
    accepted: int = 0
    seq: int = 0
    master_at: datetime | None = None
    master_version: int = -1


@dataclass(slots=True)
class Contact:
    """When an area was last heard from, columns in table order."""

    timeline: str
    area: str
    last_at: datetime | None = None
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Document:
    """The latest version of a named document: the record that says it."""

    kind: Kind
    id: str
    at: datetime
    version: int
    payload: Payload
    seq: int


def takes(row: Unit | Site | Feed, record: Record) -> bool:
    """Whether the record's master data replaces the row's, which then notes it: (at, version) decides, at a tie the
    later seq."""
    if row.master_at is not None and (record.at, record.version) < (row.master_at, row.master_version):
        return False
    row.master_at, row.master_version = record.at, record.version
    return True
