"""Points to areas: `python -m bench.points [--quick]`.

One million points (vertices, middles of edges and points outside among them) into 930 and into 10,000 irregular grids
of a generated district, and San Francisco's calls into its tracts where `../shared/realdata` is there. The answer is
always the smallest code among the areas that a point intersects. Peers give pairs of point and area; that the smallest
is kept is part of everybody's time. PostGIS reads the points from a table: what they take to get there is not counted.

DuckDB is not among the peers: its spatial extension is no Python package but a download of DuckDB's own at run time.

`within` is another question (border points belong to nobody), so it is timed, and compared where it should agree.
"""

from __future__ import annotations

import argparse
import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter_ns

import geopandas as gpd
import numpy as np
import pandas as pd
import psycopg
import shapely
from numpy.typing import NDArray

from bench.district import district, points
from bench.table import Contestant, compare, peak_mb, show, show_facts
from geo.area import Area
from geo.area_index import AreaIndex
from geo.kernels import warm
from tests.postgis_server import PostgisServer
from tests.realdata_path import REALDATA

Floats = NDArray[np.float64]
Found = NDArray[np.int32]


def smallest(count: int, point: NDArray[np.int64], area: NDArray[np.int64]) -> Found:
    """The smallest area of each point, -1 without one."""
    found = np.full(count, np.iinfo(np.int32).max, np.int32)
    np.minimum.at(found, point, area.astype(np.int32))
    found[found == np.iinfo(np.int32).max] = -1
    return found


def by_sjoin(areas: Sequence[Area], lon: Floats, lat: Floats, predicate: str) -> Callable[[], Found]:
    where = gpd.GeoDataFrame({"position": np.arange(lon.size)}, geometry=gpd.points_from_xy(lon, lat), crs=4326)
    what = gpd.GeoDataFrame({"area": np.arange(len(areas))}, geometry=[a.geometry for a in areas], crs=4326)

    def run() -> Found:
        joined = gpd.sjoin(where, what, predicate=predicate)
        return smallest(lon.size, joined["position"].to_numpy(), joined["area"].to_numpy())

    return run


def by_strtree(areas: Sequence[Area], lon: Floats, lat: Floats) -> Callable[[], Found]:
    tree = shapely.STRtree([a.geometry for a in areas])

    def run() -> Found:
        point, area = tree.query(shapely.points(lon, lat), predicate="intersects")
        return smallest(lon.size, point, area)

    return run


def by_postgis(url: str, areas: Sequence[Area], lon: Floats, lat: Floats) -> Callable[[], Found]:
    """Tables `areas` (GiST) and `points`; the join is `ST_Intersects`, the answer the minimum of each point."""
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("CREATE EXTENSION IF NOT EXISTS postgis; DROP TABLE IF EXISTS areas, points")
        db.execute("CREATE TABLE areas (id int PRIMARY KEY, geom geometry(Geometry, 4326))")
        db.execute("CREATE TABLE points (id int PRIMARY KEY, geom geometry(Point, 4326))")
        with db.cursor().copy("COPY areas FROM STDIN") as copy:
            for number, area in enumerate(areas):
                copy.write_row(
                    (number, shapely.to_wkb(shapely.set_srid(area.geometry, 4326), hex=True, include_srid=True))
                )
        made = shapely.to_wkb(shapely.set_srid(shapely.points(lon, lat), 4326), hex=True, include_srid=True)
        with db.cursor().copy("COPY points FROM STDIN") as copy:
            for number, point in enumerate(made.tolist()):
                copy.write_row((number, point))
        db.execute("CREATE INDEX ON areas USING gist (geom)")
        db.execute("VACUUM ANALYZE areas")
        db.execute("VACUUM ANALYZE points")

    def run() -> Found:
        with psycopg.connect(url) as db:
            rows = db.execute(
                "SELECT p.id, min(a.id) FROM points p JOIN areas a ON ST_Intersects(a.geom, p.geom) GROUP BY p.id"
            ).fetchall()
        found = np.full(lon.size, -1, np.int32)
        pairs = np.array(rows, np.int64).reshape(-1, 2)
        found[pairs[:, 0]] = pairs[:, 1]
        return found

    return run


def agree_inside(mine: Found, within: Found) -> bool:
    """`within` leaves out points on borders; where it names an area, ours is that one (or smaller, on a border)."""
    named = within >= 0
    return bool((mine[named] <= within[named]).all() and (mine[named] == within[named]).mean() > 0.999)


