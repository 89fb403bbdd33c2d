"""A fork: another course of a real timeline from a moment on, on a timeline of its own, `fork:<id>`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from data.clock import Clock
from data.errors import BadInput, NotFound
from data.exercise import is_exercise
from data.lineage import FORK, SOURCE, is_fork
from data.records import LIVE, ForkPayload, Kind, Record
from data.store import Store

PLAYERS = "players"
"""Who decides on a fork that no policy plays."""
SPAN = timedelta(days=1)
"""How long a fork goes on where nobody says how long."""


@dataclass(frozen=True)
class Fork:
    """What a fork's first record says. `until`: how far it is played; `policy` "": people decide."""

    timeline: str
    parent: str
    at: datetime
    until: datetime | None
    policy: str
    travel: str
    seed: int
    actor: str
    zh: str
    en: str
    note: str
    made_at: datetime
    seq: int

    @property
    def played(self) -> bool:
        """Whether people decide on it."""
        return not self.policy

    @classmethod
    def make(
        cls, store: Store, clock: Clock, parent: str, at: datetime, id: str, *, actor: str, seed: int = 0,
        policy: str = "", travel: str = "", until: datetime | None = None, zh: str = "", en: str = "", note: str = "",
    ) -> Fork:  # fmt: skip
        """Begin `fork:<id>` as `parent` was at `at`. Raises Refused, BadInput."""
        if is_exercise(parent):
            raise BadInput(f"{parent} is an exercise; a fork is of real work or of another fork", zh="演练不能推演")
        if at > clock.now():
            raise BadInput(f"{at.isoformat()} is not over yet; a fork begins in the past", zh="推演须从过去的时刻开始")
        if until is not None and until <= at:
            raise BadInput("a fork ends after it begins: --until is not after --at", zh="结束时刻须晚于开始时刻")
        if not id or len(id) > 100 or not id.replace("-", "").replace("_", "").isalnum() or not id.isascii():
            raise BadInput(
                f"{id[:80]!r}: the id of a fork is letters, digits, - and _", zh="推演编号只含字母、数字、- 和 _"
            )
        payload = ForkPayload(
            parent=parent, head=0, actor=actor, policy=policy, travel=travel, seed=seed, until=until, zh=zh, en=en,
            note=note,
        )  # fmt: skip
        timeline = FORK + id
        return _of(store.fork(Record(Kind.FORK, SOURCE, timeline, at, payload, timeline=timeline)))

    @classmethod
    def find(cls, store: Store, timeline: str) -> Fork:
        """The fork of this name. Raises NotFound."""
        for each in forks(store):
            if each.timeline == timeline:
                return each
        raise NotFound(f"there is no fork {timeline[:80]!r}", zh=f"没有推演 {timeline[:80]}")


def forks(store: Store) -> Sequence[Fork]:
    """All forks of a store, oldest first."""
    return [_of(record) for record in store.forks()]


def free_id(store: Store, parent: str, at: datetime) -> str:
    """An id that no fork has: by the moment, with a number where there are several."""
    base = f"{at:%Y%m%dT%H%M}" if parent == LIVE else f"{parent.removeprefix(FORK)[:60]}-{at:%H%M}"
    taken = {each.timeline for each in forks(store)}
    n, id = 1, base
    while FORK + id in taken:
        n += 1
        id = f"{base}-{n}"
    return id


def _of(record: Record) -> Fork:
    payload = record.payload
    assert isinstance(payload, ForkPayload)
    assert is_fork(record.timeline)
    return Fork(
        record.timeline, payload.parent, record.at, payload.until, payload.policy, payload.travel, payload.seed,
        payload.actor, payload.zh, payload.en, payload.note, record.received_at or record.at, record.seq or 0,
    )  # fmt: skip
