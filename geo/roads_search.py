"""Searches on a directed graph in CSR form: fastest ways from a node, and the k nearest of units on nodes.

Compiled when `geo/kernels/roads.py` is ready, SciPy until then, with the same answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import local

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geo.kernels.warm import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Nodes = NDArray[np.int64]

_fast = compiled("geo.kernels.roads")
_desk = local()


@dataclass(frozen=True, eq=False)
class Csr:
    """Edges of node n: to[first[n]:first[n + 1]] with their seconds."""

    first: Nodes
    to: Ints
    seconds: Floats

    @staticmethod
    def of(start: Nodes, end: Nodes, seconds: Floats, nodes: int) -> Csr:
        """Of parallel edges the fastest counts."""
        order = np.lexsort((seconds, end, start))
        start, end, seconds = start[order], end[order], seconds[order]
        kept = np.ones(start.size, bool)
        kept[1:] = (start[1:] != start[:-1]) | (end[1:] != end[:-1])
        start, end, seconds = start[kept], end[kept], seconds[kept]
        first = np.concatenate([[0], np.cumsum(np.bincount(start, minlength=nodes))]).astype(np.int64)
        return Csr(first, end.astype(np.int32), seconds)

    @property
    def nodes(self) -> int:
        return self.first.size - 1

    @property
    def start(self) -> Nodes:
        """The node that each edge leaves."""
        return np.repeat(np.arange(self.nodes), np.diff(self.first))

    @property
    def matrix(self) -> csr_array:
        return csr_array((self.seconds, self.to, self.first), shape=(self.nodes, self.nodes))


class _Desk:
    """Room to search in, one per thread, left clean after each search: `found` inf everywhere."""

    def __init__(self, nodes: int, edges: int) -> None:
        self.nodes, self.edges = nodes, edges
        self.found = np.full(nodes, np.inf)
        self.before = np.full(nodes, -1, np.int32)
        self.touched = np.empty(nodes + 1, np.int32)
        self.heap = np.empty(edges + 2), np.empty(edges + 2, np.int32)


def _at_desk(graph: Csr) -> _Desk:
    desk: _Desk | None = getattr(_desk, "held", None)
    if desk is None or desk.nodes < graph.nodes or desk.edges < graph.to.size:
        desk = _desk.held = _Desk(graph.nodes, graph.to.size)
    return desk


def reach(graph: Csr, source: int, limit: float = np.inf, goal: int = -1) -> tuple[Nodes, Floats, Nodes]:
    """(nodes within `limit` seconds of `source`, ascending; their seconds; the node before each, -1 at the source).

    With a `goal` the search stops there: of nodes farther away some may be missing, or not at their fastest yet.
    """
    loops = _fast.module
    if loops is None:
        found, before = dijkstra(graph.matrix, indices=np.array([source]), return_predecessors=True, limit=limit)
        nodes = np.flatnonzero(np.isfinite(found[0]))
        way = before[0, nodes].astype(np.int64)
        way[nodes == source] = -1
        return nodes, found[0, nodes], way
    desk = _at_desk(graph)
    many = loops.search(
        graph.first, graph.to, graph.seconds, source, goal, limit, desk.found, desk.before, *desk.heap, desk.touched
    )
    nodes = np.sort(desk.touched[:many]).astype(np.int64)
    answer = nodes, desk.found[nodes], desk.before[nodes].astype(np.int64)
    desk.found[nodes] = np.inf
    return answer


def way(graph: Csr, source: int, goal: int) -> Nodes:
    """Nodes of a fastest way, both ends included. Empty when there is none."""
    found: list[int] = []
    loops = _fast.module
    if loops is None:
        nodes, _, before = reach(graph, source, goal=goal)
        at = int(np.searchsorted(nodes, goal))
        if at < nodes.size and nodes[at] == goal:
            found = [goal]
            while found[-1] != source:
                found.append(int(before[np.searchsorted(nodes, found[-1])]))
    else:
        desk = _at_desk(graph)
        many = loops.search(
            graph.first, graph.to, graph.seconds, source, goal, np.inf, desk.found, desk.before, *desk.heap,
            desk.touched,
        )  # fmt: skip
        if np.isfinite(desk.found[goal]):
            found, step = [goal], desk.before.item
            while found[-1] != source:
                found.append(step(found[-1]))
        desk.found[desk.touched[:many]] = np.inf
    return np.array(found[::-1], np.int64)


def nearest(
    graph: Csr, source: int, k: int, head: Ints, following: Ints, takes: NDArray[np.bool_], extra: Floats
) -> tuple[Nodes, Floats]:
    """The k units with the smallest seconds to their node plus their own `extra` seconds, ties by number.

    Units of node n are a list: head[n], following[head[n]], ... until -1. Only those that `takes` says are looked at.
    """
    k = min(k, int(np.count_nonzero(takes)))
    if k <= 0:
        return np.empty(0, np.int64), np.empty(0)
    loops = _fast.module
    if loops is None:
        nodes = np.full(len(takes), -1, np.int64)
        at, of = np.flatnonzero(head >= 0), head[head >= 0]
        while len(at):
            nodes[of] = at
            of = following[of]
            at, of = at[of >= 0], of[of >= 0]
        able = np.flatnonzero(takes & (nodes >= 0))
        total = dijkstra(graph.matrix, indices=np.array([source]))[0, nodes[able]] + extra[able]
        able, total = able[np.isfinite(total)], total[np.isfinite(total)]
        order = np.lexsort((able, total))[:k]
        return able[order], total[order]
    desk = _at_desk(graph)
    unit, total = np.empty(k, np.int32), np.empty(k)
    got, many = loops.nearest(
        graph.first, graph.to, graph.seconds, source, k, head, following, takes, extra, desk.found, *desk.heap,
        desk.touched, unit, total,
    )  # fmt: skip
    desk.found[desk.touched[:many]] = np.inf
    return unit[:got].astype(np.int64), total[:got]
