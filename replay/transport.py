"""A transport: which moment a replay shows. t is a function of the clock, and every control gives another transport.

    t(now) = anchor + rate x (now - since)      while it plays
    t(now) = anchor                             while it is paused

kept within [start, end]: at a border t stays there. All times are ms since 1970; `now` is the machine's clock, which a
caller passes in. A transport is a value and does no work: whoever shows t builds the picture as of t, so at 3600x no
record is skipped, however few pictures are drawn.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from data.errors import BadInput

SLOWEST, FASTEST = -1.0, 3600.0
"""Rates that may be asked for, seconds of the log a second: from backwards at its own pace to an hour a second."""

SHORTEST_MS = 60_000.0
"""Shortest span of a transport, ms."""


@dataclass(frozen=True, slots=True)
class Transport:
    """See the top of the file.

    id        names it in addresses
    timeline  what is replayed
    start     the span that is shown on the scrubber and in which t moves
    end
    anchor    t at `since`
    since     when the last control was used
    rate      SLOWEST to FASTEST, not 0
    playing   whether t moves
    """

    id: str
    timeline: str
    start: float
    end: float
    anchor: float
    since: float
    rate: float = 1.0
    playing: bool = False

    def t(self, now: float) -> float:
        """The moment shown at `now`. A clock that was set back does not turn a replay around."""
        if not self.playing:
            return self.anchor
        moved = self.anchor + self.rate * max(0.0, now - self.since)
        return min(max(moved, self.start), self.end)

    def at_border(self, now: float) -> bool:
        """Whether t can move no further in the direction in which it plays."""
        return not self._goes_on(self.t(now))

    def moves(self, now: float) -> bool:
        """Whether t moves at `now`."""
        return self.moves_from(self.t(now))

    def moves_from(self, t: float) -> bool:
        """Whether another moment follows t by itself."""
        return self.playing and self._goes_on(t)

    def _goes_on(self, t: float) -> bool:
        return t < self.end if self.rate > 0 else t > self.start

    def play(self, now: float) -> Transport:
        """Go on from t; from the other border where there is nothing left to play."""
        held = replace(self, anchor=self.t(now), since=now)
        if held.at_border(now):
            held = replace(held, anchor=self.start if self.rate > 0 else self.end)
        return replace(held, playing=True)

    def pause(self, now: float) -> Transport:
        """Stand still at t."""
        return replace(self, anchor=self.t(now), since=now, playing=False)

    def with_rate(self, now: float, rate: float) -> Transport:
        """Another pace from here on: t does not jump. Raises BadInput."""
        return replace(self, anchor=self.t(now), since=now, rate=checked_rate(rate))

    def seek(self, now: float, t: float) -> Transport:
        """Show t, playing or not as before. A moment outside the span takes the span along, with its length."""
        start, end = self.start, self.end
        if not start <= t <= end:
            half = (end - start) / 2
            start, end = t - half, t + half
        return replace(self, start=start, end=end, anchor=t, since=now)

    def until(self, latest: float) -> Transport:
        """The same with nothing shown beyond `latest`: what has not happened yet cannot be replayed."""
        if self.end <= latest:
            return self
        return replace(self, start=min(self.start, latest - SHORTEST_MS), end=latest, anchor=min(self.anchor, latest))

    def within(self, now: float, start: float, end: float) -> Transport:
        """Another span; t goes to the nearer border when it lies outside. Raises BadInput."""
        start, end = checked_span(start, end)
        return replace(self, start=start, end=end, anchor=min(max(self.t(now), start), end), since=now)


def happened(t: float, now: float) -> float:
    """The moment t. Raises BadInput when it has not come yet, or is none."""
    if not math.isfinite(t) or t > now:
        raise BadInput(
            "t: that moment has not come yet; a replay shows the past", zh="这个时刻还没有到；回放只能显示过去"
        )
    return t


def checked_rate(rate: float) -> float:
    """The rate. Raises BadInput when no transport can run at it."""
    if not math.isfinite(rate) or rate == 0 or not SLOWEST <= rate <= FASTEST:
        raise BadInput(
            f"rate: {rate:g} is not a pace from {SLOWEST:g} to {FASTEST:g} without 0; to stand still, pause",
            zh=f"速率 {rate:g} 不在 {SLOWEST:g} 到 {FASTEST:g} 之间（不含 0）；要停住请暂停",
        )
    return rate


def checked_span(start: float, end: float) -> tuple[float, float]:
    """The span. Raises BadInput when it is shorter than a minute."""
    if not (math.isfinite(start) and math.isfinite(end)) or end - start < SHORTEST_MS:
        raise BadInput("span: its end must be at least a minute after its start", zh="时段的终点至少要比起点晚一分钟")
    return start, end
