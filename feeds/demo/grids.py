"""The 930 grids: seeds dense in the towns and paired along rivers, Voronoi cells, shared wiggly borders.

Neighbours share every vertex because the borders are noded once, as lines, before faces are made of them.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import Voronoi, cKDTree
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from feeds.demo.curves import fractal
from feeds.demo.names import TOWNS, URBAN_CENTRE
from feeds.demo.plane import Points
from feeds.demo.terrain import KM, Terrain

GRIDS = 930
_CENTRES = np.array([t.centre for t in TOWNS if not t.urban]) * KM


def lattice(centre: tuple[float, float], spacing: float, radius: float, turn: float, rng: np.random.Generator,
            *, jitter: float, spread: float) -> Points:  # fmt: skip
    """Points like street blocks: a square lattice turned by `turn`, widening outwards, inside a ragged circle.

    Metres; `spread` is the growth of the spacing from the centre to the rim, `jitter` a share of the spacing.
    """
    n = int(radius / spacing) + 2
    i, j = np.meshgrid(np.arange(-n, n + 1), np.arange(-n, n + 1))
    flat = np.column_stack([i.ravel(), j.ravel()]).astype(np.float64)
    flat += rng.uniform(-jitter, jitter, flat.shape)
    flat *= spacing
    r = np.hypot(*flat.T)
    flat *= (1 + spread * (r / radius) ** 2)[:, None]
    angle = np.arctan2(flat[:, 1], flat[:, 0])
    rim = radius * (1 + 0.16 * np.sin(3 * angle + turn * 7) + 0.10 * np.sin(5 * angle + turn * 3))
    flat = flat[np.hypot(*flat.T) < rim]
    c, s = np.cos(turn), np.sin(turn)
    turned = flat @ np.array([[c, s], [-s, c]])
    return np.asarray(turned + np.array(centre))


def urban_turns(seed: int) -> tuple[float, ...]:
    """Street angle (radians) of the county seat and then of each rural town."""
    rng = np.random.default_rng([seed, 2])
    return (0.12, *rng.uniform(-0.5, 0.5, len(TOWNS)))


def spacing_at(xy: Points) -> NDArray[np.float64]:
    """Wanted distance between grid seeds at each point, metres: about 280 in the centres, 1,500 in the fields."""
    seat = np.hypot(*(xy - np.array(URBAN_CENTRE) * KM).T) / 5600
    towns = np.hypot(xy[:, 0, None] - _CENTRES[:, 0], xy[:, 1, None] - _CENTRES[:, 1]).min(axis=1) / 2600
    near = np.minimum(seat, towns)
    return np.asarray(np.clip(300 + 1250 * np.clip(near - 0.35, 0, 1) ** 0.9, 280, 1500))


def place_seeds(terrain: Terrain, seed: int) -> Points:
    """The GRIDS seeds: town blocks first, then pairs that hold a river between them, then the fields."""
    rng = np.random.default_rng([seed, 3])
    turns = urban_turns(seed)
    inside = terrain.outline.buffer(-140)
    lakes = shapely.union_all([lake for _, _, lake in terrain.lakes]).buffer(-60)
    rivers = shapely.union_all([LineString(r.line) for r in terrain.rivers])
    shapely.prepare(inside)
    chosen = np.empty((GRIDS + 2, 2))
    count = 0

    def add(points: Points, spacing: NDArray[np.float64], factor: float) -> None:
        """Take the points (one, or a pair) when they are not too near to what is there."""
        nonlocal count
        gap = np.hypot(chosen[:count, 0, None] - points[:, 0], chosen[:count, 1, None] - points[:, 1])
        if count < GRIDS and (gap > factor * spacing).all():
            chosen[count : count + len(points)] = points
            count += len(points)

    def dry(points: Points) -> NDArray[np.bool_]:
        return np.asarray(shapely.contains_xy(inside, *points.T) & ~shapely.contains_xy(lakes, *points.T))

    towns = [lattice((URBAN_CENTRE[0] * KM, URBAN_CENTRE[1] * KM), 285, 3400, turns[0], rng, jitter=0.17, spread=0.55)]
    towns += [
        lattice((t.centre[0] * KM, t.centre[1] * KM), 300, 900, turn, rng, jitter=0.17, spread=0.35)
        for t, turn in zip(TOWNS, turns[1:], strict=True)
        if not t.urban
    ]
    blocks = np.vstack(towns)
    blocks = blocks[dry(blocks)]
    for point, spacing in zip(blocks[:, None], spacing_at(blocks), strict=True):
        add(point, spacing, 0.55)
    for river in terrain.rivers:
        for pair in _pairs(river.line):
            if dry(pair).all():
                add(pair, spacing_at(pair), 0.72)
    west, south, east, north = terrain.outline.bounds
    factor = 1.0
    while count < GRIDS:
        field = np.column_stack([rng.uniform(west, east, 900), rng.uniform(south, north, 900)])
        wanted = spacing_at(field)
        free = dry(field) & (shapely.distance(shapely.points(field), rivers) > 0.36 * wanted)
        for point, spacing in zip(field[free][:, None], wanted[free], strict=True):
            add(point, spacing, factor)
        factor *= 0.94
    return chosen[:GRIDS]


def _pairs(line: Points) -> list[Points]:
    """Pairs of points on both sides of a line, so that the Voronoi border between them is the line."""
    curve = LineString(line)
    pairs, at = [], 350.0
    while at < curve.length - 200:
        a, b = (np.array(curve.interpolate(at + d).coords[0]) for d in (-60, 60))
        middle, along = (a + b) / 2, (b - a) / np.hypot(*(b - a))
        step = float(spacing_at(middle[None, :])[0])
        offset = np.array([-along[1], along[0]]) * step * 0.46
        pairs.append(np.vstack([middle + offset, middle - offset]))
        at += step * 0.95
    return pairs


def draw_cells(terrain: Terrain, seeds: Points, seed: int) -> list[BaseGeometry]:
    """One polygon for each seed: a coverage of the outline without gaps or overlaps."""
    ring = 90_000 * np.column_stack([np.cos(a := np.linspace(0, 2 * np.pi, 24, endpoint=False)), np.sin(a)])
    diagram = Voronoi(np.vstack([seeds, ring]))
    ends = np.array(diagram.ridge_vertices)
    kept = (ends >= 0).all(axis=1)
    ends, between = ends[kept], np.asarray(diagram.ridge_points)[kept]
    a, b = diagram.vertices[ends[:, 0]], diagram.vertices[ends[:, 1]]
    span = np.hypot(*(diagram.points[between[:, 0]] - diagram.points[between[:, 1]]).T)
    frame = terrain.outline.buffer(3000)
    shapely.prepare(frame)
    near = shapely.intersects(frame, shapely.linestrings(np.stack([a, b], axis=1)))
    lines = []
    for i in np.flatnonzero(near):
        rng = np.random.default_rng([seed, 4, int(ends[i].min()), int(ends[i].max())])
        rural = span[i] > 560
        lines.append(
            LineString(fractal(a[i], b[i], rng, roughness=0.085 if rural else 0.022, step=230 if rural else 150))
        )
    sides = between[near]
    straight = [LineString([line.coords[0], line.coords[-1]]) for line in lines]
    bent = np.array(lines)
    while True:
        crossing = shapely.STRtree(bent).query(bent, predicate="crosses")
        if crossing.size:  # borders that cross each other go back to the straight lines they came from
            amiss = np.unique(crossing)
        else:
            faces = _faces(bent, terrain.outline)
            amiss = np.flatnonzero(np.isin(sides, _misplaced(faces, seeds)).any(axis=1))
        changed = [i for i in amiss.tolist() if bent[i] is not straight[i]]
        for i in changed:
            bent[i] = straight[i]
        if not changed:
            return _merge(faces, seeds)


def _faces(borders: NDArray[np.object_], outline: Polygon) -> list[Polygon]:
    """The faces inside the outline that the borders make; a border may be met, and is then cut, anywhere."""
    work = shapely.union_all([*borders, outline.exterior], grid_size=0.05)
    return [f for f in shapely.get_parts(shapely.polygonize([work])) if outline.covers(f.representative_point())]


def _misplaced(faces: list[Polygon], seeds: Points) -> NDArray[np.int64]:
    """Seeds that share their face with another or lie in none: a border was bent past them."""
    seed_of, face_of = shapely.STRtree(faces).query(shapely.points(seeds), predicate="intersects")
    shared = np.bincount(face_of, minlength=len(faces))[face_of] > 1
    return np.union1d(seed_of[shared], np.setdiff1d(np.arange(len(seeds)), seed_of))


def _merge(faces: list[Polygon], seeds: Points) -> list[BaseGeometry]:
    """Give every face to a seed: the one in it, or for a sliver cut off by the outline its longest neighbour's."""
    tree = shapely.STRtree(faces)
    face_of, seed_of = tree.query(shapely.points(seeds), predicate="intersects")[::-1]
    owner = np.full(len(faces), -1)
    owner[face_of] = seed_of
    if len(set(owner[owner >= 0])) != len(seeds):
        raise AssertionError("demo district: two seeds share a face; the borders were bent too far for this seed")
    pending = [i for i in range(len(faces)) if owner[i] < 0]
    while pending:
        later = []
        for i in pending:
            near = [j for j in tree.query(faces[i]) if j != i and owner[j] >= 0]
            shared = [faces[i].intersection(faces[j]).length for j in near]
            if shared and max(shared) > 0:
                owner[i] = owner[near[int(np.argmax(shared))]]
            else:
                later.append(i)
        if len(later) == len(pending):
            raise AssertionError("demo district: a face has no neighbour")
        pending = later
    cells: list[list[Polygon]] = [[] for _ in range(len(seeds))]
    for face, seed in zip(faces, owner, strict=True):
        cells[seed].append(face)
    return [shapely.coverage_union_all(parts) if len(parts) > 1 else parts[0] for parts in cells]


