"""Heat for any window: `python -m bench.heat [--quick]`.

Ten million events of thirty days in 930 irregular grids, at 400,000 addresses of which some are hot spots. A question
is a window, a resolution, a filter and a focus; the answer is every H3 cell with its count, ascending. Everybody has
the same columns: time, cell at 8 and at 9, town, category, severity. PostGIS has a btree on the time and a GiST index
on the points, and its answer crosses a local socket.

Then the questions alone at many random moments (p50), and updates in batches of 1,000, one in fifty of them late.
"""

from __future__ import annotations

import argparse
import gc
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from time import perf_counter

import duckdb
import numpy as np
import polars as pl
import psycopg
from numpy.typing import NDArray

from bench.district import HIGH, SOUTH, WEST, WIDE, district
from bench.table import Contestant, compare, duration, equal, show, show_facts
from geo.area_index import AreaIndex
from geo.cells import latlng_to_cell
from geo.cube import Filter, HeatCube, OpenAt, Opened
from geo.kernels import warm
from tests.postgis_server import PostgisServer

DAY = 86_400_000.0
DAYS = 30
NOW = DAYS * DAY
RES = (5, 6, 7, 8, 9, 10)
CATEGORIES, SOURCES = 13, 3
ADDRESSES = 400_000
TOWN = 3
CATEGORY, SEVERITY = 1, 2

Answer = tuple[NDArray[np.uint64], NDArray[np.int64]]


@dataclass
class Events:
    """Columns of all events; `address` points into the three that follow it."""

    at: NDArray[np.float64]
    address: NDArray[np.int32]
    category: NDArray[np.int16]
    severity: NDArray[np.int16]
    source: NDArray[np.int16]
    closed: NDArray[np.float64]
    cells: NDArray[np.uint64]
    grid: NDArray[np.int32]
    town: NDArray[np.int16]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]

    def cell(self, res: int) -> NDArray[np.uint64]:
        return self.cells[self.address, RES.index(res)]


