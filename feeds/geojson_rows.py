"""GeoJSON features as rows, found one by one in a stream; a broken feature never takes the next one with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson

from data.errors import BadRecord
from feeds.lines import KEPT

MAX_FEATURE = 1 << 20
"""Longest feature that can be a record, bytes."""

LON, LAT = "geometry.lon", "geometry.lat"
"""Names under which a mapping finds the coordinates of a Point feature."""

Item = tuple[dict[str, Any], bytes] | tuple[BadRecord, bytes]

_CHUNK = 1 << 18
_DEPTH = 64
_FEATURES = re.compile(rb'"features"\s*:\s*\[')
_PLAIN = re.compile(rb"[ \t\r\n0-9A-Za-z+\-.,:\[\]]*")
_STRING = re.compile(rb'"[^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*)*')
_AGAIN = re.compile(rb"[,\[\n\x1e][ \t\r\n]*\{")
"""Where a feature may begin: an object that is not the value of a key."""


def read_geojson(stream: BinaryIO) -> Iterator[Item]:
    """The features of a FeatureCollection, or of a sequence of features (one after another, any separator).

    A row is the feature's properties, plus LON and LAT of a Point, plus `id` of the feature where the
    properties have none.
    """
    window = _Window(stream)
    opening = _FEATURES.search(window.data)
    if opening:
        window.drop(opening.end())
    while True:
        start = window.find_object()
        junk = window.head(start if start >= 0 else len(window.data)).strip(b" \t\r\n,]}\x1e")
        if junk:
            yield BadRecord("bytes between features that are no feature", reason="geojson.syntax"), junk
        if start < 0:
            return
        window.drop(start)
        end = _object_end(window)
        row: dict[str, Any] | BadRecord
        if end:
            raw = window.take(end)
            row = _row(raw)
        else:
            raw = b""
            row = BadRecord("a feature is broken, does not end or is longer than 1 MiB", reason="geojson.syntax")
        if isinstance(row, BadRecord) and row.reason == "geojson.syntax":
            # Where a broken object ends is unknown: go on at the next thing that begins like a feature.
            again = window.resync()
            yield row, window.head(again)
            window.drop(again)
            continue
        window.drop(end)
        yield row, raw  # type: ignore[misc]


class _Window:
    """The part of the stream that is looked at: `data` from `at` on, never more than a few MiB."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.data = b""
        self.at = 0
        self.ended = False
        self.fill(_CHUNK)

    def fill(self, size: int) -> None:
        """Have `size` bytes from `at` on, or all there are."""
        missing = size - (len(self.data) - self.at)
        if missing > 0 and not self.ended:
            parts = [self.data[self.at :]]
            while missing > 0 and not self.ended:
                chunk = self._stream.read(max(_CHUNK, missing))
                self.ended = not chunk
                missing -= len(chunk)
                parts.append(chunk)
            self.data, self.at = b"".join(parts), 0

    def drop(self, end: int) -> None:
        """Let go of everything before `end`, a position in `data`."""
        self.at = end
        if len(self.data) - self.at < _CHUNK // 4:
            self.fill(_CHUNK)

    def take(self, end: int) -> bytes:
        return self.data[self.at : end]

    def head(self, end: int) -> bytes:
        """What lies before `end`, as much of it as is kept."""
        return self.data[self.at : min(end, self.at + KEPT)]

    def find_object(self) -> int:
        """Position of the next brace; of bytes before it only the last window is held. -1 when there is none."""
        while (found := self.data.find(b"{", self.at)) < 0 and not self.ended:
            if len(self.data) - self.at > 2 * KEPT:
                self.at = len(self.data) - KEPT
            self.fill(len(self.data) - self.at + _CHUNK)
        return found

    def resync(self) -> int:
        """Where the next feature may begin; the end of what is held when nothing there looks like one."""
        found = _AGAIN.search(self.data, self.at + 1)
        return found.end() - 1 if found else len(self.data)


def _object_end(window: _Window) -> int:
    """Position after the object that starts the window, 0 when it is broken or longer than MAX_FEATURE.

    Reads no further than the first byte that JSON forbids, so garbage costs a few bytes each, not a MiB.
    """
    depth = 0
    done = 0  # bytes of the object looked at
    while done < MAX_FEATURE:
        if len(window.data) - window.at - done < KEPT:
            window.fill(done + _CHUNK)
        data, pos = window.data, window.at + done
        after = _PLAIN.match(data, pos).end()  # type: ignore[union-attr]
        mark = data[after : after + 1]
        if mark == b"{":
            if depth and data[max(window.at, after - 4096) : after].rstrip()[-1:] not in (b":", b",", b"["):
                return 0
            depth += 1
            if depth > _DEPTH:
                return 0
        elif mark == b"}":
            depth -= 1
            if depth == 0:
                return after + 1
        elif mark == b'"':
            after = _STRING.match(data, after).end()  # type: ignore[union-attr]
            while after >= len(data) - 1 and not window.ended and len(data) - window.at < MAX_FEATURE:
                window.fill(len(data) - window.at + _CHUNK)
                data, pos = window.data, window.at + done
                start = _PLAIN.match(data, pos).end()  # type: ignore[union-attr]
                after = _STRING.match(data, start).end()  # type: ignore[union-attr]
            if data[after : after + 1] != b'"':
                return 0
        elif mark or window.ended:
            return 0
        else:  # plain bytes up to the end of what is held
            done = len(data) - window.at
            window.fill(done + _CHUNK)
            continue
        done += after + 1 - pos
    return 0


def _row(raw: bytes) -> dict[str, Any] | BadRecord:
    try:
        feature = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        return BadRecord(f"a feature is not JSON: {error}", reason="geojson.syntax")
    properties = feature.get("properties") or {}
    if feature.get("type") != "Feature" or not isinstance(properties, dict):
        return BadRecord("an object that is no GeoJSON feature", reason="geojson.feature")
    row: dict[str, Any] = dict(properties)
    if "id" in feature:
        row.setdefault("id", feature["id"])
    geometry = feature.get("geometry")
    if isinstance(geometry, dict) and geometry.get("type") == "Point":
        point = geometry.get("coordinates")
        if not isinstance(point, list) or len(point) < 2:
            return BadRecord("a Point without two coordinates", reason="point.format")
        row[LON], row[LAT] = point[0], point[1]
    return row
