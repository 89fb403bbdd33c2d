"""The region and the base maps in the tables, and the stamping of what was stored before the region came."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
from shapely import from_wkb, to_wkb
from sqlalchemy import Connection, bindparam, delete, func, select, update

from data.store import Locator
from geo.area import Area, Region

if TYPE_CHECKING:
    from data.sql_store import SqlStore

RESTAMP_CHUNK = 50_000


class RegionTables:
    """Levels, areas and base maps of one store."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self._held: tuple[int, weakref.ref[Region]] | None = None

    def shared(self, conn: Connection) -> Region:
        """The region as committed: the same object for all of a process for as long as somebody holds it. Not for a
        transaction that writes."""
        held, version = self._held, int(conn.execute(select(self.store.tables.head.c.region)).scalar_one())
        found = held[1]() if held is not None and held[0] == version else None
        if found is None:
            found = self.load(conn)
            self._held = version, weakref.ref(found)
        return found

    def load(self, conn: Connection) -> Region:
        """Read the region."""
        level, area = self.store.tables.level, self.store.tables.area
        levels = [name for (name,) in conn.execute(select(level.c.name).order_by(level.c.position))]
        geometry = area.c.geom if self.store.dialect == "sqlite" else func.ST_AsBinary(area.c.geom)
        rows = conn.execute(
            select(area.c.code, area.c.name, area.c.name_en, area.c.level, area.c.parent, area.c.attrs, geometry)
        ).all()
        shapes = from_wkb([bytes(row[6]) for row in rows])
        areas = [
            Area(code, name, where, shape, parent, name_en, orjson.loads(attrs) if isinstance(attrs, str) else attrs)
            for (code, name, name_en, where, parent, attrs, _), shape in zip(rows, shapes, strict=True)
        ]
        return Region.of(levels, areas)

    def save(self, conn: Connection, region: Region) -> None:
        tables = self.store.tables
        conn.execute(delete(tables.area))
        conn.execute(delete(tables.level))
        if region.levels:
            conn.execute(tables.level.insert(), [{"position": i, "name": n} for i, n in enumerate(region.levels)])
        if region.areas:
            columns = ("code", "name", "name_en", "level", "parent", "attrs", "geom")
            bodies = to_wkb([area.geometry for area in region.areas], include_srid=False)
            rows = [
                (
                    a.code,
                    a.name,
                    a.name_en,
                    a.level,
                    a.parent,
                    self.store.document_in_row(orjson.dumps(dict(a.attrs))),
                    wkb,
                )
                for a, wkb in zip(region.areas, bodies, strict=True)
            ]
            self.store.insert(conn, tables.area, columns, rows)

    def restamp(self, conn: Connection, locate: Locator) -> bool:
        """Stamp `area` anew on everything in the log that has a point. Says whether anything changed."""
        changed = False
        for table in (self.store.tables.record, self.store.tables.track):
            after = 0
            new = update(table).where(table.c.seq == bindparam("number")).values(area=bindparam("code"))
            while True:
                rows = conn.execute(
                    select(table.c.seq, table.c.lon, table.c.lat, table.c.area)
                    .where(table.c.seq > after, table.c.lon.is_not(None))
                    .order_by(table.c.seq)
                    .limit(RESTAMP_CHUNK)
                ).all()
                if not rows:
                    break
                after = rows[-1][0]
                lon, lat = np.array([row[1] for row in rows]), np.array([row[2] for row in rows])
                _, areas = locate(lon, lat)
                moved: list[dict[str, Any]] = [
                    {"number": row[0], "code": code} for row, code in zip(rows, areas, strict=True) if code != row[3]
                ]
                if moved:
                    changed = True
                    conn.execute(new, moved)
        return changed

    def save_basemap(self, conn: Connection, layer: str, geojson: bytes) -> None:
        table = self.store.tables.basemap
        conn.execute(delete(table).where(table.c.layer == layer))
        conn.execute(table.insert(), [{"layer": layer, "body": geojson}])

    def basemap(self, conn: Connection, layer: str) -> bytes | None:
        table = self.store.tables.basemap
        body = conn.execute(select(table.c.body).where(table.c.layer == layer)).scalar_one_or_none()
        return None if body is None else bytes(body)
