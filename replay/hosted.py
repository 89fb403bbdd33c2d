"""What a server asks of a timeline beside the real one, so that people can work on it: its names, its clock, its words.

Drills are hosted by `drill_sessions.py`. A timeline's host is found by how its name begins.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Told:
    """What every screen and answer of a hosted timeline says of it. `rate`: its seconds a second, 0 while it stands."""

    timeline: str
    zh: str
    en: str
    phase: str
    rate: float

    def panel(self) -> dict[str, object]:
        """As panels and pages carry it."""
        return {
            "timeline": self.timeline, "zh": self.zh, "en": self.en, "phase": self.phase, "rate": self.rate,
        }  # fmt: skip


class Hosted(Protocol):
    """A timeline that is served beside the real one. It is a `Clock`: `now` is that timeline's own time. Thread-safe,
    and not for an event loop's thread: it may look at the log."""

    @property
    def timeline(self) -> str: ...

    def now(self) -> datetime:
        """The timeline's time."""
        ...

    def told(self) -> Told:
        """What it is called and how it runs."""
        ...

    def acting(self) -> datetime:
        """The time of what somebody does now. Raises Refused while nothing may be done: before it began, after it
        ended. Raises NotFound where it was deleted."""
        ...


Host = Callable[[str], Hosted]
"""Finds the hosted timeline of a name. Raises NotFound."""
