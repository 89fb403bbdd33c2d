"""Several processes on one store: a fork that one of them makes is nobody's to give up, and nothing is added to what is
no more. On SQLite and on PostGIS."""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest

from dashboard.rooms import Rooms
from data.clock import ManualClock
from data.errors import NotFound, Refused, StoreUnavailable
from data.held import held
from data.open_store import open_store
from data.records import ExerciseAct, Kind, Record, SiteStatusPayload
from data.settings import Settings
from data.sql_store import SqlStore
from dispatch.book import shipped
from replay import fork_hosted, fork_making, player
from replay.fork import Fork
from replay.fork_engine import ForkEngine
from replay.fork_run import run
from replay.fork_sessions import ForkSessions
from replay.fork_state import ForkPhase, act_of, state_of
from replay.player import OnlyOne
from tests.contract.api.api_server import eventually
from tests.unit.replay.exercise_world import region, roads
from tests.unit.replay.fork_world import DAY, END, NOW, at, history

WAIT_S = 60.0


@pytest.fixture
def filled(store: SqlStore, clock: ManualClock) -> SqlStore:
    clock.set(NOW)
    store.put_level(region())
    store.append(history())
    return store


def server(store: SqlStore, clock: ManualClock, roads_of: Callable[[], object] = roads) -> ForkSessions:
    return ForkSessions(store, clock, shipped(), Settings(), roads=roads_of, held=partial(held, store))


def test_one_process_at_a_time_has_a_piece_of_work(store: SqlStore, open_another: Callable[[], SqlStore]):
    other = open_another()
    with held(store, "fork:a") as mine:
        mine.verify()
        with held(other, "fork:a") as theirs, held(other, "fork:b") as more, held(store, "fork:a") as again:
            assert (bool(mine), bool(theirs), bool(more), bool(again)) == (True, False, True, False)
        with held(other, "fork:a") as theirs:
            assert not theirs, "who did not get it has not let go of it"
    with held(other, "fork:a") as theirs:
        assert theirs


