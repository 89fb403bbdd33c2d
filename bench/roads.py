"""Nearest units by road: `python -m bench.roads [--quick]`.

Five nearest of 700 available units to an incident, by travel time, on a generated street graph of 47,000 nodes and on
San Francisco north from `../shared/realdata` where it is there. SciPy, rustworkx and igraph have no search that ends at
the k-th unit: they find the times from everywhere to the incident, against the direction of travel, and the five
smallest are taken. Answers are compared: the same units, times within 1e-9 s.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from time import perf_counter

import igraph
import numpy as np
import rustworkx
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from bench.table import Contestant, compare, duration, show, show_facts
from data.road_import import read_roads
from geo.kernels import warm
from geo.roads import RoadGraph
from geo.roads_units import UnitsOnRoads
from tests.realdata_path import REALDATA

K, UNITS = 5, 700
Answer = tuple[NDArray[np.int64], NDArray[np.float64]]


def streets(columns: int = 235, rows: int = 200, seed: int = 2) -> RoadGraph:
    """A town of 47,000 junctions about 120 m apart: a jittered lattice, a tenth of its streets missing, a quarter one
    way, avenues that are faster."""
    rng = np.random.default_rng(seed)
    n = columns * rows
    x, y = np.meshgrid(np.arange(columns), np.arange(rows))
    lon = 121.0 + (x.ravel() + rng.uniform(-0.25, 0.25, n)) * 0.00126
    lat = 31.0 + (y.ravel() + rng.uniform(-0.25, 0.25, n)) * 0.00108
    number = np.arange(n).reshape(rows, columns)
    a = np.concatenate([number[:, :-1].ravel(), number[:-1].ravel()])
    b = np.concatenate([number[:, 1:].ravel(), number[1:].ravel()])
    line = np.concatenate([y[:, :-1].ravel(), x[:-1].ravel()])
    metres = np.hypot((lon[a] - lon[b]) * 95_400, (lat[a] - lat[b]) * 111_195)
    seconds = metres / (np.where(line % 8 == 0, 50.0, 28.0) / 3.6) + rng.uniform(0, 6, a.size)
    there = rng.random(a.size) > 0.1
    a, b, seconds = a[there], b[there], seconds[there]
    course = rng.random(a.size)  # along, against, or both ways
    along, against = course > 0.125, (course < 0.125) | (course > 0.25)
    both = np.concatenate
    start, end = both([a[along], b[against]]), both([b[along], a[against]])
    return RoadGraph(lon, lat, start, end, both([seconds[along], seconds[against]]))


def first(units: NDArray[np.int64], seconds: NDArray[np.float64]) -> Answer:
    order = np.lexsort((units, seconds))[:K]
    return units[order], seconds[order]


def close(mine: list[Answer], other: list[Answer]) -> bool:
    return all(
        np.array_equal(a[0], b[0]) and bool(np.allclose(a[1], b[1], rtol=0, atol=1e-9))
        for a, b in zip(mine, other, strict=True)
    )


def job(name: str, graph: RoadGraph, rounds: int, *, target: bool) -> None:
    rng = np.random.default_rng(9)
    size = UNITS * 10 // 7  # three in ten are busy
    node = rng.choice(graph.core, size)
    units = UnitsOnRoads(graph, size)
    units.put(np.arange(size), node)
    units.available[:] = False
    units.available[rng.choice(size, UNITS, replace=False)] = True
    able = np.flatnonzero(units.available)
    places = rng.choice(graph.core, 21).tolist()
    away = graph.incoming
    matrix = csr_array((away.seconds, away.to, away.first), shape=(graph.nodes, graph.nodes))
    pairs = list(zip(away.start.tolist(), away.to.tolist(), strict=True))
    rust = rustworkx.PyDiGraph()
    rust.add_nodes_from(range(graph.nodes))
    rust.add_edges_from([(a, b, s) for (a, b), s in zip(pairs, away.seconds.tolist(), strict=True)])
    net = igraph.Graph(n=graph.nodes, edges=pairs, directed=True)
    weights = away.seconds.tolist()
    at = node[able].tolist()

    def each(ask: Callable[[int], Answer]) -> Callable[[], list[Answer]]:
        return lambda: [ask(place) for place in places]

    def by_scipy(place: int) -> Answer:
        return first(able, dijkstra(matrix, indices=place)[node[able]])

    def by_rustworkx(place: int) -> Answer:
        found = rustworkx.dijkstra_shortest_path_lengths(rust, place, float)
        return first(able, np.array([0.0 if n == place else found[n] for n in at]))

    def by_igraph(place: int) -> Answer:
        found = net.distances(source=place, target=sorted(set(at)), weights=weights)[0]
        seconds = dict(zip(sorted(set(at)), found, strict=True))
        return first(able, np.array([seconds[n] for n in at]))

    rows = compare(
        [
            Contestant("ours", each(lambda place: units.nearest_to(place, K)), repeat=10),
            Contestant("SciPy csgraph", each(by_scipy), same=close),
            Contestant("rustworkx", each(by_rustworkx), same=close, rounds=min(rounds, 2)),
            Contestant("igraph", each(by_igraph), same=close, rounds=min(rounds, 2)),
        ],
        rounds,
    )
    show(
        f"{K} nearest of {UNITS} available units, {name}: {graph.nodes:,} nodes, {graph.edges:,} edges", rows,
        note=f"{len(places)} incidents per call",
    )  # fmt: skip
    took = []
    for place in rng.choice(graph.core, 2000).tolist():
        start = perf_counter()
        units.nearest_to(place, K)
        took.append(perf_counter() - start)
    median = float(np.median(took))
    lon, lat = float(graph.lon[places[0]]), float(graph.lat[places[0]])
    start = perf_counter()
    units.move(np.arange(size), graph.lon[node] + 1e-4, graph.lat[node])
    moved = (perf_counter() - start) / size
    start = perf_counter()
    shape = graph.isochrone(lon, lat, 300.0)
    isochrone = perf_counter() - start
    start = perf_counter()
    way = graph.route(places[0], places[1])
    routed = perf_counter() - start
    facts: list[tuple[str, str, str, bool | None]] = [
        (f"one incident, p50 of 2,000 (p99 {duration(float(np.percentile(took, 99)))})", duration(median),
         "<= 0.15 ms" if target else "", median <= 0.15e-3 if target else None),
        ("one unit moves (snapped)", duration(moved), "", None),
        (f"a route of {len(way)} nodes", duration(routed), "", None),
        (f"isochrone of 5 minutes, {shape.area * 95_400 * 111_195 / 1e6:.1f} km2", duration(isochrone), "", None),
    ]  # fmt: skip
    show_facts(f"ours, {name}", facts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two rounds")
    rounds = 2 if parser.parse_args().quick else 5
    read = REALDATA / "sf_roads_osm" / "san_francisco_north.osm.gz"
    warm.wait()
    job("generated streets", streets(), rounds, target=True)
    if read.exists():
        job("San Francisco north", read_roads(read), rounds, target=False)
    else:
        print(f"\nSan Francisco left out: {read} is not there")


if __name__ == "__main__":
    main()
