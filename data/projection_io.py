"""Projections in the tables: looked up for a batch, written over, and read out as the rows of `data/store.py`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import ColumnElement, Connection, Text, cast, or_, select

from data import codec as records
from data import inherited
from data.lineage import belongs_key, is_fork, parts_of
from data.projection import Changes, Contact, Document, Feed, Incident, Site, Unit, state_of
from data.records import IncidentState, Kind, UnitStatus
from data.rows import Row, RowCodec, Write
from data.store import AreaContact, DocumentRow, FeedRow, IncidentRow, SiteRow, Snapshot, UnitRow
from data.stored_lookup import Seen

if TYPE_CHECKING:
    from data.sql_store import SqlStore

_SHOWN = (
    "id", "opened_at", "dispatched_at", "arrived_at", "closed_at", "category", "severity", "title", "title_en",
    "address", "source", "lon", "lat", "cell", "area", "units", "rows", "last_actor", "seq", "case",
)  # fmt: skip
_OPEN, _DISPATCHED = IncidentState.OPEN, IncidentState.DISPATCHED
_ON_SCENE, _CLOSED = IncidentState.ON_SCENE, IncidentState.CLOSED
_STATUS = {status.value: status for status in UnitStatus}


class ProjectionIO:
    """Writes changes and reads rows."""

    def __init__(self, store: SqlStore) -> None:
        tables = store.tables
        self.store = store
        self.incidents = RowCodec(Incident, tables.incident, store)
        self.units = RowCodec(Unit, tables.unit, store)
        self.sites = RowCodec(Site, tables.site, store)
        self.feeds = RowCodec(Feed, tables.feed, store)
        self.contacts = RowCodec(Contact, tables.contact, store)

    def writes(self, changes: Changes) -> list[Write]:
        """The changed rows. Every touched row is whole, so it is written over the old one."""
        found: list[Write] = []
        self._add(found, self.incidents, changes.incidents, changes)
        self._add(found, self.units, changes.units, changes)
        self._add(found, self.sites, changes.sites, changes)
        self._add(found, self.feeds, changes.feeds, changes)
        self._add(found, self.contacts, changes.contacts, changes)
        self._add_documents(found, changes)
        if changes.mentions:
            rows = [(changes.timeline, incident, seq) for incident, seq in changes.mentions]
            found.append(Write(self.store.tables.mention, ("timeline", "incident", "seq"), rows))
        return found

    def _add(self, found: list[Write], codec: RowCodec[Row], rows: dict[str, Row], changes: Changes) -> None:
        if rows:
            values = codec.to_table(rows.values())
            known = changes.known[codec.table.name]
            found.append(Write(codec.table, codec.names, values, {"timeline": changes.timeline}, codec.key, known))

    def _add_documents(self, found: list[Write], changes: Changes) -> None:
        table, time_in, document_in = self.store.tables.document, self.store.time_in_row, self.store.document_in_row
        by_kind: dict[Kind, list[Document]] = {}
        for document in changes.documents.values():
            by_kind.setdefault(document.kind, []).append(document)
        for kind, documents in by_kind.items():
            rows = [
                (changes.timeline, kind.value, d.id, time_in(d.at), d.version,
                 document_in(records.payload_json(d.payload)), d.seq)
                for d in documents
            ]  # fmt: skip
            where = {"timeline": changes.timeline, "kind": kind.value}
            found.append(Write(table, tuple(table.columns.keys()), rows, where, "id", [d.id for d in documents]))

    def documents_of(
        self, conn: Connection, timeline: str, kind: Kind | None = None, ids: set[str] | None = None, seq: int = 0
    ) -> list[Document]:
        """Documents of a timeline in order: of one kind, with these ids, changed after `seq`."""
        table = self.store.tables.document
        payload = table.c.payload if self.store.dialect == "sqlite" else cast(table.c.payload, Text)
        columns = (table.c.kind, table.c.id, table.c["at"], table.c.version, payload, table.c.seq)
        query = select(*columns).where(table.c.timeline == timeline, table.c.seq > seq)
        query = query.order_by(table.c.kind, table.c.id)
        if kind is not None:
            query = query.where(table.c.kind == kind.value)
        if ids is not None:
            query = query.where(self.store.among(table.c.id, ids))
        return [
            Document(Kind(kind), id, self.store.time_out(at), version, records.payload_from(Kind(kind), body), seq)
            for kind, id, at, version, body, seq in conn.execute(query)
        ]

    def documents(self, conn: Connection, timeline: str, kind: Kind | None = None, seq: int = 0) -> list[DocumentRow]:
        """The rows of `documents_of`."""
        found = self.documents_of(conn, timeline, kind, None, seq)
        return [DocumentRow(d.kind, d.id, timeline, d.at, d.version, d.payload, d.seq) for d in found]

    def _rows(self, conn: Connection, codec: RowCodec[Row], timeline: str, seq: int, *only: Any) -> list[Row]:
        table = codec.table
        query = select(*codec.columns).where(table.c.timeline == timeline, *only).order_by(table.c[codec.key])
        if seq:
            query = query.where(table.c.seq > seq)
        return [codec.from_table(row) for row in conn.execute(query)]

    def unsettled(self, conn: Connection, timeline: str, since: datetime) -> list[IncidentRow]:
        """Incidents that are not closed, or were closed at or after `since`."""
        closed = self.store.tables.incident.c.closed_at
        found = self._incident_rows(conn, timeline, 0, or_(closed.is_(None), closed >= self.store.time_in(since)))
        if not is_fork(timeline):
            return found
        more = self._inherited_rows(conn, timeline)
        return sorted([*found, *(row for row in more if row.closed_at is None or row.closed_at >= since)], key=_by_id)

    def _changed_incidents(self, conn: Connection, timeline: str, seq: int) -> list[IncidentRow]:
        found = self._incident_rows(conn, timeline, seq)
        if not is_fork(timeline):
            return found
        more = self._inherited_rows(conn, timeline)  # what it inherited is as old as its parents' records
        return sorted([*found, *(row for row in more if row.seq > seq)], key=_by_id)

    def _inherited_rows(self, conn: Connection, timeline: str) -> list[IncidentRow]:
        """Incidents that a fork reads from its parents."""
        table = self.store.tables.incident
        own = {id for (id,) in conn.execute(select(table.c.id).where(table.c.timeline == timeline))}
        return [incident_row(row) for row in inherited.incidents(self.store, conn, timeline, own) if row.rows]

    def _incident_rows(
        self, conn: Connection, timeline: str, seq: int, where: ColumnElement[bool] | None = None
    ) -> list[IncidentRow]:
        """Incidents straight from the table: there are a hundred times more of them than of anything else."""
        table, out = self.store.tables.incident, self.store.time_out
        text = self.store.dialect == "sqlite"
        case_of = self.incidents.case
        query = select(*(table.c[name] for name in _SHOWN)).where(table.c.timeline == timeline).order_by(table.c.id)
        query = query.where(table.c.seq > seq) if seq else query.where(table.c.rows > 0)
        if where is not None:
            query = query.where(where)
        found = []
        for (
            id, opened, dispatched, arrived, closed, category, severity, title, title_en, address, source, lon, lat,
            cell, area, units, rows, actor, changed, case,
        ) in conn.execute(query).all():  # fmt: skip
            if closed is not None:
                state = _CLOSED
                closed = out(closed)
            elif arrived is not None:
                state = _ON_SCENE
            else:
                state = _OPEN if dispatched is None else _DISPATCHED
            if not text:
                listed = tuple(units)
            else:
                listed = () if units == "[]" else tuple(orjson.loads(units))
            found.append(
                IncidentRow(
                    id, timeline, state, _NEVER if opened is None else out(opened),
                    None if dispatched is None else out(dispatched), None if arrived is None else out(arrived), closed,
                    category, severity, title, title_en, address, source, lon, lat, cell, area, listed, rows, actor,
                    changed, None if case is None else case_of(case),
                )
            )  # fmt: skip
        return found

    def unit_rows(self, conn: Connection, timeline: str) -> list[UnitRow]:
        """The units, by id."""
        return [unit_row(row) for row in self._rows(conn, self.units, timeline, 0)]

    def remember(self, seen: Seen, changes: Changes) -> None:
        """The rows as they are after these changes."""
        for name, rows in (
            ("incident", changes.incidents), ("unit", changes.units), ("site", changes.sites), ("feed", changes.feeds),
            ("contact", changes.contacts),
        ):  # fmt: skip
            seen.setdefault(name, {}).update(rows)
        if changes.documents:
            seen.pop("documents", None)

    def incident(self, conn: Connection, timeline: str, id: str) -> IncidentRow | None:
        rows = self.store.rows_by_key(conn, self.incidents, timeline, (id,))
        found = [self.incidents.from_table(row) for row in rows]
        if not found and is_fork(timeline):
            found = inherited.incidents(self.store, conn, timeline, (), (id,))
        return next((incident_row(row) for row in self.standing(conn, timeline, found)), None)

    def standing(self, conn: Connection, timeline: str, rows: Iterable[Incident]) -> list[Incident]:
        """Of incidents those that are there for who asks for one: reported, or worked on until a correction took the
        last report away. One that only commands have named was never reported."""
        found = list(rows)
        left = [row.id for row in found if not row.rows and row.worked]
        told: set[str] = set()
        if left:
            key = self.store.tables.record_key
            mine = belongs_key(self.store, key, parts_of(self.store, conn, timeline))
            told.update(conn.scalars(select(key.c.incident).where(mine, self.store.among(key.c.incident, left))))
        return [row for row in found if row.rows or row.id in told]

    def snapshot(
        self, conn: Connection, head: int, seq: int, timeline: str, unsettled_since: datetime | None = None
    ) -> Snapshot:
        """All rows of a timeline, or those changed after `seq`: then also incidents that have no rows (any more).

        Feeds come whole: refusals have no seq. With `unsettled_since`, no incidents but those.
        """
        refused = self.store.rejected(conn, timeline)
        if unsettled_since is not None:
            incidents = self.unsettled(conn, timeline, unsettled_since)
        else:
            incidents = self._changed_incidents(conn, timeline, seq)
        feeds = {feed.id: feed for feed in self._rows(conn, self.feeds, timeline, 0)}
        for source in refused:
            feeds.setdefault(source, Feed(timeline, source, name=source))
        return Snapshot(
            head,
            incidents,
            [unit_row(row) for row in self._rows(conn, self.units, timeline, seq)],
            [site_row(row) for row in self._rows(conn, self.sites, timeline, seq) if row.master_at is not None],
            [feed_row(feed, refused.get(id, 0)) for id, feed in sorted(feeds.items())],
            [
                AreaContact(row.area, row.last_at, row.seq)
                for row in self._rows(conn, self.contacts, timeline, seq)
                if row.last_at is not None
            ],
            self.documents(conn, timeline, None, seq),
        )


def _by_id(row: IncidentRow) -> str:
    return row.id


_NEVER = datetime.fromtimestamp(0, UTC)
"""Stands in for the opening of an incident without rows, which only `changed_since` tells of."""


def incident_row(row: Incident) -> IncidentRow:
    return IncidentRow(
        row.id, row.timeline, state_of(row.dispatched_at, row.arrived_at, row.closed_at), row.opened_at or _NEVER,
        row.dispatched_at, row.arrived_at, row.closed_at, row.category, row.severity, row.title, row.title_en,
        row.address, row.source, row.lon, row.lat, row.cell, row.area, tuple(row.units), row.rows, row.last_actor,
        row.seq, row.case,
    )  # fmt: skip


def unit_row(row: Unit) -> UnitRow:
    return UnitRow(
        row.id, row.timeline, row.name, row.name_en, row.kind, tuple(row.skills), row.duty_area, _STATUS[row.status],
        row.status_at, row.status_actor, row.incident, row.lon, row.lat, row.position_at, row.bearing, row.simulated,
        row.seq, row.status_seq,
    )  # fmt: skip


def site_row(row: Site) -> SiteRow:
    assert row.lon is not None
    assert row.lat is not None
    return SiteRow(
        row.id, row.timeline, row.kind, row.name, row.name_en, row.lon, row.lat, row.bearing, row.fov, row.online,
        row.status_at, row.area, row.attrs, row.seq,
    )  # fmt: skip


def feed_row(row: Feed, rejected: int) -> FeedRow:
    return FeedRow(
        row.id, row.timeline, row.name, row.name_en, row.rhythm_s, row.areas, row.simulated, row.last_at,
        row.last_received_at, row.accepted, rejected, row.seq,
    )  # fmt: skip
