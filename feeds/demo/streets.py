"""Roads: a motorway, main roads between the town centres, streets like blocks in the towns, lanes in the fields.

All of it is one connected graph; the simulator's units drive on it and the base map draws it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import Delaunay, cKDTree
from shapely.geometry import LineString, MultiLineString
from shapely.geometry.base import BaseGeometry

from feeds.demo.curves import smooth
from feeds.demo.grids import lattice, spacing_at, urban_turns
from feeds.demo.names import TOWNS, URBAN_CENTRE
from feeds.demo.plane import Points
from feeds.demo.terrain import KM, Terrain

CLASSES = ("motorway", "main", "street", "lane")
KMH = {"motorway": 95.0, "main": 58.0, "street": 32.0, "lane": 38.0}
"""Driving speeds, km/h: free flow on the open road, with junctions in the towns."""

# Main roads join these towns (positions in TOWNS), with their names.
_MAIN: tuple[tuple[int, int, str, str], ...] = (
    (1, 0, "云岚大道", "Yunlan Avenue"), (1, 2, "滨江路", "Binjiang Road"), (0, 2, "东环路", "East Ring Road"),
    (1, 8, "石舫公路", "Shifang Road"), (1, 3, "枫渡公路", "Fengdu Road"), (1, 4, "兰圩公路", "Lanwei Road"),
    (0, 5, "柳堰公路", "Liuyan Road"), (0, 6, "云港公路", "Yungang Road"), (2, 7, "沙屿公路", "Shayu Road"),
    (2, 9, "禾丰公路", "Hefeng Road"), (3, 4, "北线公路", "North Line"), (4, 5, "北线公路", "North Line"),
    (5, 6, "东线公路", "East Line"), (6, 7, "东线公路", "East Line"), (8, 9, "西线公路", "West Line"),
    (3, 8, "西线公路", "West Line"), (2, 7, "沿江公路", "Riverside Road"),
)  # fmt: skip
_MOTORWAYS: tuple[tuple[str, str, tuple[tuple[float, float], ...]], ...] = (
    ("云岚高速", "Yunlan Motorway", ((-22.0, 3.9), (-14, 3.5), (-7, 4.9), (0, 4.4), (7.4, 3.6), (14, 4.2), (21, 6.2))),
    ("澜江高速", "Lanjiang Motorway", ((8.6, 15.0), (8.2, 9), (8.4, 3.6), (7.9, -2), (8.7, -7), (8.4, -11.6))),
)


@dataclass(frozen=True)
class Streets:
    """The road network. Nodes in metres; edges join node numbers both ways and carry a class (index in CLASSES)."""

    nodes: Points
    edge_from: NDArray[np.int64]
    edge_to: NDArray[np.int64]
    edge_class: NDArray[np.int64]
    named: tuple[tuple[str, str, str, tuple[int, ...]], ...]  # class, name, English name, nodes in order

    @property
    def metres(self) -> NDArray[np.float64]:
        """Length of each edge."""
        return np.asarray(np.hypot(*(self.nodes[self.edge_from] - self.nodes[self.edge_to]).T))

    @property
    def seconds(self) -> NDArray[np.float64]:
        """Driving time over each edge."""
        kmh = np.array([KMH[c] for c in CLASSES])
        return np.asarray(self.metres / (kmh[self.edge_class] / 3.6))

    def features(self) -> Iterator[tuple[dict[str, object], BaseGeometry]]:
        """(properties, geometry in metres) for the base map: named roads one by one, the rest by class."""
        for kind in (3, 2):
            chosen = self.edge_class == kind
            pairs = np.stack([self.nodes[self.edge_from[chosen]], self.nodes[self.edge_to[chosen]]], axis=1)
            merged = shapely.line_merge(MultiLineString(list(shapely.linestrings(pairs))))
            yield {"class": CLASSES[kind], "name": "", "name_en": ""}, merged
        for kind_name, name, name_en, path in sorted(self.named, key=lambda road: road[0], reverse=True):
            line = LineString(smooth(self.nodes[list(path)], 4))
            yield {"class": kind_name, "name": name, "name_en": name_en}, line.simplify(3)


def lay_streets(terrain: Terrain, seed: int) -> Streets:
    """The roads of a seed: connected, few bridges, none through a lake."""
    rng = np.random.default_rng([seed, 5])
    nodes = _junctions(terrain, seed, rng)
    a, b, urban = _links(nodes)
    length = np.hypot(*(nodes[a] - nodes[b]).T)
    lines = shapely.linestrings(np.stack([nodes[a], nodes[b]], axis=1))
    rivers = shapely.union_all([LineString(r.line) for r in terrain.rivers])
    shapely.prepare(terrain.outline)
    dry = shapely.covers(terrain.outline, lines) & ~shapely.intersects(terrain.wide_water, lines)
    bridge = shapely.intersects(rivers, lines)
    a, b, length, bridge, urban = (x[dry] for x in (a, b, length, bridge, urban))

    paths = _main_paths(nodes, a, b, length * np.where(bridge, 1.25, 1.0))
    main = {frozenset(leg) for path in paths for leg in pairwise(path)}
    is_main = np.array([frozenset((i, j)) in main for i, j in zip(a.tolist(), b.tolist(), strict=True)])
    keep = is_main | ~bridge | (urban & (rng.random(len(a)) < 0.45)) | (rng.random(len(a)) < 0.10)
    keep = _connect(len(nodes), a, b, length, keep)
    reached = _largest(len(nodes), a[keep], b[keep])
    keep &= reached[a]
    kind = np.where(is_main, 1, np.where(urban, 2, 3))[keep]
    a, b = a[keep], b[keep]
    nodes = _straighten(nodes, paths)

    named = [
        ("main", name, en, tuple(path)) for (_, _, name, en), path in zip(_MAIN, paths, strict=True) if len(path) > 2
    ]
    nodes, a, b, kind, motorways = _add_motorways(terrain, nodes, a, b, kind)
    used, renumbered = np.unique(np.concatenate([a, b]), return_inverse=True)
    number = {int(old): new for new, old in enumerate(used)}
    roads = tuple((c, n, e, tuple(number[i] for i in path)) for c, n, e, path in [*named, *motorways])
    half = len(a)
    return Streets(nodes[used], renumbered[:half], renumbered[half:], kind, roads)


def _junctions(terrain: Terrain, seed: int, rng: np.random.Generator) -> Points:
    turns = urban_turns(seed)
    inside, wet = terrain.outline.buffer(-60), terrain.wide_water.buffer(40)
    shapely.prepare(inside)
    shapely.prepare(wet)
    seat = (URBAN_CENTRE[0] * KM, URBAN_CENTRE[1] * KM)
    towns = [lattice(seat, 215, 3500, turns[0], rng, jitter=0.07, spread=0.7)]
    towns += [
        lattice((t.centre[0] * KM, t.centre[1] * KM), 190, 950, turn, rng, jitter=0.08, spread=0.6)
        for t, turn in zip(TOWNS, turns[1:], strict=True)
        if not t.urban
    ]
    nodes = np.vstack(towns)
    west, south, east, north = terrain.outline.bounds
    field = np.column_stack([rng.uniform(west, east, 9000), rng.uniform(south, north, 9000)])
    gap = np.clip(0.55 * spacing_at(field), 200, 620)
    taken = cKDTree(nodes)
    clear = taken.query(field)[0] > gap
    field, gap = field[clear], gap[clear]
    kept: list[int] = []
    tree = cKDTree(field)
    blocked = np.zeros(len(field), dtype=bool)
    for i in range(len(field)):
        if not blocked[i]:
            kept.append(i)
            blocked[tree.query_ball_point(field[i], gap[i])] = True
    nodes = np.vstack([nodes, field[kept]])
    ok = shapely.contains_xy(inside, *nodes.T) & ~shapely.contains_xy(wet, *nodes.T)
    return np.asarray(nodes[ok])


def _links(nodes: Points) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Pairs of junctions worth a road: Gabriel neighbours in the towns, relative neighbours in the fields."""
    triangles = Delaunay(nodes)
    indptr, indices = triangles.vertex_neighbor_vertices
    a = np.repeat(np.arange(len(nodes)), np.diff(indptr))
    b = indices.astype(np.int64)
    a, b = a[a < b], b[a < b]
    length = np.hypot(*(nodes[a] - nodes[b]).T)
    near = [set(indices[indptr[i] : indptr[i + 1]].tolist()) for i in range(len(nodes))]
    urban = spacing_at((nodes[a] + nodes[b]) / 2) < 560
    keep = np.zeros(len(a), dtype=bool)
    for e, (i, j) in enumerate(zip(a.tolist(), b.tolist(), strict=True)):
        both = list(near[i] & near[j])
        di, dj = (np.hypot(*(nodes[both] - nodes[k]).T) for k in (i, j))
        if urban[e]:  # nobody in or near the circle over the pair: sides of blocks, not their diagonals
            keep[e] = bool((di**2 + dj**2 > length[e] ** 2 * 1.3).all())
        else:  # nobody nearer to both than they are to each other, with a little slack for loops
            keep[e] = bool((np.maximum(di, dj) > length[e] * 0.9).all())
    keep &= length < 2600
    return a[keep], b[keep], urban[keep]


