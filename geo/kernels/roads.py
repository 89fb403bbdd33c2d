"""Compiled searches on a road graph. Names and answers are those of `geo/roads_plain.py`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.kernels.jit import kernel

Array = NDArray[Any]


@kernel
def _push(cost: Array, node: Array, size: int, c: float, n: int) -> int:
    at = size
    while at > 0:
        up = (at - 1) >> 1
        if cost[up] <= c:
            break
        cost[at] = cost[up]
        node[at] = node[up]
        at = up
    cost[at] = c
    node[at] = n
    return size + 1


@kernel
def _pop(cost: Array, node: Array, size: int) -> int:
    """Take the first away; the size after."""
    size -= 1
    c = cost[size]
    n = node[size]
    at = 0
    while True:
        down = 2 * at + 1
        if down >= size:
            break
        if down + 1 < size and cost[down + 1] < cost[down]:
            down += 1
        if cost[down] >= c:
            break
        cost[at] = cost[down]
        node[at] = node[down]
        at = down
    cost[at] = c
    node[at] = n
    return size


@kernel
def search(
    first: Array, to: Array, seconds: Array, source: int, goal: int, limit: float,
    found: Array, before: Array, heap_cost: Array, heap_node: Array, touched: Array,
) -> int:  # fmt: skip
    found[source] = 0.0
    before[source] = -1
    touched[0] = source
    many = 1
    size = _push(heap_cost, heap_node, 0, 0.0, source)
    while size > 0:
        c = heap_cost[0]
        n = heap_node[0]
        size = _pop(heap_cost, heap_node, size)
        if c > found[n]:
            continue
        if n == goal:
            break
        for e in range(first[n], first[n + 1]):
            m = to[e]
            reach = c + seconds[e]
            if reach < found[m] and reach <= limit:
                if found[m] == np.inf:
                    touched[many] = m
                    many += 1
                found[m] = reach
                before[m] = n
                size = _push(heap_cost, heap_node, size, reach, m)
    return many


@kernel
def nearest(
    first: Array, to: Array, seconds: Array, source: int, k: int, head: Array, following: Array, takes: Array,
    extra: Array, found: Array, heap_cost: Array, heap_node: Array, touched: Array, unit: Array, total: Array,
) -> tuple[int, int]:  # fmt: skip
    found[source] = 0.0
    touched[0] = source
    many = 1
    got = 0
    size = _push(heap_cost, heap_node, 0, 0.0, source)
    while size > 0:
        c = heap_cost[0]
        n = heap_node[0]
        if got == k and c > total[k - 1]:
            break
        size = _pop(heap_cost, heap_node, size)
        if c > found[n]:
            continue
        u = head[n]
        while u >= 0:
            if takes[u]:
                t = c + extra[u]
                at = got
                while at > 0 and (total[at - 1] > t or (total[at - 1] == t and unit[at - 1] > u)):
                    at -= 1
                if at < k:
                    if got < k:
                        got += 1
                    for i in range(got - 1, at, -1):
                        total[i] = total[i - 1]
                        unit[i] = unit[i - 1]
                    total[at] = t
                    unit[at] = u
            u = following[u]
        for e in range(first[n], first[n + 1]):
            m = to[e]
            reach = c + seconds[e]
            if reach < found[m]:
                if found[m] == np.inf:
                    touched[many] = m
                    many += 1
                found[m] = reach
                size = _push(heap_cost, heap_node, size, reach, m)
    return got, many


def warm() -> None:
    """Call each kernel with the types it is used with."""
    first, to, seconds = np.array([0, 1, 1]), np.array([1], np.int32), np.array([1.0])
    found, before, touched = np.full(2, np.inf), np.zeros(2, np.int32), np.zeros(2, np.int32)
    heap = np.zeros(4), np.zeros(4, np.int32)
    search(first, to, seconds, 0, -1, np.inf, found, before, *heap, touched)
    found[:] = np.inf
    units = np.zeros(2, np.int32) - 1, np.zeros(1, np.int32) - 1, np.ones(1, np.bool_), np.zeros(1)
    nearest(first, to, seconds, 0, 1, *units, found, *heap, touched, np.zeros(1, np.int32), np.zeros(1))
