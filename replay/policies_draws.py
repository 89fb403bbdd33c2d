"""How long people and crews take, drawn by chance with a recorded seed.

Each draw is named (an incident, a unit, what for) and depends on the seed and its name alone: not on what was drawn
before. So two policies meet the same crews and the same scenes, and what differs between them is the policy.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from replay.scenario import SceneTime

_Z90 = NormalDist().inv_cdf(0.9)
LONGEST = 3.0
"""Nothing takes longer than so many times its 90th percentile."""


@dataclass(frozen=True, slots=True)
class Span:
    """How long something takes: a log-normal distribution by its median and 90th percentile, seconds."""

    median_s: float
    p90_s: float


ORDER = Span(32, 75)
"""From a call to the first order. Assumed; the plan is 45 s."""
TURNOUT = Span(55, 90)
"""From the order to the wheels turning. Assumed; NFPA 1710 allows 60 to 80 s at the 90th percentile."""
TRIAGE = Span(90, 240)
"""Until a duty officer gives a case to an owner."""
READ = Span(70, 200)
"""Until somebody acknowledges a message."""
OPEN_SITE = Span(1500, 2700)
"""Until the keeper of a site has opened or closed it."""
LEAVE = Span(60, 120)
"""From the end of the work to being free."""
ACCEPT, ANSWER, VERIFY = Span(600, 1800), Span(4200, 9000), Span(900, 2400)
"""What departments take for an accepted, an answered, a verified case."""
SCENE = Span(1500, 3600)
"""At a scene, where nothing else is said."""
SCENES: tuple[tuple[str, Span], ...] = (
    ("0501", Span(3600, 7200)),
    ("05", Span(1800, 3600)),
    ("06", Span(900, 1800)),
    ("03", Span(1500, 3000)),
    ("04", Span(1500, 3600)),
    ("13", Span(3600, 7200)),
)
"""By the class of the demonstration's taxonomy, longest prefix first of those that fit. Assumed."""


class Draws:
    """Draws of one seed."""

    def __init__(self, seed: int, scenes: Sequence[SceneTime] = ()) -> None:
        """`scenes` are the scenario's own; they stand before the ones here."""
        self.seed = seed
        own = [(p, Span(s.median.total_seconds(), s.p90.total_seconds())) for s in scenes for p in s.category or ("",)]
        self._scenes = sorted(own, key=lambda each: -len(each[0])) + sorted(SCENES, key=lambda each: -len(each[0]))

    def seconds(self, span: Span, *name: str) -> int:
        """Whole seconds, at least one."""
        z = NormalDist().inv_cdf(self.uniform(*name))
        sigma = math.log(span.p90_s / span.median_s) / _Z90
        return max(1, round(min(span.median_s * math.exp(sigma * z), LONGEST * span.p90_s)))

    def scene(self, category: str, *name: str) -> int:
        """Seconds that a unit works at an incident of a class."""
        span = next((span for prefix, span in self._scenes if category.startswith(prefix)), SCENE)
        return self.seconds(span, "scene", *name)

    def uniform(self, *name: str) -> float:
        """More than 0 and less than 1."""
        digest = hashlib.blake2b("\x1f".join((str(self.seed), *name)).encode(), digest_size=8).digest()
        return (int.from_bytes(digest, "big") + 0.5) / 2.0**64
