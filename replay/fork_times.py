"""How long crews take in a fork: what the log recorded for the same order, else for the same incident, else for the
same class, drawn with the fork's seed; and where the log says nothing, the assumptions of `policies_draws.py`.

What was recorded belongs to the order, not to the unit: whoever fills it meets the same scene. So two policies with
one seed differ in who goes and how far that is, and in nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence

from replay.fork_original import Matter, Original, Sent
from replay.policies_draws import TURNOUT, Draws

LONGEST_S = 12 * 3600
"""Longer recorded scene times are forgotten log-outs rather than work."""


class ForkTimes(Draws):
    """Times of one fork."""

    def __init__(self, seed: int, original: Original) -> None:
        super().__init__(seed)
        self._turnouts: dict[str, list[int]] = {}
        self._worked: dict[str, list[int]] = {}
        self._matters = original.matters
        for matter in original.matters.values():
            for sent in matter.sent:
                if sent.turnout_s is not None:
                    self._turnouts.setdefault(sent.kind, []).append(sent.turnout_s)
                if sent.scene_s is not None and sent.scene_s <= LONGEST_S:
                    self._worked.setdefault(matter.category, []).append(sent.scene_s)
        for pool in (*self._turnouts.values(), *self._worked.values()):
            pool.sort()

    def turnout_s(self, sent: Sent | None, incident: str, kind: str) -> int:
        """From the order until the unit moves."""
        if sent is not None and sent.turnout_s is not None:
            return sent.turnout_s
        own = _recorded(self._matters.get(incident), "turnout_s", kind)
        pool = own or self._turnouts.get(kind, [])
        return self._one(pool, "turnout", incident, kind) if pool else self.seconds(TURNOUT, "turnout", incident, kind)

    def scene_s(self, sent: Sent | None, incident: str, category: str, kind: str) -> int:
        """From arrival until it is available again."""
        if sent is not None and sent.scene_s is not None:
            return sent.scene_s
        own = _recorded(self._matters.get(incident), "scene_s", kind)
        pool = own or self._worked.get(category, [])
        if pool:
            return self._one(pool, "scene", incident, kind)
        return self.scene(category, incident, kind)

    def _one(self, pool: Sequence[int], *name: str) -> int:
        return pool[int(self.uniform(*name) * len(pool))]


def _recorded(matter: Matter | None, what: str, kind: str) -> list[int]:
    """What the log recorded for an incident: for units of this kind, else for all of them."""
    if matter is None:
        return []
    of_kind = [each for each in matter.sent if each.kind == kind]
    for some in (of_kind, matter.sent):
        found = sorted(value for each in some if (value := getattr(each, what)) is not None and value <= LONGEST_S)
        if found:
            return found
    return []
