"""Fastest ways on a road graph by its junctions: most nodes of a street network only bend a street.

Between two junctions lies a chain of nodes that leave no choice. A search that goes from junction to junction visits a
thirtieth of the nodes where streets are drawn finely, and the way that it finds is written out node by node. Of two
ways that differ by less than what rounding does to a sum of seconds either may be found.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geo.roads_search import Csr, Nodes, reach

Floats = NDArray[np.float64]

MOST_JUNCTIONS = 0.5
"""Share of nodes that are junctions beyond which a search by chains saves nothing."""

FEWEST = 1_000
"""Nodes below which it saves nothing either."""


class Chains:
    """The chains of a graph. Immutable; 100 bytes an edge."""

    def __init__(self, graph: Csr, incoming: Csr) -> None:
        bends = bending(graph, incoming)
        self._junction = np.flatnonzero(~bends)
        self._number = np.full(graph.nodes, -1, np.int64)
        self._number[self._junction] = np.arange(len(self._junction))
        self._nodes: list[NDArray[np.int64]] = []
        self._after: list[Floats] = []
        self._in: dict[int, list[tuple[int, int]]] = {}
        """Bend -> the chains that it is in, and its place in each."""
        self._walk(graph, bends)
        start = self._number[[nodes[0] for nodes in self._nodes]]
        end = self._number[[nodes[-1] for nodes in self._nodes]]
        took = np.array([after[-1] for after in self._after])
        self._between: dict[tuple[int, int], int] = {}
        for chain in np.argsort(took, kind="stable").tolist():
            self._between.setdefault((int(start[chain]), int(end[chain])), chain)
        self._graph = Csr.of(start, end, took, len(self._junction))

    def _walk(self, graph: Csr, bends: NDArray[np.bool_]) -> None:
        """Follow every edge of a junction to the next junction."""
        first, to, seconds, bend = graph.first.tolist(), graph.to.tolist(), graph.seconds.tolist(), bends.tolist()
        for junction in self._junction.tolist():
            for edge in range(first[junction], first[junction + 1]):
                nodes, after, before = [junction], [0.0], junction
                while True:
                    node = to[edge]
                    nodes.append(node)
                    after.append(after[-1] + seconds[edge])
                    if not bend[node]:
                        break
                    self._in.setdefault(node, []).append((len(self._nodes), len(nodes) - 1))
                    edge = first[node] if to[first[node]] != before else first[node + 1] - 1
                    before = node
                self._nodes.append(np.array(nodes, np.int64))
                self._after.append(np.array(after))

    def way(self, a: int, b: int) -> Nodes | None:
        """Nodes of a fastest way, both ends included. Empty when there is none; None when one of the two is on a ring
        of streets without any junction."""
        leaves, enters = self._leaving(a), self._entering(b)
        if not leaves or not enters:
            return None
        best, found = np.inf, np.empty(0, np.int64)
        for chain, place in self._in.get(a, ()):
            for other, goal in self._in.get(b, ()):
                took = (
                    self._after[chain][goal] - self._after[chain][place] if other == chain and goal >= place else best
                )
                if took < best:
                    best, found = took, self._nodes[chain][place : goal + 1]
        for exit, seconds, out in leaves:
            for entry, more, into in enters:
                reached, after, before = reach(self._graph, exit, best, entry)
                at = int(np.searchsorted(reached, entry))
                if at == reached.size or reached[at] != entry or seconds + after[at] + more >= best:
                    continue
                best = seconds + after[at] + more
                found = np.concatenate([out, *self._expanded(reached, before, exit, entry), into])
        return found

    def _leaving(self, node: int) -> list[tuple[int, float, Nodes]]:
        """(junction that can be reached first, seconds to there, nodes on the way without that junction)"""
        if self._number[node] >= 0:
            return [(int(self._number[node]), 0.0, np.empty(0, np.int64))]
        return [
            (
                int(self._number[self._nodes[chain][-1]]),
                float(self._after[chain][-1] - self._after[chain][place]),
                self._nodes[chain][place:-1],
            )
            for chain, place in self._in.get(node, ())
        ]

    def _entering(self, node: int) -> list[tuple[int, float, Nodes]]:
        """(junction that is passed last, seconds from there, nodes on the way without that junction)"""
        if self._number[node] >= 0:
            return [(int(self._number[node]), 0.0, np.empty(0, np.int64))]
        return [
            (
                int(self._number[self._nodes[chain][0]]),
                float(self._after[chain][place]),
                self._nodes[chain][1 : place + 1],
            )
            for chain, place in self._in.get(node, ())
        ]

    def _expanded(self, reached: Nodes, before: Nodes, exit: int, entry: int) -> list[Nodes]:
        """Nodes from a junction to another, both included."""
        parts = []
        while entry != exit:
            last = int(before[np.searchsorted(reached, entry)])
            parts.append(self._nodes[self._between[last, entry]][1:])
            entry = last
        return [self._junction[exit : exit + 1], *parts[::-1]]


def bending(graph: Csr, incoming: Csr) -> NDArray[np.bool_]:
    """Nodes that leave no choice: of a street in both directions that goes on, or of a one-way street that goes on."""
    out, back = np.diff(graph.first), np.diff(incoming.first)
    here = np.arange(graph.nodes)
    found = np.zeros(graph.nodes, bool)
    two = np.flatnonzero((out == 2) & (back == 2))
    a, b = graph.to[graph.first[two]], graph.to[graph.first[two] + 1]
    c, d = incoming.to[incoming.first[two]], incoming.to[incoming.first[two] + 1]  # both ascending, as `Csr.of` has it
    found[two] = (a == c) & (b == d) & (a != here[two]) & (b != here[two])
    one = np.flatnonzero((out == 1) & (back == 1))
    a, c = graph.to[graph.first[one]], incoming.to[incoming.first[one]]
    found[one] = (a != c) & (a != here[one]) & (c != here[one])
    return found


def chains_of(graph: Csr, incoming: Csr) -> Chains | None:
    """The chains of a graph; None where a search by them saves nothing."""
    if graph.nodes < FEWEST or np.mean(~bending(graph, incoming)) > MOST_JUNCTIONS:
        return None
    return Chains(graph, incoming)
