"""The thread that plays a timeline lets go of it when it may no longer be the only one, and takes it up again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from data.errors import StoreUnavailable
from replay import player
from replay.player import Player, Turn


class Hold:
    """A hold that is lost after so many turns."""

    def __init__(self, turns: int) -> None:
        self.left = turns

    def __bool__(self) -> bool:
        return True

    def verify(self) -> None:
        if not self.left:
            raise StoreUnavailable("the session is gone")
        self.left -= 1


def test_who_loses_its_hold_plays_no_further_until_it_has_it_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(player, "TURN_S", 0.0)
    monkeypatch.setattr(player, "RETRY_S", 0.0)
    holds, taken_up, turns = iter([Hold(2), Hold(5)]), [], []
    over = threading.Event()

    @contextmanager
    def held(_timeline: str) -> Iterator[Hold]:
        yield next(holds)

    @contextmanager
    def begin(_stopped: object, mine: Hold) -> Iterator[Turn]:
        taken_up.append(len(turns))

        def turn() -> bool:
            turns.append(len(taken_up))
            if len(turns) == 5:
                over.set()
            return len(turns) < 5

        yield turn

    it = Player("drill:x", held, lambda: True, begin)
    assert over.wait(60)
    assert it.join()
    assert not it.alive
    assert turns == [1, 1, 2, 2, 2], "two turns with the first hold, three with the second"
    assert taken_up == [0, 2]
