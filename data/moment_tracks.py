"""Where units were at a moment and the way they had come, what areas had heard, and how much had arrived: read from the
tables through their indexes. Nothing of a track is kept in memory here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import zip_longest
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import Connection, TextClause, func, select, text

from data.codec import micros
from data.lineage import Part, parts_of
from data.moment_lately import BUCKET_S, Fix, Heard, Lately, Seen, added, begin_of, span_of

if TYPE_CHECKING:
    from data.sql_store import SqlStore

TRAIL = 20
"""Points of a unit's way that are read."""

Point = tuple[str, int, int, float, float]
"""A point of a unit's way: the unit, microseconds since 1970, seq, WGS 84 lon and lat in degrees."""


_PLACE = attrgetter("us", "seq")


class TrackReader:
    """Questions to the track table of one timeline. Each needs a connection of `store.read()`.

    What a fork inherited is asked for part by part, so that each question goes through an index.
    """

    def __init__(self, store: SqlStore, timeline: str, parts: Sequence[Part] | None = None) -> None:
        """`parts`: what belongs to the timeline; left out they are looked up when they are first needed."""
        self.store, self.timeline = store, timeline
        self._sql = _SQLITE if store.dialect == "sqlite" else _POSTGRESQL
        self._of = None if parts is None else list(parts)

    def _parts(self, conn: Connection) -> list[Part]:
        if self._of is None:
            self._of = parts_of(self.store, conn, self.timeline)
        return self._of

    def last(self, conn: Connection, units: Sequence[str], t: datetime, many: int = TRAIL) -> list[Seen]:
        """Of each unit its last positions with at <= t, by (at, seq)."""
        found = self._seen(conn, "last", units, t=t, many=many)
        if len(self._parts(conn)) > 1:
            found = _newest(found, many)
        return found if many == 1 else sorted(found, key=_PLACE)

    def ways(self, conn: Connection, units: Sequence[str], t: datetime) -> list[Point]:
        """Of each unit its last TRAIL positions with at <= t, in no order: what is drawn, and no more."""
        if self.store.dialect == "sqlite" and len(self._parts(conn)) == 1:
            (bound,) = self._bounds(conn, ids=self._ids(units), t=t, many=TRAIL)
            return self._raw(conn, "ways", bound)
        return [(each.unit, each.us, each.seq, each.lon, each.lat) for each in self.last(conn, units, t)]

    def between(self, conn: Connection, units: Sequence[str], after: datetime, until: datetime) -> list[Seen]:
        """Positions with after < at <= until, by (at, seq)."""
        return sorted(self._seen(conn, "between", units, after=after, t=until), key=_PLACE)

    def late(self, conn: Connection, seq: int, t: datetime) -> bool:
        """Whether a position with at <= t is beyond `seq`."""
        # What is inherited is never late: a fork has of its parents what the log had when it was made.
        return conn.execute(self._sql["late"], self._bound(seq=seq, t=t)).first() is not None

    def lately(self, conn: Connection, units: Sequence[str], t: datetime) -> Lately:
        """What these units sent in the span that t lies in, up to t."""
        fixes: list[Fix] = []
        for bound in self._bounds(conn, ids=self._ids(units), after=begin_of(span_of(t)), t=t):
            rows = self._rows(conn, "lately", bound)
            if self.store.dialect != "sqlite":
                rows = [(*row[:1], micros(row[1]), *row[2:8], micros(row[8])) for row in rows]
            fixes += rows
        return Lately.of(fixes)

    def contacts(self, conn: Connection, areas: Sequence[str], t: datetime) -> dict[str, int]:
        """Area -> when the last position with at <= t was in it, microseconds since 1970."""
        found: dict[str, int] = {}
        plain = self.store.dialect == "sqlite"
        for bound in self._bounds(conn, ids=self._ids(areas), t=t):
            for area, at in self._rows(conn, "contacts", bound):
                if at is not None:
                    us = at if plain else micros(at)
                    found[area] = max(us, found.get(area, us))
        return found

    def heard(self, conn: Connection, start: datetime, t: datetime) -> dict[str, Heard]:
        """Source -> what arrived of it with start <= at <= t, positions aside."""
        out = self.store.time_out
        found: dict[str, Heard] = {}
        for bound in self._bounds(conn, after=start, t=t):
            for source, n, at, received in conn.execute(self._sql["heard"], bound):
                added(found, source, Heard(n, out(at), out(received)))
        return found

    def counted(self, conn: Connection, after: int, until: int) -> list[tuple[str, int, Heard]]:
        """(source, number of the span, what arrived in it) of the records with after < seq <= until."""
        out = self.store.time_out
        return [
            (source, int(span), Heard(n, out(at), out(received)))
            for bound in self._ranges(conn, after, until)
            for source, span, n, at, received in conn.execute(self._sql["counted"], bound)
        ]

    def first(self, conn: Connection) -> int | None:
        """The first seq of the timeline's own records, by the keys and positions that it has; None without any."""
        found = []
        for table in (self.store.tables.record_key, self.store.tables.track):
            found.append(conn.execute(select(func.min(table.c.seq)).where(table.c.timeline == self.timeline)).scalar())
        return min((seq for seq in found if seq is not None), default=None)

    def _seen(self, conn: Connection, name: str, units: Sequence[str], **bound: Any) -> list[Seen]:
        return [
            each for one in self._bounds(conn, ids=self._ids(units), **bound) for each in self._seen_of(conn, name, one)
        ]

    def _seen_of(self, conn: Connection, name: str, bound: dict[str, Any]) -> list[Seen]:
        rows = self._rows(conn, name, bound)
        if self.store.dialect == "sqlite":
            return list(map(Seen._make, rows))
        return [Seen(unit, micros(at), seq, lon, lat, bearing) for unit, at, seq, lon, lat, bearing in rows]

    def _rows(self, conn: Connection, name: str, bound: dict[str, Any]) -> list[Any]:
        """The answer to a question; times of SQLite are microseconds since 1970."""
        return (
            self._raw(conn, name, bound)
            if self.store.dialect == "sqlite"
            else [tuple(row) for row in conn.execute(self._sql[name], bound)]
        )

    def _raw(self, conn: Connection, name: str, bound: dict[str, Any]) -> list[Any]:
        """Rows past the library's own and their types: there are twenty thousand where all units draw their ways."""
        cursor = conn.connection.cursor()
        try:
            rows: list[Any] = cursor.execute(self._sql[name].text, bound).fetchall()
            return rows
        finally:
            cursor.close()

    def _ids(self, ids: Iterable[str]) -> Any:
        return orjson.dumps(list(ids)).decode() if self.store.dialect == "sqlite" else list(ids)

    def _bounds(self, conn: Connection, **values: Any) -> Iterable[dict[str, Any]]:
        """The parameters of a question, once for each part that can have an answer. `t` is always among them."""
        for part in self._parts(conn):
            until = part.until
            t = values["t"] if until is None else min(values["t"], until)
            head = _ALL if part.head is None else part.head
            yield self._bound(**{**values, "t": t}) | {"timeline": part.timeline, "head": head}

    def _ranges(self, conn: Connection, after: int, until: int) -> Iterable[dict[str, Any]]:
        """The parameters of a question about after < seq <= until, once for each part that can have records there: a
        fork's own come after those that it inherits."""
        parts = self._parts(conn)
        for part, inherited in zip_longest(parts, parts[1:]):
            begun = after if inherited is None else max(after, inherited.head or 0)
            end = until if part.head is None else min(until, part.head)
            if begun < end:
                bound = self._bound(after=begun, until=end, t=part.until or _LATEST)
                yield bound | {"timeline": part.timeline, "head": end}

    def _bound(self, **values: Any) -> dict[str, Any]:
        time_in = self.store.time_in
        made = {name: time_in(value) if isinstance(value, datetime) else value for name, value in values.items()}
        return made | {"timeline": self.timeline}


