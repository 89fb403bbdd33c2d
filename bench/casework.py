"""Commands of 50 officers working at once on PostGIS: how long each waits for its answer.

One server process, as in service: 50 threads, each an officer who takes a matter through its life (open, file, assign,
accept, dispatch, under way, on scene, answer, verify, return, note, recall, close), with keys and expected versions,
thinking a moment between commands. fsync is on: an answered command is on disk. Beside the cases that are worked on lie
others that wait, so that tables and indexes have their size.

Contestants, in turn on one server:

- ours          Dispatcher: log, projections, clocks, one transaction a command; writers one after another
- orm row lock  what one would write otherwise: SQLAlchemy ORM, SELECT ... FOR UPDATE of the case's (or unit's) row, an
                update of it and a row of history; no log that can be replayed, no exactly-once, no calendar

Two loads: officers who think between commands (the target is p99 <= 50 ms), and officers who never do (throughput).
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import perf_counter, process_time, sleep

from sqlalchemy import DateTime, ForeignKey, Integer, String, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from data.clock import SystemClock
from data.errors import GridcommandError, Refused
from data.open_store import open_store
from data.records import EventPayload, Evidence, Kind, Record, UnitPayload, UnitStatus
from data.sql_store import SqlStore
from dispatch.book import shipped
from dispatch.dispatcher import Dispatcher, Done
from tests.postgis_server import PostgisServer

OFFICERS = 50
TARGET_MS = 50.0
UNITS = 200
LON, LAT = 116.8, 35.5

Act = tuple[str, Callable[[], object]]


@dataclass
class Times:
    """Seconds each command took, by its name; and how many were refused, as some have to be."""

    taken: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    refused: int = 0
    failed: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def all(self) -> list[float]:
        return [t for times in self.taken.values() for t in times]


def quantile(values: list[float], q: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(q * (len(ordered) - 1)))]


class Ours:
    """The product's own commands."""

    name = "ours"

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.desk = Dispatcher(store, SystemClock(), book=shipped())

    def lives(self, officer: int, draw: random.Random, run: int) -> Iterator[Act]:
        """One life after another: commands of one officer, each made when it is asked for."""
        desk, me, n = self.desk, f"desk {officer}", 0
        mine = [f"U{officer:02}-{i}" for i in range(UNITS // OFFICERS)]
        while True:
            n += 1
            key = f"b{run}-{officer}-{n}-"
            state: dict[str, Done] = {}

            def keep(done: Done, state: dict[str, Done] = state) -> None:
                state["last"] = done

            def seen(state: dict[str, Done] = state) -> tuple[str, int]:
                row = state["last"].incident
                assert row is not None
                return row.id, row.seq

            def move(name: str, role: str, key: str = key, keep: Callable[[Done], None] = keep,
                     seen: Callable[[], tuple[str, int]] = seen, **more: object) -> None:  # fmt: skip
                id, seq = seen()
                keep(desk.move(id, name, actor=me, role=role, expected=seq, key=key + name, **more))  # type: ignore[arg-type]

            fire = draw.random() < 0.4
            category, severity = ("0501", 2) if fire else (f"01{draw.randrange(1, 10):02}", 3)
            lon, lat = LON + draw.random() / 5, LAT + draw.random() / 5
            yield "open", lambda c=category, s=severity, x=lon, y=lat, key=key, keep=keep: keep(  # type: ignore[misc]
                desk.open(actor=me, category=c, severity=s, title="路面积水", lon=x, lat=y, key=key + "open",
                          workflow="emergency" if c == "0501" else "grid-5")
            )  # fmt: skip
            if fire:
                unit = draw.choice(mine)
                yield (
                    "dispatch",
                    lambda u=unit, key=key, keep=keep, seen=seen: keep(  # type: ignore[misc]
                        desk.dispatch(seen()[0], [u], actor=me, key=key + "send")
                    ),
                )
                if draw.random() < 0.1:
                    yield (
                        "recall",
                        lambda u=unit, key=key, keep=keep, seen=seen: keep(  # type: ignore[misc]
                            desk.recall(seen()[0], [u], actor=me, reason="closer one", key=key + "back")
                        ),
                    )
                    continue
                yield (
                    "unit status",
                    lambda u=unit, key=key: desk.set_unit_status(  # type: ignore[misc]
                        u, UnitStatus.EN_ROUTE, actor=u, key=key + "way"
                    ),
                )
                yield (
                    "arrive",
                    lambda u=unit, key=key, keep=keep, seen=seen: keep(  # type: ignore[misc]
                        desk.arrive(seen()[0], u, actor=u, key=key + "there")
                    ),
                )
                yield "note", lambda move=move: move("note", "dispatcher", note="两车已到场")
                yield (
                    "close",
                    lambda key=key, keep=keep, seen=seen: keep(  # type: ignore[misc]
                        desk.close(seen()[0], actor=me, disposition="out", key=key + "end")
                    ),
                )
                continue
            yield "assign", lambda move=move: move("assign", "dispatcher", owner="sanitation")
            if draw.random() < 0.15:
                yield "return", lambda move=move: move("return", "owner", reason="not our road")
                continue
            yield "accept", lambda move=move: move("accept", "owner")
            if draw.random() < 0.1:
                yield "extend", lambda move=move: move("extend", "supervisor", reason="rain", by="1 day")
            yield "answer", lambda move=move: move("answer", "worker", evidence=[Evidence(kind="photo", ref="p.jpg")])
            yield "verify", lambda move=move: move("verify", "dispatcher")


class Base(DeclarativeBase):
    pass


class OrmCase(Base):
    __tablename__ = "orm_case"
    id: Mapped[str] = mapped_column(String, primary_key=True)
    step: Mapped[str] = mapped_column(String)
    owner: Mapped[str] = mapped_column(String)
    due: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    version: Mapped[int] = mapped_column(Integer)


class OrmUnit(Base):
    __tablename__ = "orm_unit"
    id: Mapped[str] = mapped_column(String, primary_key=True)
    status: Mapped[str] = mapped_column(String)
    case_id: Mapped[str | None] = mapped_column(String)


class OrmHistory(Base):
    __tablename__ = "orm_history"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("orm_case.id"), index=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    actor: Mapped[str] = mapped_column(String)
    move: Mapped[str] = mapped_column(String)
    note: Mapped[str] = mapped_column(String)


class OrmRowLock:
    """A table of cases, one of units, one of history: rows are locked, changed and committed."""

    name = "orm row lock"

    def __init__(self, url: str) -> None:
        self.engine = create_engine(url, pool_size=24, max_overflow=0)
        Base.metadata.create_all(self.engine)
        with Session(self.engine) as session, session.begin():
            session.add_all(
                OrmUnit(id=f"U{o:02}-{i}", status="available", case_id=None)
                for o in range(OFFICERS)
                for i in range(UNITS // OFFICERS)
            )

    def _open(self, id: str, me: str) -> None:
        now = datetime.now(UTC)
        with Session(self.engine) as session, session.begin():
            session.add(OrmCase(id=id, step="reported", owner="triage", due=now + timedelta(days=1), version=0))
            session.flush()
            session.add(OrmHistory(case_id=id, at=now, actor=me, move="open", note=""))

    def _move(self, id: str, me: str, move: str, unit: str | None, status: str) -> None:
        now = datetime.now(UTC)
        with Session(self.engine) as session, session.begin():
            case = session.execute(select(OrmCase).where(OrmCase.id == id).with_for_update()).scalar_one()
            case.step, case.due, case.version = move, now + timedelta(days=1), case.version + 1
            if unit is not None:
                row = session.execute(select(OrmUnit).where(OrmUnit.id == unit).with_for_update()).scalar_one()
                row.status, row.case_id = status, id
            session.add(OrmHistory(case_id=id, at=now, actor=me, move=move, note=""))

    def lives(self, officer: int, draw: random.Random, run: int) -> Iterator[Act]:
        me, n = f"desk {officer}", 0
        while True:
            n += 1
            id = f"o{run}-{officer}-{n}"
            unit = f"U{officer:02}-{draw.randrange(UNITS // OFFICERS)}"
            yield "open", lambda id=id: self._open(id, me)  # type: ignore[misc]
            if draw.random() < 0.4:
                steps = [("dispatch", "dispatched"), ("unit status", "en_route"), ("arrive", "on_scene"), ("note", "")]
                steps.append(("close", "available"))
                for move, status in steps:
                    held = unit if status else None
                    yield move, lambda id=id, m=move, u=held, s=status: self._move(id, me, m, u, s)  # type: ignore[misc]
            else:
                for move in ("assign", "accept", "answer", "verify"):
                    yield move, lambda id=id, m=move: self._move(id, me, m, None, "")  # type: ignore[misc]


def work(contestant: Ours | OrmRowLock, seconds: float, think_s: float, seed: int) -> tuple[Times, float]:
    """All officers at once for so long; each thinks about `think_s` (exponential) before each command."""
    times = Times()
    gate = threading.Barrier(OFFICERS + 1)
    end = [0.0]

    def officer(number: int) -> None:
        draw = random.Random(seed * 1000 + number)
        lives = contestant.lives(number, draw, seed)
        gate.wait()
        sleep(draw.random() * think_s)
        while perf_counter() < end[0]:
            name, act = next(lives)
            start = perf_counter()
            try:
                act()
            except Refused:
                with times.lock:
                    times.refused += 1
            except (GridcommandError, AssertionError) as error:
                with times.lock:
                    times.failed.append(f"{name}: {error}")
            took = perf_counter() - start
            with times.lock:
                times.taken[name].append(took)
            if think_s:
                sleep(draw.expovariate(1 / think_s))

    threads = [threading.Thread(target=officer, args=(n,), daemon=True) for n in range(OFFICERS)]
    for thread in threads:
        thread.start()
    end[0] = perf_counter() + seconds
    start = perf_counter()
    gate.wait()
    for thread in threads:
        thread.join()
    return times, perf_counter() - start


def fill(ours: Ours, waiting: int) -> None:
    """Units, and incidents that wait: some of them cases."""
    now = ours.store.clock.now()
    units = [
        Record(Kind.UNIT, "roster", f"U{o:02}-{i}", now, UnitPayload(name=f"U{o}-{i}", unit_kind="fire_engine"),
               LON + o / 500, LAT)
        for o in range(OFFICERS) for i in range(UNITS // OFFICERS)
    ]  # fmt: skip
    ours.store.append(units)
    draw = random.Random(1)
    for first in range(0, waiting, 1000):
        ours.store.append(
            [
                Record(Kind.EVENT, "hotline", f"T-{n}", now - timedelta(minutes=draw.randrange(3000)),
                       EventPayload(category=f"01{n % 10:02}", title="垃圾未清运", address="解放路"),
                       LON + draw.random() / 5, LAT + draw.random() / 5)
                for n in range(first, min(first + 1000, waiting))
            ]
        )  # fmt: skip
    for n in range(min(waiting, 500)):
        ours.desk.file(f"hotline:T-{n}", actor="router")


def report(name: str, times: Times, lasted: float) -> float:
    found = times.all()
    p99 = quantile(found, 0.99) * 1e3
    p50, p90 = (quantile(found, q) * 1e3 for q in (0.5, 0.9))
    print(
        f"  {name:14} {len(found):6} commands  {len(found) / lasted:7.1f}/s   p50 {p50:6.1f} ms   p90 {p90:6.1f}   "
        f"p99 {p99:6.1f}   max {max(found) * 1e3:6.1f}   refused {times.refused}",
        flush=True,
    )
    for line in times.failed[:3]:
        print(f"    failed: {line}")
    assert not times.failed
    return p99


def alone(contestant: Ours | OrmRowLock, commands: int = 200) -> None:
    """What a command takes when nobody else works, and how much of this process's processor time."""
    lives = contestant.lives(0, random.Random(7), 1_000_000)
    taken: list[float] = []
    used = process_time()
    while len(taken) < commands:
        _, act = next(lives)
        start = perf_counter()
        with suppress(Refused):
            act()
        taken.append(perf_counter() - start)
    used = (process_time() - used) / commands
    print(
        f"  {contestant.name:14} {commands:6} commands   p50 {quantile(taken, 0.5) * 1e3:6.1f} ms   "
        f"p99 {quantile(taken, 0.99) * 1e3:6.1f}   processor {used * 1e3:5.1f} ms each",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.casework", description=__doc__)
    parser.add_argument("--seconds", type=float, default=15.0, help="length of each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--think", type=float, default=2.0, help="mean pause of an officer between commands, s")
    parser.add_argument("--waiting", type=int, default=20_000, help="incidents that lie beside")
    args = parser.parse_args()
    server = PostgisServer(durable=True)
    store = open_store(server.url("ours"), SystemClock())
    try:
        ours, orm = Ours(store), OrmRowLock(server.url("orm"))
        fill(ours, args.waiting)
        work(ours, 3, 0.2, 0)
        work(orm, 3, 0.2, 0)
        busy = f"{os.getloadavg()[0]:.1f} running on {os.cpu_count()} cores before the start"
        print(f"{OFFICERS} officers at once on PostGIS, fsync on, {args.waiting:,} incidents beside; {busy}")
        print(
            f"\nofficers who think {args.think:g} s between commands (mean), {args.rounds} rounds of {args.seconds:g} s"
        )
        p99s = []
        by_name: dict[str, list[float]] = defaultdict(list)
        for number in range(args.rounds):
            times, lasted = work(ours, args.seconds, args.think, number + 1)
            p99s.append(report(ours.name, times, lasted))
            for name, taken in times.taken.items():
                by_name[name] += taken
            report(orm.name, *work(orm, args.seconds, args.think, number + 1))
        middle = statistics.median(p99s)
        met = "met" if middle <= TARGET_MS else "MISSED"
        print(f"  p99 of ours, median of the rounds: {middle:.1f} ms   target <= {TARGET_MS:g} ms   {met}")
        print("\nours, by command")
        for name, taken in sorted(by_name.items(), key=lambda pair: -len(pair[1])):
            print(
                f"  {name:14} {len(taken):6}   p50 {quantile(taken, 0.5) * 1e3:6.1f} ms   "
                f"p99 {quantile(taken, 0.99) * 1e3:6.1f} ms"
            )
        print("\none officer alone, who never thinks")
        for contestant in (ours, orm):
            alone(contestant)
        print("\nofficers who never think: what it can take in all")
        for contestant in (ours, orm):
            report(contestant.name, *work(contestant, args.seconds / 2, 0.0, 99))
        orm.engine.dispose()
    finally:
        store.close()
        server.close()


if __name__ == "__main__":
    main()
