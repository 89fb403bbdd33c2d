"""When each area had last been heard from, at any moment: by all records with a place but positions and inventory.

Positions are too many to be kept; of them the store is asked (`data/moment_tracks.py`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from data.codec import micros
from data.lineage import belongs, parts_of
from data.projection.feeds import MUTE
from data.records import Kind, Record
from data.sql_store import SqlStore
from layers.places import Places

MOST_NEW = 5_000
"""Contacts that are looked at one by one; beyond it the columns are made anew."""

SILENT = (Kind.SITE, *MUTE)
"""Kinds of records that say what there is, not that anybody was heard from."""

Longs = NDArray[np.int64]


class Contacts:
    """(area, time) of every contact, ascending. 16 bytes each."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._area: Longs = np.empty(0, np.int64)
        self._at: Longs = np.empty(0, np.int64)
        self._new: list[tuple[int, int]] = []
        self._index()

    def read(self, store: SqlStore, conn: Connection, timeline: str) -> None:
        """All that a store has."""
        record, time_out = store.tables.record, store.time_out
        mine = belongs(store, record, parts_of(store, conn, timeline))
        wanted = select(record.c.area, record.c["at"]).where(
            mine, record.c.area.is_not(None), record.c.kind.not_in(SILENT)
        )
        of, plain = self._places.of, store.dialect == "sqlite"
        for part in conn.execution_options(stream_results=True).execute(wanted).partitions(10_000):
            self._new += [(of(area), at if plain else micros(time_out(at))) for area, at in part]
        self._index()

    def add(self, record: Record) -> None:
        """A new record, of any kind."""
        if record.area is not None and record.kind not in SILENT:
            self._new.append((self._places.of(record.area), micros(record.at)))
            if len(self._new) > MOST_NEW:
                self._index()

    def at(self, us: int) -> NDArray[np.float64]:
        """Area number -> ms of the last contact by then, 0 never; one entry more for outside, which stays 0."""
        areas = len(self._places.codes)
        wanted = np.arange(areas, dtype=np.int64) * (len(self._moments) + 1) + np.searchsorted(
            self._moments, us, "right"
        )
        place = np.searchsorted(self._order, wanted, side="left") - 1
        found = np.zeros(areas + 1)
        if len(self._area):
            hit = np.flatnonzero((place >= 0) & (self._area[place] == np.arange(areas)))
            found[hit] = self._at[place[hit]] / 1e6 * 1000.0  # as `ms` computes it
        for area, at in self._new:
            if at <= us and area >= 0 and at / 1e6 * 1000.0 > found[area]:
                found[area] = at / 1e6 * 1000.0
        return found

    def _index(self) -> None:
        if self._new:
            more = np.array(self._new, np.int64)
            known = more[:, 0] >= 0
            self._area = np.concatenate([self._area, more[known, 0]])
            self._at = np.concatenate([self._at, more[known, 1]])
            self._new = []
        order = np.lexsort((self._at, self._area))
        self._area, self._at = self._area[order], self._at[order]
        self._moments, number = np.unique(self._at, return_inverse=True)
        self._order: Longs = self._area * (len(self._moments) + 1) + number
