"""Before the kernels are compiled: the same answers, by the tree; and indexes that are kept."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import shapely
from shapely.geometry import box

from geo import area_index
from geo.area import Area
from geo.area_index import AreaIndex
from geo.kernels import warm
from geo.kernels.warm import Compiled

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def cold(monkeypatch: pytest.MonkeyPatch) -> Compiled:
    """Kernels that are not compiled, and that nothing compiles."""
    monkeypatch.setattr(warm, "start", lambda: None)
    kernels = Compiled("geo.kernels.area")
    monkeypatch.setattr(area_index, "_compiled", kernels)
    return kernels


def areas() -> list[Area]:
    rng = np.random.default_rng(2)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(rng.uniform(0, 1, (60, 2)))))
    return [Area(f"{i:02d}", "", "x", cell) for i, cell in enumerate(cells.tolist())]


def points() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    corners = shapely.get_coordinates([area.geometry for area in areas()])
    xy = np.vstack((rng.uniform(-0.2, 1.2, (3000, 2)), corners, [[np.nan, 0.5], [0.5, np.inf]]))
    return xy[:, 0].copy(), xy[:, 1].copy()


def warm_answer() -> np.ndarray:
    assert warm.wait(300)
    index = AreaIndex(areas())
    assert index.ready
    return index.locate(*points())


def test_a_cold_index_answers_at_once_and_gets_its_raster_when_the_kernels_are_there(cold: Compiled) -> None:
    index = AreaIndex(areas())
    first = index.locate(*points())
    assert not index.ready
    assert index.nbytes == 0
    with pytest.raises(ValueError, match="build"):
        index.to_bytes()
    cold.load()
    index.locate(*points())  # notices, and has the raster built beside
    builder = index._builder
    assert builder is not None
    builder.join(60)
    assert index.ready
    np.testing.assert_array_equal(index.locate(*points()), first)


@pytest.mark.usefixtures("cold")
def test_cold_and_warm_answers_are_equal(monkeypatch: pytest.MonkeyPatch) -> None:
    index = AreaIndex(areas())
    lon, lat = points()
    found = index.locate(lon, lat)
    ones = [index.locate_one(x, y) for x, y in zip(lon[:200].tolist(), lat[:200].tolist(), strict=True)]
    assert not index.ready
    monkeypatch.undo()
    np.testing.assert_array_equal(found, warm_answer())
    index = AreaIndex(areas())
    assert ones == [index.locate_one(x, y) for x, y in zip(lon[:200].tolist(), lat[:200].tolist(), strict=True)]


def test_a_kept_raster_answers_before_the_kernels_are_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = warm_answer()
    kept = AreaIndex(areas()).to_bytes()
    monkeypatch.setattr(warm, "start", lambda: None)
    monkeypatch.setattr(area_index, "_compiled", Compiled("geo.kernels.area"))
    index = AreaIndex.from_bytes(areas(), kept)
    assert index.ready
    assert index.build_s is None
    lon, lat = points()
    np.testing.assert_array_equal(index.locate(lon, lat), expected)
    for x, y, at in zip(lon[-100:].tolist(), lat[-100:].tolist(), expected[-100:].tolist(), strict=True):
        assert index.locate_one(x, y) == (index.codes[at] if at >= 0 else None)


def test_a_kept_raster_gives_the_answers_it_was_kept_with() -> None:
    expected = warm_answer()
    kept = AreaIndex(areas()).to_bytes()
    np.testing.assert_array_equal(AreaIndex.from_bytes(areas(), kept).locate(*points()), expected)


def test_what_is_no_kept_raster_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert warm.wait(300)
    kept = AreaIndex(areas()).to_bytes()
    with monkeypatch.context() as earlier:
        earlier.setattr(area_index, "_FORMAT", "gridcommand area raster 0")
        old = AreaIndex(areas()).to_bytes()
    flipped = bytearray(kept)
    flipped[len(kept) // 2] ^= 255
    for damaged in (b"", b"nothing", kept[: len(kept) // 2], bytes(flipped), old):
        with pytest.raises(ValueError, match="anew"):
            AreaIndex.from_bytes(areas(), damaged)
    with pytest.raises(ValueError, match="anew"):
        AreaIndex.from_bytes(areas()[:-1], kept)


def test_the_key_follows_codes_and_coordinates_alone() -> None:
    square, other = box(0, 0, 1, 1), box(0, 0, 1, 1.0000000000000002)
    key = AreaIndex.key([Area("a", "name", "x", square)])
    assert key == AreaIndex.key([Area("a", "another name", "y", square, parent="p")])
    assert key != AreaIndex.key([Area("b", "name", "x", square)])
    assert key != AreaIndex.key([Area("a", "name", "x", other)])
    both = [Area("a", "", "x", square), Area("b", "", "x", other)]
    assert AreaIndex.key(both) == AreaIndex.key(both[::-1])


def test_whoever_asked_is_told_once_when_the_raster_is_built() -> None:
    assert warm.wait(300)
    told: list[AreaIndex] = []
    index = AreaIndex(areas(), built=told.append)
    index.build()
    assert told == [index]


def test_importing_and_asking_does_not_load_numba() -> None:
    program = (
        "import sys; from shapely.geometry import box; from geo.area import Area; from geo.area_index import AreaIndex;"
        "from geo.cells import latlng_to_cell; index = AreaIndex([Area('a', '', 'x', box(0, 0, 1, 1))]);"
        "assert index.locate_one(.5, .5) == 'a'; latlng_to_cell([1.0], [2.0], 9); assert 'numba' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, timeout=60)
