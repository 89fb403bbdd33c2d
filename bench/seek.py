"""Any moment of a month: seeking and playing, beside what one would do instead, which is to fold the log up to it.

A district of 930 grids over 30 days: 1,000,000 events, one in ten of which people worked on (an assignment, a dispatch,
an arrival, a closing, and one in fifty of those brought back and closed again), 1,000 units whose statuses follow and
that send 20,000,000 positions, 2,000 cameras of which some fail. Events and commands go through `store.append`;
positions are written straight into the track table with the columns and indexes that the store gives it, which is what
matters here. `--quick` makes a twentieth of it, `--part 5` a fifth. At full size the store takes some 4.5 GB, and while
it is made as much again; `--keep FOLDER` leaves it there, and takes one that is there from a run before.

Printed: the first seek, which reads the history; seeks to random moments in no order, with and without drawing all
layers and the panel; playing at 3,600x with five pictures a second; memory; and the fold of a moment, a third into the
month. Times are processor time of the thread, so that a busy machine does not count.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time, thread_time

import numpy as np
from sqlalchemy import select, text, update

from bench.district import HIGH, SOUTH, WEST, WIDE, district
from dashboard.channel import BUILD
from data.area_indexes import area_index
from data.clock import ManualClock
from data.codec import micros
from data.open_store import open_store
from data.records import (
    ClockChange,
    ClockOp,
    EventPayload,
    IncidentArrived,
    IncidentDispatched,
    IncidentMoved,
    IncidentState,
    Kind,
    Record,
    SitePayload,
    SiteStatusPayload,
    UnitPayload,
)
from data.settings import Settings
from data.sql_store import SqlStore
from geo.area import Area, Region
from layers import panel
from layers.columns import ms
from layers.past import Past
from layers.reader import Reader
from layers.view import View

START = datetime(2026, 5, 1, tzinfo=UTC)
DAYS = 30
UNITS, CAMERAS = 1_000, 2_000
WORKED, REOPENED = 10, 50
RATE, PICTURES = 3_600, 5
VIEW = View(window="24h", layers=("heat", "areas", "incidents", "units", "cameras", "queue"))


def region() -> Region:
    made = district(930)
    whole = Area("d", "d", "district", _box())
    towns = [Area(town.code, town.code, "town", town.geometry, "d") for town in made.towns]
    return Region.of(("district", "town", "grid"), [whole, *towns, *made.grids])


def _box():  # type: ignore[no-untyped-def]
    from shapely.geometry import box

    return box(WEST, SOUTH, WEST + WIDE, SOUTH + HIGH)


def records(events: int, draw: random.Random) -> Iterator[Record]:
    """Everything but positions, roughly in order of time."""
    codes = [area.code for area in district(930).grids]

    def point() -> tuple[float, float]:
        return WEST + draw.random() * WIDE, SOUTH + draw.random() * HIGH

    for i in range(UNITS):
        name = f"u{i:04d}"
        payload = UnitPayload(name=name, unit_kind="patrol_car", area=codes[i % len(codes)])
        yield Record(Kind.UNIT, "roster", name, START, payload)
    for i in range(CAMERAS):
        yield Record(Kind.SITE, "cams", f"c{i}", START, SitePayload(name=f"c{i}", site_kind="camera"), *point())
    step = timedelta(days=DAYS) / events
    later: dict[int, list[Record]] = {}
    for i in range(events):
        at = START + i * step
        id, lon_lat = f"i{i}", point()
        done = {} if i % WORKED == 0 else {"closed": at + timedelta(hours=draw.expovariate(1 / 3))}
        event = EventPayload(
            category=f"{i % 13:02d}{i % 131:03d}", incident=id, severity=1 + i % 4, title=f"第{i}号事项", times=done
        )
        yield Record(Kind.EVENT, "hotline", id, at, event, *lon_lat)
        if i % WORKED == 0:
            for record in worked(i, id, at, draw):
                later.setdefault(int((record.at - START) / step) + 1, []).append(record)
        if i % 500 == 0:
            status = SiteStatusPayload(site=f"c{draw.randrange(CAMERAS)}", online=draw.random() < 0.5)
            yield Record(Kind.SITE_STATUS, "cams", f"s{i}", at, status)
        yield from later.pop(i, ())
    for place in sorted(later):
        yield from later[place]


def worked(i: int, id: str, at: datetime, draw: random.Random) -> list[Record]:
    """The commands on one incident."""
    made = []

    def say(minutes: float, kind: Kind, payload) -> None:  # type: ignore[no-untyped-def]
        made.append(Record(kind, "desk", f"{id}-{len(made)}", at + timedelta(minutes=minutes), payload))

    def move(minutes: float, step: str, phase: IncidentState, before: str) -> None:
        due = at + timedelta(hours=24)
        clock = ClockChange(clock="answer", op=ClockOp.START, due=due, warn=(due - timedelta(hours=2),))
        payload = IncidentMoved(
            incident=id, move=step, workflow="grid-5", step=step, before=before, phase=phase, owner=f"o{i % 40}",
            actor="a", clocks=(clock,) if before == "" else (),
        )  # fmt: skip
        say(minutes, Kind.INCIDENT_MOVED, payload)

    unit = f"u{draw.randrange(UNITS):04d}"
    wait = draw.expovariate(1 / 30)
    move(wait, "assigned", IncidentState.OPEN, "")
    say(wait + 3, Kind.INCIDENT_DISPATCHED, IncidentDispatched(incident=id, units=(unit,), actor="a"))
    say(wait + 15, Kind.INCIDENT_ARRIVED, IncidentArrived(incident=id, unit=unit, actor="a"))
    done = wait + 15 + draw.expovariate(1 / 200)
    move(done, "closed", IncidentState.CLOSED, "assigned")
    if i // WORKED % REOPENED == 0:
        move(done + 60, "rework", IncidentState.OPEN, "closed")
        move(done + 400, "closed", IncidentState.CLOSED, "rework")
    return made


def positions(store: SqlStore, where: Region, count: int) -> None:
    """Units walk about; written straight into the table, whose indexes are made afterwards."""
    rng = np.random.default_rng(5)
    index = area_index(where.by_level["grid"])
    names = [*index.codes, None]
    track = store.tables.track
    rounds = count // UNITS
    step_us = DAYS * 86_400_000_000 // rounds
    lon, lat = WEST + rng.random(UNITS) * WIDE, SOUTH + rng.random(UNITS) * HIGH
    sql = (
        "INSERT INTO track (seq, timeline, source, source_id, version, unit, at, received_at, lon, lat, area) "
        "VALUES (?, 'live', 'gps', ?, 0, ?, ?, ?, ?, ?, ?)"
    )
    units = [f"u{i:04d}" for i in range(UNITS)]
    with store.write() as conn:
        seq, _ = store.lock_head(conn)
        for made in track.indexes:
            conn.execute(text(f"DROP INDEX {made.name}"))
        first = micros(START)
        for n in range(rounds):
            lon = np.clip(lon + rng.normal(0, 0.001, UNITS), WEST, WEST + WIDE)
            lat = np.clip(lat + rng.normal(0, 0.001, UNITS), SOUTH, SOUTH + HIGH)
            at = (first + n * step_us + np.sort(rng.integers(0, step_us, UNITS))).tolist()
            areas = [names[k] for k in index.locate(lon, lat).tolist()]
            numbers = range(seq + 1, seq + UNITS + 1)
            rows = zip(numbers, units, units, at, at, lon.tolist(), lat.tolist(), areas, strict=True)
            conn.exec_driver_sql(sql, list(rows))
            seq += UNITS
        for made in track.indexes:
            made.create(conn)
        conn.execute(update(store.tables.head).values(seq=seq))


def fill(store: SqlStore, events: int, track: int) -> None:
    where = region()
    store.put_level(where)
    began, part = perf_counter(), []
    for record in records(events, random.Random(1)):
        part.append(record)
        if len(part) == 20_000:
            store.append(part)
            part = []
    store.append(part)
    logged = store.head()
    print(f"{logged:,} records appended in {perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    began = perf_counter()
    positions(store, where, track)
    print(f"{track:,} positions written in {perf_counter() - began:.0f} s", file=sys.stderr, flush=True)


def opened(file: Path) -> SqlStore:
    return open_store(f"sqlite:///{file}", ManualClock(START + timedelta(days=DAYS)), repeatable=True)


def made(file: Path, events: int, track: int) -> None:
    """Fill a store. It has its name when it is whole, so that one whose making was interrupted is not measured."""
    part = file.with_suffix(".part")
    for each in part.parent.glob(f"{part.name}*"):
        each.unlink()
    store = opened(part)
    try:
        fill(store, events, track)
    finally:
        store.close()
    part.rename(file)


def memory_mb() -> float:
    """Memory of the process's own; pages of the database's file that are mapped can be given up at any time."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("RssAnon")) / 1e3


