"""Many event rows of live work in columns: what an archive holds, and how it becomes records or their JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, compress
from re import compile as pattern
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from data.codec import EPOCH, MAX_PAYLOAD, MAX_TEXT, MAX_VERSION, instant, micros
from data.records import LIVE, Kind, Payload, Record, parse_payload

EARLIEST, LATEST = (micros(EPOCH.replace(year=year)) for year in (1900, 2200))
_LONGEST = (200, 500, 500, 500, 100)
"""Of a payload's category, title, title_en, address and status, characters: `EventPayload`."""

_SPECIAL = pattern(r'["\\\x00-\x1f]')
"""What JSON writes in another way."""


@dataclass(frozen=True, slots=True)
class PlainEvents:
    """Event rows of live work in columns of one length, each an incident of its own that bears its `ids`.

    `times` is [n, len(names)]: microseconds since 1970 of the lifecycle timestamps `names`, of which row i gives the
    first `known[i]`, at least one; the first is when it happened. `lonlat` is [n, 2], WGS 84 degrees.
    """

    names: tuple[str, ...]
    sources: Sequence[str]
    ids: Sequence[str]
    versions: Sequence[int]
    times: NDArray[np.int64]
    known: NDArray[np.int64]
    lonlat: NDArray[np.float64]
    categories: Sequence[str]
    severities: Sequence[int]
    titles: Sequence[str]
    titles_en: Sequence[str]
    addresses: Sequence[str]
    statuses: Sequence[str]

    def __len__(self) -> int:
        return len(self.ids)

    def without(self, ids: set[str]) -> PlainEvents:
        """The rows but those with these ids."""
        keep = [id not in ids for id in self.ids]
        if all(keep):
            return self
        mask = np.array(keep, dtype=bool)
        left: dict[str, Any] = {
            name: column[mask] if isinstance(column, np.ndarray) else list(compress(column, keep))
            for name, column in ((name, getattr(self, name)) for name in self.__slots__)
            if name != "names"
        }
        return replace(self, **left)

    @staticmethod
    def joined(parts: Sequence[PlainEvents]) -> PlainEvents:
        """One after the other; all have the same `names`."""
        columns: dict[str, Any] = {}
        for name in parts[0].__slots__[1:]:
            column = [getattr(part, name) for part in parts]
            whole = np.concatenate(column) if isinstance(column[0], np.ndarray) else list(chain.from_iterable(column))
            columns[name] = whole
        return replace(parts[0], **columns)

    def records(self) -> Iterator[Record]:
        """The same as records."""
        for source, id, version, at, (lon, lat), payload in zip(
            self.sources, self.ids, self.versions, self._told(), self.lonlat.tolist(), self._payloads(), strict=True
        ):
            yield Record(Kind.EVENT, source, id, at[0], payload, lon, lat, version)

    def _told(self) -> Iterator[list[datetime]]:
        for row, known in zip(self.times.tolist(), self.known.tolist(), strict=True):
            yield [instant(t) for t in row[:known]]

    def _payloads(self) -> Iterator[Payload]:
        for times, id, category, severity, title, title_en, address, status in zip(
            self._told(), self.ids, self.categories, self.severities, self.titles, self.titles_en, self.addresses,
            self.statuses, strict=True,
        ):  # fmt: skip
            yield parse_payload(Kind.EVENT, {
                "category": category, "incident": id, "severity": severity, "title": title, "title_en": title_en,
                "address": address, "status": status, "times": dict(zip(self.names, times, strict=False)),
            })  # fmt: skip

    def bodies(self) -> list[bytes] | None:
        """The payloads as JSON, as `codec.payload_json` writes them. None when something may be refused: `append` says
        what."""
        if not self._in_order():
            return None
        texts = (self.ids, self.categories, self.titles, self.titles_en, self.addresses, self.statuses)
        try:
            found = [
                (
                    f'{{"category":"{category}","incident":"{id}","severity":{severity},"title":"{title}",'
                    f'"title_en":"{title_en}","address":"{address}","status":"{status}","unit":null,"contact":null,'
                    f'"times":{{{times}}},"attrs":{{}}}}'
                ).encode()
                for id, category, title, title_en, address, status, severity, times in zip(
                    *map(_escaped, texts), self.severities, self._told_in_json(), strict=True
                )
            ]
        except UnicodeEncodeError:  # half a surrogate pair
            return None
        return found if max(map(len, found)) <= MAX_PAYLOAD else None

    def _told_in_json(self) -> Iterator[str]:
        """The inside of the object `times` of each row."""
        forms = [",".join(f'"{name}":"%sZ"' for name in self.names[:known]) for known in range(len(self.names) + 1)]
        stamps = np.datetime_as_string(self.times.astype("M8[us]")).tolist()
        tails = (self.times % 1_000_000 == 0).tolist()
        for row, whole, known in zip(stamps, tails, self.known.tolist(), strict=True):
            if True in whole:
                row = [t[:19] if even else t for t, even in zip(row, whole, strict=True)]
            yield forms[known] % tuple(row[:known])

    def _in_order(self) -> bool:
        """Whether these are surely rows that the log takes: see `codec.check` and `EventPayload`."""
        first, (lon, lat) = self.times[:, 0], self.lonlat.T
        named = "".join(("".join(self.sources), "".join(self.ids)))
        texts = (self.categories, self.titles, self.titles_en, self.addresses, self.statuses)
        longest = [max(map(len, column)) for column in (self.sources, self.ids, *texts)]
        return bool(
            longest[0] + longest[1] <= MAX_TEXT - len(LIVE)
            and all(long <= most for long, most in zip(longest[2:], _LONGEST, strict=True))
            and min(min(map(len, column)) for column in (self.sources, self.ids, self.categories)) > 0
            and named.isascii()
            and all(name.isidentifier() for name in self.names)
            and "\x00" not in named
            and not any("\x00" in "".join(column) for column in texts)
            and 1 <= min(self.severities) <= max(self.severities) <= 4
            and 0 <= min(self.versions) <= max(self.versions) <= MAX_VERSION
            and 1 <= self.known.min() <= self.known.max() <= len(self.names)
            and EARLIEST <= first.min() <= first.max() < LATEST
            and np.all((lon >= -180) & (lon <= 180) & (lat >= -90) & (lat <= 90))
        )


def _escaped(column: Sequence[str]) -> Sequence[str]:
    """Texts as they stand between the quotation marks of JSON."""
    if _SPECIAL.search("".join(column)) is None:
        return column
    return [orjson.dumps(text)[1:-1].decode() for text in column]
