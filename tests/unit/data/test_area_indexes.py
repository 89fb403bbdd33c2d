"""Area indexes are shared in a process and kept on disk by their content."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from shapely.geometry import box

from data import area_indexes
from data.area_indexes import area_index, keep_in
from geo.area import Area
from geo.area_index import AreaIndex
from geo.kernels import warm


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    assert warm.wait(300)
    keep_in(tmp_path / "cache")
    yield tmp_path / "cache"
    keep_in(None)


def areas(east: float = 2.0) -> list[Area]:
    return [Area("a", "", "grid", box(0, 0, 1, 1)), Area("b", "", "grid", box(1, 0, east, 1))]


def built_again(east: float = 2.0) -> AreaIndex:
    """The index as another process would get it."""
    gc.collect()
    area_indexes._made.clear()
    return area_index(areas(east))


def test_equal_areas_share_one_index(folder: Path) -> None:
    first = area_index(areas())
    assert area_index(areas()) is first
    assert area_index(areas(3.0)) is not first


def test_an_index_is_read_again_instead_of_built(folder: Path) -> None:
    first = area_index(areas())
    assert first.build_s is not None
    assert len(list(folder.iterdir())) == 1
    again = built_again()
    assert again is not first
    assert again.ready
    assert again.build_s is None  # was read
    assert again.locate([0.5, 1.0, 1.5, 9.0], [0.5] * 4).tolist() == [0, 0, 1, -1]


def test_other_areas_never_get_a_kept_index(folder: Path) -> None:
    area_index(areas())
    other = built_again(3.0)
    assert other.build_s is not None
    assert other.locate_one(2.5, 0.5) == "b"


def test_a_damaged_file_is_built_anew_and_replaced(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    area_index(areas())
    path = next(folder.iterdir())
    good = path.read_bytes()
    path.write_bytes(good[:100])
    assert built_again().build_s is not None
    assert "build it anew" in caplog.text
    assert built_again().build_s is None


def test_only_the_newest_are_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(area_indexes, "_KEPT", 2)
    held = [area_index(areas(2.0 + i)) for i in range(4)]
    assert len(held) == 4
    assert len(list(folder.iterdir())) == 2


def test_a_folder_that_cannot_be_written_only_costs_the_keeping(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert warm.wait(300)
    (tmp_path / "file").write_text("in the way")
    keep_in(tmp_path / "file")
    try:
        assert built_again(5.0).locate_one(4.5, 0.5) == "b"
    finally:
        keep_in(None)
    assert "not kept" in caplog.text
