"""Frames as bytes, exactly as `docs/wire.md` states. `decode` is the reference reader and refuses what is not so."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import orjson
from numpy.typing import NDArray

from data.errors import BadInput
from layers.table import TYPE_NAMES, WIRE_TYPES, Column, Table, TableDelta

MAGIC = b"GCF1"
_LOOKED_UP = ("queue",)
"""Layers of which a screen reads a few rows out of many: their texts travel as `text`, not as a JSON list."""

VERSION = 1
_PREFIX = 8  # magic and header length


@dataclass(frozen=True)
class Stamps:
    """Newest source time, its commit and the building of the frame, ms since 1970."""

    source: float | None
    commit: float | None
    frame: float


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame of one view. `base` is the seq that a delta builds on, None in a snapshot."""

    view: str
    seq: int
    base: int | None
    t: float  # ms since 1970
    log: int
    stamps: Stamps
    layers: Mapping[str, Table | TableDelta] = field(default_factory=dict)
    panel: Mapping[str, Any] | None = None

    @property
    def mode(self) -> Literal["snapshot", "delta"]:
        return "snapshot" if self.base is None else "delta"


def encode(frame: Frame) -> bytes:
    """The frame's bytes. Raises ValueError for a column that has no wire type."""
    body = _Body()
    layers = {name: _layer(table, body, looked_up=name in _LOOKED_UP) for name, table in frame.layers.items()}
    header: dict[str, Any] = {
        "v": VERSION,
        "view": frame.view,
        "seq": frame.seq,
        "base": frame.base,
        "mode": frame.mode,
        "t": frame.t,
        "log": frame.log,
        "stamps": {"source": frame.stamps.source, "commit": frame.stamps.commit, "frame": frame.stamps.frame},
        "layers": layers,
    }
    if frame.panel is not None:
        header["panel"] = orjson.Fragment(orjson.dumps(frame.panel))
    # Offsets count from the start of the frame, so the header's length depends on itself: more digits can only
    # lengthen it, hence this loop grows to the first length that holds its own offsets.
    start = 0
    while True:
        body.shift(start)
        raw = orjson.dumps(header)
        end = _up8(_PREFIX + len(raw))
        if end == start:
            break
        start = end
    parts = [MAGIC, struct.pack("<I", len(raw)), raw, bytes(start - _PREFIX - len(raw))]
    return b"".join(parts + body.parts)


