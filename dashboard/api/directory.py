"""Where the routes find rows: the live state where it holds them, the store for the rest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from dashboard.api.case_figures import in_clock_state
from dashboard.api.deps import region_of
from dashboard.api.incident_bodies import Listed
from dashboard.services import Services
from data.casework import ClockState
from data.errors import NotFound
from data.records import DESK, IncidentState
from data.store import FeedRow, IncidentRow, SiteRow, UnitRow
from dispatch.duplicates import Duplicate, Matters, Repeat, repeats, suggestions
from layers.case_columns import clock_state
from layers.incident_columns import IncidentColumns, Rows
from layers.state import LiveState

_STATES = tuple(IncidentState)
CLOSED = _STATES.index(IncidentState.CLOSED)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which incidents a list is asked for. Empty: all. `clock`: OVERDUE, WARNING or PAUSED. `closed_since`: only those
    closed then or later."""

    area: str = ""
    states: frozenset[IncidentState] = frozenset()
    owner: str = ""
    workflow: str = ""
    step: str = ""
    clock: ClockState | None = None
    q: str = ""
    closed_since: datetime | None = None


def codes_within(services: Services, code: str) -> frozenset[str]:
    """The area and everything below it. Raises NotFound."""
    region = region_of(services)
    if code not in region.by_code:
        raise NotFound(f"no area {code[:64]}")
    found, todo = {code}, [code]
    while todo:
        for child in region.children(todo.pop()):
            found.add(child.code)
            todo.append(child.code)
    return frozenset(found)


def incidents(services: Services, wanted: Wanted, limit: int) -> tuple[list[Listed], int]:
    """Incidents that match, newest first, and how many match before the limit. Raises NotFound for an unknown area.

    Answered from the live state: no store is read, and the list agrees with the frames.
    """
    t = services.clock.now()
    now = t.timestamp() * 1000.0
    with services.reader.reading() as state:
        table = state.incidents
        if wanted.area and wanted.area not in state.places.number:
            raise NotFound(f"no area {wanted.area[:64]}")
        rows = np.flatnonzero(table["opened"] <= now)
        if wanted.area:
            rows = rows[state.places.mask(wanted.area)[table["area"][rows]]]
        rows = _of_case(table, rows, wanted, now)
        stage = table.state_at(rows, now)
        if wanted.states:
            chosen = np.isin(stage, [_STATES.index(each) for each in wanted.states])
            rows, stage = rows[chosen], stage[chosen]
        if wanted.closed_since is not None:
            closed = table["closed"][rows]
            chosen = (closed >= wanted.closed_since.timestamp() * 1000.0) & (closed <= now)
            rows, stage = rows[chosen], stage[chosen]
    if wanted.q:
        # Outside the lock, for it takes tens of milliseconds: rows are only ever added, texts replaced whole.
        chosen = np.fromiter((_matches(table, i, wanted.q.casefold()) for i in rows.tolist()), bool, len(rows))
        rows, stage = rows[chosen], stage[chosen]
    with services.reader.reading():
        newest = np.lexsort((rows, table["opened"][rows]))[::-1][:limit]
        found = [_listed(state, int(rows[i]), int(stage[i]), t) for i in newest]
    return found, len(rows)


def alike(services: Services, row: IncidentRow) -> tuple[list[tuple[Duplicate, Listed]], Repeat]:
    """Incidents that may be the same matter as this one, the likeliest first, and how often its place had the same."""
    t = services.clock.now()
    now = t.timestamp() * 1000.0
    with services.reader.reading() as state:
        table = state.incidents
        matters = Matters(
            ids=table.ids,
            opened=table["opened"],
            closed=table["closed"],
            lon=table["lon"],
            lat=table["lat"],
            category=table["category"],
            categories=table.categories.texts,
            merged=table["parent"] > 0,
        )
        found = []
        for each in suggestions(row, matters, t):
            i = table.row[each.incident]
            stage = int(table.state_at(np.array([i]), now)[0])
            found.append((each, _listed(state, i, stage, t)))
        return found, repeats(row, matters)


