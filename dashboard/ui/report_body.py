"""The after-action report of a drill in words, part by part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from dashboard.i18n import Lang
from dashboard.ui.report_aims import aims
from dashboard.ui.report_parts import Column, Document, Facts, Figures, Heading, Part, Table, Text
from dashboard.ui.report_say import Say
from data.store import Store
from dispatch.book import Book
from replay.drill_state import Phase
from replay.picture import Picture
from replay.picture_charts import Bar, IntervalRow, LifeRow, intervals_chart, lives_chart
from replay.picture_ground import Ground, ground_of
from replay.picture_map import around, draw
from replay.picture_moments import MOST_SENT, KeyMoment, KeyMoments, Why, blocked_at, key_moments
from replay.picture_scene import scene, snapshots
from replay.report import Report, report_of
from replay.report_document import document

SHOWN_LIVES = 60
"""Incidents that the chart of lives shows at most, the most urgent ones; the table below has all."""

_NOBODY = ("clock", "router")


def report_document(store: Store, timeline: str, lang: Lang, book: Book) -> Document:
    """The whole report. Reads the log of the drill; not for the event loop's thread. Raises NotFound."""
    report = report_of(store, timeline)
    found, say = document(report), say_of(report, lang, book)
    parts: list[Part] = [
        Facts(tuple(_head(report, found, say))),
        Heading(say("objectives"), "objectives"),
        *aims(found, say),
        Heading(say("intervals"), "intervals"),
        *_intervals(found, say),
        Heading(say("pictures"), "pictures"),
        *_pictures(store, report, say),
        Heading(say("incidents"), "incidents"),
        *_incidents(found, say),
        Heading(say("injects"), "injects"),
        _injects(found, say),
        Heading(say("deeds"), "deeds"),
        _deeds(found["deeds"], say),
    ]
    over = report.log.state.phase is Phase.ENDED
    at = f"{say.day(found['to'])} {found['zone']}"
    return Document(
        say.of(found), say("title"), timeline, tuple(parts), lang, found["to"], at,
        running="" if over else say("running", at=say.at(found["to"])),
    )  # fmt: skip


def say_of(report: Report, lang: Lang, book: Book) -> Say:
    """How the report of this drill is worded."""
    state = report.log.state
    names = {id: (life.zh, life.en) for id, life in report.log.lives.items()}
    names |= {id: (each.inject.zh, each.inject.en) for id, each in state.injects.items()}
    names |= {place.id: (place.zh, place.en) for place in state.scenario.places}
    names |= {each.id: (each.zh, each.en) for each in state.scenario.objectives}
    return Say(lang, ZoneInfo(state.scenario.zone), book, names)


# --- the head -----------------------------------------------------------------------------------------------------


def _head(report: Report, found: Mapping[str, Any], say: Say) -> Iterable[tuple[str, str]]:
    counts, injects = found["counts"], found["counts"]["injects"]
    yield say("timeline"), found["timeline"]
    yield say("scenario"), say("scenario.is", id=found["scenario"], revision=found["revision"])
    when = say("when.is", start=say.day(found["from"]), end=say.day(found["to"]), zone=found["zone"])
    yield say("when"), when
    yield say("phase"), say(f"phase.{found['phase']}")
    yield say("policy"), say.policy(found["policy"])
    yield say("seed"), str(found["seed"])
    yield say("who"), who(report, say) or "–"
    yield (
        say("counts"),
        say(
            "counts.is", fired=injects["fired"], skipped=injects["skipped"], waiting=injects["waiting"],
            incidents=counts["incidents"], closed=counts["closed"],
        ),
    )  # fmt: skip
    verdicts = [each["met"] for each in found["objectives"]]
    unclear, key = verdicts.count(None), "verdicts.open" if None in verdicts else "verdicts.is"
    values = {"met": verdicts.count(True), "n": len(verdicts)} | ({"open": unclear} if unclear else {})
    yield say("verdicts"), say(key, **values)


def who(report: Report, say: Say) -> str:
    """Who ran it, who played, who evaluated, by their deeds."""
    roles: dict[str, dict[str, None]] = {"controller": {}, "player": {}, "evaluator": {}}
    for deed in report.deeds:
        if deed.actor not in _NOBODY and not deed.actor.startswith("inject:"):
            roles[deed.role if deed.role in roles else "player"][deed.actor] = None
    told = [
        say(f"who.{role}", names=("、" if say.lang == "zh" else ", ").join(say.actor(each) for each in names))
        for role, names in roles.items()
        if names
    ]
    return ("；" if say.lang == "zh" else "; ").join(told)


# --- response times -----------------------------------------------------------------------------------------------


def _intervals(found: Mapping[str, Any], say: Say) -> list[Part]:
    rows = [
        IntervalRow(say.interval(name), each["plan"], (Bar(each["p50"], each["p90"], say.minutes(each["p90"])),))
        for name, each in found["intervals"].items()
    ]
    columns = (
        Column(say("interval"), 4), Column(say("interval.n"), 1.4, True), Column("p50", 2, True),
        Column("p90", 2, True), Column(say("interval.plan"), 2, True), Column(say("interval.kept"), 2, True),
    )  # fmt: skip
    table = tuple(
        (
            say.interval(name), str(each["n"]), say.minutes(each["p50"]), say.minutes(each["p90"]),
            say.minutes(each["plan"]), "–" if each["in_plan"] is None else f"{each['in_plan']:.0%}",
        )
        for name, each in found["intervals"].items()
    )  # fmt: skip
    chart = intervals_chart(rows, chart_words(say), say("intervals"))
    return [Figures(((chart, ""),), wide=True), Table(columns, table), Text(say("intervals.note"), quiet=True)]


