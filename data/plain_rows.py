"""Event rows in columns on their way into the tables: what a month of history takes, at a third of the cost.

Most of what an archive holds is plain: one row tells of one incident, and the log knows neither yet. Such rows need no
merging, so their tables are made from the columns at once. The tables are the same as those of `append`, byte by byte;
what is not plain after all goes that way (`StoredTransaction.append_plain`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import repeat
from typing import TYPE_CHECKING, Any

from data.codec import RECORD_COLUMNS, instant
from data.plain_columns import EARLIEST, PlainEvents
from data.projection import Changes, Incident
from data.projection.incident import latest
from data.records import LIVE, Kind
from data.rows import Write
from data.store import Locator

if TYPE_CHECKING:
    from data.sql_store import SqlStore
    from data.stored_lookup import StoredLookup

KEY_COLUMNS = ("timeline", "source", "source_id", "version", "seq", "incident")
Stamps = tuple[Sequence[int], Sequence[str | None]]
"""H3 cell and finest area of each row."""


class PlainBatch:
    """Events that passed the checks, with their JSON and stamps (valid for one version of the region)."""

    __slots__ = ("_region", "_stamps", "bodies", "events")

    def __init__(self, events: PlainEvents, region: int, locate: Locator) -> None:
        """Check and stamp outside the lock, with the region known so far. `bodies` None: `append` is to look."""
        self.events, self.bodies = events, events.bodies()
        self._region = region
        self._stamps: Stamps = ((), ()) if self.bodies is None else _stamped(events, locate)

    def stamps(self, region: int, locator: Callable[[], Locator]) -> Stamps:
        """The stamps by this version of the region."""
        return self._stamps if region == self._region else _stamped(self.events, locator())


def _stamped(events: PlainEvents, locate: Locator) -> Stamps:
    cells, areas = locate(*events.lonlat.T)
    return cells.tolist(), areas


class PlainRows:
    """Rows of the tables that plain events make, seqs given from `seq` + 1 on."""

    def __init__(
        self, store: SqlStore, events: PlainEvents, bodies: Sequence[bytes], seq: int, received_at: datetime,
        cells: Sequence[int], areas: Sequence[str | None],
    ) -> None:  # fmt: skip
        self.store, self.events, self.bodies, self.received_at = store, events, bodies, received_at
        self.cells, self.areas = cells, areas
        self.seqs = range(seq + 1, seq + 1 + len(events))
        self.times = [store.times_in_row(column) for column in events.times.T.tolist()]

    def writes(self) -> list[Write]:
        """The log, the identities and the incidents."""
        store, events, tables = self.store, self.events, self.store.tables
        received, document = store.time_in_row(self.received_at), store.document_in_row
        lon, lat = events.lonlat.T.tolist()
        of, ids, at = events.sources, events.ids, self.times[0]
        record = zip(
            self.seqs, repeat(LIVE), repeat(Kind.EVENT.value), of, ids, events.versions, at, repeat(received), lon,
            lat, self.cells, self.areas, ids, map(document, self.bodies), strict=False,
        )  # fmt: skip
        key = zip(repeat(LIVE), of, ids, events.versions, self.seqs, ids, strict=False)
        codec = store.io.incidents
        usual = dict(zip(codec.names, codec.to_table([Incident(LIVE, "")])[0], strict=True))
        columns = self._incident_columns(lon, lat)
        incident = zip(*(columns.get(name) or repeat(usual[name]) for name in codec.names), strict=False)
        return [
            Write(tables.record, RECORD_COLUMNS, list(record)),
            Write(tables.record_key, KEY_COLUMNS, list(key)),
            Write(codec.table, codec.names, list(incident), {"timeline": LIVE}, codec.key),
        ]

    def _incident_columns(self, lon: list[float], lat: list[float]) -> dict[str, Sequence[Any]]:
        """What differs between incidents; see `Incident.merge_row`."""
        events, at = self.events, self.times[0]
        columns: dict[str, Sequence[Any]] = {
            "id": events.ids, "opened_at": at, "category": events.categories, "severity": events.severities,
            "title": events.titles, "title_en": events.titles_en, "address": events.addresses, "source": events.sources,
            "lon": lon, "lat": lat, "cell": self.cells, "area": self.areas, "rows": [1] * len(at), "seq": self.seqs,
            "lead_at": at, "lead_source": events.sources, "lead_id": events.ids,
            "point_at": at, "point_source": events.sources, "point_id": events.ids,
        }  # fmt: skip
        for said, name in (("dispatch", "dispatched_at"), ("on_scene", "arrived_at"), ("closed", "closed_at")):
            if said in events.names:
                place = events.names.index(said)
                told = (events.known > place).tolist()
                column = [t if there else None for t, there in zip(self.times[place], told, strict=True)]
                columns[name] = columns[f"src_{name}"] = column
        return columns

    def heard(self, lookup: StoredLookup) -> Changes:
        """Feeds and areas heard from; see `data/projection/feeds.py`."""
        changes = Changes(LIVE)
        last: dict[str, tuple[int, int, int]] = {}  # source -> records, last seq, last time
        contacts: dict[str, tuple[int, int]] = {}
        none, never = (0, 0, EARLIEST), (EARLIEST, 0)
        for seq, source, at, area in zip(
            self.seqs, self.events.sources, self.events.times[:, 0].tolist(), self.areas, strict=True
        ):
            n, _, until = last.get(source, none)
            last[source] = (n + 1, seq, max(at, until))
            if area is not None and at >= contacts.get(area, never)[0]:
                contacts[area] = (at, seq)
        changes.feeds = {row.id: row for row in lookup.feeds(set(last))}
        changes.contacts = {row.area: row for row in lookup.contacts(set(contacts))}
        changes.known = {"feed": set(changes.feeds), "contact": set(changes.contacts)}
        for source, (n, seq, until) in last.items():
            feed = changes.feed(source)
            feed.accepted += n
            feed.seq = seq
            feed.last_at = latest(feed.last_at, instant(until))
            feed.last_received_at = latest(feed.last_received_at, self.received_at)
        for area, (at, seq) in contacts.items():
            contact = changes.contact(area)
            when = instant(at)
            if contact.last_at is None or when >= contact.last_at:
                contact.last_at, contact.seq = when, seq
        return changes