def _newest(found: Iterable[Seen], many: int) -> list[Seen]:
    """Of each unit the last ones."""
    by_unit: dict[str, list[Seen]] = {}
    for each in found:
        by_unit.setdefault(each.unit, []).append(each)
    return [each for seen in by_unit.values() for each in sorted(seen, key=_PLACE)[-many:]]


_ALL = 2**62
"""Beyond every seq."""
_LATEST = datetime(9999, 1, 1, tzinfo=UTC)

_SEEN = "p.at, p.seq, p.lon, p.lat, p.bearing"
_FIX = f"{_SEEN}, p.area, p.source, p.received_at"
_OF = "p.timeline = :timeline AND p.seq <= :head"
_BETWEEN = f"{_OF} AND p.unit = u.value AND p.at > :after AND p.at <= :t"
_UNTIL = f"{_OF} AND p.unit = u.value AND p.at <= :t ORDER BY p.at DESC, p.seq DESC LIMIT :many"
_CONTACT = f"SELECT max(p.at) FROM track p WHERE {_OF} AND p.area = u.value AND p.at <= :t"
_HEARD = "SELECT p.source, count(*), max(p.at), max(p.received_at)"
_WITHIN = f"{_OF} AND p.at >= :after AND p.at <= :t"
_HEARD_FROM = "kind NOT IN ('feed', 'look')"  # what is no sign of life: `data/projection/feeds.py`, MUTE


