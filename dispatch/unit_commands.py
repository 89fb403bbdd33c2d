"""Commands on units: send, call back, arrive, set a status."""

from __future__ import annotations

from collections.abc import Sequence

from data.records import (
    IncidentArrived,
    IncidentDispatched,
    IncidentRecalled,
    Recommended,
    Record,
    UnitStatus,
    UnitStatusPayload,
)
from dispatch import sending
from dispatch.runner import Done, Runner, equal, require, said
from dispatch.workflow import DISPATCHER


class UnitCommands(Runner):
    """The commands on units."""

    def dispatch(
        self,
        incident: str,
        units: Sequence[str],
        *,
        actor: str,
        role: str = DISPATCHER,
        expected: int | None = None,
        key: str | None = None,
        note: str = "",
        recommended: Sequence[Recommended] = (),
        basis: str = "",
        reason: str = "",
    ) -> Done:
        """Send available units to an incident that is not closed.

        `recommended` is what the officer was shown, `reason` why other units were chosen.
        """
        require(actor, key)
        payload = said(
            IncidentDispatched,
            incident=incident,
            units=sending.wanted(units, "dispatch"),
            actor=actor,
            role=role,
            note=note,
            recommended=tuple(recommended)[:5],
            basis=basis,
            reason=reason,
        )

        return self.run(
            key, lambda turn: sending.dispatch(turn, self.book, payload, expected), equal(payload), incident=incident
        )

    def recall(
        self,
        incident: str,
        units: Sequence[str],
        *,
        actor: str,
        role: str = DISPATCHER,
        reason: str = "",
        expected: int | None = None,
        key: str | None = None,
    ) -> Done:
        """Call back units that were sent to the incident."""
        require(actor, key)
        payload = said(
            IncidentRecalled,
            incident=incident,
            units=sending.wanted(units, "recall"),
            actor=actor,
            role=role,
            reason=reason,
        )
        return self.run(
            key, lambda turn: sending.recall(turn, self.book, payload, expected), equal(payload), incident=incident
        )

    def arrive(
        self,
        incident: str,
        unit: str,
        *,
        actor: str,
        role: str = DISPATCHER,
        expected: int | None = None,
        key: str | None = None,
    ) -> Done:
        """A unit that was sent to the incident is there."""
        require(actor, key)
        payload = said(IncidentArrived, incident=incident, unit=unit, actor=actor, role=role)
        return self.run(
            key, lambda turn: sending.arrive(turn, self.book, payload, expected), equal(payload), incident=incident
        )

    def set_unit_status(
        self,
        unit: str,
        status: UnitStatus,
        *,
        actor: str,
        role: str = DISPATCHER,
        reason: str = "",
        expected: int | None = None,
        key: str | None = None,
    ) -> Done:
        """Set a unit's status from a desk. Sending a unit is `dispatch`, taking it out of service needs a reason."""
        require(actor, key)
        payload = said(UnitStatusPayload, unit=unit, status=status, reason=reason, actor=actor, role=role)

        def same(record: Record) -> bool:
            p = record.payload
            return isinstance(p, UnitStatusPayload) and p.model_copy(update={"incident": None}) == payload

        return self.run(key, lambda turn: sending.set_status(turn, self.book, payload, expected), same, unit=unit)
