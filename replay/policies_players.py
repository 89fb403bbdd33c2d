"""Players without people: duty officers who send what a policy chooses, departments that work their cases.

They know what the log says and nothing of the scenario, but for one thing: a message that asks for a site to be opened
reaches the site's keeper. All they do goes through the commands of the desk, under names that begin with `sim:`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from data.errors import GridcommandError, Refused
from data.records import (
    EventPayload,
    Evidence,
    ExerciseAct,
    ExercisePayload,
    IncidentMoved,
    IncidentState,
    Kind,
    Record,
    SiteStatusPayload,
    incident_of,
)
from data.store import IncidentRow, Store, UnitRow
from dispatch.dispatcher import Dispatcher
from dispatch.routing import TRIAGE as TRIAGE_DESK
from dispatch.routing import Matter, adopted_rules
from dispatch.workflow import DISPATCHER, WORKER
from geo.roads import RoadGraph
from replay.drill import Drill
from replay.drill_state import Fate
from replay.policies import Policy
from replay.policies_agenda import Agenda
from replay.policies_draws import ACCEPT, ANSWER, LEAVE, OPEN_SITE, ORDER, READ, TRIAGE, VERIFY, Draws, Span
from replay.scenario import Action, InjectKind

DUTY, CREW, OFFICE, KEEPER = "sim:duty-officer", "sim:crew", "sim:office", "sim:keeper"
AGAIN_S = 120
"""Seconds until a duty officer who found too few units looks again."""
EMERGENCY = "emergency"
_WAY: Sequence[tuple[str, Span]] = (("accept", ACCEPT), ("answer", ANSWER), ("verify", VERIFY), ("close", VERIFY))
"""What departments do with a case, in this order, where its workflow has the move."""
SAID = "演练：模拟处置完毕 / exercise: handled, simulated"


class Players:
    """Everybody at the desks. `policy` None: people are, and only keepers of sites are simulated."""

    def __init__(
        self, store: Store, drill: Drill, desk: Dispatcher, policy: Policy | None, *, agenda: Agenda, draws: Draws,
        units: Callable[[], Sequence[UnitRow]], roads: Callable[[], RoadGraph | None],
        put: Callable[[list[Record]], None],
    ) -> None:  # fmt: skip
        self._store, self._drill, self._desk, self._policy = store, drill, desk, policy
        self._agenda, self._draws, self._units, self._roads, self._put = agenda, draws, units, roads, put
        self._looking: set[str] = set()
        """Incidents that a duty officer is going to look at."""
        self.refused = 0
        """Commands that were refused."""

    def resume(self, incidents: Sequence[IncidentRow]) -> None:
        """Go on where the exercise was when it was last played: with open incidents, and with what came in unread."""
        state = self._drill.state
        for id, one in state.injects.items():
            if one.fate is Fate.FIRED and id not in state.acknowledged:
                self._came_in(id)
        for row in incidents:
            if self._policy is None or row.state is IncidentState.CLOSED or row.case is None:
                continue
            if row.case.owner == TRIAGE_DESK:
                self._then(TRIAGE, "triage", row.id, self._assign)
            self._look_at(row.id, self._draws.seconds(ORDER, "order", row.id))
            if row.case.workflow != EMERGENCY:
                self._then(ACCEPT, "accept", row.id, lambda id: self._office(id, 0))
            elif row.arrived_at is not None and not self._busy(row):
                self._then(LEAVE, "leave", row.id, self.left)

    def _then(self, span: Span, what: str, incident: str, deed: Callable[[str], None]) -> None:
        self._agenda.after(self._draws.seconds(span, what, incident), lambda: deed(incident))

    # --- what the log says -------------------------------------------------------------------------------------

    def hear(self, record: Record) -> None:
        """Take note of a record of the exercise."""
        payload = record.payload
        if isinstance(payload, ExercisePayload):
            if payload.act is ExerciseAct.FIRE:
                self._came_in(payload.inject)
        elif self._policy is None:
            return
        elif isinstance(payload, EventPayload):
            incident = incident_of(record)
            self._look_at(incident, self._draws.seconds(ORDER, "order", incident))
        elif isinstance(payload, IncidentMoved):
            self._moved(payload)

    def _came_in(self, id: str) -> None:
        one = self._drill.state.injects.get(id)
        if one is None:
            return
        inject, expected = one.inject, one.inject.expected
        if self._policy is not None and inject.kind not in (InjectKind.EVENT, InjectKind.BLOCKED):
            self._agenda.after(self._draws.seconds(READ, "read", id), lambda: self._read(id))
        if expected is not None and expected.action is Action.SITE:
            site, online = expected.site or inject.site, expected.online
            wait = self._draws.seconds(OPEN_SITE, "site", id)
            self._agenda.after(wait, lambda: self._put([self._site(site, online, id)]))

    def _site(self, site: str, online: bool, inject: str) -> Record:
        payload = SiteStatusPayload(site=site, online=online)
        timeline, at = self._drill.timeline, self._agenda.moment
        return Record(Kind.SITE_STATUS, KEEPER, f"{site}:{inject}", at, payload, timeline=timeline)

    def _moved(self, move: IncidentMoved) -> None:
        id = move.incident
        if move.phase is IncidentState.CLOSED:
            return
        if move.owner == TRIAGE_DESK and move.step != move.before:
            self._then(TRIAGE, "triage", id, self._assign)
        elif move.move == "assign" and move.workflow != EMERGENCY:
            self._then(ACCEPT, "accept", id, lambda id: self._office(id, 0))

    # --- duty officers -----------------------------------------------------------------------------------------

    def lost(self, incident: str) -> None:
        """A unit dropped out of an incident: somebody looks at it again."""
        if self._policy is not None:
            self._look_at(incident, AGAIN_S // 2)

    def left(self, incident: str) -> None:
        """The last unit has left."""
        row = self._store.incident(incident, self._drill.timeline)
        if self._policy is None or row is None or row.state is IncidentState.CLOSED:
            return
        if row.case is not None and row.case.workflow != EMERGENCY:
            self._office(incident, 0)
            return
        self._try(lambda: self._desk.close(
            incident, actor=CREW, role=WORKER, disposition=SAID, key=f"sim:close:{incident}:{self._agenda.now}"
        ))  # fmt: skip

    def _read(self, inject: str) -> None:
        one = self._drill.state.injects.get(inject)
        if one is not None and one.fate is Fate.FIRED and inject not in self._drill.known.acknowledged:
            self._try(lambda: self._drill.acknowledge(inject, actor=DUTY, at=self._agenda.moment))

    def _look_at(self, incident: str, seconds: int) -> None:
        if incident not in self._looking:
            self._looking.add(incident)
            self._agenda.after(seconds, lambda: self._decide(incident))

    def _decide(self, incident: str) -> None:
        self._looking.discard(incident)
        row = self._store.incident(incident, self._drill.timeline)
        if self._policy is None or row is None or row.state is IncidentState.CLOSED or not _calls_for_units(row):
            return
        advice = self._policy.choose(row, self._units(), self._agenda.moment, self._roads())
        chosen = advice.suggested
        if chosen:
            self._try(lambda: self._desk.dispatch(
                incident, chosen, actor=DUTY, role=DISPATCHER, recommended=advice.recommended, basis=advice.basis,
                key=f"sim:send:{incident}:{self._agenda.now}",
            ))  # fmt: skip
        if len(chosen) < sum(want.missing for want in advice.needs):
            self._look_at(incident, AGAIN_S)

    def _assign(self, incident: str) -> None:
        row = self._store.incident(incident, self._drill.timeline)
        if row is None or row.case is None or row.case.owner != TRIAGE_DESK or row.state is IncidentState.CLOSED:
            return
        matter = Matter(row.category, row.area, row.source, row.severity, row.opened_at)
        rules = adopted_rules(self._store.documents(Kind.RULE, self._drill.timeline))
        owner = self._desk.book.routing.decide(matter, rules).proposed
        self._try(lambda: self._desk.move(
            incident, "assign", actor=DUTY, role=DISPATCHER, owner=owner,
            key=f"sim:assign:{incident}:{self._agenda.now}",
        ))  # fmt: skip

    # --- departments -------------------------------------------------------------------------------------------

    def _office(self, incident: str, n: int) -> None:
        """Make the n-th move of a department's way, or the next one that the workflow has; then plan what follows."""
        row = self._store.incident(incident, self._drill.timeline)
        if row is None or row.case is None or row.state is IncidentState.CLOSED or n >= len(_WAY):
            return
        move, _ = _WAY[n]
        if move == "answer" and _calls_for_units(row) and (row.units == () or self._busy(row)):
            return  # units are to be there first; the last one that leaves comes back to this
        found = next((t for t in self._desk.moves(row) if t.move == move and not t.needs_owner), None)
        if found is not None and (found.to is not None or move == "accept"):
            evidence = [Evidence(kind=kind, note=SAID) for kind in found.evidence]
            self._try(lambda: self._desk.move(
                incident, move, actor=OFFICE, role=found.roles[0], note=SAID, evidence=evidence,
                key=f"sim:{move}:{incident}:{self._agenda.now}",
            ))  # fmt: skip
        if n + 1 < len(_WAY):
            following, span = _WAY[n + 1]
            self._agenda.after(self._draws.seconds(span, following, incident), lambda: self._office(incident, n + 1))

    def _busy(self, row: IncidentRow) -> bool:
        return any(unit.incident == row.id for unit in self._units())

    def _try(self, command: Callable[[], object]) -> None:
        try:
            command()
        except Refused:
            self.refused += 1
        except GridcommandError:
            self.refused += 1
            raise


def _calls_for_units(row: IncidentRow) -> bool:
    """Whether units are sent: to emergencies, and to what is urgent."""
    emergency = row.case is not None and row.case.workflow == EMERGENCY
    return (emergency or row.severity <= 2) and (row.case is None or row.case.parent is None)