class _Body:
    """Columns laid out one after the other; `shift` sets where the first one starts."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self._entries: list[tuple[dict[str, Any], int]] = []
        self._size = 0

    def add(self, column: Column, *, looked_up: bool = False) -> dict[str, Any]:
        entry: dict[str, Any]
        if column.dtype == object and looked_up:
            ends, text = _text(column.tolist())
            raw = ends.tobytes() + text
            entry = {"t": "text", "off": 0, "len": len(column), "bytes": len(text)}
        elif column.dtype == object:
            raw = orjson.dumps(column.tolist())
            entry = {"t": "str", "off": 0, "len": len(raw)}
        else:
            name = TYPE_NAMES.get(column.dtype)
            if name is None:
                raise ValueError(f"frame: a column of {column.dtype} has no wire type; use {', '.join(WIRE_TYPES)}")
            raw = column.tobytes()
            entry = {"t": name, "off": 0, "len": len(column)}
        self._entries.append((entry, self._size))
        self.parts += [raw, bytes(-len(raw) % 8)]
        self._size += _up8(len(raw))
        return entry

    def shift(self, start: int) -> None:
        for entry, at in self._entries:
            entry["off"] = start + at


def _text(rows: list[str]) -> tuple[NDArray[np.uint32], bytes]:
    """Where each row ends in the text of all, in UTF-16 units, and that text in UTF-8."""
    whole = "".join(rows)
    wide = not whole.isascii() and max(whole) > "\uffff"  # a row's length in Python counts such a character once
    lengths = [len(row.encode("utf-16-le")) // 2 for row in rows] if wide else [len(row) for row in rows]
    return np.cumsum(lengths, dtype=np.uint32), whole.encode()


def _layer(table: Table | TableDelta, body: _Body, *, looked_up: bool) -> dict[str, Any]:
    def columns() -> dict[str, Any]:
        named = {"key": table.key, **table.columns}
        return {name: body.add(column, looked_up=looked_up) for name, column in named.items()}

    if isinstance(table, Table):
        return {"mode": "snapshot", "n": len(table), "meta": dict(table.meta), "cols": columns()}
    out: dict[str, Any] = {"mode": "delta", "n": table.n}
    if table.meta is not None:
        out["meta"] = dict(table.meta)
    out["drop"] = body.add(table.drop)
    out["index"] = body.add(table.index)
    out["add"] = table.add
    out["cols"] = columns()
    return out


def decode(data: bytes) -> Frame:
    """The frame in these bytes. Raises BadInput in one line that says what is wrong with them."""
    if len(data) < _PREFIX or data[:4] != MAGIC:
        raise BadInput(f"frame: starts with {bytes(data[:4])!r}, expected {MAGIC!r} and a header length")
    (length,) = struct.unpack_from("<I", data, 4)
    if _PREFIX + length > len(data):
        raise BadInput(f"frame: header of {length} bytes runs past the end of {len(data)} bytes")
    try:
        header = orjson.loads(data[_PREFIX : _PREFIX + length])
    except orjson.JSONDecodeError as error:
        raise BadInput(f"frame: header is not JSON: {error}") from None
    if not isinstance(header, dict):
        raise BadInput("frame: header is not a JSON object")
    if header.get("v") != VERSION:
        raise BadInput(f"frame: version {header.get('v')!r}, this reader knows {VERSION}")
    mode = _choice(header, "mode", ("snapshot", "delta"), "frame")
    stamps = _typed(header, "stamps", dict, "frame")
    layers: dict[str, Table | TableDelta] = {}
    for name, raw in _typed(header, "layers", dict, "frame").items():
        if not isinstance(raw, dict):
            raise BadInput(f"frame: layer {name!r} is not an object")
        layers[name] = _read_layer(data, name, raw)
        if mode == "snapshot" and isinstance(layers[name], TableDelta):
            raise BadInput(f"frame: layer {name!r} is a delta inside a snapshot")
    panel = header.get("panel")
    if panel is not None and not isinstance(panel, dict):
        raise BadInput("frame: panel is not an object")
    return Frame(
        view=_typed(header, "view", str, "frame"),
        seq=_typed(header, "seq", int, "frame"),
        base=_typed(header, "base", int, "frame") if mode == "delta" else None,
        t=float(_typed(header, "t", (int, float), "frame")),
        log=_typed(header, "log", int, "frame"),
        stamps=Stamps(
            _optional_ms(stamps, "source"),
            _optional_ms(stamps, "commit"),
            float(_typed(stamps, "frame", (int, float), "stamps")),
        ),
        layers=layers,
        panel=panel,
    )


def _read_layer(data: bytes, name: str, raw: dict[str, Any]) -> Table | TableDelta:
    where = f"layer {name!r}"
    n = _typed(raw, "n", int, where)
    specs = _typed(raw, "cols", dict, where)
    columns = {column: _read_column(data, f"{where}: column {column!r}", spec) for column, spec in specs.items()}
    if "key" not in columns:
        raise BadInput(f"frame: {where}: has no key column")
    key = columns.pop("key")
    if _choice(raw, "mode", ("snapshot", "delta"), where) == "snapshot":
        _check_lengths(where, {"key": key, **columns}, n)
        return Table(key, columns, _typed(raw, "meta", dict, where))
    drop = _read_column(data, f"{where}: drop", raw.get("drop"))
    index = _read_column(data, f"{where}: index", raw.get("index"))
    for label, rows in (("drop", drop), ("index", index)):
        if rows.dtype != WIRE_TYPES["u32"]:
            raise BadInput(f"frame: {where}: {label} is not u32")
        if len(rows) > 1 and not bool((rows[1:] > rows[:-1]).all()):
            raise BadInput(f"frame: {where}: {label} is not ascending")
    add = _typed(raw, "add", int, where)
    _check_lengths(where, {"key": key}, add)
    _check_lengths(where, columns, len(index) + add)
    meta = _typed(raw, "meta", dict, where) if "meta" in raw else None
    return TableDelta(drop, index, key, columns, n, meta)


def _read_column(data: bytes, where: str, spec: object) -> Column:
    if not isinstance(spec, dict):
        raise BadInput(f"frame: {where}: is not described")
    kind = _choice(spec, "t", (*WIRE_TYPES, "str", "text"), where)
    off = _typed(spec, "off", int, where)
    length = _typed(spec, "len", int, where)
    dtype = WIRE_TYPES.get(kind)
    size = length * (dtype.itemsize if dtype else 1)
    if kind == "text":
        size = length * 4 + _typed(spec, "bytes", int, where)
    if off % 8 or off < _PREFIX:
        raise BadInput(f"frame: {where}: offset {off} is not a multiple of 8 after the header")
    if length < 0 or off + size > len(data):
        raise BadInput(f"frame: {where}: {length} x {kind} at {off} runs past the end of {len(data)} bytes")
    if dtype is not None:
        return np.frombuffer(data, dtype=dtype, count=length, offset=off)
    if kind == "text":
        return _read_text(
            np.frombuffer(data, dtype=np.uint32, count=length, offset=off), data[off + length * 4 : off + size], where
        )
    try:
        values = orjson.loads(data[off : off + size])
    except orjson.JSONDecodeError as error:
        raise BadInput(f"frame: {where}: is not JSON: {error}") from None
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise BadInput(f"frame: {where}: is not a JSON array of strings")
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def _read_text(ends: NDArray[np.uint32], raw: bytes, where: str) -> Column:
    try:
        units = raw.decode().encode("utf-16-le")
        starts = np.concatenate([[0], ends[:-1]]) if len(ends) else ends
        if not bool((ends >= starts).all()) or (int(ends[-1]) if len(ends) else 0) * 2 != len(units):
            raise BadInput(f"frame: {where}: its rows do not end where its text does")
        rows = [units[2 * a : 2 * b].decode("utf-16-le") for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
    except UnicodeError as error:
        raise BadInput(f"frame: {where}: is not text: {error}") from None
    column = np.empty(len(rows), dtype=object)
    column[:] = rows
    return column


def _check_lengths(where: str, columns: Mapping[str, Column], n: int) -> None:
    for name, column in columns.items():
        if len(column) != n:
            raise BadInput(f"frame: {where}: column {name!r} has {len(column)} rows, expected {n}")


def _typed(raw: Mapping[str, Any], key: str, kind: Any, where: str) -> Any:
    value = raw.get(key)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise BadInput(f"frame: {where}: {key!r} is {str(value)[:40]!r}, which is not what docs/wire.md says")
    return value


def _choice(raw: Mapping[str, Any], key: str, known: tuple[str, ...], where: str) -> str:
    value = raw.get(key)
    if value not in known:
        raise BadInput(f"frame: {where}: {key!r} is {str(value)[:40]!r}, expected one of {', '.join(known)}")
    return str(value)


def _optional_ms(raw: Mapping[str, Any], key: str) -> float | None:
    value = raw.get(key)
    return None if value is None else float(_typed(raw, key, (int, float), "stamps"))


def _up8(size: int) -> int:
    return size + (-size % 8)
