"""A polled board: opened when first seen, changed, closed when gone; nothing is closed by a poll that went wrong."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.clock import ManualClock
from data.errors import BadMapping
from data.open_store import open_store
from data.records import EventPayload, Record
from data.settings import Settings
from data.sql_store import SqlStore
from data.store import DeadLetter
from data.writer import Writer
from feeds.board import Board
from feeds.board_live import BoardAway, BoardFeed
from feeds.board_polls import import_polls
from feeds.intake import Intake
from feeds.mapping import Mapping
from feeds.watch import InboxFeed, inbox_feeds
from layers.state_at import state_at

T0 = datetime(2026, 5, 1, tzinfo=UTC)
CLOCK = ManualClock(T0 + timedelta(days=1))
RULES: dict[str, Any] = {
    "source": "cad",
    "attrs": ["units"],
    "columns": {"id": "id", "incident": "id", "time": "polled", "category": "type", "lon": "lon", "lat": "lat"},
    "board": {"rows": "page.active"},
}
MAPPING = Mapping.of(RULES)


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def row(id: str, type: str = "fire", **more: Any) -> dict[str, Any]:
    return {"id": id, "type": type, "units": "", "lon": 120.0, "lat": 33.0, **more}


def poll(minutes: float, *rows: Any) -> str:
    return json.dumps({"polled": at(minutes).isoformat(), "page": {"active": list(rows)}})


def ruled(**board: Any) -> Mapping:
    return Mapping.of({**RULES, "board": {"rows": "page.active", **board}})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    made = open_store(f"sqlite:///{tmp_path / 's.db'}", CLOCK)
    yield made
    made.close()


def written(tmp_path: Path, *lines: str, name: str = "polls.jsonl") -> Path:
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n")
    return path


def records(store: SqlStore) -> list[tuple[str, int, EventPayload]]:
    found = []
    for record in store.read_after(0):
        if isinstance(record.payload, EventPayload):
            assert record.at == min(r.at for r in store.read_after(0) if r.source_id == record.source_id)
            found.append((record.source_id, record.version, record.payload))
    return found


def active(store: SqlStore, minutes: float) -> list[str]:
    return list(state_at(store, at(minutes)).open_ids)


def test_an_incident_opens_when_first_seen_changes_and_closes_when_it_is_gone(store: SqlStore, tmp_path: Path) -> None:
    path = written(
        tmp_path,
        poll(0, row("a")),
        poll(10, row("a"), row("b")),
        poll(20, row("a", "gas"), row("b")),
        poll(30, row("b")),
    )
    report = import_polls(store, path, MAPPING, clock=CLOCK)
    assert (report.polls, report.opened, report.changed, report.closed, report.accepted) == (4, 2, 1, 1, 4)
    a = [(version, p.category, p.times) for id, version, p in records(store) if id == "a"]
    assert a == [
        (0, "fire", {}),
        (1, "gas", {"changed": at(20)}),
        (2, "gas", {"changed": at(20), "closed": at(30), "last_seen": at(20)}),
    ]
    assert [active(store, t) for t in (-1, 0, 9, 10, 29, 30, 99)] == [
        [],
        ["a"],
        ["a"],
        ["a", "b"],
        ["a", "b"],
        ["b"],
        ["b"],
    ]


def test_the_same_polls_again_add_nothing_and_later_ones_go_on_from_the_log(store: SqlStore, tmp_path: Path) -> None:
    first = written(tmp_path, poll(0, row("a"), row("b")), poll(10, row("a", units="E1"), row("b")))
    import_polls(store, first, MAPPING, clock=CLOCK)
    head = store.head()
    again = import_polls(store, first, MAPPING, clock=CLOCK)
    assert (again.accepted, again.polls, again.late, store.head()) == (0, 1, 1, head)
    later = written(
        tmp_path, poll(5), poll(20, row("a", units="E1 E2")), poll(20, row("a", units="E1 E2")), name="l.jsonl"
    )
    report = import_polls(store, later, MAPPING, clock=CLOCK)
    assert (report.late, report.changed, report.closed, report.accepted) == (1, 1, 1, 2)
    assert [(id, v) for id, v, _ in records(store)] == [("a", 0), ("b", 0), ("a", 1), ("a", 2), ("b", 1)]
    assert active(store, 15) == ["a", "b"]
    assert active(store, 20) == ["a"]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("{ no json", "json.syntax"),
        (json.dumps({"polled": at(10).isoformat(), "page": {"error": "busy"}}), "board.rows"),
        (json.dumps({"page": {"active": []}}), "time.empty"),
        (poll(10, "no object"), "json.object"),
        (poll(10, row("a", type="")), "category.empty"),
        (poll(10, row("b"), row("b")), "board.twice"),
    ],
)
def test_a_poll_that_went_wrong_closes_nothing(store: SqlStore, tmp_path: Path, wrong: str, reason: str) -> None:
    path = written(tmp_path, poll(0, row("a"), row("b")), wrong, poll(20, row("a"), row("b")))
    report = import_polls(store, path, MAPPING, clock=CLOCK)
    assert (report.closed, report.accepted, report.reasons) == (0, 2, {reason: 1})
    assert active(store, 12) == ["a", "b"]
    assert [letter.reason for letter in store.dead_letters()] == [reason]
    # The same file again, and with a poll more, refuses nothing new; the same row in another poll is another refusal.
    assert import_polls(store, path, MAPPING, clock=CLOCK).rejected == 0
    more = written(tmp_path, path.read_text(), poll(30, row("a"), row("b")), wrong, name="more.jsonl")
    report = import_polls(store, more, MAPPING, clock=CLOCK)
    late = reason in ("json.object", "category.empty", "board.twice")
    assert report.rejected == (0 if late else 1)
    other = written(tmp_path, poll(40, row("a", type="")), poll(50, row("a", type="")), name="other.jsonl")
    assert import_polls(store, other, MAPPING, clock=CLOCK).reasons == {"category.empty": 2}
    assert import_polls(store, other, MAPPING, clock=CLOCK).rejected == 0
    assert sum(store.dead_letter_counts().values()) == 3 + (not late)


def test_an_empty_poll_clears_the_board_unless_the_mapping_says_that_it_is_a_fault(tmp_path: Path) -> None:
    path = written(tmp_path, poll(0, row("a")), poll(10), poll(20, row("a")))
    shown = {}
    for rules in (ruled(returns_s=0), ruled(empty="ignored")):
        assert rules.board is not None
        made = open_store(f"sqlite:///{tmp_path / rules.board.empty}.db", CLOCK)
        import_polls(made, path, rules, clock=CLOCK)
        shown[rules.board.empty] = active(made, 15)
        made.close()
    assert shown == {"clears": [], "ignored": ["a"]}


def test_an_id_that_returns_soon_never_closed_and_later_is_another_incident(store: SqlStore, tmp_path: Path) -> None:
    path = written(
        tmp_path, poll(0, row("a")), poll(10), poll(20, row("a")), poll(30), poll(200, row("a", "flood")), poll(210)
    )
    report = import_polls(store, path, ruled(returns_s=1800), clock=CLOCK)
    assert (report.opened, report.returned, report.closed) == (2, 1, 3)
    second = f"a@{at(200):%Y%m%dT%H%M%SZ}"
    assert [active(store, t) for t in (5, 15, 25, 30, 205, 210)] == [["a"], ["a"], ["a"], [], [second], []]
    # A process that starts anew knows both.
    more = written(tmp_path, poll(215, row("a", "flood")), name="m.jsonl")
    assert import_polls(store, more, ruled(returns_s=1800), clock=CLOCK).returned == 1
    assert active(store, 215) == [second]


def test_gone_may_take_several_polls(store: SqlStore, tmp_path: Path) -> None:
    path = written(tmp_path, poll(0, row("a")), poll(10), poll(20, row("a")), poll(30), poll(40), poll(50))
    assert import_polls(store, path, ruled(missing=2), clock=CLOCK).accepted == 2
    assert active(store, 29) == ["a"]
    assert active(store, 30) == []  # closed at the first poll without it


def test_flat_rows_of_one_time_are_one_poll(store: SqlStore, tmp_path: Path) -> None:
    lines = ["polled,id,type,units,lon,lat"]
    lines += [f"{at(t).isoformat()},{id},fire,,," for t, ids in ((0, "ab"), (10, "b"), (20, "bc")) for id in ids]
    report = import_polls(store, written(tmp_path, *lines, name="rows.csv"), ruled(rows=""), clock=CLOCK)
    assert (report.polls, report.opened, report.closed) == (3, 3, 1)
    assert active(store, 20) == ["b", "c"]


@given(st.lists(st.sets(st.sampled_from("abcd")), max_size=8), st.integers(0, 8))
def test_at_every_poll_those_are_open_that_it_showed_wherever_one_stopped(shows: list[set[str]], cut: int) -> None:
    """Folded from the records alone, and with a board that is made anew from them after `cut` polls."""
    rules = ruled(returns_s=0)
    board, log = Board(rules, CLOCK), []
    for n, ids in enumerate(shows):
        if n == cut:
            board = Board(rules, CLOCK).resume(_Log(log))  # type: ignore[arg-type]
        log += [item for item in board.take(at(n), [row(id) for id in sorted(ids)]) if isinstance(item, Record)]
    newest = {record.source_id: record for record in sorted(log, key=lambda r: r.version)}
    assert len({(r.source_id, r.version) for r in log}) == len(log)
    for n, ids in enumerate(shows):
        spans = [(r.at, r.payload.times.get("closed"), r.source_id) for r in newest.values()]  # type: ignore[attr-defined]
        assert {id[0] for start, end, id in spans if start <= at(n) and (end is None or end > at(n))} == ids


class _Log:
    """The events of a list, as `Store.scan` gives them."""

    def __init__(self, log: list[Record]) -> None:
        self._newest = {record.source_id: record for record in sorted(log, key=lambda r: r.version)}

    def scan(self, kinds: Any, timeline: str) -> Iterator[Any]:
        from data.codec import payload_json
        from data.store import Fact

        for r in self._newest.values():
            body = payload_json(r.payload).decode()
            yield Fact(0, r.kind.value, r.source, r.source_id, r.version, r.at, r.lon, r.lat, None, None, body)


class _Answers:
    """A board over HTTP: answers in turn; None is no answer."""

    def __init__(self, *bodies: str | None) -> None:
        self._bodies = list(bodies)

    def __call__(self, url: str) -> bytes:
        body = self._bodies.pop(0)
        if body is None:
            raise BoardAway(f"{url}: timed out")
        return body.encode()


async def test_a_board_over_http_is_polled_and_no_answer_closes_nothing(store: SqlStore) -> None:
    rules = ruled(url="http://board.example/active", every_s=30)
    answers = _Answers(
        poll(0, row("a"), row("b")), None, "<html>busy</html>", poll(30, row("b")), json.dumps({"page": {"active": []}})
    )
    writer = Writer(store, Settings())
    try:
        intake = Intake("cad", writer.submit, store, CLOCK)
        feed = BoardFeed(rules, store, CLOCK, fetch=answers)
        await feed.poll(intake)
        for _ in range(2):
            with pytest.raises(BoardAway, match=r"board\.example"):
                await feed.poll(intake)
        assert active(store, 20) == ["a", "b"]
        await feed.poll(intake)
        assert active(store, 30) == ["b"]
        await feed.poll(intake)  # tells no time: it is that of its receipt
        assert [p.times["closed"] for id, v, p in records(store) if id == "b" and v == 1] == [CLOCK.now()]
        assert intake.last_ok == CLOCK.now()
    finally:
        await asyncio.to_thread(writer.close)


async def test_the_inbox_takes_files_of_polls_and_knows_a_board_with_an_address(
    store: SqlStore, tmp_path: Path
) -> None:
    for name, more in (("files", ""), ("asked", 'url = "http://127.0.0.1:9/board"\n')):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mapping.toml").write_text(
            f'source = "{name}"\nattrs = ["units"]\n[columns]\nid = "id"\nincident = "id"\ntime = "polled"\n'
            f'category = "type"\n[board]\nrows = "page.active"\n{more}'
        )
    asked, files = inbox_feeds(tmp_path, CLOCK, store)
    assert isinstance(asked, BoardFeed)
    assert isinstance(files, InboxFeed)
    writer = Writer(store, Settings())
    try:
        intake = Intake("files", writer.submit, store, CLOCK)
        for lines in ((poll(0, row("a")),), (poll(10),)):
            written(tmp_path / "files", *lines)
            await files.poll(intake)
            assert await files.poll(intake) == 1
        assert active(store, 5) == ["a"]
        assert active(store, 10) == []
        with pytest.raises(BoardAway, match=r"127\.0\.0\.1:9"):
            await asked.poll(intake)
    finally:
        await asyncio.to_thread(writer.close)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"board": {"url": "file:///etc/passwd"}}, "board.url"),
        ({"board": {"missing": 0}}, "board.missing"),
        ({"board": {"rws": ""}}, "allowed are rows"),
        ({"times": {"closed": "x"}}, "closed"),
        ({"step": {"column": "x"}}, "step"),
    ],
)
def test_a_wrong_board_is_refused_in_one_line(more: dict[str, Any], said: str) -> None:
    with pytest.raises(BadMapping, match=said) as refused:
        Mapping.of({**RULES, **more})
    assert "\n" not in str(refused.value)


def test_a_row_that_cannot_be_read_is_kept_with_its_bytes() -> None:
    board = Board(MAPPING, CLOCK)
    (letter,) = board.take(at(0), [{"id": "a"}])
    assert isinstance(letter, DeadLetter)
    assert orjson.loads(letter.body) == {"id": "a"}
    assert board.tally.partial == 1
