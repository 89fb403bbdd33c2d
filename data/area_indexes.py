"""Area indexes that are built once: shared in this process, kept on disk by what they were built from.

The composition root says where they are kept (`keep_in(settings.var_dir / "cache")`); before that, and where the folder
cannot be written, they are only shared. A kept file that is damaged or of another version is built anew.
"""

from __future__ import annotations

import logging
import os
import weakref
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Lock

from geo.area import Area
from geo.area_index import AreaIndex

log = logging.getLogger(__name__)

_KEPT = 16
"""Files in the folder; beyond that the oldest go."""

_lock = Lock()
_folder: Path | None = None
_made: weakref.WeakValueDictionary[str, AreaIndex] = weakref.WeakValueDictionary()


def keep_in(folder: Path | None) -> None:
    """Keep indexes in this folder from now on, made when the first is kept; None: keep none."""
    global _folder
    _folder = folder


def area_index(areas: Sequence[Area]) -> AreaIndex:
    """The index of `areas`: one that is in use, else a kept one, else a new one. Equal areas give the same index."""
    key = AreaIndex.key(areas)
    with _lock:
        index = _made.get(key)
        if index is None:
            path = None if _folder is None else _folder / f"areas-{key}.npz"
            index = (path and _read(path, areas)) or AreaIndex(
                areas, built=None if path is None else partial(_keep, path)
            )
            _made[key] = index
        return index


def _read(path: Path, areas: Sequence[Area]) -> AreaIndex | None:
    try:
        index = AreaIndex.from_bytes(areas, path.read_bytes())
        os.utime(path)  # the oldest are those that were not used for longest
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        log.warning("%s: %s", path, error)
        return None
    return index


def _keep(path: Path, index: AreaIndex) -> None:
    """Write an index that has just been built; a crash leaves the old file or the new one, never half of one."""
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(index.to_bytes())
        part.replace(path)
        kept = sorted(path.parent.glob("areas-*.npz"), key=lambda each: each.stat().st_mtime, reverse=True)
        for old in kept[_KEPT:]:
            old.unlink(missing_ok=True)
    except OSError as error:
        log.warning("the area index is not kept: %s", error)
        with suppress(OSError):
            part.unlink(missing_ok=True)
