"""A road graph as bytes: what a store keeps and a server reads."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.roads import RoadGraph

_FIELDS = ("lon", "lat", "start", "end", "seconds", "profile", "profiles")


def to_bytes(graph: RoadGraph) -> bytes:
    """The graph as a compressed NumPy archive (.npz) of `lon lat start end seconds profile profiles`."""
    arrays: dict[str, NDArray[Any]] = {name: getattr(graph, name) for name in _FIELDS}
    for name in ("start", "end", "profile"):
        arrays[name] = arrays[name].astype(np.int32)
    out = io.BytesIO()
    np.savez_compressed(out, allow_pickle=False, **arrays)
    return out.getvalue()


def from_bytes(body: bytes) -> RoadGraph:
    """The inverse. Raises ValueError for bytes that are no such graph."""
    try:
        with np.load(io.BytesIO(body), allow_pickle=False) as held:
            arrays = [held[name] for name in _FIELDS]
    except (KeyError, OSError, EOFError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"roads: not a stored road graph ({error}); import the roads again") from None
    return RoadGraph(*arrays)
