"""The ledger of returns, the routing table and the adoption of a decision at the terminal."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

from typer.testing import CliRunner

from app import app
from data.clock import SystemClock
from data.open_store import open_store
from dispatch.book import shipped
from dispatch.dispatcher import Dispatcher


def run(url: str, *words: str) -> str:
    done = CliRunner().invoke(app, ["casework", *words, "--db", url])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_return_is_in_the_ledger_and_its_decision_becomes_the_first_rule_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 's.db'}"
    with closing(open_store(url, SystemClock())) as store:
        desk = Dispatcher(store, SystemClock(), book=shipped())
        row = desk.open(actor="d", category="0307", role="district", workflow="grid-5", owner="ecology").incident
        assert row is not None
        desk.move(row.id, "return", actor="e", role="owner", reason="not ours")
        desk.move(row.id, "assign", actor="d", role="district", owner="municipal-works")
    ledger = json.loads(run(url, "rejections", "--json"))
    assert [(each["incident"], each["owner"], each["reason"]) for each in ledger["rejections"]] == [
        (row.id, "ecology", "not ours")
    ]
    assert run(url, "rejections", "--owner", "municipal-works") == ""
    adopting = ("rules", "adopt", "--incident", row.id, "--actor", "district desk", "--json")
    assert json.loads(run(url, *adopting)) | {"seq": 0} == {"rule": f"R-{row.id}", "seq": 0, "repeated": False}
    assert json.loads(run(url, *adopting))["repeated"] is True
    assert run(url, "rules").splitlines()[0].split("\t")[:2] == [f"R-{row.id}", "adopted"]
    refused = CliRunner().invoke(app, ["casework", *adopting, "--owner", "nobody-here", "--db", url])
    assert (refused.exit_code, "no owner 'nobody-here'" in refused.output) == (1, True)
