"""Telephone numbers in refused input are covered, of whatever form it is; times and coordinates stay readable."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app import app
from dashboard.api.bodies import DeadLetterBody
from dashboard.api.covered import covered
from data.clock import SystemClock
from data.open_store import open_store
from data.store import DeadLetter


@pytest.mark.parametrize(
    "text",
    [
        '{"contact":13812345678}',
        '{"phone":"13812345678"}',
        '{"contact":"13812345678","x"',
        "1,bad time,x,13812345678",
        '{"电话":"+86 138-1234-5678"}',
        "0531-8234 5678",
        "[8621-63905678]",
    ],
)
def test_numbers_that_may_be_telephones_are_covered(text: str) -> None:
    shown = covered(text)
    assert "*" in shown
    for secret in ("1234", "8234", "6390"):
        if secret in text:
            assert secret not in shown


@pytest.mark.parametrize(
    "text",
    ["2026-05-01T08:00:00+08:00", "2026-05-01 08:00", '{"lon":116.801234567,"lat":35.5520001}', "class 0307, 12 m"],
)
def test_times_coordinates_and_short_numbers_stay(text: str) -> None:
    assert covered(text) == text


def test_the_terminal_and_the_api_cover_them_unless_all_is_asked_for(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 's.db'}"
    at = datetime(2026, 5, 1, tzinfo=UTC)
    letter = DeadLetter("hotline", "payload", "contact: no text: 13812345678", b"1,x,13812345678", at)
    with closing(open_store(url, SystemClock())) as store:
        store.add_dead_letters([letter])
    body = DeadLetterBody.of(letter)
    assert (body.body, "12345678" in body.message) == ("1,x,138****5678", False)
    for options in ([], ["--json"]):
        shown = CliRunner().invoke(app, ["dead-letters", "--db", url, *options])
        assert (shown.exit_code, "138****5678" in shown.output, "13812345678" in shown.output) == (0, True, False)
        raw = CliRunner().invoke(app, ["dead-letters", "--db", url, "--raw", *options])
        assert "1,x,13812345678" in raw.output
