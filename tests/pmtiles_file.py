"""Small PMTiles archives (version 3) for tests: the same vector tile everywhere, or pictures of one colour."""

from __future__ import annotations

import gzip
import json
import struct
from io import BytesIO
from pathlib import Path

NONE, GZIP = 1, 2


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def field(number: int, body: bytes) -> bytes:
    """A length-delimited field of a protocol buffer."""
    return varint(number << 3 | 2) + varint(len(body)) + body


def number(at: int, value: int) -> bytes:
    return varint(at << 3) + varint(value)


def zigzag(value: int) -> int:
    return value << 1 if value >= 0 else -value * 2 - 1


def geometry(points: list[tuple[int, int]], closed: bool) -> bytes:
    """Commands of the Mapbox vector tile specification 2.1, section 4.3: MoveTo, LineTo, ClosePath."""
    out, last = [1 | 1 << 3], (0, 0)
    for i, point in enumerate(points):
        if i == 1:
            out.append(2 | (len(points) - 1) << 3)
        out += [zigzag(point[0] - last[0]), zigzag(point[1] - last[1])]
        last = point
    return b"".join(map(varint, [*out, *([7 | 1 << 3] if closed else [])]))


def layer(name: str, kind: int, points: list[tuple[int, int]], value: str) -> bytes:
    """A layer with one feature (kind 2 a line, 3 a polygon) whose `kind` is `value`."""
    feature = field(2, varint(0) + varint(0)) + number(3, kind) + field(4, geometry(points, kind == 3))
    parts = [field(1, name.encode()), field(2, feature), field(3, b"kind"), field(4, field(1, value.encode()))]
    return field(3, b"".join([*parts, number(5, 4096), number(15, 2)]))


def vector_tile() -> bytes:
    """Water over the western half, a motorway from north to south."""
    half = [(0, 0), (2048, 0), (2048, 4096), (0, 4096)]
    return layer("water", 3, half, "ocean") + layer("roads", 2, [(3000, 0), (3000, 4096)], "highway")


def picture() -> bytes:
    from PIL import Image

    out = BytesIO()
    Image.new("RGB", (256, 256), (200, 120, 40)).save(out, "PNG")
    return out.getvalue()


def write(path: Path, *, kind: int = 1, most: int = 12) -> Path:
    """An archive whose every tile from zoom 0 to `most` is the same; `kind` 1 vector, 2 PNG."""
    tile = gzip.compress(vector_tile(), mtime=0) if kind == 1 else picture()
    count = (4 ** (most + 1) - 1) // 3
    # One entry whose run covers all tiles: id 0, run length, bytes, offset + 1 (specification, section 4.2).
    root = gzip.compress(varint(1) + varint(0) + varint(count) + varint(len(tile)) + varint(1), mtime=0)
    layers = [{"id": "water", "fields": {}}, {"id": "roads", "fields": {}}]
    metadata = gzip.compress(
        json.dumps({"vector_layers": layers, "attribution": "&copy; <b>Nobody</b>"}).encode(), mtime=0
    )
    at = 127
    places: list[int] = []
    for part in (root, metadata, b"", tile):
        places += [at, len(part)]
        at += len(part)
    codes = (1, GZIP, GZIP if kind == 1 else NONE, kind, 0, most)
    box = (-1800000000, -850000000, 1800000000, 850000000)
    header = struct.pack("<7sB11Q6B4iB2i", b"PMTiles", 3, *places, count, 1, 1, *codes, *box, 0, 0, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(header + root + metadata + tile)
    return path