def events(n: int, seed: int = 7) -> tuple[Events, int]:
    """(`n` events in order of time, how many grids there are)."""
    rng = np.random.default_rng(seed)
    grids = district(930).grids
    lon = WEST + WIDE * rng.random(ADDRESSES)
    lat = SOUTH + HIGH * rng.random(ADDRESSES)
    middle = rng.integers(0, 60, ADDRESSES // 2)  # half of the addresses are in sixty places
    where = rng.uniform((WEST + 0.05, SOUTH + 0.05), (WEST + WIDE - 0.05, SOUTH + HIGH - 0.05), (60, 2))
    spread = rng.normal(0, 0.012, (ADDRESSES // 2, 2)) + where[middle]
    lon[: ADDRESSES // 2], lat[: ADDRESSES // 2] = spread.T
    cells = np.stack([latlng_to_cell(lat, lon, res) for res in RES], axis=1)
    grid = AreaIndex(grids).locate(lon, lat).astype(np.int32)
    town = np.append([int(g.parent or -1) for g in grids], -1)[grid].astype(np.int16)
    at = np.sort(rng.random(n)) * NOW
    closed = at + rng.exponential(6 * 3.6e6, n)
    closed[closed > NOW] = np.nan
    found = Events(
        at, (ADDRESSES * rng.random(n) ** 1.5).astype(np.int32),
        np.minimum(CATEGORIES - 1, rng.exponential(3.0, n)).astype(np.int16),
        rng.choice([1, 2, 3, 4], n, p=[0.05, 0.15, 0.5, 0.3]).astype(np.int16),
        rng.integers(0, SOURCES, n).astype(np.int16), closed, cells, grid, town, lon, lat,
    )  # fmt: skip
    return found, len(grids)


@dataclass(frozen=True)
class Question:
    name: str
    after: float
    res: int
    category: int | None = None
    severity: int | None = None
    town: int | None = None

    @property
    def sql(self) -> str:
        more = [f"t > {self.after!r}", f"t <= {NOW!r}"]
        for field in ("category", "severity", "town"):
            value = getattr(self, field)
            if value is not None:
                more.append(f"{field} = {value}")
        column = f"cell{self.res}"
        return f"SELECT {column}, count(*) FROM event WHERE {' AND '.join(more)} GROUP BY {column} ORDER BY {column}"

    @property
    def only(self) -> Filter:
        return Filter(None if self.category is None else frozenset({self.category}), self.severity)


def cube_of(data: Events, grids: int) -> HeatCube:
    cube = HeatCube(grids, RES)
    atom = cube.places(data.cells, data.grid)[data.address]
    cube.add(atom, cube.kinds(data.category, data.severity, data.source), data.at, data.closed)
    return cube


def by_numpy(q: Question, data: Events, columns: dict[str, NDArray[np.int16]]) -> Answer:
    """A scan of the columns; the times are sorted, so that a window is a slice. Cells have small numbers beforehand."""
    low, high = np.searchsorted(data.at, [q.after, NOW], side="right")
    cells, number = columns[f"cells{q.res}"], columns[f"number{q.res}"][low:high]
    keep: NDArray[np.bool_] | None = None
    for field in ("category", "severity", "town"):
        value = getattr(q, field)
        if value is not None:
            mask = columns[field][low:high] == value
            keep = mask if keep is None else keep & mask
    counts = np.bincount(number if keep is None else number[keep], minlength=len(cells))
    hit = np.flatnonzero(counts)
    return cells[hit].astype(np.uint64), counts[hit]


def by_polars(q: Question, frame: pl.DataFrame) -> Answer:
    wanted = (pl.col("t") > q.after) & (pl.col("t") <= NOW)
    for field in ("category", "severity", "town"):
        value = getattr(q, field)
        if value is not None:
            wanted &= pl.col(field) == value
    column = f"cell{q.res}"
    found = frame.lazy().filter(wanted).group_by(column).agg(pl.len().alias("n")).sort(column).collect()
    return found[column].to_numpy(), found["n"].to_numpy().astype(np.int64)


def by_duckdb(q: Question, connection: duckdb.DuckDBPyConnection) -> Answer:
    found = connection.execute(q.sql).fetchnumpy()
    cells, counts = found.values()
    return np.asarray(cells, np.uint64), np.asarray(counts, np.int64)


def by_postgis(q: Question, connection: psycopg.Connection) -> Answer:
    rows = np.array(connection.execute(q.sql.encode()).fetchall(), np.int64).reshape(-1, 2)
    return rows[:, 0].astype(np.uint64), rows[:, 1]


def fill_postgis(connection: psycopg.Connection, data: Events, columns: dict[str, NDArray[np.int16]]) -> None:
    """By binary COPY; the points as EWKB."""
    connection.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    connection.execute(
        "CREATE UNLOGGED TABLE event (t float8, cell8 int8, cell9 int8, town int2, category int2, severity int2, "
        "geom geometry(Point, 4326))"
    )
    fields = [("t", ">f8"), ("cell8", ">i8"), ("cell9", ">i8"), ("town", ">i2"), ("category", ">i2"),
              ("severity", ">i2"), ("geom", "V25")]  # fmt: skip
    layout: list[tuple[str, str]] = [("fields", ">i2")]
    for name, kind in fields:
        layout += [(f"{name}_size", ">i4"), (name, kind)]
    point = np.dtype([("order", "u1"), ("type", "<u4"), ("srid", "<u4"), ("x", "<f8"), ("y", "<f8")])
    cursor = connection.cursor()
    with cursor.copy("COPY event FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(b"PGCOPY\n\xff\r\n\x00" + bytes(8))
        for low in range(0, len(data.at), 200_000):
            part = slice(low, low + 200_000)
            who = data.address[part]
            rows = np.zeros(len(who), layout)
            rows["fields"] = len(fields)
            for name, kind in fields:
                rows[f"{name}_size"] = np.dtype(kind).itemsize
            points = np.zeros(len(who), point)
            points["order"], points["type"], points["srid"] = 1, 0x20000001, 4326
            points["x"], points["y"] = data.lon[who], data.lat[who]
            rows["t"], rows["geom"] = data.at[part], points.view("V25")
            for res in (8, 9):
                rows[f"cell{res}"] = data.cells[who, RES.index(res)].astype(np.int64)
            for name in ("town", "category", "severity"):
                rows[name] = columns[name][part]
            copy.write(rows.tobytes())
        copy.write(b"\xff\xff")
    connection.execute("SET maintenance_work_mem = '512MB'")
    connection.execute("CREATE INDEX ON event USING btree (t)")
    connection.execute("CREATE INDEX ON event USING gist (geom)")
    connection.commit()
    connection.autocommit = True
    connection.execute("VACUUM ANALYZE event")


def p50(ask: Callable[[float], object], moments: NDArray[np.float64]) -> tuple[float, float]:
    """(median, 99th percentile) seconds of a question at many moments."""
    took = []
    for t in moments.tolist():
        start = perf_counter()
        ask(t)
        took.append(perf_counter() - start)
    return float(np.median(took)), float(np.percentile(took, 99))


def updates(cube: HeatCube, data: Events, batches: int = 400, size: int = 1000) -> float:
    """Events taken over per second; one in fifty happened up to a week before."""
    rng = np.random.default_rng(11)
    took = 0.0
    open_ = np.full(size, np.nan)
    for number in range(batches):
        who = data.address[rng.integers(0, len(data.address), size)]
        at = NOW + number * 3000 + rng.random(size) * 3000
        late = rng.random(size) < 0.02
        at[late] -= rng.random(int(late.sum())) * 7 * DAY
        cells, grid = data.cells[who], data.grid[who]
        some = slice(number * size, (number + 1) * size)
        category, severity, source = data.category[some], data.severity[some], data.source[some]
        start = perf_counter()
        cube.add(cube.places(cells, grid), cube.kinds(category, severity, source), at, open_)
        took += perf_counter() - start
    return batches * size / took


def questions() -> list[Question]:
    windows = (("15 min", 15 * 60_000.0), ("24 h", DAY), ("7 d", 7 * DAY))
    found = []
    for name, length in windows:
        for res in (8, 9):
            after = NOW - length
            found += [
                Question(f"{name}, res {res}", after, res),
                Question(f"{name}, res {res}, one category", after, res, category=CATEGORY),
                Question(f"{name}, res {res}, one severity, one town", after, res, severity=SEVERITY, town=TOWN),
            ]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the events, two rounds")
    parser.add_argument("--no-postgis", action="store_true", help="leave PostGIS out")
    asked = parser.parse_args()
    n, rounds = (1_000_000, 2) if asked.quick else (10_000_000, 5)
    warm.wait()
    data, grids = events(n)
    columns: dict[str, NDArray[np.int16]] = {
        "category": data.category, "severity": data.severity, "town": data.town[data.address]
    }  # fmt: skip
    for res in (8, 9):
        cells, number = np.unique(data.cells[:, RES.index(res)], return_inverse=True)
        columns[f"cells{res}"], columns[f"number{res}"] = cells, number.astype(np.int32)[data.address]
    start = perf_counter()
    cube = cube_of(data, grids)
    built = perf_counter() - start
    towns = [int(g.parent or -1) for g in district(930).grids]
    inside = np.append(np.array(towns) == TOWN, False)
    frame = pl.DataFrame(
        {"t": data.at, "cell8": data.cell(8), "cell9": data.cell(9), **{k: columns[k] for k in ("town", "category",
         "severity")}}
    )  # fmt: skip
    duck = duckdb.connect()
    duck.register("source", frame.to_arrow())
    duck.execute("CREATE TABLE event AS SELECT * FROM source")
    duck.unregister("source")
    server, postgis = None, None
    if not asked.no_postgis:
        server = PostgisServer()
        postgis = psycopg.connect(server.url().replace("postgresql+psycopg://", "postgresql://"))
        fill_postgis(postgis, data, columns)
    gc.collect()
    for q in questions():
        long = "7 d" in q.name
        focus = None if q.town is None else inside
        runs = [
            Contestant("ours", lambda q=q, f=focus: cube.by_cell(q.res, Opened(q.after, NOW), q.only, f), repeat=20),
            Contestant("numpy, bincount of a slice", lambda q=q: by_numpy(q, data, columns)),
            Contestant("Polars", lambda q=q: by_polars(q, frame)),
            Contestant("DuckDB", lambda q=q: by_duckdb(q, duck), want=40 if long else None),
        ]
        if postgis is not None:
            runs.append(Contestant("PostGIS", partial(by_postgis, q, postgis), want=500 if long else None, rounds=1))
        show(f"heat, {n:,} events: {q.name}", compare(runs, rounds))
    if postgis is not None:
        postgis.close()
    duck.close()

    facts = []
    moments = np.random.default_rng(5).uniform(8 * DAY, NOW, 101)
    for q in questions():
        focus, back = None if q.town is None else inside, NOW - q.after

        def ask_at(t: float, q: Question = q, focus: NDArray[np.bool_] | None = focus, back: float = back) -> object:
            return cube.by_cell(q.res, Opened(t - back, t), q.only, focus)

        ask_at(NOW)
        median, most = p50(ask_at, moments)
        facts.append((f"{q.name} (p99 {duration(most)})", duration(median), "<= 1 ms", median <= 1e-3))
    median, most = p50(lambda t: cube.by_cell(9, OpenAt(t)), moments)
    facts.append((f"open at t, res 9 (p99 {duration(most)})", duration(median), "<= 1 ms", median <= 1e-3))
    show_facts("ours, p50 of 101 random moments", facts)
    size = cube.nbytes / 2**30
    rate = updates(cube, data)
    start_, end = NOW - 7 * DAY, NOW + 3_000_000.0
    checked = cube_equal_after(cube, data, start_, end)
    show_facts(
        "ours, the cube",
        [
            ("memory with all rows asked for", f"{size:.2f} GiB", "<= 1.2 GiB", size <= 1.2),
            ("built from columns", duration(built), "", None),
            ("updates, batches of 1,000, 2 % late", f"{rate:,.0f} /s", ">= 1,000,000", rate >= 1e6),
            ("answers after the updates add up", "yes" if checked else "NO", "", checked),
        ],
    )


def cube_equal_after(cube: HeatCube, data: Events, after: float, until: float) -> bool:
    """After the updates: the cells' counts add up to the areas', and the sum of two windows is the whole."""
    middle = (after + until) / 2
    whole = cube.by_cell(9, Opened(after, until))
    parts = [cube.by_cell(9, Opened(*w)) for w in ((after, middle), (middle, until))]
    cells = np.concatenate([p[0] for p in parts])
    counts = np.concatenate([p[1] for p in parts])
    distinct, inverse = np.unique(cells, return_inverse=True)
    summed = distinct, np.bincount(inverse, weights=counts).astype(np.int64)
    return equal(whole, summed) and int(whole[1].sum()) == int(cube.by_area(Opened(after, until)).sum())


if __name__ == "__main__":
    main()
