"""The report in words, on its page and in its PDF: from the log of a short drill that people and nobody played."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pypdfium2
import pytest

from dashboard.i18n import LANGS, Lang
from dashboard.ui.report_html import page
from dashboard.ui.report_lines import broken
from dashboard.ui.report_parts import Aim, Document, Facts, Figures, Heading, Table, Text
from dashboard.ui.report_pdf import pdf
from dashboard.ui.report_say import MARK, Say
from dashboard.ui.report_whole import whole
from data.clock import ManualClock
from data.errors import NotFound
from data.open_store import open_store
from data.settings import Settings
from data.store import Store
from dispatch.book import shipped
from replay.drill import Drill
from replay.drill_run import run
from replay.policies import NONE, ROAD
from replay.scenario_file import load
from tests.unit.replay.exercise_world import SCENARIO, master, region, roads

START = datetime(2026, 7, 1, tzinfo=UTC)
HAN = re.compile(r"[\u4e00-\u9fff]")
PLAYED, IDLE, GOING = "drill:trial", "drill:trial:idle", "drill:trial:going"


def _filled(folder: Path) -> Store:
    store = open_store(f"sqlite:///{folder / 's.db'}", ManualClock(START))
    store.put_level(region())
    store.append(master())
    return store


def _play(store: Store, folder: Path, policy: str = ROAD, name: str = "", text: str = SCENARIO) -> None:
    path = folder / "s.toml"
    path.write_text(text, encoding="utf-8")
    run(store, load(path, region(), shipped()), shipped(), Settings(), roads(), seed=7, policy_name=policy, name=name)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A drill that was played and rated, one in which nobody acted, and one that is under way."""
    folder = tmp_path_factory.mktemp("report")
    store = _filled(folder)
    _play(store, folder)
    _play(store, folder, NONE, "idle")
    with Drill(store, ManualClock(START), PLAYED) as drill:
        drill.rate("told", "M", actor="赵敏", note="通报 3 分钟无人确认")
        drill.rate("told", "S", actor="li")
    wall = ManualClock(START)
    with Drill.make(store, wall, load(folder / "s.toml", region(), shipped()), actor="li", run="going") as drill:
        drill.start(actor="li")
        wall.set(START + timedelta(minutes=2))
        drill.fire("I-1", actor="li")
        wall.set(START + timedelta(minutes=12))
        drill.skip("I-2", actor="li", note="桥已通")
    yield store
    store.close()


def _report(store: Store, lang: Lang = "zh", timeline: str = PLAYED, beside: str = "") -> Document:
    return whole(store, timeline, beside, lang, shipped())


def _texts(document: Document) -> Iterator[str]:
    yield from (document.title, document.subtitle, document.running)
    for part in document.parts:
        match part:
            case Heading() | Text():
                yield part.text
            case Facts():
                yield from (said for row in part.rows for said in row)
            case Table():
                yield from _cells(part)
            case Figures():
                yield from (caption for _, caption in part.pictures)
            case Aim():
                yield from (part.title, part.verdict, *(said for row in part.facts.rows for said in row))
                yield from _cells(part.items)
                yield from _cells(part.ratings)


def _cells(table: Table) -> Iterator[str]:
    yield from (column.label for column in table.columns)
    yield from (said for row in table.rows for said in row)


def _aims(document: Document) -> dict[str, Aim]:
    return {part.id: part for part in document.parts if isinstance(part, Aim)}


def _table(document: Document, id: str) -> Table:
    """The last table of a section."""
    found, here = None, False
    for part in document.parts:
        here = part.id == id if isinstance(part, Heading) else here
        found = part if here and isinstance(part, Table) else found
    assert found is not None
    return found


# --- in words -----------------------------------------------------------------------------------------------------


def test_each_objective_says_what_was_expected_and_what_was_done(store: Store) -> None:
    found = _aims(_report(store))
    assert list(found) == ["first-order", "told", "shelter", "cleared"]
    first = found["first-order"]
    assert first.title == "1. 三分钟内派出首批力量"
    assert dict(first.facts.rows)["要求"] == "第 90 百分位的“接报至派出”不超过 3 分"
    assert re.fullmatch(r"第 90 百分位 .+ [秒分]，共 2 件", dict(first.facts.rows)["完成"])
    assert [row[0] for row in first.items.rows] == ["I-1 草地起火", "I-6 老人跌倒"]
    assert dict(found["shelter"].facts.rows)["要求"] == "体育馆安置点在 08:50:00 前开放"
    assert dict(_aims(_report(store, "en"))["shelter"].facts.rows)["Expected"] == "Gymnasium shelter open by 08:50:00"