def test_a_hold_that_another_user_left_behind_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Its file can be read by everybody, written by who made it, and may not be this user's to remove."""
    opened = os.open

    def as_another(path: Path, flags: int, mode: int = 0o777) -> int:
        if Path(path).exists() and flags & (os.O_RDWR | os.O_WRONLY):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return opened(path, flags, mode)

    def kept(_path: Path, *, missing_ok: bool) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    with closing(open_store(f"sqlite:///{tmp_path / 'a.db'}", ManualClock(NOW))) as store:
        with pytest.MonkeyPatch.context() as patch, held(store, "fork:a"):
            patch.setattr(Path, "unlink", kept)
        assert list(tmp_path.glob("*.held"))
        monkeypatch.setattr(os, "open", as_another)
        for _ in range(2):
            with held(store, "fork:a") as mine, held(store, "fork:a") as again:
                assert (bool(mine), bool(again)) == (True, False)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_where_files_cannot_be_locked_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int):
    def none(_file: int, _how: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", none)
    with (
        closing(open_store(f"sqlite:///{tmp_path / 'a.db'}", ManualClock(NOW))) as store,
        pytest.raises(StoreUnavailable, match=r"cannot be locked: .+; keep the store on a local disk"),
        held(store, "fork:a"),
    ):
        raise AssertionError("nobody can have it")


def test_a_hold_is_never_two_processes_however_often_it_changes_hands(
    store: SqlStore, open_another: Callable[[], SqlStore]
):
    """The file of an embedded store's hold comes and goes; who opened it before it went has nothing."""
    stores = [store, open_another()]
    inside, most, taken = [0], [0], [0, 0]
    lock = threading.Lock()

    def work(n: int) -> None:
        while taken[n] < 20:
            with held(stores[n], "x") as mine:
                if mine:
                    with lock:
                        inside[0] += 1
                        most[0] = max(most[0], inside[0])
                    taken[n] += 1
                    with lock:
                        inside[0] -= 1

    threads = [threading.Thread(target=work, args=(n,)) for n in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    assert (taken, most) == ([20, 20], [1])


def test_a_fork_that_another_server_makes_is_being_made(
    filled: SqlStore, open_another: Callable[[], SqlStore], clock: ManualClock
):
    """Also while it waits for its turn behind another."""
    go, began = threading.Event(), threading.Event()

    def slowly() -> object:
        began.set()
        assert go.wait(WAIT_S)
        return roads()

    with closing(server(filled, clock, slowly)) as one, closing(server(open_another(), clock)) as two:
        for name in ("first", "second"):
            one.make(parent="live", at=DAY, until=END, policy="nearest-by-road", actor="zhao", id=name)
        assert began.wait(WAIT_S)
        for _ in range(20):
            assert {each.look().phase for each in two.all()} == {ForkPhase.MAKING}
        with pytest.raises(Refused, match="being made"):
            two.delete("fork:first")
        go.set()
        eventually(lambda: {each.look().phase for each in two.all()} == {ForkPhase.DONE})
        assert two.delete("fork:first") > 0


def test_who_still_shows_a_fork_that_was_deleted_leaves_the_new_one_of_its_name_alone(
    filled: SqlStore, open_another: Callable[[], SqlStore], clock: ManualClock
):
    go = threading.Event()
    other = open_another()
    with closing(server(filled, clock, partial(_when, go))) as forks:
        Fork.make(filled, clock, "live", DAY, "x", actor="zhao", until=END)
        old = forks("fork:x")
        other.delete_timeline("fork:x")
        new = forks.make(parent="live", at=DAY, until=END, policy="nearest-by-road", actor="zhao", id="x")
        assert new.fork.seq != old.fork.seq
        with pytest.raises(NotFound):
            old.look()
        assert forks("fork:x") is new
        assert (new.look().phase, new.look().progress) == (ForkPhase.MAKING, 0.0)
        go.set()
        eventually(lambda: new.look().phase is ForkPhase.DONE)


def test_who_showed_the_fork_before_does_nothing_in_the_new_one_by_its_clock(
    filled: SqlStore, open_another: Callable[[], SqlStore], clock: ManualClock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fork_hosted, "LOOK_S", 0.0)
    elsewhere = open_another()
    with closing(server(elsewhere, clock)) as forks:
        Fork.make(filled, clock, "live", DAY, "x", actor="zhao", until=END)
        with closing(Rooms({"fork:": forks}, elsewhere, Settings(), shipped())) as rooms:
            old = rooms.open("fork:x")
            filled.delete_timeline("fork:x")
            made = Fork.make(filled, clock, "live", at(20), "x", actor="zhao", until=END)
            assert old.hosted.now() == DAY, "what is shown stays"
            with pytest.raises(NotFound):
                old.dispatcher.dispatch("X1", ["F2"], actor="desk 3", role="dispatcher")
            assert [r.kind for r in filled.read_after(made.seq, timeline="fork:x")] == []
            new = rooms.open("fork:x")
            assert (new.hosted.acting(), new.reader.timeline) == (at(20), "fork:x")


def test_so_many_forks_are_made_at_a_time_and_no_more(filled: SqlStore, clock: ManualClock):
    go = threading.Event()

    def make(forks: ForkSessions, id: str) -> object:
        return forks.make(parent="live", at=DAY, until=END, policy="as-history", actor="zhao", id=id)

    with closing(server(filled, clock, partial(_when, go))) as forks, pytest.MonkeyPatch.context() as patch:
        patch.setattr(fork_making, "MOST_MAKING", 2)
        make(forks, "a")
        make(forks, "b")
        with pytest.raises(Refused, match="2 forks are being made already") as refused:
            make(forks, "c")
        assert "完成后" in refused.value.zh
        assert "fork:c" not in [each.timeline for each in forks.all()], "nothing was begun"
        go.set()
        eventually(lambda: {each.look().phase for each in forks.all()} == {ForkPhase.DONE})
        eventually(lambda: not any(each.name.startswith("gridcommand-fork:") for each in threading.enumerate()))
        assert make(forks, "c")


def test_a_making_that_gets_no_thread_lets_go_of_its_name(
    filled: SqlStore, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
):
    def none(_making: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(fork_making.Making, "start", none)
    with closing(server(filled, clock)) as forks:
        with pytest.raises(RuntimeError):
            forks.make(parent="live", at=DAY, until=END, policy="as-history", actor="zhao", id="x")
        eventually(lambda: forks("fork:x").look().phase is ForkPhase.FAILED)


def test_a_fork_that_was_made_while_one_looked_has_not_failed(filled: SqlStore, clock: ManualClock):
    fork = Fork.make(filled, clock, "live", DAY, "x", actor="zhao", policy="as-history", until=END)

    @contextmanager
    def just_done(timeline: str) -> Iterator[object]:
        state = state_of(filled, fork)
        if state.phase is ForkPhase.MAKING:
            filled.append([act_of(state, ExerciseAct.END, "clock", END, NOW)])
        with held(filled, timeline) as mine:
            yield mine

    with closing(ForkSessions(filled, clock, shipped(), Settings(), roads=roads, held=just_done)) as forks:
        assert forks("fork:x").look().phase is ForkPhase.DONE


def _when(go: threading.Event) -> object:
    assert go.wait(WAIT_S)
    return roads()


def test_a_fork_of_the_command_line_holds_its_name_before_it_begins(
    filled: SqlStore, open_another: Callable[[], SqlStore], clock: ManualClock, monkeypatch: pytest.MonkeyPatch
):
    other, seen = open_another(), []

    @contextmanager
    def watched(timeline: str) -> Iterator[object]:
        assert filled.forks() == []
        with held(filled, timeline) as mine, held(other, timeline) as theirs:
            seen.append((bool(mine), bool(theirs)))
            yield mine
        with closing(server(other, clock)) as elsewhere:
            assert elsewhere(timeline).look().phase is ForkPhase.DONE

    def made(hold: object) -> object:
        return run(
            filled, ManualClock(NOW), shipped(), Settings(), roads(), at=DAY, until=END, policy="nearest-by-road",
            id="cli", actor="x", held=hold,
        )  # fmt: skip

    assert made(watched).fork.timeline == "fork:cli"
    assert seen == [(True, False)]
    monkeypatch.setattr(player, "TAKE_S", 0.0)
    with held(other, "fork:cli"), pytest.raises(Refused, match="another process") as refused:
        made(partial(held, filled))
    assert "另一进程" in refused.value.zh


def test_nothing_is_added_to_a_fork_that_was_deleted_elsewhere(filled: SqlStore, open_another: Callable[[], SqlStore]):
    def status(n: int) -> Record:
        payload = SiteStatusPayload(site="C1", online=False)
        return Record(Kind.SITE_STATUS, "video", f"s{n}", at(n), payload, timeline="fork:x")

    other = open_another()
    Fork.make(filled, ManualClock(NOW), "live", DAY, "x", actor="zhao", policy="nearest-by-road", until=END)
    assert other.append([status(1)]).accepted == 1
    filled.delete_timeline("fork:x")
    for append in (lambda: other.append([status(2)]), lambda: filled.append([status(3)])):
        with pytest.raises(NotFound, match="was deleted: nothing is added") as refused:
            append()
        assert "已删除" in refused.value.zh
    with pytest.raises(NotFound), other.transact("fork:x") as tx:
        tx.append([status(4)])
    assert filled.read_after(0, timeline="fork:x") == []
    assert filled.append([Record(Kind.SITE_STATUS, "video", "real", at(5), status(5).payload)]).accepted == 1


def test_who_has_lost_the_hold_writes_no_further_batch_of_that_turn(filled: SqlStore):
    fork = Fork.make(filled, ManualClock(NOW), "live", DAY, "x", actor="zhao", until=END)
    lost = threading.Event()

    class Mine(OnlyOne):
        def verify(self) -> None:
            if lost.is_set():
                raise StoreUnavailable("the session is gone")

    engine = ForkEngine(filled, fork, shipped(), Settings(), roads(), now=DAY, verify=Mine().verify)
    engine.play_to(at(15))
    before, head = len(filled.read_after(0, timeline=fork.timeline)), filled.head()
    assert filled.incident("X1", fork.timeline) is not None
    lost.set()
    with pytest.raises(StoreUnavailable):
        engine.play_to(at(100))
    assert (len(filled.read_after(0, timeline=fork.timeline)), filled.head()) == (before, head)
    # The next one takes it up from the log.
    ForkEngine(filled, fork, shipped(), Settings(), roads(), now=at(15)).play_to(at(100))
    assert filled.incident("X2", fork.timeline) is not None
