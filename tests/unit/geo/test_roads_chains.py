"""Ways by chains of nodes between junctions are as fast as those of a search of every node, and are ways."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from geo.roads import RoadGraph
from geo.roads_chains import Chains, bending
from geo.roads_search import reach, way


def streets(seed: int) -> RoadGraph:
    """A few junctions with streets of many bends, one-way ones, blind alleys, loops and parallel ones among them; and a
    ring that no street leads to."""
    dice = random.Random(seed)
    nodes = dice.randint(2, 8)
    edges: list[tuple[int, int, float]] = []

    def street(a: int, b: int) -> None:
        nonlocal nodes
        bends = dice.randint(0, 5)
        path = [a, *range(nodes, nodes + bends), b]
        nodes += bends
        oneway = dice.random() < 0.3
        for here, there in pairwise(path):
            edges.append((here, there, dice.uniform(1, 9)))
            if not oneway:
                edges.append((there, here, dice.uniform(1, 9)))

    junctions = nodes
    for _ in range(dice.randint(1, 2 * junctions)):
        street(dice.randrange(junctions), dice.randrange(junctions))
    ring = range(nodes, nodes + 4)
    nodes += 4
    for k in range(4):
        edges += [(ring[k], ring[(k + 1) % 4], 1.0), (ring[(k + 1) % 4], ring[k], 1.5)]
    start, end, seconds = zip(*[edge for edge in edges if edge[0] != edge[1]], strict=True)
    return RoadGraph(np.zeros(nodes), np.zeros(nodes), start, end, seconds)


def took(graph: RoadGraph, nodes: NDArray[np.int64]) -> float:
    """Seconds along these nodes; fails where two are not joined."""
    csr, total = graph.outgoing, 0.0
    for a, b in pairwise(nodes.tolist()):
        found = [e for e in range(csr.first[a], csr.first[a + 1]) if csr.to[e] == b]
        total += float(csr.seconds[found[0]])
    return total


@pytest.mark.parametrize("seed", range(30))
def test_a_way_by_chains_is_a_fastest_way(seed: int):
    graph = streets(seed)
    chains = Chains(graph.outgoing, graph.incoming)
    bends, rings = bending(graph.outgoing, graph.incoming), 0
    for a in range(graph.nodes):
        reached, seconds, _ = reach(graph.outgoing, a)
        fastest = dict(zip(reached.tolist(), seconds.tolist(), strict=True))
        for b in range(graph.nodes):
            found = chains.way(a, b)
            if found is None:
                rings += 1  # one of the two is on a ring of streets, which is searched node by node
                assert bends[reached].all() or bends[reach(graph.incoming, b)[0]].all()
                continue
            assert bool(found.size) == (b in fastest)
            if found.size:
                assert (found[0], found[-1]) == (a, b)
                assert took(graph, found) == pytest.approx(fastest[b])
                assert found.tolist() == way(graph.outgoing, a, b).tolist()
    assert rings