def test_where_nobody_acted_things_are_said_to_be_undone(store: Store) -> None:
    found = _aims(_report(store, "en", IDLE))
    tones = {aim.id: aim.tone for aim in found.values()}
    assert tones == {"first-order": "bad", "told": "bad", "shelter": "good", "cleared": "bad"}, "keepers open by order"
    first = dict(found["first-order"].facts.rows)
    assert first["Done"] == "never at percentile 90, 2 incidents"
    assert [row[3:] for row in found["first-order"].items.rows] == [("–", "–", "not done")] * 2
    assert dict(found["cleared"].facts.rows)["Done"] == "0 of 1 (0%)"


def test_a_drill_that_is_under_way_says_as_of_when_and_judges_nothing_that_has_time(store: Store) -> None:
    document = _report(store, "en", GOING)
    assert document.running == "The exercise is not over; as of 08:12:00"
    aims = _aims(document)
    assert (aims["cleared"].tone, aims["shelter"].tone) == ("open", "open")
    assert aims["first-order"].items.rows[0][5] == "not done"
    injects = {row[0]: row[2] for row in _table(document, "injects").rows}
    assert injects == {"I-1": "08:02:00", "I-2": "skipped: 桥已通"} | {f"I-{n}": "to come" for n in range(3, 8)}
    assert _report(store, "en").running == ""


def test_ratings_are_told_with_evaluator_and_note(store: Store) -> None:
    rows = _aims(_report(store))["told"].ratings.rows
    assert [row[:3] for row in rows] == [
        ("S 完成，有一些困难", "li", "–"),
        ("M 完成，困难很大", "赵敏", "通报 3 分钟无人确认"),
    ]
    assert "评估：赵敏、li" in dict(next(p for p in _report(store).parts if isinstance(p, Facts)).rows)["参加人员"]


def test_deeds_tell_who_did_what_when(store: Store) -> None:
    rows = _table(_report(store, "en"), "deeds").rows
    assert rows[0][1:3] == ("exercise clock", "prepared the drill")
    sent = next(row for row in rows if row[2] == "sent units" and row[3].startswith("I-1"))
    assert sent[1] == "simulated duty officer"
    assert sent[3:] == ("I-1 Grass fire", "F1")
    assert next(row for row in rows if row[1] == "赵敏")[2] == "rated"
    assert not [row for row in rows if "." in row[2] or "_" in row[2]], "a deed without words"


def test_in_english_nothing_is_left_in_chinese_but_what_people_wrote(store: Store) -> None:
    for timeline, beside in ((PLAYED, ""), (IDLE, ""), (GOING, ""), (PLAYED, IDLE)):
        wrong = [said for said in _texts(_report(store, "en", timeline, beside)) if HAN.search(said)]
        written = ("赵敏", "通报 3 分钟无人确认", "桥已通")
        assert not [said for said in wrong if not any(each in said for each in written)]


def test_pictures_show_the_first_units_sent_the_worst_and_the_end(store: Store) -> None:
    figures = next(p for p in _report(store, "en", IDLE).parts if isinstance(p, Figures) and not p.wide)
    captions = [caption for _, caption in figures.pictures]
    assert captions[-1] == "09:00:00 the end"
    assert re.fullmatch(r"\d\d:\d\d:\d\d most overdue at once: \d+", captions[-2])
    played = next(p for p in _report(store, "en").parts if isinstance(p, Figures) and not p.wide)
    assert any("first units sent to I-1: Grass fire" in caption for _, caption in played.pictures)


def test_two_runs_stand_side_by_side(store: Store) -> None:
    document = _report(store, "en", PLAYED, IDLE)
    objectives = _table(document, "objectives").rows
    assert objectives[0][2].startswith("● met")
    assert objectives[0][3].startswith("▲ not met")
    incidents = {row[0]: row[1:] for row in _table(document, "incidents").rows}
    assert incidents["I-1 Grass fire"][1] == "–"
    same = _table(_report(store, "en", PLAYED, PLAYED), "incidents").rows
    assert {row[-1] for row in same} <= {"the same", "–"}
    with pytest.raises(NotFound):
        _report(store, "en", PLAYED, "drill:none")


@pytest.mark.parametrize(
    ("minutes", "zh", "en"),
    [(0.5, "30 秒", "30 s"), (2, "2 分", "2 min"), (3.26, "3.3 分", "3.3 min"), (125.5, "2:05:30", "2:05:30")],
)
def test_lengths_are_told_as_people_tell_them(minutes: float, zh: str, en: str) -> None:
    said = [Say(lang, ZoneInfo("Asia/Shanghai"), shipped()).minutes(minutes) for lang in LANGS]
    assert said == [zh, en]


