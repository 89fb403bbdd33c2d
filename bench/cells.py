"""Points to H3 cells: `python -m bench.cells [--quick]`.

Ours, h3-py's numpy_int in a loop (what h3-py offers for many points) and h3ronpy's vectorised call, on the same points
in one process, interleaved. Then, untimed, 10 million points anywhere on the globe, on hexagons' edges and corners, at
pentagons, at the poles and the antimeridian, every one compared with h3 itself.
"""

from __future__ import annotations

import argparse
from itertools import repeat

import h3.api.numpy_int as h3
import numpy as np
from numpy.typing import NDArray

from bench.district import HIGH, SOUTH, WEST, WIDE
from bench.table import Contestant, compare, peak_mb, show, show_facts
from geo.cells import latlng_to_cell
from geo.kernels import warm

Floats = NDArray[np.float64]


def by_h3(lat: Floats, lng: Floats, res: int) -> NDArray[np.uint64]:
    return np.fromiter(map(h3.latlng_to_cell, lat.tolist(), lng.tolist(), repeat(res)), np.uint64, lat.size)


def by_h3ronpy(lat: Floats, lng: Floats, res: int) -> NDArray[np.uint64]:
    from h3ronpy.vector import coordinates_to_cells

    return np.asarray(coordinates_to_cells(lat, lng, res), np.uint64)


def anywhere(rng: np.random.Generator, count: int) -> tuple[Floats, Floats]:
    return np.degrees(np.arcsin(rng.uniform(-1, 1, count))), rng.uniform(-180, 180, count)


def hard(rng: np.random.Generator, res: int, cells: int) -> tuple[Floats, Floats]:
    """Corners and middles of edges of cells (as close as doubles come), pentagons and round them, poles, +-180."""
    lat, lng = anywhere(rng, cells)
    chosen = by_h3(lat, lng, res).tolist() + [int(cell) for cell in h3.get_pentagons(res)]
    corners = [np.array(h3.cell_to_boundary(cell)) for cell in chosen]
    ends = np.concatenate(corners)
    middles = np.concatenate([(ring + np.roll(ring, 1, axis=0)) / 2 for ring in corners])
    five = np.repeat(np.array([h3.cell_to_latlng(cell) for cell in h3.get_pentagons(res)]), 400, axis=0)
    five = five + rng.normal(size=five.shape) * 10.0 ** rng.uniform(-12, 0.5, (len(five), 1))
    rim = np.column_stack((rng.uniform(-90, 90, 400), rng.choice([-180.0, 180.0], 400)))
    poles = np.column_stack((rng.choice([-90.0, 90.0], 100), rng.uniform(-180, 180, 100)))
    every = np.concatenate((ends, middles, five, rim, poles))
    every = every[(np.abs(every[:, 0]) <= 90) & (np.abs(every[:, 1]) <= 180)]
    return every[:, 0].copy(), every[:, 1].copy()


def mismatches(total: int) -> list[tuple[str, str, str, bool | None]]:
    """Compare about `total` points with h3, at every resolution."""
    rng = np.random.default_rng(11)
    facts: list[tuple[str, str, str, bool | None]] = []
    seen = wrong = 0
    for res in range(16):
        sets = [hard(rng, res, total // 1600)]
        share = total // 2 if res == 10 else total // 40
        sets += [anywhere(rng, min(500_000, share - begin)) for begin in range(0, share, 500_000)]
        for lat, lng in sets:
            wrong += int((latlng_to_cell(lat, lng, res) != by_h3(lat, lng, res)).sum())
            seen += lat.size
    facts.append(("points compared with h3", f"{seen:,}", f">= {total:,}", seen >= total))
    facts.append(("different from h3", str(wrong), "0", wrong == 0))
    return facts


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.cells", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the points")
    quick = parser.parse_args().quick
    count = 100_000 if quick else 1_000_000
    warm.wait()
    rng = np.random.default_rng(10)
    district = rng.uniform(SOUTH, SOUTH + HIGH, count), rng.uniform(WEST, WEST + WIDE, count)
    for name, (lat, lng), res in (
        ("a district", district, 10),
        ("the whole world", anywhere(rng, count), 10),
        ("a district", district, 9),
    ):
        want = (5.0, 7.0) if res == 10 else (None, None)
        rows = compare(
            [
                Contestant("ours", lambda lat=lat, lng=lng, res=res: latlng_to_cell(lat, lng, res), at_least=0.5),  # type: ignore[misc]
                Contestant("h3ronpy", lambda lat=lat, lng=lng, res=res: by_h3ronpy(lat, lng, res), want[0]),  # type: ignore[misc]
                Contestant("h3-py numpy_int", lambda lat=lat, lng=lng, res=res: by_h3(lat, lng, res), want[1]),  # type: ignore[misc]
            ],
            rounds=3 if quick else 5,
        )
        show(
            f"{count:,} points to cells, {name}, resolution {res}", rows, f"{rows[0].seconds / count * 1e9:.0f} ns each"
        )
    show_facts("Equal to h3", [*mismatches(count * 10), ("peak memory", f"{peak_mb():,.0f} MB", "", None)])


if __name__ == "__main__":
    main()