def quantiles(values: list[float]) -> str:
    found = np.quantile(values, [0.5, 0.99]) * 1000
    return f"p50 {found[0]:7.1f} ms   p99 {found[1]:7.1f} ms   ({len(values)})"


def measure(store: SqlStore, seeks: int) -> None:
    reader = Reader(store, ManualClock(START + timedelta(days=DAYS)), Settings())
    reader.catch_up()
    before = memory_mb()
    past = Past(store, reader)
    began, cpu, own = perf_counter(), process_time(), thread_time()
    past.seek(ms(START + timedelta(days=15)))
    cpu, own = process_time() - cpu, thread_time() - own
    print(
        f"first seek (reads the history)   {own:7.1f} s processor, {cpu - own:.1f} s beside it (the database counts), "
        f"{perf_counter() - began:.1f} s"
    )
    print(f"memory: live state and process   {before:7.0f} MB; history {memory_mb() - before:.0f} MB more")
    reader.start()  # from here on as in a server: the reader follows by itself
    reader.wait()
    draw = random.Random(2)
    alone, drawn = [], []
    for _ in range(seeks):
        t = ms(START) + draw.random() * DAYS * 86_400_000
        began = thread_time()
        past.seek(t)
        alone.append(thread_time() - began)
        with past.reading() as state:
            for name in VIEW.layers:
                BUILD[name](state, VIEW, t)
            panel.build(state, VIEW, t)
        drawn.append(thread_time() - began)
    print(f"seek, random                     {quantiles(alone)}")
    print(f"seek and all layers with panel   {quantiles(drawn)}")
    played = []
    t = ms(START + timedelta(days=20))
    for _ in range(seeks):
        t += RATE * 1000 / PICTURES
        began = thread_time()
        past.seek(t)
        with past.reading() as state:
            for name in VIEW.layers:
                BUILD[name](state, VIEW, t)
            panel.build(state, VIEW, t)
        played.append(thread_time() - began)
    rate = RATE / PICTURES / statistics.mean(played)
    print(f"playing at {RATE}x, {PICTURES} a second    {quantiles(played)}   could play at {rate:,.0f}x")
    reader.close()


