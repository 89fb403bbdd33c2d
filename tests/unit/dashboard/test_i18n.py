"""The table of words is complete, and everything that pages and scripts ask for is in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dashboard.i18n import LANGS, TEXT, joined, table, text
from data.records import ClockOp, IncidentState, Kind, UnitStatus
from dispatch import reopening
from dispatch.book import shipped
from dispatch.both import Both
from dispatch.words import NAMES
from dispatch.workflow import ASSIGN, FILE, FORCE_CLOSE, MERGE, NOTE, RETURN, ROLES, SPLIT
from feeds.demo import deeds
from feeds.demo.sources import SOURCES
from layers.view import LAYERS, MEASURES
from layers.windows import WINDOWS
from replay import policies, policies_players

DASHBOARD = Path(__file__).parents[3] / "dashboard"
SCRIPTS = sorted((DASHBOARD / "assets").glob("*.js"))
PYTHON = [*(DASHBOARD / "ui").glob("*.py"), *(DASHBOARD / "pages").glob("*.py")]
HAN = re.compile(r"[\u4e00-\u9fff]")
FIELD = re.compile(r"\{(\w+)\}")


def test_every_key_has_words_in_both_languages() -> None:
    assert [key for key, words in TEXT.items() if len(words) != len(LANGS) or not all(w.strip() for w in words)] == []


def test_chinese_is_chinese_and_english_is_not() -> None:
    named_alike = {"product", "nav.lang", "feed.rhythm"}
    wrong = [
        key for key, (zh, _) in TEXT.items() if not HAN.search(zh) and key not in named_alike and not FIELD.search(zh)
    ]
    assert wrong == []
    assert [key for key, (_, en) in TEXT.items() if HAN.search(en) and not key.startswith("nav.lang")] == []


def test_both_languages_fill_in_the_same_values() -> None:
    assert [key for key, (zh, en) in TEXT.items() if set(FIELD.findall(zh)) != set(FIELD.findall(en))] == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_ask_only_for_known_keys(script: Path) -> None:
    source = script.read_text()
    asked = set(re.findall(r'gc\.(?:t|fact)\("([\w.]+)"', source)) | set(
        re.findall(r'gc\.empty\(\w+, "([\w.]+)"', source)
    )
    assert asked - set(TEXT) == set()


def test_pages_ask_only_for_known_keys() -> None:
    call = re.compile(r'(?:words|button|panel|said|field)\(\s*"([\w.]+)"')
    asked = {key for path in PYTHON for key in call.findall(path.read_text())}
    assert len(asked) > 20
    assert asked - set(TEXT) == set()


@pytest.mark.parametrize(
    ("prefix", "codes"),
    [
        ("state", list(IncidentState)),
        ("status", list(UnitStatus)),
        ("layer", LAYERS),
        ("measure", MEASURES),
        ("window", WINDOWS),
        ("severity", range(5)),
        ("feed", ["ok", "silent", "never"]),
        ("stream", ["connecting", "live", "stale", "closed", "stale.long", "closed.long", "store.long"]),
        ("kpi", ["reported", "open", "closed", "urgent_open", "units_available", "cameras_online", "areas_silent"]),
    ],
)
def test_every_code_of_the_model_has_a_word(prefix: str, codes: object) -> None:
    assert [code for code in codes if f"{prefix}.{code}" not in TEXT] == []  # type: ignore[attr-defined]


def test_words_are_looked_up_and_filled_in() -> None:
    assert text("kpi.of", "en", n=12) == "of 12"
    assert text("kpi.of", "zh", n=12) == "共 12"
    assert table()["zh"]["nav.wall"] == "大屏"
    with pytest.raises(KeyError):
        text("no.such.key", "en")


def test_names_that_refusals_say_as_well_stand_in_one_file_and_begin_with_a_capital_on_a_screen() -> None:
    for key in ("evidence.photo", "status.on_scene", "move.return"):
        assert TEXT[key].zh == NAMES[key].zh
        assert TEXT[key].en.lower() == NAMES[key].en
    assert (TEXT["status.on_scene"].en, TEXT["move.return"].en, TEXT["evidence.photo"].en) == (
        "On scene", "Return", "photo",
    )  # fmt: skip


def test_a_key_that_stands_in_two_files_is_refused() -> None:
    with pytest.raises(ValueError, match=r"in two files: nav\.wall"):
        joined([{"nav.wall": Both("大屏", "Wall")}, {"nav.wall": Both("墙", "Wall")}])


IN_A_LIFE = [kind for kind in Kind if kind in (Kind.EVENT, Kind.UNIT_STATUS) or kind.value.startswith("incident.")]
"""What the timeline of an incident is made of."""


ACTORS = (
    *(deeds.DUTY, deeds.INSPECTOR, deeds.CALLBACK, deeds.SUPERVISOR, deeds.DISTRICT, deeds.CREW),
    *(policies_players.DUTY, policies_players.CREW, policies_players.OFFICE, policies_players.KEEPER),
    *(f"sim:{policy}" for policy in (policies.ROAD, policies.STRAIGHT)),
)
"""Who acts where nobody sits, beside departments, whose names come with the rules."""


def test_whatever_can_stand_in_a_timeline_has_words_in_both_languages() -> None:
    """No raw code reaches a person: kinds of records, moves, steps, clocks, roles, evidence, feeds, who acted."""
    book = shipped()
    profiles = list(book.workflows.values())
    # A move goes by its profile's name, else by the shared one: the system's own moves are in no profile.
    own = {t.move for w in profiles for t in w.transitions}
    system = {FILE, NOTE, MERGE, SPLIT, RETURN, ASSIGN, FORCE_CLOSE, reopening.MOVE}
    assert [move for move in system if f"move.{move}" not in TEXT] == []
    named = [
        *((w, t.zh, t.en, t.move) for w in profiles for t in w.transitions),
        *((w, step.zh, step.en, id) for w in profiles for id, step in w.steps.items()),
        *((w, limit.zh, limit.en, limit.clock) for w in profiles for limit in w.limits),
        *((w, *names, id) for w in profiles for id, names in w.roles.items()),
    ]
    assert len(own) >= 20
    assert [(w.id, id) for w, zh, en, id in named if not HAN.search(zh) or HAN.search(en) or "_" in en] == []
    keys = [
        *(f"life.{kind.value}" for kind in IN_A_LIFE if kind not in (Kind.INCIDENT_MOVED, Kind.INCIDENT_MERGED)),
        *(f"happened.{kind.value}" for kind in IN_A_LIFE), "life.merged.into", "life.merged.from", "life.split",
        *(f"life.clock.{op.value}" for op in ClockOp), *(f"role.{role}" for role in ROLES),
        *(f"evidence.{kind}" for w in profiles for t in w.transitions for kind in t.evidence),
        *(f"source.{feed.id}" for feed in SOURCES if feed.per_day), "source.desk",
        "actor.router", "actor.terminal", "actor.cad",
        *(f"actor.{who.replace(':', '.')}" for who in ACTORS),
    ]  # fmt: skip
    assert [key for key in keys if key not in TEXT] == []


@pytest.mark.parametrize("name", ["43-desk-timeline.js", "46-scene.js"])
def test_a_timeline_knows_every_kind_of_record(name: str) -> None:
    script = (DASHBOARD / "assets" / name).read_text()
    told = set(re.findall(r'"((?:incident|unit)\.\w+)"', script)) | set(re.findall(r"(?<=[ \"])event(?=[\":])", script))
    assert {kind.value for kind in IN_A_LIFE} - told == set()
