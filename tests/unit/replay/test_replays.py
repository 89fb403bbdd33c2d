"""The replays of a process: bounded in number, ended when unused, brought to t once for all who look."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from data.clock import ManualClock
from data.errors import BadInput, NotFound, Refused
from layers.columns import ms
from replay import sessions
from replay.sessions import MOST, Replays

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
T = ms(NOW - timedelta(hours=3))


class Noted:
    """A past that notes where it was brought."""

    def __init__(self) -> None:
        self.at: list[float] = []

    def seek(self, t_ms: float) -> None:
        self.at.append(t_ms)

    @contextmanager
    def reading(self) -> Iterator[float]:
        yield self.at[-1]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def made() -> list[Noted]:
    return []


@pytest.fixture
def replays(clock: ManualClock, made: list[Noted]) -> Replays:
    def make(_timeline: str) -> Noted:
        made.append(Noted())
        return made[-1]

    return Replays(clock, make)  # type: ignore[arg-type]


def test_the_state_follows_the_transport(replays: Replays, clock: ManualClock, made: list[Noted]):
    session = replays.start(T, rate=60, playing=True)
    clock.advance(2)
    with session.showing() as (transport, t, past), past.reading() as state:
        assert t == state == T + 120_000
        assert transport.t(ms(clock.now())) == t
    with session.showing():
        pass
    assert made[0].at == [T + 120_000], "a state that is there already is not sought again"


def test_questions_are_answered_as_of_the_picture_and_after_a_seek_as_of_the_new_moment(
    replays: Replays, clock: ManualClock, made: list[Noted]
):
    session = replays.start(T, playing=True)
    with session.showing():
        pass
    clock.advance(0.5)
    with session.reading() as (at, _):
        assert at == T
    replays.control(session.id, lambda transport, now: transport.seek(now, T + 1_000_000))
    with session.reading() as (at, state):
        assert at == state == T + 1_000_000


def test_its_span_ends_now(replays: Replays, clock: ManualClock):
    session = replays.start(ms(NOW) - 60_000)
    assert session.transport.end == ms(NOW)
    clock.advance(10_000)
    assert session.t() == ms(NOW) - 60_000
    with pytest.raises(BadInput, match="not come yet"):
        replays.start(ms(NOW) + 1e9)


def test_what_is_not_there_is_said_with_the_way_out(replays: Replays):
    with pytest.raises(NotFound, match="start one on /replay") as none:
        replays.get("nope")
    assert "回放" in none.value.zh
    with pytest.raises(NotFound, match="no timeline"):
        replays.start(T, timeline="drill:x")


def test_one_too_many_ends_the_one_that_was_unused_longest_and_never_a_watched_one(
    replays: Replays, monkeypatch: pytest.MonkeyPatch
):
    seconds = iter(range(10_000))
    monkeypatch.setattr(sessions.time, "monotonic", lambda: next(seconds))
    ended: list[str] = []
    replays.listen(ended.append)
    first = [replays.start(T) for _ in range(MOST)]
    first[0].watchers = 1
    replays.start(T)
    assert [session.ended for session in first] == [False, True, *[False] * (MOST - 2)]
    assert ended == [first[1].id]
    for session in replays.all():
        session.watchers = 1
    with pytest.raises(Refused, match="being watched"):
        replays.start(T)


def test_what_nobody_uses_ends(replays: Replays, monkeypatch: pytest.MonkeyPatch):
    now = [0.0]
    monkeypatch.setattr(sessions.time, "monotonic", lambda: now[0])
    watched, unused = replays.start(T), replays.start(T)
    watched.watchers = 1
    now[0] = sessions.UNUSED_S + 1
    assert replays.all() == [watched]
    assert unused.ended
    replays.end(watched.id)
    with pytest.raises(NotFound):
        replays.get(watched.id)


def test_listeners_are_told_of_controls_until_they_leave(replays: Replays):
    told: list[str] = []
    forget = replays.listen(told.append)
    session = replays.start(T)
    replays.control(session.id, lambda transport, now: transport.play(now))
    forget()
    replays.control(session.id, lambda transport, now: transport.pause(now))
    assert told == [session.id]