def one_by_one(index: AreaIndex, lon: Floats, lat: Floats) -> tuple[float, float, float]:
    """p50, p90, p99 in nanoseconds of `locate_one`, the clock's own reading taken off."""
    pairs = list(zip(lon.tolist(), lat.tolist(), strict=True))
    find = index.locate_one
    gc.disable()
    try:
        empty = []
        for _ in pairs:
            begin = perf_counter_ns()
            empty.append(perf_counter_ns() - begin)
        taken = []
        for x, y in pairs:
            begin = perf_counter_ns()
            find(x, y)
            taken.append(perf_counter_ns() - begin)
    finally:
        gc.enable()
    p50, p90, p99 = np.percentile(taken, [50, 90, 99]) - np.percentile(empty, 50)
    return float(p50), float(p90), float(p99)


@dataclass(frozen=True)
class Targets:
    """Ratios to sjoin and PostGIS, and the index's largest build time, s, and memory, MB."""

    sjoin: float | None = None
    postgis: float | None = None
    build_s: float | None = None
    memory_mb: float | None = None


def job(
    title: str, areas: tuple[Area, ...], lon: Floats, lat: Floats, server: PostgisServer, want: Targets, rounds: int
) -> None:
    index = AreaIndex(areas)
    contestants = [
        Contestant("ours", lambda: index.locate(lon, lat), at_least=1.0),
        Contestant("geopandas.sjoin intersects", by_sjoin(areas, lon, lat, "intersects"), want.sjoin),
        Contestant("geopandas.sjoin within", by_sjoin(areas, lon, lat, "within"), rounds=1, same=agree_inside),
        Contestant("shapely.STRtree", by_strtree(areas, lon, lat), rounds=min(rounds, 2)),
    ]
    url = server.url().replace("+psycopg", "")
    contestants.append(Contestant("PostGIS, GiST", by_postgis(url, areas, lon, lat), want.postgis, rounds=0))
    rows = compare(contestants, rounds)
    show(title, rows, f"{rows[0].seconds / lon.size * 1e9:.0f} ns each; within: identical where no border is")
    p50, p90, p99 = one_by_one(index, lon[:100_000], lat[:100_000])
    vertices = int(shapely.get_num_coordinates([a.geometry for a in areas]).sum())
    build_s, memory_mb = index.build_s or 0.0, index.nbytes / 1e6
    show_facts(
        f"The index of {len(areas):,} areas with {vertices:,} vertices",
        [
            ("one point, p50", f"{p50:.0f} ns", "<= 1500 ns", p50 <= 1500),
            ("one point, p90 and p99", f"{p90:.0f}, {p99:.0f} ns", "", None),
            ("built in", f"{build_s:.2f} s", *_limit(build_s, want.build_s, "s")),
            ("memory", f"{memory_mb:.1f} MB", *_limit(memory_mb, want.memory_mb, "MB")),
            ("raster", " x ".join(map(str, index.shape)), "", None),
        ],
    )


def _limit(value: float, limit: float | None, unit: str) -> tuple[str, bool | None]:
    return ("", None) if limit is None else (f"<= {limit:g} {unit}", value <= limit)


def san_francisco() -> tuple[tuple[Area, ...], Floats, Floats] | None:
    """Census tracts, and the places of fire calls and two taxis; None where the real data is not there."""
    if not REALDATA.is_dir():
        return None
    tracts = gpd.read_file(REALDATA / "sf_boundaries" / "census_tracts_195_by_neighborhood.geojson")
    areas = tuple(
        Area(code, code, "tract", shape) for code, shape in sorted(zip(tracts["geoid"], tracts.geometry, strict=True))
    )
    calls = pd.read_csv(REALDATA / "sf_fire_calls_2020" / "fire_calls.csv.gz", usecols=["Location"])["Location"]
    latlon = [calls.str.strip("()").str.split(", ", expand=True).astype(float).to_numpy()]
    for name in ("new_abboip.txt.gz", "new_uvreoipy.txt.gz"):
        latlon.append(pd.read_csv(REALDATA / "sf_taxi_tracks" / name, sep=" ", header=None)[[0, 1]].to_numpy())
    lat, lon = np.concatenate(latlon).T
    return areas, lon.copy(), lat.copy()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.points", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the points, fewer rounds")
    quick = parser.parse_args().quick
    count, rounds = (100_000, 2) if quick else (1_000_000, 3)
    warm.wait()
    server = PostgisServer()
    try:
        for grids, want in ((930, Targets(60, 200, 3, 32)), (10_000, Targets(40, None, 15, 200))):
            areas = district(grids).grids
            lon, lat = points(areas, count)
            job(f"{count:,} points into {grids:,} grids", areas, lon, lat, server, want, rounds if grids < 5000 else 2)
        if real := san_francisco():
            areas, lon, lat = real
            title = f"{lon.size:,} points of calls and taxis into San Francisco's {len(areas)} tracts"
            job(title, areas, lon, lat, server, Targets(), rounds)
    finally:
        server.close()
    show_facts("This process", [("peak memory", f"{peak_mb():,.0f} MB", "<= 4,000 MB", peak_mb() <= 4000)])


if __name__ == "__main__":
    main()