def fold(store: SqlStore) -> None:
    began = thread_time()
    snapshot = store.moment(START + timedelta(days=DAYS / 3))
    spent = thread_time() - began
    print(f"fold of a third of the log       {spent:7.1f} s   ({len(snapshot.incidents):,} incidents)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a twentieth: 50,000 events, 1,000,000 positions")
    parser.add_argument("--part", type=int, default=1, metavar="N", help="an Nth of the events and positions")
    parser.add_argument("--keep", type=Path, help="folder to keep the store in, and to find it again")
    parser.add_argument("--seeks", type=int, default=300)
    args = parser.parse_args()
    part = 20 if args.quick else args.part
    events, track = 1_000_000 // part, 20_000_000 // part
    with tempfile.TemporaryDirectory() as folder:
        file = (args.keep or Path(folder)) / f"seek{events}.db"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            made(file, events, track)
        store = opened(file)
        try:
            with store.read() as conn:
                kinds = conn.execute(select(text("count(*)")).select_from(store.tables.record)).scalar_one()
            print(f"{events:,} events among {kinds:,} records, {track:,} positions of {UNITS:,} units, {DAYS} days")
            print(f"{os.getloadavg()[0]:.1f} running on {os.cpu_count()} cores before the start", flush=True)
            measure(store, args.seeks)
            fold(store)
        finally:
            store.close()


if __name__ == "__main__":
    main()
