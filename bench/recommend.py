"""Recommendation of units for an incident: `python -m bench.recommend [--quick]`.

2,000 units of the demonstration district's kinds on a generated street graph of 47,000 junctions, seven in ten of them
available. A question is answered whole: who fits, who can go, the 12 first of each need by road travel time with the
suggestion, and the others in order, the nearest of them with the reason. Beside it

- the obvious way: the same, with SciPy's Dijkstra from everywhere to the incident and all times sorted. The answers
  are compared, unit by unit;
- what is usual instead, which answers less: the straight line, from rows that an ORM loads or by PostGIS' nearest
  neighbour index, without roads and without reasons. Its first unit is compared with the first by road.
"""

from __future__ import annotations

import argparse
import gc
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import perf_counter, process_time

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from sqlalchemy import Engine, create_engine, insert, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from bench.roads import streets
from bench.table import Contestant, compare, duration, show, show_facts
from data.records import IncidentState, UnitStatus
from data.store import IncidentRow, UnitRow
from dispatch.recommend import Recommendation, recommend
from dispatch.skills import Skills
from dispatch.skills_file import load_skills
from dispatch.travel import ByRoad, First, Floats, Ints, StraightLine, Travel
from geo.distance import haversine_m
from geo.kernels import warm
from geo.roads import RoadGraph
from tests.postgis_server import PostgisMissing, PostgisServer

NOW = datetime(2026, 5, 1, 8, 0, tzinfo=UTC)
K, UNITS, QUESTIONS, TARGET_S = 12, 2000, 600, 0.020
FLEET = {
    "patrol_car": ("police", "traffic"),
    "fire_engine": ("fire", "rescue"),
    "ambulance": ("medical",),
    "repair_team": ("repair", "water", "power"),
    "grid_worker": ("patrol",),
}
CATEGORIES = ("0304", "0501", "0402", "0601", "1201", "0702")
"""Injury accident, building fire, fraud, chest pain, dispute, noise: one to three needs."""


class Obvious(ByRoad):
    """SciPy's search from everywhere to the incident, for every question; all times sorted."""

    def __init__(self, roads: RoadGraph, kmh: float = 30.0) -> None:
        super().__init__(roads, kmh)
        away = roads.incoming
        self.graph, self.v = roads, kmh / 3.6
        self.matrix = csr_array((away.seconds, away.to, away.first), shape=(roads.nodes, roads.nodes))

    def first(
        self, lon: Floats, lat: Floats, to_lon: float, to_lat: float, at: datetime, groups: Sequence[Ints], k: int
    ) -> First:
        roads, placed = self.graph, np.flatnonzero(np.isfinite(lon))
        goal, node = int(roads.snap(to_lon, to_lat)), roads.snap(lon[placed], lat[placed])
        off = haversine_m(lon[placed], lat[placed], roads.lon[node], roads.lat[node])
        goal_off = haversine_m(to_lon, to_lat, roads.lon[goal], roads.lat[goal])
        driven = dijkstra(self.matrix, indices=np.array([goal]))[0, node] + off / self.v + goal_off / self.v
        direct = haversine_m(lon[placed], lat[placed], to_lon, to_lat)
        seconds = np.full(lon.size, np.inf)
        seconds[placed] = np.where(direct < off + goal_off, np.minimum(driven, direct / self.v), driven)
        return First.of(seconds, groups, k)


class Base(DeclarativeBase):
    """Tables of the usual way."""


class Row(Base):
    """A unit as an ORM has it."""

    __tablename__ = "unit"
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(index=True)
    status: Mapped[str]
    lon: Mapped[float]
    lat: Mapped[float]


def fleet(roads: RoadGraph, rng: np.random.Generator) -> list[UnitRow]:
    """Units beside junctions; three in ten at work, one in fifty with an old position."""
    out = []
    kinds = list(FLEET)
    for number, node in enumerate(rng.choice(roads.core, UNITS).tolist()):
        kind = kinds[int(rng.integers(len(kinds)))]
        free = bool(rng.random() < 0.7)
        age = timedelta(seconds=900 if rng.random() < 0.02 else 3)
        out.append(
            UnitRow(
                id=f"U{number:04d}", timeline="live", name=f"U{number}", name_en="", kind=kind, skills=FLEET[kind],
                duty_area=f"G{node % 930}", status=UnitStatus.AVAILABLE if free else UnitStatus.ON_SCENE,
                status_at=NOW, status_actor="", incident=None if free else "I-other",
                lon=float(roads.lon[node] + rng.uniform(-3e-4, 3e-4)), lat=float(roads.lat[node]),
                position_at=NOW - age, bearing=None, simulated=True, seq=number,
            )
        )  # fmt: skip
    return out


def incidents(roads: RoadGraph, rng: np.random.Generator, count: int) -> list[IncidentRow]:
    one = IncidentRow(
        id="I-1", timeline="live", state=IncidentState.OPEN, opened_at=NOW, dispatched_at=None, arrived_at=None,
        closed_at=None, category="", severity=1, title="", title_en="", address="", source="110", lon=0.0, lat=0.0,
        cell=None, area="G1", units=(), rows=1, last_actor="", seq=1,
    )  # fmt: skip
    nodes = rng.choice(roads.core, count).tolist()
    return [
        replace(one, lon=float(roads.lon[n] + 2e-4), lat=float(roads.lat[n]), category=CATEGORIES[i % len(CATEGORIES)])
        for i, n in enumerate(nodes)
    ]


def times(found: Recommendation) -> Floats:
    return np.array([c.travel_s for c in found.candidates], np.float64)