# CROSS JOIN: SQLite then looks each unit up in the index, rather than every position for its unit.
def _statements(each: str, last: str, span: str, plain: str) -> dict[str, TextClause]:
    counted = f"SELECT source, {span} AS span, count(*), max(at), max(received_at)"
    new = f"seq <= :head AND seq > :after AND seq <= :until AND {plain}timeline = :timeline AND {plain}at <= :t"
    return {
        "last": text(last),
        "between": text(f"SELECT u.value, {_SEEN} FROM {each} CROSS JOIN track p WHERE {_BETWEEN}"),
        "late": text(
            f"SELECT 1 FROM track WHERE seq > :seq AND {plain}timeline = :timeline AND {plain}at <= :t LIMIT 1"
        ),
        "contacts": text(f"SELECT u.value, ({_CONTACT}) FROM {each}"),
        "lately": text(f"SELECT u.value, {_FIX} FROM {each} CROSS JOIN track p WHERE p.unit = u.value AND {_WITHIN}"),
        "heard": text(f"{_HEARD} FROM record p WHERE {_WITHIN} AND p.{_HEARD_FROM} GROUP BY 1"),
        "counted": text(
            f"{counted} FROM track WHERE {new} GROUP BY 1, 2 UNION ALL "
            f"{counted} FROM record WHERE {new} AND {plain}{_HEARD_FROM} GROUP BY 1, 2"
        ),
    }


_SPAN_US = BUCKET_S * 1_000_000
_SQLITE = _statements(
    "json_each(:ids) u",
    f"SELECT u.value, {_SEEN} FROM json_each(:ids) u JOIN track p "
    f"ON p.seq IN (SELECT p.seq FROM track p WHERE {_UNTIL})",
    f"(at - (at % {_SPAN_US} + {_SPAN_US}) % {_SPAN_US}) / {_SPAN_US}",  # rounded down, before 1970 as well
    "+",  # no index for what follows: rows are gone through by seq, and an index of a timeline has all of it
)
_SQLITE["ways"] = text(
    "SELECT u.value, p.at, p.seq, p.lon, p.lat FROM json_each(:ids) u JOIN track p "
    f"ON p.seq IN (SELECT p.seq FROM track p WHERE {_UNTIL})"
)
_POSTGRESQL = _statements(
    "unnest(CAST(:ids AS text[])) AS u(value)",
    f"SELECT u.value, {_SEEN} FROM unnest(CAST(:ids AS text[])) AS u(value) "
    f"CROSS JOIN LATERAL (SELECT {_SEEN} FROM track p WHERE {_UNTIL}) p",
    f"CAST(floor(extract(epoch FROM at) / {BUCKET_S}) AS bigint)",
    "",
)
