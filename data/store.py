"""What a store is, for everybody above `data`. SQLite and PostGIS implement it alike."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from data.casework import Case
from data.plain_columns import PlainEvents
from data.records import LIVE, IncidentState, Kind, Payload, Record, UnitStatus
from geo.area import Region

Locator = Callable[[NDArray[np.float64], NDArray[np.float64]], tuple[NDArray[np.uint64], list[str | None]]]
"""(lon[n], lat[n]) -> (H3 cells at CELL_RES [n], code of the finest area or None [n])."""


@dataclass(frozen=True, slots=True)
class Appended:
    """What an append did. `seqs` are the new records' numbers, in order; `duplicates` were there before."""

    seqs: tuple[int, ...]
    duplicates: int

    @property
    def accepted(self) -> int:
        return len(self.seqs)


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """Projection of one incident. `opened_at` is the earliest event; NaN-free: None means "not yet".

    `seq` is the seq of the last record that changed it and serves as the version that commands expect.
    """

    id: str
    timeline: str
    state: IncidentState
    opened_at: datetime
    dispatched_at: datetime | None
    arrived_at: datetime | None
    closed_at: datetime | None
    category: str
    severity: int
    title: str
    title_en: str
    address: str
    source: str
    lon: float | None
    lat: float | None
    cell: int | None
    area: str | None
    units: tuple[str, ...]
    rows: int  # number of event rows that make it up
    last_actor: str
    seq: int
    case: Case | None = None  # None: it has no workflow and was never merged


@dataclass(frozen=True, slots=True)
class UnitRow:
    """Projection of one unit: master data, status, last position.

    `seq` is the seq of the last record that changed it; `status_seq` of the last that changed more than its position,
    and serves as the version that commands expect: a unit that drives on is still the unit that somebody looked at.
    """

    id: str
    timeline: str
    name: str
    name_en: str
    kind: str
    skills: tuple[str, ...]
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
    status_seq: int = 0


@dataclass(frozen=True, slots=True)
class SiteRow:
    """Projection of one site."""

    id: str
    timeline: str
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
    attrs: dict[str, object]
    seq: int


@dataclass(frozen=True, slots=True)
class FeedRow:
    """Projection of one feed: what the log has heard from it. `rejected` counts its dead letters."""

    id: str
    timeline: str
    name: str
    name_en: str
    rhythm_s: float | None
    areas: bool
    simulated: bool
    last_at: datetime | None
    last_received_at: datetime | None
    accepted: int
    rejected: int
    seq: int