def chart_words(say: Say) -> dict[str, str]:
    """The words of the chart of intervals."""
    words = {"p50": "p50", "p90": "p90", "plan": say("interval.plan"), "min": say("unit.min"), "s": say("unit.s")}
    return words | {"a": say("run.a"), "b": say("run.b")}


# --- key moments --------------------------------------------------------------------------------------------------


def _pictures(store: Store, report: Report, say: Say) -> list[Part]:
    moments = key_moments(report)
    parts: list[Part] = [Text(_rule(moments, say), quiet=True)]
    drawn = pictures(store, report, moments.shown, say, ground_of(store))
    return [*parts, Figures(tuple(drawn))]


def _rule(moments: KeyMoments, say: Say) -> str:
    if moments.severity is None:
        return say("pictures.rule.none")
    return say("pictures.rule", severity=moments.severity, most=MOST_SENT, left=moments.left_out)


def pictures(
    store: Store, report: Report, moments: Sequence[KeyMoment], say: Say, ground: Ground
) -> list[tuple[Picture, str]]:
    """A map of each moment with what is written below it."""
    then = snapshots(store, report.log.state.timeline, [each.t for each in moments])
    drawn = []
    for each in moments:
        one = scene(each.t, then[each.t], blocked_at(report.log, each.t, ground.region))
        box = around(one, each.incident, ground) if each.incident else ground.box
        caption = _caption(each, report, say)
        drawn.append(
            (
                draw(ground, one, box, say.signs(), say.zone, lang=say.lang, about=each.incident, title=caption),
                caption,
            )
        )
    return drawn


def _caption(moment: KeyMoment, report: Report, say: Say) -> str:
    at = say.at(moment.t)
    if moment.why is Why.SENT:
        return say("picture.sent", at=at, incident=moment.incident, title=say.name(moment.incident))
    if moment.why is Why.OVERDUE:
        return say("picture.overdue", at=at, n=moment.n)
    return say("picture.end" if report.log.state.phase is Phase.ENDED else "picture.now", at=at)


# --- incidents, injects, deeds ------------------------------------------------------------------------------------


def _incidents(found: Mapping[str, Any], say: Say) -> list[Part]:
    incidents: Sequence[Mapping[str, Any]] = found["incidents"]
    urgent = sorted(incidents, key=lambda each: each["severity"])[:SHOWN_LIVES]
    rows = [
        LifeRow(x["id"], x["severity"], x["opened"], x["dispatched"], x["arrived"], x["closed"])
        for x in sorted(urgent, key=lambda each: (each["opened"], each["id"]))
    ]
    words = {key: say(f"life.{key}") for key in ("waiting", "on_way", "worked", "no_units", "over", "open_end")}
    chart = lives_chart(rows, found["from"], found["to"], words, say.zone, say("incidents"))
    columns = (
        Column(say("incident"), 9), Column(say("severity"), 1, True), Column(say("opened"), 2, True),
        Column(say("sent"), 2, True), Column(say("there"), 2, True), Column(say("closed"), 2, True),
        Column(say("units"), 3),
    )  # fmt: skip
    table = tuple(
        (
            say.titled(x["id"]), str(x["severity"]), say.at(x["opened"]), say.at(x["dispatched"]), say.at(x["arrived"]),
            say.at(x["closed"]), " ".join(dict.fromkeys(x["units"])) or "–",
        )
        for x in incidents
    )  # fmt: skip
    return [Figures(((chart, ""),), wide=True), Table(columns, table, empty=say("items.none"))]


def _injects(found: Mapping[str, Any], say: Say) -> Table:
    columns = (
        Column(say("inject"), 1.8), Column(say("inject.planned"), 1.6, True), Column(say("inject.at"), 2, True),
        Column(say("inject.says"), 9), Column(say("inject.acknowledged"), 4),
    )  # fmt: skip
    rows = []
    for x in found["injects"]:
        told = x["acknowledged"]
        came = say.at(x["at"]) if x["fate"] == "fired" else say(f"inject.{x['fate']}")
        if x["fate"] == "skipped" and x["note"]:
            came = say("inject.skipped.why", note=x["note"])
        says = f"{say.of(x)} ({say('inject.added')})" if x["added"] else say.of(x)
        by = "–" if told is None else f"{say.at(told['at'])} {say.actor(told['by'])}"
        rows.append((x["id"], say.at(x["planned"], seconds=False), came, says, by))
    return Table(columns, tuple(rows), empty=say("items.none"))


def _deeds(deeds: Sequence[Mapping[str, Any]], say: Say) -> Table:
    columns = (
        Column(say("at"), 2, True), Column(say("actor"), 3), Column(say("what"), 2.6), Column(say("about"), 8.8),
        Column(say("note"), 4),
    )  # fmt: skip
    rows = tuple(
        (
            say.at(x["at"]),
            say.actor(x["actor"]),
            say.deed(x["what"], x["workflow"]),
            say.titled(x["about"]),
            _note(x, say),
        )
        for x in deeds
    )
    return Table(columns, rows, empty=say("deeds.none"))


def _note(deed: Mapping[str, Any], say: Say) -> str:
    """What they said; of an inject what it says, in the reader's language."""
    head, _, inject = deed["actor"].partition(":")
    return (say.name(inject) if head == "inject" else "") or say.half(deed["note"])
