"""What if, in the browser: a what-if is begun from a replay, played at its own desk, and put beside what happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from data.clock import SystemClock
from data.records import (
    EventPayload,
    IncidentDispatched,
    Kind,
    Record,
    UnitPayload,
    UnitPosition,
    UnitStatus,
    UnitStatusPayload,
)
from data.settings import Settings
from tests.browser.pages.conftest import Window
from tests.browser.pages.test_accessibility import AXE, LOOK
from tests.contract.api.api_server import serving, settled, small_region

Windows = Callable[..., Window]

CALL, NEAR, FAR = (116.05, 35.05), ("E01", 116.06), ("E09", 116.35)


def history(day: datetime) -> list[Record]:
    """Two engines; half an hour later a fire beside one of them, and the other one was sent: it took 40 minutes."""

    def after(minutes: float) -> datetime:
        return day + timedelta(minutes=minutes)

    records = []
    for id, lon in (NEAR, FAR):
        payload = UnitPayload(name=f"消防车 {id}", name_en=f"Engine {id}", unit_kind="fire_engine", skills=("fire",))
        records.append(Record(Kind.UNIT, "roster", id, day, payload))
        records.append(Record(Kind.UNIT_POSITION, "gps", id, day, UnitPosition(unit=id), lon, 35.05))
    fire = EventPayload(
        category="0502", incident="X1", severity=1, title="码头起火", title_en="Fire on the quay",
        times={"received": after(30)},
    )  # fmt: skip
    records.append(Record(Kind.EVENT, "119", "X1", after(30), fire, *CALL))
    order = IncidentDispatched(incident="X1", units=(FAR[0],), actor="zhao")
    records.append(Record(Kind.INCIDENT_DISPATCHED, "desk", "order", after(31), order))
    steps = ((UnitStatus.EN_ROUTE, 32.0), (UnitStatus.ON_SCENE, 70.0), (UnitStatus.AVAILABLE, 100.0))
    for status, minute in steps:
        about = None if status is UnitStatus.AVAILABLE else "X1"
        told = UnitStatusPayload(unit=FAR[0], status=status, incident=about, actor="terminal:E09")
        records.append(Record(Kind.UNIT_STATUS, "cad", f"{status}", after(minute), told))
    return records


@dataclass
class Centre:
    """A quiet centre in which one morning has happened."""

    url: str
    day: datetime


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory, browser: Any) -> Iterator[Centre]:
    settings = Settings(
        var_dir=tmp_path_factory.mktemp("fork"), database_url="", tick_min_s=0.05, silence_poll_s=0.2, timezone="UTC",
    )  # fmt: skip
    day = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=5)
    with serving(settings, SystemClock(), fill=False) as server:
        server.services.store.put_level(small_region())
        server.services.store.append(history(day))
        settled(server.services)
        yield Centre(f"http://127.0.0.1:{server.port}", day)


def test_a_what_if_is_begun_from_a_replay_played_at_its_desk_and_compared(centre: Centre, window: Windows) -> None:
    one = window(centre, width=1600, height=900)
    page = one.open("/replay?lang=en&layers=areas")
    before = centre.day + timedelta(minutes=29)
    page.fill("#replay-when", f"{before:%Y-%m-%d %H:%M}")
    page.click('[data-action="replay-begin"]')
    page.wait_for_function("window.gc?.replays?.framed")
    page.click('[data-action="replay-fork"]')

    page.wait_for_selector("#fork-policies")
    page.wait_for_selector(".fork-none")
    assert page.input_value("#fork-at").startswith(f"{before:%Y-%m-%d %H:%M}")
    assert page.get_attribute('[data-policy="players"]', "aria-checked") == "true"
    page.fill("#fork-name", "quay")
    page.click("#fork-make")
    assert page.inner_text("#fork-refused") == "Write your name first."
    page.fill("#fork-actor", "Zhao")
    page.click("#fork-make")
    page.wait_for_selector('#fork-board[data-phase="paused"]')
    assert page.evaluate("gc.timeline") == "fork:quay"
    assert page.title().startswith("WHAT-IF")
    assert page.inner_text('[data-fact="seed"] dd') == "0"

    # Nothing has happened there yet; its clock brings the call.
    report = int((centre.day + timedelta(minutes=30)).timestamp() * 1000)
    page.click('#fork-rates [data-rate="10"]')
    page.click("#fork-go")
    page.wait_for_selector('#fork-board[data-phase="running"]')
    page.wait_for_function("(t) => gc.exercise.now() > t", arg=report)
    page.click("#fork-go")
    page.wait_for_selector('#fork-board[data-phase="paused"]')
    played = window(centre, width=1600, height=900)
    desk = played.desk("?lang=en&layers=areas&timeline=fork:quay")
    desk.wait_for_function("gc.exercise?.state?.phase === 'paused'")
    desk.click("#incident-grid .ag-row")
    desk.wait_for_selector("#detail h2")
    assert "Fire on the quay" in desk.inner_text("#detail h2")
    desk.click('#detail [data-action^="dispatch:E01"]:not([disabled])')
    desk.wait_for_selector("#detail .part-sent")

    page.click('#fork-rates [data-rate="300"]')
    page.click("#fork-go")
    row = '#fork-rows [data-key="X1"]'
    page.wait_for_selector(f'{row} .fork-gain[data-verdict="sooner"]')
    assert "Fire on the quay" in page.inner_text(row)
    assert page.inner_text("#fork-hero-word") == "sooner on average"
    # Measured by the engine that history sent, on the same roads: it has 27 km to drive, the near one a kilometre.
    assert "history sent" in page.inner_text("#fork-against")
    assert 0 < float(page.get_attribute("#fork-hero", "data-value")) < 60

    page.click(f"{row} .fork-row-open")
    page.wait_for_selector('#fork-life-fork [data-kind="incident.dispatched"]')
    page.wait_for_selector('#fork-life-original [data-kind="incident.dispatched"]')
    assert "Engine E01" in page.inner_text("#fork-life-fork")
    assert "Engine E09" in page.inner_text("#fork-life-original")
    page.click('[data-action="fork-lives-seek"]')
    at_cursor = "(t) => document.getElementById('fork-map-said').dataset.t === String(t)"
    page.wait_for_function(at_cursor, arg=report)
    page.click('[data-action="fork-map:original"]')
    page.wait_for_function("document.getElementById('fork-map-said').dataset.which === 'original'")
    page.wait_for_function(at_cursor, arg=report)
    page.click('#fork-paces [data-pace="60"]')  # slow enough that it does not come to its end before it is stopped
    page.click("#fork-play")
    page.wait_for_function("(t) => Number(document.getElementById('fork-track').dataset.t) > t + 60000", arg=report)
    page.click('#fork-play[data-sign="pause"]')

    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(LOOK)
    assert not found, "\n".join(found)
