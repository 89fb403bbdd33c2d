"""A projected incident: what its event rows say and what commands have said, kept apart where one can be taken back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from data.casework import Case
from data.records import EventPayload, IncidentState, Record


@dataclass(slots=True)
class Incident:
    """Projected incident, columns in table order. See `data/models.py` for the working columns at the end."""

    timeline: str
    id: str
    opened_at: datetime | None = None
    dispatched_at: datetime | None = None
    arrived_at: datetime | None = None
    closed_at: datetime | None = None
    category: str = ""
    severity: int = 3
    title: str = ""
    title_en: str = ""
    address: str = ""
    source: str = ""
    lon: float | None = None
    lat: float | None = None
    cell: int | None = None
    area: str | None = None
    units: list[str] = field(default_factory=list)
    rows: int = 0
    last_actor: str = ""
    seq: int = 0
    lead_at: datetime | None = None
    lead_source: str | None = None
    lead_id: str | None = None
    point_at: datetime | None = None
    point_source: str | None = None
    point_id: str | None = None
    cmd_dispatched_at: datetime | None = None
    cmd_arrived_at: datetime | None = None
    cmd_closed_at: datetime | None = None
    cmd_units: list[str] = field(default_factory=list)
    actor_at: datetime | None = None
    case: Case | None = None
    src_closed_at: datetime | None = None
    reopened_at: datetime | None = None
    merged_at: datetime | None = None
    recalled: list[str] = field(default_factory=list)
    src_dispatched_at: datetime | None = None
    src_arrived_at: datetime | None = None
    withdrawn_at: datetime | None = None

    @property
    def state(self) -> IncidentState:
        return state_of(self.dispatched_at, self.arrived_at, self.closed_at)

    @property
    def worked(self) -> bool:
        """Whether somebody has commanded something on it."""
        return self.actor_at is not None

    def forget_rows(self) -> None:
        """Back to what commands alone have said, before the rows are merged again."""
        self.opened_at = self.lead_at = self.lead_source = self.lead_id = None
        self.point_at = self.point_source = self.point_id = None
        self.category = self.title = self.title_en = self.address = self.source = ""
        self.severity = 3
        self.lon = self.lat = self.cell = self.area = None
        self.rows = 0
        self.units = [unit for unit in self.cmd_units if unit not in self.recalled]
        self.src_dispatched_at = self.src_arrived_at = self.src_closed_at = None
        self.settle_sending()
        self.settle_closing()

    def merge_row(self, record: Record, event: EventPayload) -> None:
        """Take in one event row that is not yet part of the incident. Any order of merging gives the same."""
        at, source, id = record.at, record.source, record.source_id
        self.rows += 1
        lead = self.lead_at
        if lead is None or (at, source, id) < (lead, self.lead_source or "", self.lead_id or ""):
            self.lead_at, self.lead_source, self.lead_id = at, source, id
            self.opened_at = at
            self.category, self.severity = event.category, event.severity
            self.title, self.title_en = event.title, event.title_en
            self.address, self.source = event.address, source
        if record.lon is not None:
            seen = self.point_at
            if seen is None or (at, source, id) < (seen, self.point_source or "", self.point_id or ""):
                self.point_at, self.point_source, self.point_id = at, source, id
                self.lon, self.lat, self.cell, self.area = record.lon, record.lat, record.cell, record.area
        if event.unit and event.unit not in self.units and event.unit not in self.recalled:
            self.units = sorted({*self.units, event.unit})
        times = event.times
        if "dispatch" in times or "on_scene" in times:
            self.src_dispatched_at = earliest(self.src_dispatched_at, times.get("dispatch"))
            self.src_arrived_at = earliest(self.src_arrived_at, times.get("on_scene"))
            self.settle_sending()
        if "closed" in times:
            self.src_closed_at = latest(self.src_closed_at, times["closed"])
            self.settle_closing()

    def command(self, record: Record, actor: str) -> None:
        """Note who acted last, by `at`."""
        self.touch(record.seq)
        if self.actor_at is None or record.at >= self.actor_at:
            self.actor_at, self.last_actor = record.at, actor

    def touch(self, seq: int | None) -> None:
        """Note the last record that changed it; events of a batch are merged before its commands."""
        self.seq = max(self.seq, seq or 0)

    def add_units(self, units: Iterable[str]) -> None:
        """Units were sent: also those that had been called back are on it again."""
        sent = set(units)
        self.cmd_units = sorted({*self.cmd_units, *sent})
        self.recalled = [unit for unit in self.recalled if unit not in sent]
        self.units = sorted({*self.units, *sent})

    def recall_units(self, units: Iterable[str]) -> None:
        """Units were called back. They stay among `cmd_units`, those ever sent."""
        self.recalled = sorted({*self.recalled, *units})
        self.units = [unit for unit in self.units if unit not in self.recalled]

    def dispatched(self, at: datetime) -> None:
        self.cmd_dispatched_at = earliest(self.cmd_dispatched_at, at)
        self.settle_sending()

    def arrived(self, at: datetime) -> None:
        self.cmd_arrived_at = earliest(self.cmd_arrived_at, at)
        self.settle_sending()

    def withdrawn(self, at: datetime) -> None:
        """A move brought it back to an open step and nobody is on it: who was sent or there until then counts no more.

        What sources alone have said stands: nobody decided it, so nobody has taken it back.
        """
        if self.cmd_dispatched_at is not None or self.cmd_arrived_at is not None:
            self.cmd_dispatched_at = self.cmd_arrived_at = None
            self.withdrawn_at = at
            self.settle_sending()

    def settle_sending(self) -> None:
        """`dispatched_at` and `arrived_at` from what rows and commands say."""
        sent, there, since = self.src_dispatched_at, self.src_arrived_at, self.withdrawn_at
        if since is not None:
            sent = None if sent is None or sent <= since else sent
            there = None if there is None or there <= since else there
        self.dispatched_at = earliest(sent, self.cmd_dispatched_at)
        self.arrived_at = earliest(there, self.cmd_arrived_at)

    def closed(self, at: datetime) -> None:
        """A command or a move closed it."""
        self.cmd_closed_at = latest(self.cmd_closed_at, at)
        self.settle_closing()

    def reopened(self, at: datetime) -> None:
        """A move brought it back from a closed step: what closed it until then counts no more."""
        self.cmd_closed_at = None
        self.reopened_at = at
        self.settle_closing()

    def merged(self, at: datetime | None) -> None:
        """It became part of another incident at `at`, or of none again. Going on to a third, it left when it left."""
        self.merged_at = at if at is None or self.merged_at is None else self.merged_at
        self.settle_closing()

    def settle_closing(self) -> None:
        """`closed_at` from what rows, commands and merges say."""
        said = self.src_closed_at
        if said is not None and self.reopened_at is not None and said <= self.reopened_at:
            said = None
        self.closed_at = earliest(self.merged_at, latest(said, self.cmd_closed_at))


def state_of(dispatched_at: datetime | None, arrived_at: datetime | None, closed_at: datetime | None) -> IncidentState:
    """The last state that is known to have been reached."""
    if closed_at is not None:
        return IncidentState.CLOSED
    if arrived_at is not None:
        return IncidentState.ON_SCENE
    if dispatched_at is not None:
        return IncidentState.DISPATCHED
    return IncidentState.OPEN


def earliest(a: datetime | None, b: datetime | None) -> datetime | None:
    if a is None or b is None:
        return a or b
    return min(a, b)


def latest(a: datetime | None, b: datetime | None) -> datetime | None:
    if a is None or b is None:
        return a or b
    return max(a, b)