def test_a_drill_that_has_not_begun_has_a_report_with_nothing_in_it(tmp_path: Path) -> None:
    store = _filled(tmp_path)
    (tmp_path / "s.toml").write_text(SCENARIO, encoding="utf-8")
    with Drill.make(store, ManualClock(START), load(tmp_path / "s.toml", region(), shipped()), actor="li"):
        document = _report(store, "en")
    assert {aim.tone for aim in _aims(document).values()} == {"open"}
    figures = next(p for p in document.parts if isinstance(p, Figures) and not p.wide)
    assert [caption for _, caption in figures.pictures] == ["08:00:00 now"]
    assert pdf(document).startswith(b"%PDF-")
    store.close()


# --- the page -----------------------------------------------------------------------------------------------------


def test_the_page_bears_its_mark_its_pictures_and_a_form_for_each_objective(store: Store) -> None:
    said = page(_report(store), [("/x?a=1&b=2", "PDF", "report-pdf")])
    assert said.startswith("<!DOCTYPE html>")
    assert said.count(MARK) >= 4
    assert said.count('<form data-objective="') == 4
    assert said.count("<svg") == len([1 for p in _report(store).parts if isinstance(p, Figures) for _ in p.pictures])
    assert 'href="/x?a=1&amp;b=2"' in said
    assert "<form" not in page(_report(store), [], rateable=False)
    assert 'href="/y">drill:trial:b</a>' in page(_report(store), [], [("/y", "drill:trial:b")])


def test_what_people_wrote_is_text_and_nothing_else(tmp_path: Path) -> None:
    store = _filled(tmp_path)
    _play(store, tmp_path, NONE, text=SCENARIO.replace("小区火灾演练", "<script>alert(1)</script>&演练"))
    said = page(_report(store), [])
    assert "<script>alert" not in said
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;演练" in said
    store.close()


# --- the print ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def print_out(store: Store) -> bytes:
    return pdf(_report(store))


def test_every_page_says_that_it_is_an_exercise_and_can_be_read(store: Store, print_out: bytes) -> None:
    paper = pypdfium2.PdfDocument(print_out)
    pages = [one.get_textpage().get_text_range() for one in paper]
    assert len(pages) >= 3
    for number, said in enumerate(pages, 1):
        assert said.count("演练 EXERCISE") >= 2, "watermark and head"
        assert f"第 {number} 页，共 {len(pages)} 页" in said.replace("\r\n", "")
    told = "".join(pages)
    for words in ("小区火灾演练", "三分钟内派出首批力量", "体育馆安置点", "赵敏", "通报 3 分钟无人确认", "关键时刻"):
        assert words in told
    assert paper.get_metadata_dict()["Subject"] == "Exercise"
    assert "Exercise" in paper.get_metadata_dict()["Keywords"]
    paper.close()


def test_its_font_is_embedded(print_out: bytes) -> None:
    assert print_out.count(b"/FontFile3") == print_out.count(b"/Type /FontDescriptor") >= 1
    assert b"/Subtype /CIDFontType0C" in print_out
    assert b"/Subtype /Type1" not in print_out


def test_pictures_are_drawn_into_it(store: Store, print_out: bytes) -> None:
    paper = pypdfium2.PdfDocument(print_out)
    told = "".join(one.get_textpage().get_text_range() for one in paper)
    assert "2026-07-01 09:00:00" in told, "the time of the last picture"
    assert "安置点（未开）" in told, "the legend"
    first = next(n for n, one in enumerate(paper) if "关键时刻" in one.get_textpage().get_text_range())
    image = paper[first].render(scale=1).to_numpy()
    land = (abs(image[:, :, :3].astype(int) - (0xEA, 0xF3, 0xF6)).sum(axis=2) < 9).mean()
    assert land > 0.05, "the land's colour covers part of the page"
    paper.close()


def test_the_same_log_gives_the_same_bytes(store: Store, print_out: bytes, tmp_path: Path) -> None:
    assert pdf(_report(store)) == print_out
    other = _filled(tmp_path)
    _play(other, tmp_path, NONE, "before")  # so that its records have other numbers
    _play(other, tmp_path)
    with Drill(other, ManualClock(START + timedelta(days=9)), PLAYED) as drill:  # rated at another time
        drill.rate("told", "M", actor="赵敏", note="通报 3 分钟无人确认")
        drill.rate("told", "S", actor="li")
    assert pdf(_report(other)) == print_out
    other.close()


def test_lines_break_between_characters_but_not_before_a_comma() -> None:
    assert broken("台风“云雀”，防御演练", 6, len) == ["台风“云", "雀”，防御演", "练"]
    assert broken("units sent within three minutes", 11, len) == ["units sent", "within", "three", "minutes"]
    assert broken("R07 抢修队停勤", 7, len) == ["R07 抢修队", "停勤"]
    assert broken("a" * 25, 10, len) == ["a" * 10, "a" * 10, "a" * 5]
    assert broken("", 10, len) == [""]
