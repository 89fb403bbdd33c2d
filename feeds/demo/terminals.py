"""What reports by itself: grid workers' terminals, cameras that drop out and come back, water gauges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import numpy as np

from data.records import Kind, Record, SiteStatusPayload, UnitPosition
from feeds.demo.places import PER_GRID, find_places
from feeds.demo.plane import M_PER_DEG_LAT, M_PER_DEG_LON
from feeds.demo.resources import cameras, gauge_ids, workers
from feeds.demo.script import ZONE
from feeds.demo.spells import silent_terminals

REPORT_S = (60.0, 120.0)
"""Seconds between two positions of a grid worker."""
STRIDE_M = 320.0
"""Farthest a grid worker gets between two positions, metres."""
NIGHT_FROM, NIGHT_TO = 22, 6
"""Local hours in which most grid workers are at home."""
NIGHT_WATCH = 12
"""At night one grid worker in so many is out, each night others; the terminals of the rest lie still and report."""
FIRST_S = 15.0
"""Within this many seconds of a start every terminal has reported."""
FLIP_S = 24.0
"""Mean seconds between two cameras that change."""
GAUGE_S = 30.0
"""Seconds between two signs of life of the gauges."""


def moment(now: float) -> datetime:
    """Epoch seconds as an aware time."""
    return datetime.fromtimestamp(now, UTC)


def night_watch(at: datetime) -> int | None:
    """Which grid workers are out tonight: those whose number leaves this remainder. None by day: all are."""
    local = at.astimezone(ZONE)
    if NIGHT_TO <= local.hour < NIGHT_FROM:
        return None
    evening = local - timedelta(hours=NIGHT_TO)  # one night, one watch: midnight changes nothing
    return evening.toordinal() % NIGHT_WATCH


class Workers:
    """930 grid workers walking about in their grids by day, each heard from every one to two minutes unless silent."""

    def __init__(self, seed: int, now: float, rng: np.random.Generator) -> None:
        self._seed, self._rng = seed, rng
        self.all = workers(seed)
        self.number = {w.id: i for i, w in enumerate(self.all)}
        self._pool = find_places(seed).grid_points.reshape(len(self.all), PER_GRID, 2)
        self.lonlat = np.array([(w.lon, w.lat) for w in self.all])
        self._goal = self._pool[:, 1].copy()
        self._due = now + rng.uniform(0, FIRST_S, len(self.all))
        self.held: set[int] = set()
        """Workers whose way somebody else decides (they were sent somewhere)."""

    def step(self, now: float) -> Iterator[Record]:
        """Positions that are due."""
        due = np.flatnonzero(self._due <= now)
        if not len(due):
            return
        self._due[due] = now + self._rng.uniform(*REPORT_S, len(due))
        silent = silent_terminals(self._seed, now)
        at = moment(now)
        watch = night_watch(at)
        for i in due.tolist():
            out = watch is None or i % NIGHT_WATCH == watch
            if out and i not in self.held:
                self._walk(i)
            if i not in silent:
                yield self.position(i, at, 3.0 if out or i in self.held else 0.0)

    def position(self, i: int, at: datetime, speed: float = 3.0) -> Record:
        """The record of a worker's present position."""
        payload = UnitPosition.model_construct(unit=self.all[i].id, speed_kmh=speed, bearing=None)
        lon, lat = self.lonlat[i].tolist()
        id = f"{self.all[i].id}-{int(at.timestamp() * 1000)}"
        return Record(Kind.UNIT_POSITION, "grid", id, at, payload, round(lon, 6), round(lat, 6))

    def _walk(self, i: int) -> None:
        step = self._goal[i] - self.lonlat[i]
        metres = float(np.hypot(step[0] * M_PER_DEG_LON, step[1] * M_PER_DEG_LAT))
        if metres <= STRIDE_M:
            self.lonlat[i] = self._goal[i]
            self._goal[i] = self._pool[i, self._rng.integers(0, PER_GRID)]
        else:
            self.lonlat[i] += step * (STRIDE_M / metres)


class Cameras:
    """Cameras that drop out and come back, so that about 4 % are away at any time."""

    def __init__(self, seed: int, now: float, rng: np.random.Generator, offline: Iterable[str] | None = None) -> None:
        self._rng = rng
        self._all = [camera.id for camera in cameras(seed)]
        if offline is None:
            offline = [camera.id for camera in cameras(seed) if not camera.online]
        self._off = sorted(offline)
        self._usual = len(self._all) * 0.04
        self._next = now + float(rng.exponential(FLIP_S))

    def step(self, now: float) -> Iterator[Record]:
        """Status changes that are due."""
        while self._next <= now:
            self._next += float(self._rng.exponential(FLIP_S))
            back = self._off and self._rng.random() < 0.5 * len(self._off) / self._usual
            if back:
                id = self._off.pop(int(self._rng.integers(0, len(self._off))))
            else:
                id = self._all[int(self._rng.integers(0, len(self._all)))]
                if id in self._off:
                    continue
                self._off.append(id)
            yield _site_status("video", id, bool(back), now)


class Gauges:
    """The water gauges' signs of life, one gauge after the other."""

    def __init__(self, seed: int, now: float) -> None:
        self._ids = gauge_ids(seed)
        self._next, self._turn = now, 0

    def step(self, now: float, *, quiet: bool) -> Iterator[Record]:
        """The sign of life that is due; what is due in a quiet spell is lost."""
        if now < self._next:
            return
        self._next = now + GAUGE_S
        self._turn = (self._turn + 1) % len(self._ids)
        if not quiet:
            yield _site_status("water", self._ids[self._turn], True, now)


def _site_status(source: str, site: str, online: bool, now: float) -> Record:
    payload = SiteStatusPayload.model_construct(site=site, online=online)
    return Record(Kind.SITE_STATUS, source, f"{site}-{int(now * 1000)}", moment(now), payload)
