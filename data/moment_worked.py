"""Which incidents changed after they were opened, and the records that say so.

Most incidents are one event row, true from its `at` on: of them the projection says all there is to know. The others
are those that people worked on (`commanded`) and those made of several rows, or of corrected ones (`alone`: no command
ever named them, so each tells its own story).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Select, and_, func, literal_column, select

from data import codec
from data.failures import translated
from data.lineage import Part, belongs, belongs_key, parts_of
from data.moment_walk import place_of
from data.records import EventPayload, IncidentMerged, Kind, Record, incident_of

if TYPE_CHECKING:
    from data.sql_store import SqlStore

CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class Worked:
    """`walk`: all records that are neither events nor positions, with the events of `commanded`, by (at, seq). Events
    of the others that are more than one row: `tied` of those between which a correction moved one, by (at, seq);
    `stories` of the rest, by (incident, at, seq)."""

    head: int
    commanded: set[str]
    walk: Iterator[Record]
    tied: Iterator[Record]
    stories: Iterator[Record]


def named_by(record: Record) -> list[str]:
    """Incidents that a record names which is no event."""
    payload = record.payload
    if isinstance(payload, EventPayload):
        return []
    found = [codec.about_incident(record)]
    if isinstance(payload, IncidentMerged):
        found.append(payload.into)
    return [id for id in found if id is not None]


class WorkedReader:
    """Reads them from a store, for one timeline. Methods with `conn` are for inside `store.read()`."""

    def __init__(self, store: SqlStore, timeline: str) -> None:
        self.store, self.timeline = store, timeline
        self._of: list[Part] | None = None

    def _parts(self, conn: Connection) -> list[Part]:
        if self._of is None:
            self._of = parts_of(self.store, conn, self.timeline)
        return self._of

    def commanded(self, conn: Connection) -> set[str]:
        """Incidents that a record names which is no event."""
        record, mention = self.store.tables.record, self.store.tables.mention
        named = select(record.c.incident).where(self._others(conn), record.c.incident.is_not(None)).distinct()
        # Those that a fork's parent mentioned later are among them: they are looked at for nothing, and no more.
        names = [part.timeline for part in self._parts(conn)]
        mentioned = select(mention.c.incident).where(self.store.among(mention.c.timeline, names)).distinct()
        return {id for query in (named, mentioned) for (id,) in conn.execute(query)}

    def several(self, conn: Connection) -> set[str]:
        """Incidents that more than one event row named, corrections included."""
        key = self.store.tables.record_key
        query = select(key.c.incident).where(self._keys(conn), key.c.incident.is_not(None))
        return {id for (id,) in conn.execute(query.group_by(key.c.incident).having(func.count() > 1))}

    def moved(self, conn: Connection) -> list[set[str]]:
        """Groups of incidents between which a correction moved a row."""
        key = self.store.tables.record_key
        mine = and_(self._keys(conn), key.c.incident.is_not(None))
        twice = (
            select(key.c.source, key.c.source_id)
            .where(mine)
            .group_by(key.c.source, key.c.source_id)
            .having(func.min(key.c.incident) != func.max(key.c.incident))
            .subquery()
        )
        query = select(key.c.source, key.c.source_id, key.c.incident).join(
            twice, and_(key.c.source == twice.c.source, key.c.source_id == twice.c.source_id)
        )
        groups: dict[tuple[str, str], set[str]] = {}
        for source, source_id, incident in conn.execute(query.where(mine)):
            groups.setdefault((source, source_id), set()).add(incident)
        return list(groups.values())

    def together(self, conn: Connection, incidents: Iterable[str]) -> set[str]:
        """These incidents and those that corrections tie them to."""
        key = self.store.tables.record_key
        mine = and_(self._keys(conn), key.c.incident.is_not(None))
        found: set[str] = set()
        new = set(incidents)
        while new:
            found |= new
            query = select(key.c.source, key.c.source_id).where(mine, self.store.among(key.c.incident, new))
            ids: dict[str, set[str]] = {}
            for source, source_id in conn.execute(query):
                ids.setdefault(source, set()).add(source_id)
            new = set()
            for source, these in ids.items():
                named = select(key.c.incident).where(
                    mine, key.c.source == source, self.store.among(key.c.source_id, these)
                )
                new |= {id for (id,) in conn.execute(named)}
            new -= found
        return found

    def events_of(self, conn: Connection, incidents: Iterable[str], *, by_incident: bool = False) -> Iterator[Record]:
        """All event rows, corrections included, that ever named one of these incidents, by (at, seq)."""
        record = self.store.tables.record
        order = (record.c.incident,) if by_incident else ()
        query = select(*self.store.record_columns()).order_by(*order, record.c["at"], record.c.seq)
        mine = [belongs(self.store, record, self._parts(conn)), record.c.kind == "event"]
        return self._read(conn, query.where(*mine, self.store.among(record.c.incident, incidents)))

    def others(self, conn: Connection) -> Iterator[Record]:
        """All records that are neither events nor positions, by (at, seq)."""
        record = self.store.tables.record
        query = select(*self.store.record_columns()).order_by(record.c["at"], record.c.seq)
        return self._read(conn, query.where(self._others(conn)))

    def _others(self, conn: Connection) -> Any:
        mine = belongs(self.store, self.store.tables.record, self._parts(conn))
        # Said as the index `ix_record_others` says it, so that both databases see that it will do.
        # Looks change no row: of many screens over a month they would be most of what is read.
        looks = self.store.tables.record.c.kind != Kind.LOOK.value
        return and_(literal_column("kind") != literal_column("'event'"), looks, mine)

    def _keys(self, conn: Connection) -> Any:
        return belongs_key(self.store, self.store.tables.record_key, self._parts(conn))

    def _read(self, conn: Connection, query: Select[Any]) -> Iterator[Record]:
        out = self.store.time_out
        for part in conn.execution_options(stream_results=True).execute(query).partitions(CHUNK):
            for row in part:
                yield codec.record_from_row((*row[:6], out(row[6]), out(row[7]), *row[8:]))

    def read(self, conn: Connection) -> Worked:
        """Everything up to now. The iterators are for inside the same `store.read()`."""
        commanded = self.commanded(conn)
        groups = self.moved(conn)
        moved: set[str] = set().union(*groups)
        while True:
            tied: set[str] = set().union(*(group for group in groups if group & commanded))
            if tied <= commanded:
                break
            commanded |= tied
        stories = self.several(conn) - moved - commanded
        walk = heapq.merge(self.others(conn), self.events_of(conn, commanded), key=place_of)
        return Worked(
            self.store.head_of(conn),
            commanded,
            walk,
            self.events_of(conn, moved - commanded),
            self.events_of(conn, stories, by_incident=True),
        )

    def since(self, seq: int) -> list[Record]:
        """Records after `seq`, positions aside."""
        found: list[Record] = []
        while part := self.store.read_after(seq, timeline=self.timeline, positions=False):
            found += part
            seq = part[-1].seq or seq
        return found

    def again(self, incidents: Iterable[str], upto: int) -> list[tuple[set[str], list[Record]]]:
        """These incidents and those that corrections tie them to, in groups that have nothing to do with each other,
        with the event rows up to seq `upto` that ever named one of a group, by (at, seq)."""
        with translated("past"), self.store.read() as conn:
            tied = self.together(conn, incidents)
            events = [record for record in self.events_of(conn, tied) if (record.seq or 0) <= upto]
        group: dict[str, set[str]] = {id: {id} for id in tied}
        first: dict[tuple[str, str], str] = {}
        for record in events:
            incident = incident_of(record)
            other = first.setdefault((record.source, record.source_id), incident)
            if group[other] is not group[incident]:
                joined = group[other] | group[incident]
                group.update(dict.fromkeys(joined, joined))
        found: dict[int, tuple[set[str], list[Record]]] = {id(each): (each, []) for each in group.values()}
        for record in events:
            found[id(group[incident_of(record)])][1].append(record)
        return list(found.values())
