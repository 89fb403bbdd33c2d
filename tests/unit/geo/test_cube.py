"""The heat cube against counting one matter at a time."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import h3
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geo.cube
import geo.cube_focus
import geo.cube_stream
from geo.cube import Closed, Filter, HeatCube, OpenAt, Opened, What
from geo.cube_kinds import Kinds
from geo.kernels import warm

RES = (7, 8, 9, 10)
AREAS = 4
NAN = math.nan


@pytest.fixture(autouse=True, scope="module")
def small_blocks():
    """Blocks of 8 with tails of 3 and rows for every filter, so that small examples reach every path."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(geo.cube_stream, "TAIL", 3)
        patch.setattr(geo.cube_stream, "STRIDE", 2)
        patch.setattr(geo.cube_stream, "MUCH", 5)
        patch.setattr(geo.cube_focus, "WORTH", 1)
        yield


@pytest.fixture(params=["plain", "compiled"], scope="module")
def loops(request):
    """Every test runs with the plain loops and with the compiled ones."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "plain":
            patch.setattr(geo.cube_atoms._fast, "module", None)
        else:
            assert warm.wait(300)
        yield request.param


@dataclass(frozen=True)
class Matter:
    point: int
    category: int
    severity: int
    source: int
    opened: float
    closed: float

    def moments(self, what: What) -> bool:
        if isinstance(what, Opened):
            return what.after < self.opened <= what.until
        if isinstance(what, Closed):
            return self.opened == self.opened and what.after < self.closed <= what.until
        return self.opened <= what.t and not self.closed <= what.t


def dice_points(seed: int = 3, n: int = 40):
    dice = np.random.default_rng(seed)
    lat, lng = dice.uniform(31.0, 31.03, n), dice.uniform(121.0, 121.03, n)
    cells = np.array(
        [[h3.str_to_int(h3.latlng_to_cell(y, x, res)) for res in RES] for y, x in zip(lat, lng, strict=True)], np.uint64
    )
    cells[0] = 0  # a matter without a point
    area = dice.integers(-1, AREAS, n).astype(np.int32)
    area[0] = -1
    return cells, area


CELLS, AREA = dice_points()

times = st.one_of(st.integers(0, 60).map(float), st.just(30.0), st.floats(0, 60, allow_nan=False))
matters = st.builds(
    Matter, st.integers(0, len(AREA) - 1), st.integers(0, 2), st.integers(1, 3), st.integers(0, 1),
    st.one_of(times, st.just(NAN)), st.one_of(times, st.just(NAN)),
)  # fmt: skip
filters = st.builds(
    Filter, st.one_of(st.none(), st.frozensets(st.integers(0, 3), max_size=2)), st.sampled_from([None, 1, 2, 3, 4]),
    st.sampled_from([None, 0, 1, 7]),
)  # fmt: skip
windows = st.tuples(times, times)
whats = st.one_of(
    windows.map(lambda w: Opened(*w)), windows.map(lambda w: Closed(*w)), times.map(OpenAt),
    times.map(lambda t: Opened(-math.inf, t)),
)  # fmt: skip
focuses = st.one_of(st.none(), st.lists(st.booleans(), min_size=AREAS + 1, max_size=AREAS + 1).map(np.array))


def put(cube: HeatCube, held: list[Matter], *, away: bool = False) -> None:
    point = np.array([m.point for m in held], np.int64)
    atom = cube.places(CELLS[point], AREA[point])
    kind = cube.kinds([m.category for m in held], [m.severity for m in held], [m.source for m in held])
    columns = np.array([m.opened for m in held]), np.array([m.closed for m in held])
    (cube.remove if away else cube.add)(atom, kind, *columns)


def taken(held: list[Matter], what: What, only: Filter, focus) -> list[Matter]:
    return [
        m
        for m in held
        if m.moments(what)
        and (only.categories is None or m.category in only.categories)
        and only.severity in (None, m.severity)
        and only.source in (None, m.source)
        and (focus is None or focus[AREA[m.point]])
    ]


def check(cube: HeatCube, held: list[Matter], what: What, only: Filter, focus, res: int) -> None:
    mine = taken(held, what, only, focus)
    column = RES.index(res)
    expected = Counter(int(CELLS[m.point, column]) for m in mine if CELLS[m.point, column])
    for _ in range(2):  # the second time from the focus's own cells
        cells, counts = cube.by_cell(res, what, only, focus)
        assert dict(zip(cells.tolist(), counts.tolist(), strict=True)) == expected
        assert cells.tolist() == sorted(expected)
    areas = cube.by_area(what, only)
    expected_areas = Counter(int(AREA[m.point]) for m in taken(held, what, only, None))
    assert areas.tolist() == [expected_areas[i] for i in (*range(AREAS), -1)]
    kinds, counts = cube.by_kind(what, only, focus)
    assert {tuple(k): n for k, n in zip(kinds.tolist(), counts.tolist(), strict=True)} == Counter(
        (m.category, m.severity, m.source) for m in mine
    )


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(matters, max_size=40), max_size=6), st.data())
def test_every_question_is_answered_as_by_looking_at_every_matter(loops, batches, data):
    cube, held = HeatCube(AREAS, RES, block=8), []
    for batch in batches:
        put(cube, batch)
        held += batch
        if held and data.draw(st.booleans()):  # some were wrong: late corrections, other places, other kinds, closings
            wrong = data.draw(st.lists(st.integers(0, len(held) - 1), max_size=8, unique=True))
            put(cube, [held[i] for i in wrong], away=True)
            better = data.draw(st.lists(matters, min_size=len(wrong), max_size=len(wrong)))
            put(cube, better)
            held = [m for i, m in enumerate(held) if i not in wrong] + better
        check(cube, held, data.draw(whats), data.draw(filters), data.draw(focuses), data.draw(st.sampled_from(RES)))
    for _ in range(4):
        check(cube, held, data.draw(whats), data.draw(filters), data.draw(focuses), data.draw(st.sampled_from(RES)))


@settings(max_examples=60, deadline=None)
@given(st.lists(matters, max_size=80), filters, focuses, st.integers(0, 50), st.integers(1, 9), st.booleans())
def test_bins_are_windows_side_by_side(loops, held, only, focus, first, width, closed):
    cube = HeatCube(AREAS, RES, block=8)
    put(cube, held)
    what = Closed if closed else Opened
    found = cube.by_bin(what(float(first), float(first + 7 * width)), float(width), 7, only, focus)
    assert found.tolist() == [
        len(taken(held, what(float(first + i * width), float(first + (i + 1) * width)), only, focus)) for i in range(7)
    ]


def big(seed: int, n: int, moments: int) -> list[Matter]:
    dice = np.random.default_rng(seed)
    return [
        Matter(int(p), int(c), int(s), int(o), float(a), float(b) if b % 3 else NAN)
        for p, c, s, o, a, b in zip(
            dice.integers(0, len(AREA), n), dice.integers(0, 3, n), dice.integers(1, 4, n), dice.integers(0, 2, n),
            dice.integers(0, moments, n), dice.integers(0, moments, n), strict=True,
        )
    ]  # fmt: skip


@pytest.mark.parametrize("moments", [1, 3, 5000])
def test_many_blocks_many_at_one_moment_and_filters_with_rows_of_their_own(loops, moments):
    cube = HeatCube(AREAS, RES, block=16)
    held = big(1, 1500, moments)
    put(cube, held)
    only = (Filter(), Filter(severity=2), Filter(frozenset({1})), Filter(frozenset({0, 2}), source=1))
    focus = np.array([True, False, True, False, False])
    for turn in range(3):
        for one in only:
            for what in (Opened(moments * 0.1, moments * 0.9), OpenAt(moments / 2), Closed(0.0, moments * 0.6)):
                check(cube, held, what, one, None, 9)
                check(cube, held, what, one, focus, 8)
        more = big(10 + turn, 300, moments)
        put(cube, more)
        put(cube, held[:200], away=True)
        held = held[200:] + more


def test_all_removed_leaves_nothing_and_little_memory(loops):
    cube = HeatCube(AREAS, RES, block=64)
    held = big(5, 2000, 500)
    put(cube, held)
    full = cube.nbytes
    put(cube, held, away=True)
    for what in (Opened(-1.0, 600.0), Closed(-1.0, 600.0), OpenAt(600.0)):
        check(cube, [], what, Filter(), None, 10)
    assert cube.nbytes < 2 * full


def test_rows_of_filters_stay_within_their_room(loops):
    cube = HeatCube(AREAS, RES, block=16, row_bytes=5000)
    held = big(7, 2000, 4000)
    put(cube, held)
    for severity in (1, 2, 3, 1):
        for source in (0, 1):
            check(cube, held, Opened(100.0, 3900.0), Filter(severity=severity, source=source), None, 9)
    assert sum(s.row_bytes for s in (cube._opened, cube._closed)) <= 4000


def test_a_matter_closed_before_it_was_opened_is_never_open():
    cube = HeatCube(AREAS, RES)
    put(cube, [Matter(1, 0, 1, 0, 20.0, 10.0)])
    assert [int(cube.by_area(OpenAt(t)).sum()) for t in (5.0, 10.0, 15.0, 20.0, 25.0)] == [0] * 5
    assert int(cube.by_area(Closed(5.0, 15.0)).sum()) == 1


def test_points_that_share_a_fine_cell_but_not_a_coarse_one_are_counted_where_they_are():
    """A cell's parent is not always the cell of the point (docs/decisions/0004)."""
    cube = HeatCube(1, (8, 10))
    fine = 0x8A2A1072B59FFFF
    cells = np.array([[0x882A1072B5FFFFF, fine], [0x882A1072B1FFFFF, fine]], np.uint64)
    atom = cube.places(cells, np.zeros(2, np.int32))
    cube.add(atom, cube.kinds([0, 0], [1, 1], [0, 0]), np.ones(2), np.full(2, NAN))
    assert cube.by_cell(10, OpenAt(2.0))[1].tolist() == [2]
    assert cube.by_cell(8, OpenAt(2.0))[1].tolist() == [1, 1]