def divide_into_towns(cells: list[BaseGeometry], seeds: Points) -> NDArray[np.int64]:
    """Town number (position in TOWNS) of each cell: weighted nearest centre, each town in one piece."""
    centres = np.array([t.centre for t in TOWNS]) * KM
    wobble = 900 * np.column_stack([np.sin(seeds[:, 1] / 2300 + 1), np.sin(seeds[:, 0] / 2700 + 2)])
    far = np.hypot(*(seeds[:, None, :] + wobble[:, None, :] - centres[None]).transpose(2, 0, 1))
    town = np.argmin(far / np.array([t.pull for t in TOWNS]), axis=1)
    neighbours = cell_neighbours(cells)
    for _ in range(6):
        moved = False
        for number in range(len(TOWNS)):
            for piece in _pieces(np.flatnonzero(town == number), neighbours)[1:]:
                border = [int(town[n]) for cell in piece for n in neighbours[cell] if town[n] != number]
                town[list(piece)] = max(set(border), key=border.count)
                moved = True
        if not moved:
            break
    return np.asarray(town)


def cell_neighbours(cells: list[BaseGeometry]) -> list[list[int]]:
    """Cells that share a border (more than a point) with each cell."""
    out: list[list[int]] = [[] for _ in cells]
    left, right = shapely.STRtree(cells).query(cells, predicate="intersects")
    less = left < right
    left, right = left[less], right[less]
    geometries = np.array(cells)
    length = shapely.length(shapely.intersection(geometries[left], geometries[right]))
    for i, j in zip(left[length > 1], right[length > 1], strict=True):
        out[i].append(int(j))
        out[j].append(int(i))
    return out