def _main_paths(
    nodes: Points, a: NDArray[np.int64], b: NDArray[np.int64], cost: NDArray[np.float64]
) -> list[list[int]]:
    """Cheapest ways between the town centres; a later road likes to run where an earlier one runs."""
    index = cKDTree(nodes)
    centre = [int(index.query(np.array(t.centre) * KM)[1]) for t in TOWNS]
    cost = cost.copy()
    edge = {frozenset(pair): e for e, pair in enumerate(zip(a.tolist(), b.tolist(), strict=True))}
    paths = []
    for start, goal, _, _ in _MAIN:
        graph = csr_array((cost, (a, b)), shape=(len(nodes), len(nodes)))
        _, before = dijkstra(graph, directed=False, indices=np.array([centre[start]]), return_predecessors=True)
        path = [centre[goal]]
        while path[-1] != centre[start]:
            path.append(int(before[0, path[-1]]))
            if path[-1] < 0:
                raise AssertionError(f"demo district: no road from {TOWNS[start].name} to {TOWNS[goal].name}")
        for leg in pairwise(path):
            cost[edge[frozenset(leg)]] *= 0.8
        paths.append(path[::-1])
    return paths


def _straighten(nodes: Points, paths: list[list[int]]) -> Points:
    """Pull the junctions on main roads towards their neighbours on the road; town centres stay."""
    nodes = nodes.copy()
    fixed = {path[0] for path in paths} | {path[-1] for path in paths}
    for _ in range(5):
        shift: dict[int, list[Points]] = {}
        for path in paths:
            for before, at, after in zip(path[:-2], path[1:-1], path[2:], strict=True):
                if at not in fixed:
                    shift.setdefault(at, []).append((nodes[before] + nodes[after]) / 2)
        for at, targets in shift.items():
            nodes[at] = 0.6 * nodes[at] + 0.4 * np.mean(targets, axis=0)
    return nodes