def alike_to(services: Services, category: str, lon: float, lat: float) -> list[tuple[Duplicate, Listed]]:
    """Incidents that may be the same matter as one that somebody is about to open, the likeliest first."""
    row = IncidentRow(
        id="",
        timeline=services.timeline,
        state=IncidentState.OPEN,
        opened_at=services.clock.now(),
        dispatched_at=None,
        arrived_at=None,
        closed_at=None,
        category=category,
        severity=3,
        title="",
        title_en="",
        address="",
        source="",
        lon=lon,
        lat=lat,
        cell=None,
        area=None,
        units=(),
        rows=1,
        last_actor="",
        seq=0,
    )
    return alike(services, row)[0]


def _of_case(table: IncidentColumns, rows: Rows, wanted: Wanted, now: float) -> Rows:
    """Those of `rows` whose case is as wanted."""
    codes = table.codes
    for column, text, known in (
        ("owner", wanted.owner, codes.owners),
        ("workflow", wanted.workflow, codes.workflows),
        ("step", wanted.step, codes.steps),
    ):
        if text:
            number = known.find(text)
            rows = rows[table[column][rows] == (-1 if number is None else number)]
    return rows if wanted.clock is None else rows[in_clock_state(table, rows, wanted.clock, now)]


def _matches(table: IncidentColumns, i: int, words: str) -> bool:
    return any(words in text.casefold() for text in (table.ids[i], *table.titles[i]))


def _listed(state: LiveState, i: int, stage: int, now: datetime) -> Listed:
    table = state.incidents
    title, title_en = table.titles[i]
    area = int(table["area"][i])
    case = table.cases[i]
    clock = None if case is None else case.next_due()
    return Listed(
        id=table.ids[i],
        state=_STATES[stage],
        opened_at=_time(table["opened"][i]),
        closed_at=_time(table["closed"][i]) if stage == CLOSED else None,
        category=table.categories.texts[table["category"][i]],
        severity=int(table["severity"][i]),
        title=title,
        title_en=title_en,
        source=table.sources.texts[table["source"][i]],
        lon=_known(table["lon"][i]),
        lat=_known(table["lat"][i]),
        area=None if area < 0 else state.places.codes[area],
        workflow="" if case is None else case.workflow,
        step="" if case is None else case.step,
        owner="" if case is None else case.owner,
        clock="" if clock is None else clock.id,
        due=None if clock is None else clock.due,
        clock_state=clock_state(case, now),
        returns=0 if case is None else len(case.returns),
        parent=None if case is None else case.parent,
    )


def _time(ms: float) -> datetime:
    return datetime.fromtimestamp(float(ms) / 1000.0, UTC)


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def incident(services: Services, id: str) -> IncidentRow:
    """One incident as the store has it. Raises NotFound."""
    row = services.store.incident(id, services.timeline)
    if row is None:
        raise NotFound(f"no incident {id[:64]}")
    return row


def units(services: Services) -> list[UnitRow]:
    """All units of the live state."""
    with services.reader.reading() as state:
        return list(state.units.rows)


def units_of(services: Services, ids: Iterable[str]) -> list[UnitRow]:
    """These units, in the order given; without those that the roster does not know."""
    with services.reader.reading() as state:
        known = {row.id: row for row in state.units.rows}
    return [known[id] for id in ids if id in known]


def sites(services: Services) -> list[SiteRow]:
    """All sites of the live state."""
    with services.reader.reading() as state:
        return list(state.sites.values())


def feeds(services: Services) -> list[FeedRow]:
    """All feeds of the live state, in id order; what people decide at desks comes from no feed."""
    with services.reader.reading() as state:
        return sorted((row for row in state.feeds.values() if row.id != DESK), key=lambda row: row.id)