def _pieces(members: NDArray[np.int64], neighbours: list[list[int]]) -> list[set[int]]:
    """Connected pieces of a set of cells, largest first."""
    todo, pieces = set(members.tolist()), []
    while todo:
        piece, front = set(), [todo.pop()]
        while front:
            cell = front.pop()
            piece.add(cell)
            reached = [n for n in neighbours[cell] if n in todo]
            todo.difference_update(reached)
            front += reached
        pieces.append(piece)
    return sorted(pieces, key=len, reverse=True)


def communities(seeds: Points, size: int = 8) -> list[NDArray[np.int64]]:
    """Groups of about `size` neighbouring cells, by halving the widest side until a group is small enough."""
    groups, todo = [], [np.arange(len(seeds))]
    while todo:
        group = todo.pop()
        if len(group) <= size * 1.4:
            groups.append(group)
            continue
        axis = int(np.argmax(np.ptp(seeds[group], axis=0)))
        order = group[np.argsort(seeds[group, axis], kind="stable")]
        half = len(order) // 2
        todo += [order[:half], order[half:]]
    centres = np.array([seeds[g].mean(axis=0) for g in groups])
    return [groups[i] for i in reading_order(centres)]


def reading_order(points: Points) -> NDArray[np.intp]:
    """West to east within bands from north to south: how grids are numbered inside their community."""
    if len(points) < 2:
        return np.arange(len(points))
    bands = max(1, round(np.sqrt(len(points) / 1.6)))
    rank = np.argsort(np.argsort(-points[:, 1], kind="stable"), kind="stable")
    return np.lexsort((points[:, 0], rank * bands // len(points)))


def nearest_cell(seeds: Points) -> cKDTree:
    """Index of the seeds, for what only needs the nearest one."""
    return cKDTree(seeds)
