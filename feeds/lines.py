"""Lines of a byte stream in bounded memory, whatever the bytes are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

MAX_LINE = 1 << 20
"""Longest line that can be a record, bytes. Longer ones are refused, and only their head is kept."""

KEPT = 64 * 1024
"""Bytes of refused input that are kept for a person to look at."""

_CHUNK = 1 << 18


class LongLine(bytes):
    """The head of a line that was longer than MAX_LINE; the rest of it was read and let go."""


def read_lines(stream: BinaryIO) -> Iterator[bytes]:
    """The lines of `stream` without their line ends (LF or CRLF); a LongLine stands for one that is too long."""
    tail = b""
    skipping = False
    while chunk := stream.read(_CHUNK):
        parts = chunk.split(b"\n")
        if skipping:
            if len(parts) == 1:
                continue
            parts = parts[1:]
            skipping = False
        else:
            parts[0] = tail + parts[0]
        tail = parts.pop()
        for line in parts:
            yield _bounded(line)
        if len(tail) > MAX_LINE:
            yield LongLine(tail[:KEPT])
            tail, skipping = b"", True
    if tail and not skipping:
        yield _bounded(tail)


def _bounded(line: bytes) -> bytes:
    if len(line) > MAX_LINE:
        return LongLine(line[:KEPT])
    return line[:-1] if line.endswith(b"\r") else line
