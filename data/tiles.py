"""Base maps of tiles that lie in a folder: PMTiles, version 3 (github.com/protomaps/PMTiles, spec/v3/spec.md)."""

from __future__ import annotations

import logging
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

log = logging.getLogger(__name__)

FOLDER = "basemap"
"""Where such files are put, below the folder of the store."""

_HEADER = struct.Struct("<7sB11Q6B4i")
"""Magic, version, eleven offsets and counts, six codes, and the box in 1e-7 degrees."""
_VECTOR, _PICTURES = 1, (2, 3, 4, 5)


@dataclass(frozen=True)
class TilesFile:
    """A file of tiles: what it holds, between which zooms, in which box (west, south, east, north in degrees)."""

    path: Path
    kind: Literal["vector", "raster"]
    min_zoom: int
    max_zoom: int
    bbox: tuple[float, float, float, float]

    @property
    def name(self) -> str:
        return self.path.name


def read(path: Path) -> TilesFile:
    """What the header of a file says.

    Raises ValueError when it is no PMTiles file of version 3, is not there in full, or holds tiles the map cannot draw.
    """
    with path.open("rb") as file:
        head = file.read(_HEADER.size)
    if len(head) < _HEADER.size or head[:7] != b"PMTiles":
        raise ValueError(f"{path.name}: not a PMTiles file")
    found = _HEADER.unpack(head)
    version, offsets = found[1], found[2:13]
    tile_type, least, most = found[16:19]
    if version != 3:
        raise ValueError(f"{path.name}: PMTiles of version {version}, expected 3; `pmtiles convert` makes one")
    end = max(offsets[at] + offsets[at + 1] for at in (0, 2, 4, 6))
    if path.stat().st_size < end:
        raise ValueError(f"{path.name}: {path.stat().st_size} bytes of {end}; it is still being copied, or was cut")
    if tile_type != _VECTOR and tile_type not in _PICTURES:
        raise ValueError(f"{path.name}: tiles of type {tile_type}, expected 1 (vector) or 2 to 5 (pictures)")
    west, south, east, north = (value / 1e7 for value in found[19:23])
    return TilesFile(path, "vector" if tile_type == _VECTOR else "raster", least, most, (west, south, east, north))


def tiles_in(var_dir: Path) -> list[TilesFile]:
    """The files of tiles below a store's folder, by name; what is none is left out, with a line in the log."""
    out = []
    for path in sorted((var_dir / FOLDER).glob("*.pmtiles")):
        try:
            out.append(read(path))
        except (OSError, ValueError) as error:
            log.warning("base map left out: %s", error)
    return out