@dataclass(frozen=True, slots=True)
class AreaContact:
    """When a finest area was last heard from (any located record but a site's inventory entry)."""

    area: str
    last_at: datetime
    seq: int


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A named document as its latest version says: what has no columns of its own (routing rules)."""

    kind: Kind
    id: str
    timeline: str
    at: datetime
    version: int
    payload: Payload
    seq: int


class Fact(NamedTuple):
    """A record as it is stored, for who reads a great many. `body` is the payload as JSON text."""

    seq: int
    kind: str
    source: str
    source_id: str
    version: int
    at: datetime
    lon: float | None
    lat: float | None
    area: str | None
    incident: str | None
    body: str


class Opened(NamedTuple):
    """An incident and what its rows alone say of its closing. `rows` is how many there are."""

    id: str
    closed_at: datetime | None
    rows: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All projections of one timeline at one seq, read in one transaction."""

    seq: int
    incidents: Sequence[IncidentRow]
    units: Sequence[UnitRow]
    sites: Sequence[SiteRow]
    feeds: Sequence[FeedRow]
    contacts: Sequence[AreaContact]
    documents: Sequence[DocumentRow] = ()


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Refused input, kept where a person can look at it. `body` is the bytes as they came (first 64 KiB)."""

    source: str
    reason: str
    message: str
    body: bytes
    received_at: datetime
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Pruned:
    """What one step of pruning did. `next` is the seq to go on after, None when everything old has been looked at."""

    deleted: int
    next: int | None


class Transaction(Protocol):
    """One writer's view of a timeline: everything read here is what the append will be judged against.

    Writers are serialised per store (docs/decisions/0003), so a command that reads, decides and appends
    here has exactly one winner.
    """

    def incident(self, id: str) -> IncidentRow | None: ...
    def incidents(self, ids: Collection[str]) -> dict[str, IncidentRow]:
        """Those of the incidents that are there, by id."""
        ...

    def unit(self, id: str) -> UnitRow | None: ...
    def documents(self, kind: Kind) -> list[DocumentRow]: ...
    def timeline_of(self, incident: str) -> list[Record]: ...
    def recorded(self, source: str, ids: Sequence[str]) -> list[Record]:
        """What a source has in the log under these ids (positions aside), in seq order."""
        ...

    def append(self, records: Sequence[Record]) -> Appended: ...


class Store(Protocol):
    """The log, its projections, the region and the dead letters. Thread-safe. Raises StoreUnavailable."""

    def append(self, records: Sequence[Record]) -> Appended:
        """Append in one transaction; returns after commit. Stamps received_at, cell, area, seq."""
        ...

    def append_each(self, groups: Sequence[Sequence[Record]]) -> list[Appended]:
        """`append` for several groups in one transaction; what became of each. One bad record refuses them all."""
        ...

    def append_plain(self, events: PlainEvents) -> Appended:
        """`append` of many event rows of which each is an incident of its own, given in columns: for archives."""
        ...

    def transact(
        self, timeline: str = LIVE, sought: tuple[str, Sequence[str]] | None = None
    ) -> AbstractContextManager[Transaction]:
        """Commit on normal exit, roll back on an exception.

        `sought`, (source, ids), is what `recorded` will be asked for first: it may then cost nothing of its own.

        Writers that queue may share a commit: what one raises undoes its own work alone, and all return after the
        commit. So the block must be short and must not wait for another writer.
        """
        ...

    def head(self) -> int:
        """Highest committed seq, 0 for an empty log. Seqs are given as 1, 2, 3, ... without gaps."""
        ...

    def read_after(
        self, seq: int, *, limit: int = 10_000, timeline: str | None = None, positions: bool = True
    ) -> list[Record]:
        """Records with a larger seq, in seq order. Never skips one that commits later.

        Positions are among them unless `positions` is False; those deleted by age (`prune_positions`) are simply not
        there.
        """
        ...

    def scan(
        self,
        kinds: Collection[Kind],
        timeline: str = LIVE,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        by_incident: bool = False,
        with_unit: bool = False,
    ) -> Iterator[Fact]:
        """Records of these kinds as they are stored: much faster than `read_after`, and not checked. Not for positions.

        Events come first, in any order, at their latest version only, with start <= at < end and, `with_unit`, only
        those that name a unit. `by_incident`: all rows of the incidents opened in that time instead. Then the others,
        whatever their time, in seq order. One read transaction, which ends when the iterator does.
        """
        ...

    def latest(self, timeline: str, *, after: int = 0, without: Collection[Kind] = ()) -> tuple[datetime, int] | None:
        """The latest `at` and the highest seq of what a timeline has beyond seq `after`, positions included, kinds
        `without` and what it inherits left out; None where there is nothing. No record is read for it."""
        ...

    def opened_by(self, t: datetime, timeline: str = LIVE) -> list[Opened]:
        """Incidents opened by `t`, but for those that were surely closed by then: by their rows, and never reopened."""
        ...

    def snapshot(self, timeline: str = LIVE, unsettled_since: datetime | None = None) -> Snapshot:
        """All projections of a timeline; with `unsettled_since` only the incidents that `unsettled` tells of."""
        ...

    def moment(self, t: datetime, timeline: str = LIVE) -> Snapshot:
        """As `snapshot`, as of t: the fold of the records with at <= t by (at, seq) (docs/decisions/0007).

        Reads them all: for tests and single questions. Screens are drawn from `layers/past.py`, which says the same.
        """
        ...

    def changed_since(self, seq: int, timeline: str = LIVE) -> Snapshot:
        """As `snapshot`, with only the rows that records after `seq` changed (feeds come whole): how a reader follows
        corrections without folding them itself.

        One read transaction, so `.seq` is the head that the rows belong to and the next call starts there. An
        incident whose last row a correction took away comes with `rows` 0 (and any `opened_at`): forget it.
        """
        ...

    def unsettled(self, since: datetime, timeline: str = LIVE) -> tuple[int, list[IncidentRow]]:
        """The head, and the incidents that are not closed or were closed at or after `since`, by id."""
        ...

    def incident(self, id: str, timeline: str = LIVE) -> IncidentRow | None:
        """One incident as it stands. Reads only: who wants to act on it asks inside `transact`.

        One that was worked on until a correction took its last report is there with `rows` 0, undescribed, so that
        what was done can be seen and ended; it is in no list.
        """
        ...

    def timeline_of(self, incident: str, timeline: str = LIVE) -> list[Record]:
        """All records about one incident, in seq order: its life. A merge is in the life of both incidents."""
        ...

    def units(self, timeline: str = LIVE) -> list[UnitRow]:
        """The units as they stand, by id."""
        ...

    def documents(self, kind: Kind, timeline: str = LIVE) -> list[DocumentRow]:
        """The documents of a kind, each at its latest version, by id."""
        ...

    def region(self) -> Region: ...

    def region_version(self) -> int:
        """Grows with every `put_level` and `rebuild`: who holds a region, or rows, can tell that there are others."""
        ...

    def put_level(self, region: Region) -> None:
        """Replace the stored region by this one, in one transaction, and re-stamp `area` of what is stored."""
        ...

    def put_basemap(self, layer: str, geojson: bytes) -> None: ...
    def basemap(self, layer: str) -> bytes | None: ...

    def add_dead_letters(self, letters: Iterable[DeadLetter]) -> None: ...
    def dead_letters(self, *, source: str | None = None, limit: int = 100) -> list[DeadLetter]: ...
    def dead_letter_counts(self) -> dict[tuple[str, str], int]:
        """(source, reason) -> count."""
        ...

    def fork(self, record: Record) -> Record:
        """Begin a fork with this record, whose payload says of what; returns it as it is in the log, with its `head`.

        The fork inherits its parent's records up to the record's `at`. Raises Refused where its timeline has records,
        where the parent has none, or was itself forked later than that.
        """
        ...

    def forks(self) -> list[Record]:
        """The records that forks began with, oldest first."""
        ...

    def first_seq(self, timeline: str) -> int | None:
        """The seq of the record that an exercise or a fork begins with, None where there is none. Who holds rows of one
        can tell that it was deleted, or made anew under its name."""
        ...

    def delete_timeline(self, timeline: str) -> int:
        """Delete all records of a timeline, and say how many they were. Their seqs are given to nothing else, and the
        deletion takes one of its own.

        Raises Refused for the real one and where others inherit from it, NotFound where it has no records.
        """
        ...

    def rebuild(self) -> int:
        """Recompute all projections from the log, in one transaction. Returns the records read."""
        ...

    def prune_positions(self, received_before: datetime, *, after: int = 0, limit: int = 5_000) -> Pruned:
        """Look at the `limit` oldest positions with a seq beyond `after`, in one transaction, and delete those received
        before that time. Their seqs are given to nothing else. Every other kind of record stays.

        A position stays, however old, while it is the latest of its unit, source or area: a rebuild needs it.
        """
        ...

    def ping(self) -> None:
        """Return quietly when the store answers, raise StoreUnavailable when not."""
        ...

    def subscribe(self, ring: Callable[[], None]) -> Callable[[], None]:
        """Call `ring` (from any thread) after commits, this process's or another's. Returns unsubscribe.

        It is a hint that carries no data; a lost ring costs latency only, readers also poll.
        """
        ...

    def close(self) -> None: ...
