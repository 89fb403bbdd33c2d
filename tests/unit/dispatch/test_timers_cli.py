"""`app.py casework timers`: what the clocks said, from a store."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from typer.testing import CliRunner

from cli.casework import app
from data.clock import ManualClock
from data.open_store import open_store
from dispatch.book import shipped
from dispatch.dispatcher import Dispatcher

runner = CliRunner()


def test_what_the_clocks_of_a_case_said_is_told_from_the_log(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'g.db'}"
    clock = ManualClock(datetime(2026, 5, 6, 0, 30, tzinfo=UTC))  # Wednesday 08:30 in Shanghai
    with closing(open_store(url, clock)) as store:
        desk = Dispatcher(store, clock, book=shipped())
        opened = desk.open(actor="desk 1", category="0101", workflow="grid-5", owner="street").incident
        assert opened is not None
        clock.advance(9 * 3600)
        desk.move(opened.id, "accept", actor="street", role="owner")
    period = ["--from", "2026-05-06T08:30+08:00", "--to", "2026-05-07T12:00+08:00", "--db", url]
    found = runner.invoke(app, ["timers", *period, "--json"])
    assert found.exit_code == 0, found.output
    # One working day is 8 h: half of accepting is at 14:30, 80 % at 16:54, before it was accepted at 17:30. Half of the
    # 16 h of handling is Thursday 08:30; half of the 24 h of answering falls after the period, at 14:30.
    assert [(said["at"], said["clock"], said["kind"]) for said in json.loads(found.stdout)] == [
        ("2026-05-06T06:30:00+00:00", "accept", "warning"),
        ("2026-05-06T08:54:00+00:00", "accept", "warning"),
        ("2026-05-07T00:30:00+00:00", "handle", "warning"),
    ]
    backwards = runner.invoke(app, ["timers", "--from", "2026-05-07", "--to", "2026-05-06", "--db", url])
    assert backwards.exit_code == 1
    assert "give the earlier time first" in backwards.stderr
