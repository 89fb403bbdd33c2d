"""Who can be sent to an incident, and why the others cannot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from data.records import UnitStatus
from data.store import IncidentRow, UnitRow
from dispatch.phrases import Phrase, Value
from dispatch.skills import Need, Skills, UnitKind

NO_WAY = Phrase("no_way")
_NO_POSITION, _NO_DUTY = Phrase("no_position"), Phrase("no_duty_area")


@dataclass(frozen=True, slots=True)
class Profile:
    """What a unit's kind and skills mean for one incident. `fits`: numbers of the needs it meets; `unfit`: why none;
    `since`: its position must not be older."""

    kind: UnitKind
    fits: tuple[int, ...]
    unfit: Phrase | None
    since: datetime


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges units for one incident. `areas` are the codes of the areas that hold it."""

    incident: IncidentRow
    now: datetime
    skills: Skills
    needs: tuple[Need, ...]
    areas: frozenset[str]
    max_age_s: float
    _profiles: dict[tuple[str, tuple[str, ...]], Profile] = field(default_factory=dict)

    def profile(self, unit: UnitRow) -> Profile:
        """Of the unit's kind and skills. Units are many and profiles few, so each is made once."""
        found = self._profiles.get((unit.kind, unit.skills))
        if found is None:
            kind = self.skills.kind(unit.kind)
            fits = tuple(n for n, need in enumerate(self.needs) if need.fits(unit.kind, unit.skills))
            since = kind.oldest_position(self.now, self.max_age_s)
            found = Profile(kind, fits, None if fits else self._unfit(unit), since)
            self._profiles[unit.kind, unit.skills] = found
        return found

    def sent(self, need: Need, rows: Iterable[UnitRow]) -> int:
        """Units at the incident, or on their way there, that meet the need."""
        here = (row for row in rows if row.incident == self.incident.id and row.status in _AT_WORK)
        return sum(need.fits(row.kind, row.skills) for row in here)

    def able(self, rows: Sequence[UnitRow]) -> dict[int, Profile]:
        """The places of those units against which there is no reason (`excluded`), in order, with their profiles.

        Asked of all units for every incident that somebody looks at, so no reason is put into words here.
        """
        known, areas, available = self._profiles.get, self.areas, UnitStatus.AVAILABLE
        able: dict[int, Profile] = {}
        for at, unit in enumerate(rows):
            if unit.status is not available or unit.position_at is None or unit.lon is None or unit.lat is None:
                continue
            profile = known((unit.kind, unit.skills)) or self.profile(unit)
            if profile.unfit is not None or (profile.kind.own_area and unit.duty_area not in areas):
                continue
            if unit.position_at >= profile.since:
                able[at] = profile
        return able

    def excluded(self, unit: UnitRow, profile: Profile) -> Phrase | None:
        """Why the unit cannot be sent, None when it can: its work, then what it is, then where it is."""
        if unit.status is not UnitStatus.AVAILABLE:
            return self._occupied(unit)
        return profile.unfit or self._out_of_place(unit, profile)

    def _out_of_place(self, unit: UnitRow, profile: Profile) -> Phrase | None:
        if unit.lon is None or unit.lat is None or unit.position_at is None:
            return _NO_POSITION
        if unit.position_at < profile.since:
            return Phrase("old_position", {"age_s": (self.now - unit.position_at).total_seconds()})
        if profile.kind.own_area and unit.duty_area not in self.areas:
            return Phrase("other_area", {"duty": unit.duty_area}) if unit.duty_area else _NO_DUTY
        return None

    def _occupied(self, unit: UnitRow) -> Phrase:
        if unit.status is UnitStatus.OUT_OF_SERVICE:
            since = None if unit.status_at is None else (self.now - unit.status_at).total_seconds()
            return Phrase("out_of_service", {"age_s": since})
        said: dict[str, Value] = {"status": unit.status.value}
        if unit.incident is None:
            return Phrase("occupied", said)
        return Phrase("at_incident" if unit.incident == self.incident.id else "busy",
                      {**said, "incident": unit.incident})  # fmt: skip

    def _unfit(self, unit: UnitRow) -> Phrase:
        near = [need for need in self.needs if not need.kinds or unit.kind in need.kinds]
        if near:
            lacking = min(
                (sorted(need.skills.difference(unit.skills)) for need in near), key=lambda ids: (len(ids), ids)
            )
            names = [self.skills.skill(id) for id in lacking]
            return Phrase("skills", {"skills": " ".join(lacking), "lacking": "、".join(n.zh for n in names),
                                     "lacking_en": ", ".join(n.en for n in names)})  # fmt: skip
        kinds = [self.skills.kind(id) for id in dict.fromkeys(kind for need in self.needs for kind in need.kinds)]
        return Phrase("kind", {"kinds": " ".join(k.id for k in kinds), "wanted": "、".join(k.zh for k in kinds),
                               "wanted_en": " or ".join(k.en for k in kinds)})  # fmt: skip


_AT_WORK = frozenset({UnitStatus.DISPATCHED, UnitStatus.EN_ROUTE, UnitStatus.ON_SCENE})