def _connect(n: int, a: NDArray[np.int64], b: NDArray[np.int64], length: NDArray[np.float64],
             keep: NDArray[np.bool_]) -> NDArray[np.bool_]:  # fmt: skip
    """Bring back the shortest left-out links until nothing more can be joined."""
    keep = keep.copy()
    _, label = connected_components(coo_matrix((np.ones(keep.sum()), (a[keep], b[keep])), shape=(n, n)), directed=False)
    label = label.copy()
    for e in np.argsort(length):
        if not keep[e] and label[a[e]] != label[b[e]]:
            keep[e] = True
            label[label == label[b[e]]] = label[a[e]]
    return keep


def _largest(n: int, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.bool_]:
    _, label = connected_components(coo_matrix((np.ones(len(a)), (a, b)), shape=(n, n)), directed=False)
    return np.asarray(label == np.bincount(label).argmax())


def _add_motorways(terrain: Terrain, nodes: Points, a: NDArray[np.int64], b: NDArray[np.int64],
                   kind: NDArray[np.int64]) -> tuple[Points, NDArray[np.int64], NDArray[np.int64], NDArray[np.int64],
                                                     list[tuple[str, str, str, list[int]]]]:  # fmt: skip
    """Motorways as chains of their own, joined to main roads at interchanges about 5 km apart."""
    main_nodes = np.unique(np.concatenate([a[kind == 1], b[kind == 1]]))
    index = cKDTree(nodes[main_nodes])
    out_a, out_b, out_kind, chains = [a], [b], [kind], []
    for name, name_en, control in _MOTORWAYS:
        curve = LineString(smooth(np.array(control) * KM, 20)).intersection(terrain.outline.buffer(-30))
        curve = max(shapely.get_parts(curve), key=lambda part: part.length)
        stations = np.arange(0, curve.length, 450.0)
        points = np.array([curve.interpolate(s).coords[0] for s in stations])
        first = len(nodes)
        nodes = np.vstack([nodes, points])
        chain = list(range(first, first + len(points)))
        gap, nearest = (np.asarray(found) for found in index.query(points))
        joined: list[int] = []
        for i in np.argsort(gap):
            if gap[i] < 900 and all(abs(stations[i] - stations[j]) > 4500 for j in joined):
                joined.append(int(i))
        if not joined:
            joined = [int(np.argmin(gap))]
        out_a += [np.array(chain[:-1]), np.array([chain[i] for i in joined])]
        out_b += [np.array(chain[1:]), main_nodes[nearest[joined]]]
        out_kind += [np.zeros(len(chain) - 1, dtype=np.int64), np.ones(len(joined), dtype=np.int64)]
        chains.append(("motorway", name, name_en, chain))
    return nodes, np.concatenate(out_a), np.concatenate(out_b), np.concatenate(out_kind), chains
