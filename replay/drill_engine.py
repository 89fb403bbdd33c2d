"""Plays a drill: injects at their times, crews on the roads, players without people where a policy decides.

    agenda (seconds of the exercise) ── injects due, crews, players ──► intake and commands ──► log
                     ▲                                                                           │
                     └────────────── everybody hears what the log got ◄── router files cases ◄───┘

Everything reacts to the log and to nothing else, so people at desks and simulated players can work side by side.
`play_to` is all there is: a run without people calls it once, with the end; beside people it is called every second.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from data.clock import ManualClock
from data.records import EventPayload, Record
from data.settings import Settings
from data.store import IncidentRow, Store, UnitRow
from dispatch.book import Book
from dispatch.dispatcher import Dispatcher
from dispatch.router import AutoRouter
from geo.roads import RoadGraph
from replay.drill import CLOCK, Drill
from replay.drill_state import Phase
from replay.policies import Policy
from replay.policies_agenda import Agenda
from replay.policies_draws import Draws
from replay.policies_players import Players
from replay.policies_roads import Roads
from replay.policies_units import Crews

CHUNK = 2_000


class Engine:
    """Plays one drill from where its log is. Not thread-safe."""

    def __init__(
        self, store: Store, drill: Drill, book: Book, settings: Settings, *, hands: ManualClock,
        roads: RoadGraph | None, policy: Policy | None, seed: int,
    ) -> None:  # fmt: skip
        """`hands` is the clock of what is played: in a run without people it is the drill's own base; beside people it
        shows the moment up to which all was played."""
        self._store, self._drill, self._hands = store, drill, hands
        scenario, timeline = drill.known.scenario, drill.timeline
        snapshot = store.snapshot(timeline)
        self._cursor = self._rows_at = snapshot.seq
        self._units = {row.id: row for row in snapshot.units}
        self._agenda = Agenda(int(min(hands.now(), drill.now()).timestamp()))
        draws = Draws(seed, scenario.scene_times)
        self._roads = Roads(roads)
        desk = Dispatcher(store, hands, timeline, book)
        self.router = AutoRouter(store, hands, desk, settings, book.workflows, timeline)
        self.players = Players(
            store, drill, desk, policy, agenda=self._agenda, draws=draws, units=self._rows,
            roads=lambda: self._roads.now, put=self._put,
        )  # fmt: skip
        self.crews = Crews(
            snapshot.units, agenda=self._agenda, roads=self._roads, draws=draws, skills=book.skills,
            region=store.region(), zone=scenario.zone, timeline=timeline, put=self._put, find=self._incident,
            left=self.players.left, lost=self.players.lost,
        )  # fmt: skip
        self._said: list[Record] = []
        self.played = 0
        """Deeds that were done."""

        if drill.known.phase is not Phase.PREPARED:
            self._resume()

    def _resume(self) -> None:
        """Go on with a drill that another engine has played so far: a server that was started anew."""
        self._drill.make_good()
        seq = 0
        while True:
            records = self._store.read_after(seq, limit=CHUNK, timeline=self._drill.timeline, positions=False)
            for record in records:
                seq = record.seq or seq
                if isinstance(record.payload, EventPayload):
                    self.crews.block(record, record.payload)
            if len(records) < CHUNK:
                break
        now = self._store.snapshot(self._drill.timeline)
        for unit in now.units:
            self.crews.resume(unit)
        self.players.resume(now.incidents)

    def play_to(self, until: datetime) -> None:
        """Play everything up to a moment of the exercise, in the order of its time; at the end, end it."""
        last = int(until.timestamp())
        self._hear()
        while self._drill.known.phase is Phase.RUNNING:
            at = self._next()
            if at is None or at > last:
                break
            self._step(at)
        self._hand_in()
        self._agenda.now = max(self._agenda.now, last)
        self._hands.set(max(self._hands.now(), until))
        state = self._drill.known
        if state.phase is Phase.RUNNING and until >= state.scenario.end:
            self._drill.end(actor=CLOCK)
            self._hear()

    def _next(self) -> int | None:
        """The second at which something is to be done: an inject, or what is on the agenda."""
        state = self._drill.known
        times = [self._agenda.next] if self._agenda.next is not None else []
        waiting = state.waiting()
        if waiting:
            times.append(int((state.scenario.start + waiting[0].at).timestamp()))
        return max(min(times), self._agenda.now) if times else None

    def _step(self, at: int) -> None:
        self._hands.set(max(self._hands.now(), datetime.fromtimestamp(at, UTC)))
        if self._agenda.next is not None and self._agenda.next <= at:
            deed, quiet = self._agenda.pop()
            deed()
        else:
            self._agenda.now = at
            for inject in self._drill.known.due(datetime.fromtimestamp(at, UTC)):
                self._drill.fire(inject.id, actor=CLOCK, at=self._hands.now())
            quiet = False
        self.played += 1
        if not quiet:
            self._hear()

    def _hear(self) -> None:
        """Everybody takes note of what the log got, and cases are filed and follow, until nothing more comes of it."""
        while True:
            self._hand_in()
            timeline = self._drill.timeline
            records = self._store.read_after(self._cursor, limit=CHUNK, timeline=timeline, positions=False)
            for record in records:
                self._cursor = record.seq or self._cursor
                if record.source == "drill":
                    _ = self._drill.state  # somebody acted, at this console or at another
                # Beside people the log may be ahead of what was played: nobody reacts to a thing before it was.
                played, self._agenda.now = self._agenda.now, max(self._agenda.now, int(record.at.timestamp()))
                self.crews.hear(record)
                self.players.hear(record)
                self._agenda.now = played
            self.router.look()
            filed = False
            while self.router.step():
                filed = True
            if not records and not filed:
                return

    def _put(self, records: Sequence[Record]) -> None:
        """What crews and keepers report. It is handed in before anybody looks at the log: positions, to which nobody
        reacts, wait for one another."""
        self._said += records

    def _hand_in(self) -> None:
        if self._said:
            said, self._said = self._said, []
            self._drill.take(said)

    def _incident(self, id: str) -> IncidentRow | None:
        return self._store.incident(id, self._drill.timeline)

    def _rows(self) -> list[UnitRow]:
        """The units as they stand."""
        self._hand_in()
        changed = self._store.changed_since(self._rows_at, self._drill.timeline)
        self._rows_at = changed.seq
        self._units.update((row.id, row) for row in changed.units)
        return list(self._units.values())
