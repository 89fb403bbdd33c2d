"""The live state: one timeline's projections in columns, kept current by the rows that changed.

There is one set of rules for what records mean, `data/projection.py`. The state takes over its outcome (a snapshot,
then `Store.changed_since`), so it cannot disagree with the tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from data.area_indexes import area_index
from data.records import Kind
from data.store import DocumentRow, FeedRow, SiteRow, Snapshot
from geo.area import Region
from geo.cube import OpenAt
from layers.columns import ms
from layers.incident_columns import IncidentColumns
from layers.places import Places
from layers.site_columns import CameraColumns
from layers.unit_columns import UnitColumns
from layers.unit_work import UnitWork

Names = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Extras:
    """What is known beside records: names of categories `{code: {"zh", "en"}}`, a notice `{"zh", "en"}`, and the zone
    whose midnights days begin with."""

    category_names: Names = field(default_factory=dict)
    notice: Mapping[str, str] | None = None
    zone: tzinfo = UTC


class LiveState:
    """Everything the layers count from. Not thread-safe: whoever shares it holds a lock (`layers/reader.py`).

    `seq` is the log's seq it contains. `version` grows with every change. `source_ms` and `commit_ms` are the newest
    source time and its receipt by the log, ms since 1970, None before the first record.
    """

    def __init__(self, region: Region, snapshot: Snapshot, extras: Extras | None = None) -> None:
        self.region = region
        self.places = Places(region)
        self.extras = extras or Extras()
        self.incidents = IncidentColumns(self.places)
        self.units = UnitColumns(self.places, area_index(region.by_level[region.finest] if region.finest else ()))
        self.cameras = CameraColumns(self.places)
        self.work = UnitWork()
        self.sites: dict[str, SiteRow] = {}
        self.feeds: dict[str, FeedRow] = {}
        self.documents: dict[tuple[Kind, str], DocumentRow] = {}
        self.contact: NDArray[np.float64] = np.zeros(len(region.areas) + 1)
        """Area number -> ms of the last contact, 0 never; the last entry (outside) stays 0."""
        self.seq = 0
        self.version = 0
        self.source_ms: float | None = None
        self.commit_ms: float | None = None
        self.apply(snapshot)

    def apply(self, changes: Snapshot) -> None:
        """Take over the rows that changed. Applying rows again changes nothing."""
        self.incidents.put(changes.incidents)
        self.units.put(changes.units)
        self.cameras.put(changes.sites)
        self.sites.update((site.id, site) for site in changes.sites)
        for feed in changes.feeds:
            self.feeds[feed.id] = feed
            self._stamp(feed)
        self.documents.update(((document.kind, document.id), document) for document in changes.documents)
        for contact in changes.contacts:
            number = self.places.of(contact.area)
            if number >= 0:
                self.contact[number] = ms(contact.last_at)
        self.seq = max(self.seq, changes.seq)
        self.version += 1

    def warm(self) -> None:
        """Compute what the first views would otherwise wait for: the cells at the resolutions chosen by default."""
        wanted = {self.places.heat_res("")} | {
            self.places.heat_res(a[0].code) for a in self.places.levels.values() if a
        }
        for res in sorted(wanted):
            self.incidents.cube.by_cell(res, OpenAt(0.0))
        self.incidents.opened_between(0.0, 0.0)

    def _stamp(self, feed: FeedRow) -> None:
        at, received = feed.last_at, feed.last_received_at
        if at is None or received is None:
            return
        if self.commit_ms is None or ms(received) >= self.commit_ms:
            self.source_ms, self.commit_ms = ms(at), ms(received)

    @cached_property
    def finest(self) -> NDArray[np.int32]:
        """Numbers of the finest areas, in code order."""
        finest = self.region.finest
        areas = self.region.by_level[finest] if finest else ()
        return np.array([self.places.number[area.code] for area in areas], np.int32)

    def area_rhythm_ms(self) -> float | None:
        """How long a finest area may be quiet, ms: the shortest rhythm of the feeds that hear from every area.

        None when no feed does: then no area is expected to speak and none is silent. The shortest, because whoever
        was quiet for longer has missed at least that feed's rhythm.
        """
        rhythms = [feed.rhythm_s for feed in self.feeds.values() if feed.areas and feed.rhythm_s is not None]
        return min(rhythms) * 1000.0 if rhythms else None

    def silence(self, t: float) -> NDArray[np.uint8]:
        """Per area number at t (ms): 0 heard, 1 silent, 2 never heard. An area above the finest level is silent only
        when all finest areas in it are, and never heard only when none of them ever was."""
        rhythm = self.area_rhythm_ms()
        silent = np.zeros(len(self.region.areas) + 1, np.uint8)
        if rhythm is None or not len(self.finest):
            return silent
        heard = self.contact[self.finest]
        own = np.where(heard == 0, 2, np.where(t - heard > rhythm, 1, 0)).astype(np.uint8)
        silent[self.finest] = own
        for level in self.region.levels[:-1]:
            areas = self.places.levels[level]
            place = self.places.ancestor[level][self.finest]
            inside = place >= 0
            size = len(areas)
            below = np.bincount(place[inside], minlength=size)
            quiet = np.bincount(place[inside], weights=own[inside] > 0, minlength=size)
            never = np.bincount(place[inside], weights=own[inside] == 2, minlength=size)
            found = np.where(below == 0, 0, np.where(never == below, 2, np.where(quiet == below, 1, 0)))
            silent[[self.places.number[area.code] for area in areas]] = found
        return silent

    def last_contact(self, level: str) -> NDArray[np.float64]:
        """Per place in the level the ms of the last contact with any area in it, 0 never."""
        latest = np.zeros(len(self.places.levels.get(level, ())))
        place = self.places.ancestor[level][:-1] if level in self.places.ancestor else np.empty(0, np.int32)
        inside = place >= 0
        np.maximum.at(latest, place[inside], self.contact[:-1][inside])
        return latest