def test_questions_and_places_that_cannot_be_are_refused():
    cube = HeatCube(AREAS, RES)
    with pytest.raises(ValueError, match="resolution 4; it was made for 7, 8, 9, 10"):
        cube.by_cell(4, OpenAt(0.0))
    with pytest.raises(ValueError, match="expected -1 to 3"):
        cube.places(CELLS[:1], np.array([AREAS], np.int32))
    with pytest.raises(ValueError, match="cells"):
        cube.places(CELLS[:, :2], AREA)


def test_an_empty_cube_answers_nothing():
    cube = HeatCube(0)
    assert cube.by_cell(8, Opened(0.0, 1.0))[0].tolist() == []
    assert cube.by_area(OpenAt(0.0)).tolist() == [0]
    assert cube.by_bin(Opened(0.0, 3.0), 1.0, 3).tolist() == [0, 0, 0]


def test_kinds_keep_their_numbers_however_large_they_get():
    kinds = Kinds()
    first = kinds.numbers(np.array([3, 0, 3]), np.array([1, 2, 1]), np.array([0, 0, 0]))
    assert first.tolist() == [1, 0, 1]
    huge = kinds.numbers(np.array([3, 5_000_000]), np.array([1, 4]), np.array([0, 99]))
    assert huge.tolist() == [1, 2]
    assert kinds.numbers(np.array([5_000_000, 0, 7]), np.array([4, 2, 1]), np.array([99, 0, 0])).tolist() == [2, 0, 3]
    assert kinds.triples.tolist() == [[0, 2, 0], [3, 1, 0], [5_000_000, 4, 99], [7, 1, 0]]
    with pytest.raises(ValueError, match="below 0"):
        kinds.numbers(np.array([-1]), np.array([1]), np.array([1]))
