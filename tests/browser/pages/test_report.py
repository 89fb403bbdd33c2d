"""The after-action report in the browser: it is read, an evaluator rates, what was entered is there, and it prints."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from data.clock import ManualClock
from data.settings import Settings
from dispatch.book import shipped
from replay.drill_run import run
from replay.policies import ROAD
from tests.contract.exercise_server import TRIAL, begun, exercised, scenario
from tests.unit.replay.exercise_world import roads


@pytest.fixture
def page(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The English report of a short drill that was played."""
    folder = tmp_path_factory.mktemp("report")
    clock = ManualClock(datetime(2026, 11, 1, 9, tzinfo=UTC))
    with exercised(f"sqlite:///{folder / 'r.db'}", clock, var_dir=folder / "var") as server:
        play = partial(run, server.services.store, scenario(), shipped(), Settings(), roads(), seed=7, policy_name=ROAD)
        with ThreadPoolExecutor(1) as aside:  # the browser's driver has an event loop in this thread
            aside.submit(play).result()
        context = browser.new_context(viewport={"width": 1366, "height": 768})
        one = context.new_page()
        one.set_default_timeout(90_000)
        problems: list[str] = []
        one.on("pageerror", lambda error: problems.append(str(error)))
        one.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
        one.goto(f"http://127.0.0.1:{server.port}/report?timeline={TRIAL}&lang=en")
        yield one
        context.close()
        assert problems == []


def test_an_evaluator_reads_rates_and_prints(page: Any) -> None:
    assert page.inner_text("h1") == "Trial fire"
    assert page.locator(".report-aim").count() == 4
    assert page.locator(".report-pictures svg").count() >= 3
    wide = page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert wide, "nothing is wider than the window"

    aim = page.locator('[data-objective="told"].report-aim')
    assert "Not rated yet" in aim.inner_text()
    aim.locator("summary").click()
    aim.locator("button").click()
    assert aim.locator(".report-refused").inner_text() == "Choose a rating and say who you are"
    aim.locator('[value="S"]').check()
    aim.locator('[name="actor"]').fill("zhao min")
    aim.locator('[name="note"]').fill("<b>late</b> by a minute")
    aim.locator("button").click()
    given = aim.locator(".report-ratings td")
    given.nth(2).wait_for()
    assert given.all_inner_texts()[:3] == ["S performed with some challenges", "zhao min", "<b>late</b> by a minute"]
    assert page.locator("#deeds tr").last.inner_text().split("\t")[1:3] == ["zhao min", "rated"]
    assert "zhao min" in page.locator(".report-facts").first.inner_text()

    # Entered again it replaces the former one; the evaluator's name is still there.
    aim.locator("summary").click()
    assert aim.locator('[name="actor"]').input_value() == "zhao min"
    aim.locator('[value="M"]').check()
    aim.locator("button").click()
    page.wait_for_function(
        "document.querySelector('[data-objective=\"told\"] .report-ratings td').textContent.startsWith('M ')"
    )
    assert given.count() == 4

    printed = pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True))
    told = [one.get_textpage().get_text_range() for one in printed]
    printed.close()
    assert all("演练 EXERCISE" in said for said in told), "the watermark is on every page"
    assert "Enter a rating" not in "".join(told)

    page.click("#report-lang")
    page.wait_for_url("**lang=zh**")
    assert page.inner_text("h1") == "小区火灾演练"


def test_the_report_of_a_drill_that_runs_is_refreshed_and_keeps_what_is_being_written(
    browser: Any, tmp_path: Path
) -> None:
    clock = ManualClock(datetime(2026, 11, 1, 9, tzinfo=UTC))
    with (
        exercised(f"sqlite:///{tmp_path / 'r.db'}", clock, var_dir=tmp_path / "var") as server,
        browser.new_context(viewport={"width": 1366, "height": 768}) as context,
    ):
        begun(server)
        one = context.new_page()
        one.set_default_timeout(90_000)
        one.clock.install()
        one.goto(f"http://127.0.0.1:{server.port}/report?timeline={TRIAL}&lang=en")
        first = said(one)
        assert "The exercise is not over; as of" in first
        aim = one.locator('[data-objective="told"].report-aim')
        aim.locator("summary").click()
        aim.locator('[value="M"]').check()
        note = aim.locator('[name="note"]')
        note.fill("they asked twice")

        # While somebody writes nothing changes by itself.
        clock.advance(180)
        one.clock.fast_forward(61_000)
        assert said(one) == first
        one.click(".report-renew")
        one.wait_for_function("was => !document.querySelector('.report-running').textContent.includes(was)", arg=first)
        second = said(one)
        assert (note.input_value(), aim.locator('[value="M"]').is_checked()) == ("they asked twice", True)
        assert note.is_visible(), "the form is still open"

        # Nobody writes: the page follows by itself.
        clock.advance(180)
        one.clock.fast_forward(61_000)
        one.wait_for_function("was => !document.querySelector('.report-running').textContent.includes(was)", arg=second)
        assert note.input_value() == "they asked twice"
        assert one.locator(".report-renew").count() == 1


def said(page: Any) -> str:
    """What the page says of its moment."""
    return str(page.evaluate("document.querySelector('.report-running').firstChild.textContent"))
