"""`rebuild` and `dead-letters` on an embedded store."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import typer

from cli.maintain import dead_letters, rebuild
from data.clock import ManualClock
from data.open_store import open_store
from data.records import EventPayload, Kind, Record
from data.store import DeadLetter

T0 = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def url(tmp_path):
    url = f"sqlite:///{tmp_path / 'a.db'}"
    store = open_store(url, ManualClock(T0))
    store.append([Record(Kind.EVENT, "s", f"E{i}", T0, EventPayload(category="c")) for i in range(7)])
    store.add_dead_letters([DeadLetter("push", "json", "line 1: not JSON", b"{\xff", T0)])
    store.add_dead_letters([DeadLetter("file", "column", "no column lon", b"a,b", T0)])
    store.close()
    return url


def test_rebuild_says_how_many_records_it_read(url, capsys):
    rebuild(db=url, json=True)
    assert json.loads(capsys.readouterr().out)["records"] == 7
    rebuild(db=url)
    assert "7 records" in capsys.readouterr().err


def test_dead_letters_show_counts_and_bytes(url, capsys):
    dead_letters(db=url, source=None, limit=20, json=True)
    shown = json.loads(capsys.readouterr().out)
    assert shown["counts"] == [
        {"source": "file", "reason": "column", "count": 1},
        {"source": "push", "reason": "json", "count": 1},
    ]
    assert [letter["body"] for letter in shown["letters"]] == ["a,b", "{\\xff"]
    dead_letters(db=url, source="push", limit=20, json=False)
    out = capsys.readouterr().out
    assert "line 1: not JSON" in out
    assert "no column lon" not in out


def test_an_unusable_url_is_refused_in_one_line(capsys):
    with pytest.raises(typer.Exit) as stopped:
        rebuild(db="mysql://x/y")
    assert stopped.value.exit_code == 2
    assert capsys.readouterr().err.startswith("refused: database_url")
