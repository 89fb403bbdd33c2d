"""Commands that say which incidents are one matter: merge, split."""

from __future__ import annotations

from data.records import IncidentMerged
from dispatch import following, merging
from dispatch.runner import Done, Runner, equal, require, said
from dispatch.turn import Turn
from dispatch.workflow import DISPATCHER


class LinkCommands(Runner):
    """The commands on parents and children."""

    def merge(
        self,
        incident: str,
        into: str,
        *,
        actor: str,
        role: str = DISPATCHER,
        note: str = "",
        expected: int | None = None,
        key: str | None = None,
    ) -> Done:
        """The incident is part of another: it leaves the queue, its units and its own parts go on to the other one."""
        require(actor, key)
        payload = said(IncidentMerged, incident=incident, into=into, actor=actor, role=role, note=note)

        def work(turn: Turn) -> None:
            units = turn.units_on(turn.incident(incident))
            merging.merge(turn, self.book, payload, expected)
            facts = following.Facts()
            for unit in units:
                facts.reached(unit.status, turn.at(None, unit.status_at), actor)
            following.follow(turn, self.book, into, facts)

        return self.run(key, work, equal(payload), incident=incident)

    def split(
        self,
        incident: str,
        *,
        actor: str,
        role: str = DISPATCHER,
        note: str = "",
        expected: int | None = None,
        key: str | None = None,
    ) -> Done:
        """The incident is one of its own again."""
        require(actor, key)
        payload = said(IncidentMerged, incident=incident, into=None, actor=actor, role=role, note=note)
        return self.run(
            key, lambda turn: merging.split(turn, self.book, payload, expected), equal(payload), incident=incident
        )
