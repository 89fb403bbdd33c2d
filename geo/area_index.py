"""Exact point to area, for many points at once and for one."""

from __future__ import annotations

import hashlib
import io
import threading
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geo import area_raster
from geo.area import Area
from geo.area_raster import Raster
from geo.area_tree import AreaTree
from geo.kernels import warm

_compiled = warm.compiled("geo.kernels.area")
_UNSURE = -2
_MANY = 20_000
"""Points in one call that are worth the start of the kernels."""
_FORMAT = "gridcommand area raster 1"


@dataclass(frozen=True)
class _Ready:
    """A raster with what a single point needs at hand."""

    raster: Raster
    west: float
    south: float
    east: float
    north: float
    per_x: float
    per_y: float
    columns: int
    last_column: int
    last_row: int
    cells: memoryview
    reals: NDArray[np.float64]


class AreaIndex:
    """Immutable; safe to ask from several threads.

    Of the areas that intersect a point (borders and vertices count, holes do not) the one with the smallest code
    wins: what `geopandas.sjoin(predicate="intersects")` gives when the smallest code is kept. Lon and lat are planar
    coordinates as there: an area across the antimeridian comes as two parts, as RFC 7946 has it.

    `codes` are the areas' codes in ascending order; results of `locate` are positions in it.

    Points are found in a raster over the areas' box. It is built by the constructor when the kernels are compiled
    (`geo.kernels.warm`), else in the background once they are; until then, and for areas that are not polygons, a
    tree of prepared polygons gives the same answers.
    """

    def __init__(self, areas: Sequence[Area], built: Callable[[AreaIndex], None] | None = None) -> None:
        """`built` is called once with this index when its raster is built, in whatever thread built it."""
        self._prepare(areas, built)
        if _compiled.module is not None:
            self.build()

    def _prepare(self, areas: Sequence[Area], built: Callable[[AreaIndex], None] | None = None) -> None:
        ordered = sorted(areas, key=lambda area: area.code)
        self.codes: tuple[str, ...] = tuple(area.code for area in ordered)
        self._named: tuple[str | None, ...] = (*self.codes, None)  # -1 names nothing
        self._geometries = [area.geometry for area in ordered]
        self._edges = area_raster.edges_of(self._geometries)
        self._lock, self._build_lock = threading.Lock(), threading.Lock()
        self._builder: threading.Thread | None = None
        self._tree_made: AreaTree | None = None
        self._ready: _Ready | None = None
        self._built = built
        self.build_s: float | None = None
        """Seconds that the raster took to build; None before, and for one that was read."""

    # -- asking

    def locate(self, lon: ArrayLike, lat: ArrayLike) -> NDArray[np.int32]:
        """Position in `codes` for each WGS 84 point, -1 outside all areas (and for NaN)."""
        lon, lat = np.broadcast_arrays(np.asarray(lon, np.float64), np.asarray(lat, np.float64))
        x, y = np.ascontiguousarray(lon).ravel(), np.ascontiguousarray(lat).ravel()
        kernels = _compiled.module
        if kernels is None and x.size >= _MANY:
            warm.start()
        ready = self._ready or self._begin()
        if ready is None:
            return self._tree().locate(x, y).reshape(lon.shape)
        if kernels is None:
            return self._without_kernels(ready, x, y).reshape(lon.shape)
        raster = ready.raster
        found = np.empty(x.size, np.int32)
        unsure = kernels.locate(
            x, y, raster.frame, raster.columns, raster.rows, raster.cells, raster.words, ready.reals, found
        )
        if unsure:
            at = np.flatnonzero(found == _UNSURE)
            found[at] = self._tree().locate(x[at], y[at])
        return found.reshape(lon.shape)

    def locate_one(self, lon: float, lat: float) -> str | None:
        """Code of the area that holds the point, None outside."""
        ready = self._ready
        if ready is None:
            return self._named[int(self.locate([lon], [lat])[0])]
        if not (ready.west <= lon <= ready.east and ready.south <= lat <= ready.north):
            return None
        column, row = int((lon - ready.west) * ready.per_x), int((lat - ready.south) * ready.per_y)
        if column > ready.last_column:
            column = ready.last_column
        if row > ready.last_row:
            row = ready.last_row
        found = ready.cells[row * ready.columns + column]
        if found < -1:
            kernels = _compiled.module
            if kernels is not None:
                found = kernels.locate_in_list(lon, lat, -2 - found, ready.raster.words, ready.reals)
            if found < -1:
                found = int(self._tree().locate(np.array([lon], np.float64), np.array([lat], np.float64))[0])
        return self._named[found]

    def _without_kernels(self, ready: _Ready, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int32]:
        """A raster that was read before the kernels are compiled: the tree for points in cells with edges."""
        raster = ready.raster
        found = np.full(x.size, -1, np.int32)
        inside = np.flatnonzero((x >= ready.west) & (x <= ready.east) & (y >= ready.south) & (y <= ready.north))
        column = np.minimum(((x[inside] - ready.west) * ready.per_x).astype(np.int64), ready.last_column)
        row = np.minimum(((y[inside] - ready.south) * ready.per_y).astype(np.int64), ready.last_row)
        found[inside] = raster.cells[row * raster.columns + column]
        at = np.flatnonzero(found < -1)
        if at.size:
            found[at] = self._tree().locate(x[at], y[at])
        return found

    def _tree(self) -> AreaTree:
        if self._tree_made is None:
            with self._lock:
                if self._tree_made is None:
                    self._tree_made = AreaTree(self._geometries)
        return self._tree_made

    # -- the raster

    @property
    def ready(self) -> bool:
        """Whether the raster answers (no raster is built for areas that are not polygons, or without any edge)."""
        return self._ready is not None

    @property
    def nbytes(self) -> int:
        """Bytes of the raster; 0 before it is built."""
        return self._ready.raster.nbytes if self._ready is not None else 0

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the raster; (0, 0) before it is built."""
        return (self._ready.raster.rows, self._ready.raster.columns) if self._ready is not None else (0, 0)

    def build(self) -> None:
        """Build the raster now, on this thread, compiling the kernels first where they are not. Does nothing when it
        is there, or when there can be none."""
        if self._ready is not None or self._edges is None or not len(self._edges.xyxy):
            return
        _compiled.load()
        kernels = _compiled.module
        if kernels is None:
            return
        with self._build_lock:
            edges = self._edges
            if edges is None:
                return
            start = perf_counter()
            raster = area_raster.build(edges, kernels)
            self.build_s = perf_counter() - start
            self._take(raster)
        if self._built is not None:
            self._built(self)

    def _take(self, raster: Raster) -> None:
        west, south, east, north, per_x, per_y = raster.frame.tolist()
        self._ready = _Ready(
            raster, west, south, east, north, per_x, per_y, raster.columns, raster.columns - 1, raster.rows - 1,
            memoryview(raster.cells),  # type: ignore[arg-type]
            raster.reals,
        )  # fmt: skip
        self._edges = None

    def _begin(self) -> _Ready | None:
        """Start to build in the background where the kernels became ready after this index was made."""
        if _compiled.module is not None and self._edges is not None and len(self._edges.xyxy):
            with self._lock:
                if self._builder is None and self._ready is None:
                    self._builder = threading.Thread(target=self.build, name="area index", daemon=True)
                    self._builder.start()
        return self._ready

    # -- keeping it

    @staticmethod
    def key(areas: Sequence[Area]) -> str:
        """Hash of the areas' codes and exact coordinates and of the raster's format: the name to keep `to_bytes` by."""
        digest = hashlib.sha256(_FORMAT.encode())
        for area in sorted(areas, key=lambda area: area.code):
            shape = b"" if area.geometry is None else shapely.to_wkb(area.geometry, output_dimension=2)
            code = area.code.encode("utf-8", "surrogatepass")
            digest.update(b"%d %d " % (len(code), len(shape)))
            digest.update(code)
            digest.update(shape)
        return digest.hexdigest()

    def to_bytes(self) -> bytes:
        """The raster for `from_bytes`. Raises ValueError while there is none (`build` makes it)."""
        if self._ready is None:
            raise ValueError("the area index has no raster to keep; call build() first")
        raster = self._ready.raster
        buffer = io.BytesIO()
        size = np.array([raster.columns, raster.rows, len(self.codes)])
        np.savez(buffer, format=_FORMAT, frame=raster.frame, size=size, cells=raster.cells, words=raster.words)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, areas: Sequence[Area], kept: bytes) -> AreaIndex:
        """The index of `areas` from what `to_bytes` gave for areas of the same `key`. Raises ValueError when it is not
        that: damaged, of another format or of another number of areas."""
        index = cls.__new__(cls)
        index._prepare(areas)
        try:
            with np.load(io.BytesIO(kept), allow_pickle=False) as file:
                if str(file["format"]) != _FORMAT:
                    raise ValueError(f"format {file['format']}, expected {_FORMAT}")
                columns, rows, count = (int(value) for value in file["size"])
                raster = Raster(file["frame"], columns, rows, file["cells"], file["words"])
        except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise ValueError(f"not a kept area index: {error}; build it anew") from None
        if count != len(index.codes) or raster.cells.size != columns * rows or raster.frame.shape != (6,):
            raise ValueError(f"not the index of these {len(index.codes)} areas; build it anew")
        index._take(raster)
        return index