def same(mine: list[Recommendation], other: list[Recommendation]) -> bool:
    """The same units in the same order, the same suggestions and reasons; times within 1e-9 s."""
    return all(
        [c.unit.id for c in a.candidates] == [c.unit.id for c in b.candidates]
        and np.allclose(times(a), times(b), rtol=0, atol=1e-9)
        and a.suggested == b.suggested
        and [(c.unit.id, c.excluded) for c in a.excluded] == [(c.unit.id, c.excluded) for c in b.excluded]
        for a, b in zip(mine, other, strict=True)
    )


def kinds_of(skills: Skills, incident: IncidentRow) -> list[str]:
    """Kinds that fit its needs, what the usual way filters by. Those that walk are left to the own area there too."""
    needs = skills.needs(incident.category, incident.severity)
    return sorted({kind for need in needs for kind in need.kinds if kind != "grid_worker"}) or ["patrol_car"]


def by_orm(engine: Engine, incident: IncidentRow, kinds: list[str]) -> list[str]:
    with Session(engine) as session:
        rows = session.query(Row).filter(Row.status == "available", Row.kind.in_(kinds)).all()
        metres = haversine_m([r.lon for r in rows], [r.lat for r in rows], incident.lon or 0, incident.lat or 0)
        return [rows[i].id for i in np.argsort(metres, kind="stable")[:K].tolist()]


_KNN = text(
    "SELECT id FROM unit WHERE status = 'available' AND kind = ANY(:kinds) "
    "ORDER BY point <-> ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)::geography LIMIT :k"
)


def by_knn(engine: Engine, incident: IncidentRow, kinds: list[str]) -> list[str]:
    with engine.connect() as connection:
        said = {"kinds": kinds, "lon": incident.lon, "lat": incident.lat, "k": K}
        return list(connection.execute(_KNN, said).scalars())


def filled(url: str, units: list[UnitRow]) -> Engine:
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(
            insert(Row),
            [{"id": u.id, "kind": u.kind, "status": u.status.value, "lon": u.lon, "lat": u.lat} for u in units],
        )
        if engine.dialect.name == "postgresql":
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS postgis"))
            connection.execute(text("ALTER TABLE unit ADD point geography(Point, 4326)"))
            connection.execute(text("UPDATE unit SET point = ST_SetSRID(ST_MakePoint(lon, lat), 4326)::geography"))
            connection.execute(text("CREATE INDEX ON unit USING gist (point)"))
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE unit"))
    return engine


def job(rounds: int) -> None:
    rng = np.random.default_rng(4)
    roads, skills = streets(), load_skills()
    units, asked = fleet(roads, rng), incidents(roads, rng, QUESTIONS)
    some = asked[:18]
    by_road, obvious = ByRoad(roads), Obvious(roads)

    def answer(incident: IncidentRow, travel: Travel) -> Recommendation:
        return recommend(incident, units, NOW, travel=travel, skills=skills, k=K)

    by_road.prepare(NOW)
    start = perf_counter()
    cold = [answer(incident, by_road) for incident in some]
    cold_s = (perf_counter() - start) / len(some)
    warm.wait()
    gc.collect()
    gc.freeze()  # as a server does with what it loaded
    contestants = [
        Contestant("ours, by road", lambda: [answer(i, by_road) for i in some]),
        Contestant("ours, straight line", lambda: [answer(i, StraightLine()) for i in some], compared=False),
        Contestant("SciPy Dijkstra, all sorted", lambda: [answer(i, obvious) for i in some], same=same),
    ]
    sqlite = filled("sqlite://", units)
    contestants.append(
        Contestant("ORM rows, straight line", lambda: [by_orm(sqlite, i, kinds_of(skills, i)) for i in some],
                   compared=False)
    )  # fmt: skip
    server = None
    try:
        server = PostgisServer()
        postgis = filled(server.url(), units)
        contestants.append(
            Contestant("PostGIS KNN, straight line", lambda: [by_knn(postgis, i, kinds_of(skills, i)) for i in some],
                       compared=False)
        )  # fmt: skip
    except PostgisMissing as missing:
        print(f"\nPostGIS left out: {missing}")
    try:
        rows = compare(contestants, rounds)
    finally:
        sqlite.dispose()
        if server is not None:
            postgis.dispose()
            server.close()
    each = [replace(row, seconds=row.seconds / len(some), best=row.best / len(some)) for row in rows]
    show(
        f"{K} first of each need among {UNITS:,} units, {roads.nodes:,} nodes, {roads.edges:,} edges", each,
        note="one incident; straight lines are less of an answer: no roads, and from SQL no reasons",
    )  # fmt: skip
    took, worked, other = [], [], 0
    for incident in asked:
        start, began = perf_counter(), process_time()
        found = answer(incident, by_road)
        _ = found.excluded[:K]
        took.append(perf_counter() - start)
        worked.append(process_time() - began)
        direct = answer(incident, StraightLine())
        other += bool(found.suggested) and found.suggested != direct.suggested
    p50, p99 = np.percentile(took, [50, 99]).tolist()
    show_facts(
        f"ours, {QUESTIONS} incidents of {len(CATEGORIES)} classes",
        [
            ("p50", duration(p50), "", None),
            (
                "p50, p99 of processor time",
                " / ".join(map(duration, np.percentile(worked, [50, 99]).tolist())),
                "",
                None,
            ),
            ("p99", duration(p99), f"<= {duration(TARGET_S)}", p99 <= TARGET_S),
            ("before the kernels are compiled", duration(cold_s), "", None),
            ("cold answers as warm ones", "yes" if same(cold, [answer(i, by_road) for i in some]) else "NO", "", None),
            ("straight line suggests others", f"{other} of {QUESTIONS}", "", None),
        ],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two rounds")
    job(2 if parser.parse_args().quick else 5)


if __name__ == "__main__":
    main()
