"""CSV as rows, line by line, so that one broken quote never swallows the rows after it."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO

from data.errors import BadInput, BadRecord
from feeds.lines import LongLine, read_lines

MAX_JOINED_LINES = 200
MAX_JOINED_BYTES = 256 * 1024
"""A quoted field may hold line breaks; a record that is still open past these limits is a broken quote."""

Item = tuple[dict[str, str], bytes] | tuple[BadRecord, bytes]
"""A row or what is wrong with it, and its bytes."""


def read_csv(stream: BinaryIO, *, encoding: str, delimiter: str, needed: list[str], name: str) -> Iterator[Item]:
    """The rows of a CSV file with a header line. Raises BadInput when the header lacks a needed column.

    Rules for what is broken: a row has as many fields as the header. When an open quote joins lines that do
    not make such a row, its first line alone is refused and reading resumes with the line after it.
    """
    lines = _Lines(read_lines(stream))
    header = _header(lines, encoding, delimiter, needed, name)
    width = len(header)
    while (first := lines.next()) is not None:
        if not first or first.isspace():
            continue
        if isinstance(first, LongLine):
            yield BadRecord("a line is longer than 1 MiB", reason="line.length"), first
            continue
        raw, taken = first, 0
        if first.count(b'"') % 2:
            raw, taken = _joined(first, lines)
        try:
            fields = _split(raw, encoding, delimiter)
            if len(fields) != width:
                raise BadRecord(f"the row has {len(fields)} fields, the header {width}", reason="csv.fields")
        except BadRecord as error:
            lines.give_back(taken)
            yield error, first
            continue
        lines.forget()
        yield dict(zip(header, fields, strict=True)), raw


class _Lines:
    """A line source that can take back what was looked at last."""

    def __init__(self, source: Iterator[bytes]) -> None:
        self._source = source
        self._ahead: deque[bytes] = deque()
        self._seen: list[bytes] = []

    def next(self) -> bytes | None:
        self._seen.clear()
        return self._take()

    def more(self) -> bytes | None:
        line = self._take()
        if line is not None:
            self._seen.append(line)
        return line

    def give_back(self, count: int) -> None:
        """Put the last `count` lines got by `more` back, in their order."""
        if count:
            self._ahead.extendleft(reversed(self._seen[-count:]))
        self._seen.clear()

    def forget(self) -> None:
        self._seen.clear()

    def _take(self) -> bytes | None:
        if self._ahead:
            return self._ahead.popleft()
        return next(self._source, None)


def _joined(first: bytes, lines: _Lines) -> tuple[bytes, int]:
    """The lines up to the one that closes the open quote, and how many were added to the first."""
    parts, size, taken = [first], len(first), 0
    while taken < MAX_JOINED_LINES and size < MAX_JOINED_BYTES:
        line = lines.more()
        if line is None:
            break
        taken += 1
        parts.append(line)
        size += len(line)
        if line.count(b'"') % 2:
            break
        if isinstance(line, LongLine):
            break
    return b"\n".join(parts), taken


def _split(raw: bytes, encoding: str, delimiter: str) -> list[str]:
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise BadRecord(f"the line is not {encoding}: byte {error.start} is invalid", reason="encoding") from None
    try:
        rows = list(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise BadRecord(f"the line is not CSV: {error}", reason="csv.syntax") from None
    return rows[0] if len(rows) == 1 else []


def _header(lines: _Lines, encoding: str, delimiter: str, needed: list[str], name: str) -> list[str]:
    first = lines.next()
    if first is None:
        raise BadInput(f"{name}: is empty; the first line must name the columns")
    try:
        header = _split(first.removeprefix(b"\xef\xbb\xbf"), encoding, delimiter)
    except BadRecord as error:
        raise BadInput(f"{name}: the first line must name the columns: {error}") from None
    header = [column.strip() for column in header]
    missing = [column for column in needed if column not in header]
    if missing:
        raise BadInput(f"{name}: has no column {missing[0]!r}, which the mapping names; it has {_some(header)}")
    if len(set(header)) != len(header):
        twice = next(c for c in header if header.count(c) > 1)
        raise BadInput(f"{name}: the header names {twice!r} twice; rename one")
    return header


def _some(names: list[str]) -> str:
    shown = ", ".join(repr(n[:40]) for n in names[:12])
    return shown + (", ..." if len(names) > 12 else "")
