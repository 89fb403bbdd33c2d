"""Writes the golden frames: `python tests/contract/make_frames.py` (from the repository root).

Each `<name>.bin` is a frame, `<name>.json` what a reader must find in it: the header fields, and for every layer its
columns as lists, with u64 as decimal strings, NaN as null and a delta's parts apart. For a delta, `after` holds the
tables that result from applying it to the frame named `onto`.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from layers.table import Table, TableDelta, apply, diff, text
from layers.wire import Frame, Stamps, encode

FOLDER = Path(__file__).parent / "frames"
T0 = 1_760_000_000_000.0


def tables() -> dict[str, Table]:
    """One small table of each layer, with Chinese text, NaN, u64 beyond 2^53 and empty trails."""
    heat = Table(
        np.array(
            [0x8828308281FFFFF, 0x8828308287FFFFF, 0x882830828DFFFFF, 0x8830E1D8B5FFFFF, 0x8830E1D8B7FFFFF], np.uint64
        ),
        {"value": np.array([1, 2.5, 3, 1415, 0.25], np.float32)},
        {"res": 8, "measure": "reported", "max": 1415.0, "total": 1421.75},
    )
    areas = Table(
        text(["330106001", "330106002", "330106003"]),
        {
            "count": np.array([12, 0, 7], np.uint32),
            "open": np.array([3, 0, 1], np.uint32),
            "silent": np.array([0, 2, 1], np.uint8),
            "contact": np.array([T0 - 5000, 0, T0 - 9e6], np.float64),
        },
        {"level": "town", "max": 12, "total": 19},
    )
    incidents = Table(
        text(["T-1", 'T-"2"', "热线-3"]),
        {
            "lon": np.array([120.1234567, 120.2, -122.41], np.float64),
            "lat": np.array([30.25, 30.3, 37.7], np.float64),
            "state": np.array([0, 1, 3], np.uint8),
            "severity": np.array([1, 3, 4], np.uint8),
            "category": np.array([0, 1, 0], np.uint16),
            "opened": np.array([T0 - 60_000, T0 - 120_000, T0 - 180_000.5], np.float64),
        },
        {"categories": ["0101", "噪声"], "total": 3, "shown": 3},
    )
    units = Table(
        text(["u-1", "u-2"]),
        {
            "lon": np.array([120.11, 120.12], np.float64),
            "lat": np.array([30.21, 30.22], np.float64),
            "status": np.array([0, 3], np.uint8),
            "kind": np.array([0, 1], np.uint16),
            "at": np.array([T0 - 1000, T0 - 2000], np.float64),
            "bearing": np.array([np.nan, 271.5], np.float32),
            "trail": text(["[[120.1,30.2],[120.11,30.21]]", "[]"]),
        },
        {"kinds": ["grid_worker", "patrol_car"], "counts": {"available": 1, "on_scene": 1}},
    )
    cameras = Table(
        text(["cam-1"]),
        {
            "lon": np.array([120.15], np.float64),
            "lat": np.array([30.28], np.float64),
            "bearing": np.array([90], np.float32),
            "fov": np.array([np.nan], np.float32),
            "online": np.array([1], np.uint8),
        },
        {"online": 1, "offline": 0},
    )
    return {"heat": heat, "areas": areas, "incidents": incidents, "units": units, "cameras": cameras}


def compared() -> dict[str, Table]:
    """Heat and areas of a view that compares: what the window before had, one of them with nothing to compare with."""
    plain = tables()
    heat, areas = plain["heat"], plain["areas"]
    before = {"before": np.array([4, 2.5, 0, 1400, 0], np.float32)}
    nothing = {"before": np.full(3, np.nan)}
    return {
        "heat": Table(heat.key, {**heat.columns, **before}, {**heat.meta, "most": 15.0}),
        "areas": Table(areas.key, {**areas.columns, **nothing}, {**areas.meta, "measure": "open", "most": 0.0}),
    }


def changed(old: dict[str, Table]) -> dict[str, TableDelta]:
    """Drops, changes and adds in heat and incidents, meta alone in areas; units and cameras as they were."""
    heat = Table(
        np.array(
            [0x8828308281FFFFF, 0x882830828DFFFFF, 0x8830E1D8B5FFFFF, 0x8830E1D8B7FFFFF, 0x8830E1D8B9FFFFF], np.uint64
        ),
        {"value": np.array([1, 4, 1415, 0.5, 9], np.float32)},
        {"res": 8, "measure": "reported", "max": 1415.0, "total": 1429.5},
    )
    areas = Table(old["areas"].key, old["areas"].columns, {"level": "town", "max": 13, "total": 19})
    before = old["incidents"]
    incidents = Table(
        text(["新-4", "T-1", "热线-3"]),
        {
            "lon": np.array([120.5, 120.1234567, -122.41], np.float64),
            "lat": np.array([30.5, 30.25, 37.7], np.float64),
            "state": np.array([0, 2, 3], np.uint8),
            "severity": np.array([2, 1, 4], np.uint8),
            "category": np.array([1, 0, 0], np.uint16),
            "opened": np.array([T0, T0 - 60_000, T0 - 180_000.5], np.float64),
        },
        before.meta,
    )
    found = {
        "heat": _delta(old["heat"], heat),
        "areas": _delta(old["areas"], areas),
        "incidents": _delta(before, incidents),
    }
    return {name: delta for name, delta in found.items() if not delta.empty}


def _delta(old: Table, new: Table) -> TableDelta:
    """A delta even where a snapshot would be smaller: the tables are tiny on purpose."""
    found = diff(old, new)
    if found is not None:
        return found
    keys = new.key.tolist()
    drop = [row for row, key in enumerate(old.key.tolist()) if key not in keys]
    kept = [key for key in old.key.tolist() if key in keys]
    differs = [
        row
        for row, key in enumerate(kept)
        if any(old.columns[c][old.rows[key]] != new.columns[c][new.rows[key]] for c in old.columns)
    ]
    added = [row for row, key in enumerate(keys) if key not in old.rows]
    source = np.array([new.rows[kept[row]] for row in differs] + added, dtype=np.int64)
    return TableDelta(
        np.array(drop, np.uint32),
        np.array(differs, np.uint32),
        new.key[added],
        {name: column[source] for name, column in new.columns.items()},
        len(new),
        {k: v for k, v in new.meta.items() if old.meta.get(k) != v} or None,
    )


def queue() -> Table:
    """Three incidents at work: one late, one suspended after it came back, one that is not filed yet."""
    return Table(
        text(["T-1", "热线-3", "D-4"]),
        {
            "severity": np.array([1, 3, 4], np.uint8),
            "state": np.array([1, 0, 0], np.uint8),
            "category": np.array([0, 1, 0], np.uint16),
            "workflow": np.array([1, 2, 0], np.uint8),
            "step": np.array([1, 2, 0], np.uint16),
            "owner": np.array([1, 2, 0], np.uint16),
            "source": np.array([0, 0, 1], np.uint16),
            "area": text(["330106001", "330106002", ""]),
            "title": text(["路灯不亮", "", "积水"]),
            "title_en": text(["", "Noise", ""]),
            "opened": np.array([T0 - 60_000, T0 - 120_000, T0 - 1000.5], np.float64),
            "due": np.array([T0 - 5000, np.nan, np.nan], np.float64),
            "warn": np.array([T0 - 20_000, np.nan, np.nan], np.float64),
            "original": np.array([T0 - 15_000, np.nan, np.nan], np.float64),
            "clock": np.array([1, 0, 0], np.uint16),
            "paused": np.array([0, 1, 0], np.uint8),
            "returns": np.array([0, 2, 0], np.uint8),
            "units": np.array([2, 0, 0], np.uint8),
            "children": np.array([1, 0, 0], np.uint8),
            "parent": np.array([0, 0, 0], np.uint8),
            "seq": np.array([123_450, 123_451, 9_007_199_254_740_991], np.float64),
        },
        {
            "categories": ["0101", "噪声"],
            "workflows": ["", "grid-5", "hotline-6"],
            "steps": ["", "handling", "assigned"],
            "owners": ["", "水务局", "triage"],
            "sources": ["hotline", "patrol"],
            "clocks": ["", "answer"],
            "total": 3,
            "shown": 3,
        },
    )


def queue_moved(old: Table) -> TableDelta:
    """The late one was closed, the unfiled one was filed and assigned, and another came."""
    order = np.array([2, 1, 0])
    columns = {name: column[order].copy() for name, column in old.columns.items()}
    for name, value in {"workflow": 1, "step": 3, "owner": 3, "clock": 1, "due": T0 + 6e6, "seq": 123_460}.items():
        columns[name][0] = value
    columns["title"][2], columns["seq"][2] = "新", 123_461
    new = Table(
        text(["D-4", "热线-3", "新-5"]),
        columns,
        {**old.meta, "steps": [*old.meta["steps"], "registered"], "owners": [*old.meta["owners"], "330106001"]},
    )
    return _delta(old, new)


def frames() -> dict[str, tuple[Frame, str | None]]:
    """Frames by name, and the frame that each delta builds on."""
    stamps = Stamps(T0 - 900.0, T0 - 120.0, T0 + 40.25)
    first = tables()
    panel = {"focus": {"code": "", "name": "示范区", "name_en": "Demo"}, "kpis": {"reported": 19}, "notice": None}
    empty = {name: Table(t.key[:0], {c: v[:0] for c, v in t.columns.items()}, {}) for name, t in first.items()}
    second = Stamps(None, None, T0 + 1040.5)
    return {
        "snapshot": (Frame("area=330106&window=7d", 11, None, T0, 123456, stamps, first, panel), None),
        "delta": (Frame("area=330106&window=7d", 12, 11, T0 + 1000, 123460, stamps, changed(first)), "snapshot"),
        "panel_only": (Frame("area=330106&window=7d", 13, 12, T0 + 2000, 123460, second, {}, panel), "delta"),
        "queue": (Frame("layers=queue&panel=0", 3, None, T0, 123456, stamps, {"queue": queue()}), None),
        "queue_delta": (
            Frame("layers=queue&panel=0", 4, 3, T0 + 1000, 123461, stamps, {"queue": queue_moved(queue())}),
            "queue",
        ),
        "compared": (Frame("window=today&compare=1", 2, None, T0, 123456, stamps, compared(), None), None),
        "empty": (Frame("", 1, None, T0, 0, second, empty, None), None),
    }


def plain(column: Any) -> list[Any]:
    """A column as JSON can hold it."""
    if column.dtype == np.uint64:
        return [str(value) for value in column.tolist()]
    return [None if isinstance(value, float) and math.isnan(value) else value for value in column.tolist()]


def shown(table: Table | TableDelta) -> dict[str, Any]:
    """A layer as the JSON twin tells it."""
    columns = {name: plain(column) for name, column in {"key": table.key, **table.columns}.items()}
    if isinstance(table, Table):
        return {"mode": "snapshot", "n": len(table), "meta": dict(table.meta), "cols": columns}
    out: dict[str, Any] = {"mode": "delta", "n": table.n, "add": table.add, "cols": columns}
    out |= {"drop": plain(table.drop), "index": plain(table.index)}
    return out if table.meta is None else out | {"meta": dict(table.meta)}


def files() -> dict[str, bytes]:
    """Every golden file by name."""
    out: dict[str, bytes] = {}
    held: dict[str, dict[str, Table]] = {}
    for name, (frame, onto) in frames().items():
        now = dict(held[onto]) if onto else {}
        for layer, table in frame.layers.items():
            now[layer] = table if isinstance(table, Table) else apply(now[layer], table)
        held[name] = now
        told: dict[str, Any] = {
            "view": frame.view,
            "seq": frame.seq,
            "base": frame.base,
            "mode": frame.mode,
            "t": frame.t,
            "log": frame.log,
            "stamps": {"source": frame.stamps.source, "commit": frame.stamps.commit, "frame": frame.stamps.frame},
            "layers": {layer: shown(table) for layer, table in frame.layers.items()},
            "panel": frame.panel,
        }
        if onto:
            told |= {"onto": onto, "after": {layer: shown(table) for layer, table in now.items()}}
        out[f"{name}.bin"] = encode(frame)
        out[f"{name}.json"] = json.dumps(told, ensure_ascii=False, indent=1).encode() + b"\n"
    return out


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for filename, content in files().items():
        (FOLDER / filename).write_bytes(content)
        print(f"{filename}: {len(content)} bytes")
