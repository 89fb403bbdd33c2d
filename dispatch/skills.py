"""What a matter needs: which kinds of unit fit, with which skills, and how many. Read from `skills.toml`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Name:
    """A name in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class UnitKind:
    """A kind of unit. `own_area`: it works in its duty area only. `walk_kmh`: it goes on foot, at this speed.

    `position_max_age_s` None: as the setting of that name says.
    """

    id: str
    zh: str
    en: str
    own_area: bool = False
    walk_kmh: float | None = None
    position_max_age_s: float | None = None

    def oldest_position(self, now: datetime, usual_s: float) -> datetime:
        """From when on a position of such a unit counts at `now`; `usual_s` is the setting."""
        return now - timedelta(seconds=usual_s if self.position_max_age_s is None else self.position_max_age_s)


@dataclass(frozen=True, slots=True)
class Need:
    """`count` units of one of these kinds (none: any kind) that have all these skills."""

    kinds: tuple[str, ...] = ()
    skills: frozenset[str] = frozenset()
    count: int = 1

    def fits(self, kind: str, skills: Iterable[str]) -> bool:
        return (not self.kinds or kind in self.kinds) and self.skills.issubset(skills)


ANY_UNIT = Need()


@dataclass(frozen=True, slots=True)
class Entry:
    """The needs of the matters whose category begins with `category` and whose severity is at most `severity` (1 is
    the most urgent, 4: all)."""

    category: str
    needs: tuple[Need, ...]
    severity: int = 4
    where: str = ""  # file:line


@dataclass(frozen=True, slots=True)
class Skills:
    """Kinds and skills by id, and what matters need."""

    kinds: Mapping[str, UnitKind]
    names: Mapping[str, Name]
    entries: tuple[Entry, ...] = ()

    def needs(self, category: str, severity: int = 4) -> tuple[Need, ...]:
        """Of the entries that apply the one with the longest prefix, of equally long ones the one for the more urgent.
        Any one unit where none applies."""
        applies = [e for e in self.entries if category.startswith(e.category) and severity <= e.severity]
        best = max(applies, key=lambda e: (len(e.category), -e.severity), default=None)
        return best.needs if best is not None else (ANY_UNIT,)

    def kind(self, id: str) -> UnitKind:
        """The kind, by its id's name where it is not listed."""
        return self.kinds.get(id) or UnitKind(id, id, id)

    def skill(self, id: str) -> Name:
        return self.names.get(id) or Name(id, id)
