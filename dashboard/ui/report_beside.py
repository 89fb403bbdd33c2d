"""Two runs of a scenario side by side, in words: objectives, response times, minutes gained incident by incident."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.i18n import Lang
from dashboard.ui.report_aims import VERDICT, done, expected
from dashboard.ui.report_body import chart_words, pictures, say_of
from dashboard.ui.report_parts import SIGNS, Column, Document, Facts, Figures, Heading, Part, Table, Text, Tone
from dashboard.ui.report_say import Say
from data.store import Store
from dispatch.book import Book
from replay.drill_state import Phase
from replay.picture import Picture
from replay.picture_charts import Bar, IntervalRow, intervals_chart
from replay.picture_ground import ground_of
from replay.picture_moments import Why, key_moments
from replay.report import Report, report_of
from replay.report_document import COMPARED, compared


def beside_document(store: Store, timeline: str, other: str, lang: Lang, book: Book) -> Document:
    """The comparison of two drills. Reads both logs; not for the event loop's thread. Raises NotFound."""
    a, b = report_of(store, timeline), report_of(store, other)
    found, say = compared(a, b), say_of(a, lang, book)
    parts: list[Part] = [Facts(tuple(_head(found, say)))]
    if not found["same_scenario"]:
        parts.append(Text(say("compare.other")))
    parts += [
        Heading(say("objectives"), "objectives"),
        _objectives(found, say),
        Heading(say("intervals"), "intervals"),
        *_intervals(found, say),
        Heading(say("incidents"), "incidents"),
        *_incidents(found, say),
        Heading(say("pictures"), "pictures"),
        _pictures(store, a, b, say),
    ]
    over = all(each.log.state.phase is Phase.ENDED for each in (a, b))
    to = max(a.log.end, b.log.end)
    as_of = f"{say.day(to)} {found['a']['zone']}"
    running = "" if over else say("running", at=say.at(to))
    return Document(say.of(found["a"]), say("compare"), timeline, tuple(parts), lang, to, as_of, other, running)


def _head(found: Mapping[str, Any], say: Say) -> list[tuple[str, str]]:
    rows = []
    for run in ("a", "b"):
        one = found[run]
        policy, seed = say.policy(one["policy"]), f"{say('seed')} {one['seed']}"
        when = say("when.is", start=say.day(one["from"]), end=say.day(one["to"]), zone=one["zone"])
        parts = (one["timeline"], say("scenario.is", id=one["scenario"], revision=one["revision"]), policy, seed, when)
        rows.append((say(f"run.{run}"), " · ".join(parts)))
    return rows


def _objectives(found: Mapping[str, Any], say: Say) -> Table:
    columns = (
        Column(say("objective"), 8), Column(say("expected"), 6), Column(say("run.a"), 5), Column(say("run.b"), 5)
    )  # fmt: skip
    rows = tuple(
        (
            say.of(each), expected(each["target"], say),
            *(_outcome(each[run], each["target"], say) for run in ("a", "b")),
        )
        for each in found["objectives"]
    )  # fmt: skip
    return Table(columns, rows)


def _outcome(outcome: Mapping[str, Any] | None, target: Mapping[str, Any], say: Say) -> str:
    if outcome is None:
        return "–"
    rated = " ".join(f"{each['rating']} ({each['by']})" for each in outcome["ratings"])
    word, tone = VERDICT[outcome["met"]]
    told = f"{SIGNS[tone]}{say(word)}: {done(outcome, target, say)}"
    return f"{told} · {rated}" if rated else told


def _intervals(found: Mapping[str, Any], say: Say) -> list[Part]:
    rows, table = [], []
    for name, both in found["intervals"].items():
        bars = tuple(Bar(both[run]["p50"], both[run]["p90"], say.minutes(both[run]["p90"])) for run in ("a", "b"))
        rows.append(IntervalRow(say.interval(name), both["a"]["plan"], bars))
        table.append(
            (
                say.interval(name), say.minutes(both["a"]["plan"]),
                *(say.minutes(both[run][p]) for p in ("p50", "p90") for run in ("a", "b")),
                *("–" if both[run]["in_plan"] is None else f"{both[run]['in_plan']:.0%}" for run in ("a", "b")),
            )
        )  # fmt: skip
    one, two = say("run.a"), say("run.b")
    columns = (
        Column(say("interval"), 4), Column(say("interval.plan"), 2, True), Column(f"p50 {one}", 2, True),
        Column(f"p50 {two}", 2, True), Column(f"p90 {one}", 2, True), Column(f"p90 {two}", 2, True),
        Column(f"{say('interval.kept')} {one}", 2, True), Column(f"{say('interval.kept')} {two}", 2, True),
    )  # fmt: skip
    chart = intervals_chart(rows, chart_words(say), say("intervals"))
    return [Figures(((chart, ""),), wide=True), Table(columns, tuple(table)), Text(say("intervals.note"), quiet=True)]


def _incidents(found: Mapping[str, Any], say: Say) -> list[Part]:
    columns = [Column(say("incident"), 8)]
    for milestone in COMPARED[:2]:
        to = say(f"to.{milestone}")
        columns += [Column(f"{to} {say(f'run.{run}')}", 2.2, True) for run in ("a", "b")]
    columns.append(Column(say("gained"), 3))
    rows: list[tuple[str, ...]] = []
    tones: list[Tone] = []
    gains = []
    for each in found["incidents"]:
        gained = each["gained"]["arrived"]
        cells = [say.minutes(each[run][milestone]) for milestone in COMPARED[:2] for run in ("a", "b")]
        rows.append((f"{each['id']} {say.of(each)}", *cells, _gained(gained, say)))
        tones.append("" if not gained else "good" if gained > 0 else "bad")
        gains += [] if gained is None else [gained]
    total = sum(gains)
    summed = say(
        "compare.sum", sooner=sum(g > 0 for g in gains), later=sum(g < 0 for g in gains),
        same=sum(g == 0 for g in gains), total=_gained(total, say),
    )  # fmt: skip
    parts: list[Part] = [Text(summed), Table(tuple(columns), tuple(rows), tuple(tones), say("items.none"))]
    for run in ("a", "b"):
        if alone := found[f"only_{run}"]:
            parts.append(Text(f"{say('only', run=say(f'run.{run}'))}: {', '.join(alone)}", quiet=True))
    return parts


def _gained(minutes: float | None, say: Say) -> str:
    if minutes is None:
        return "–"
    if not minutes:
        return say("gained.same")
    return say("gained.sooner" if minutes > 0 else "gained.later", by=say.minutes(abs(minutes)))


def _pictures(store: Store, a: Report, b: Report, say: Say) -> Figures:
    """When most was overdue in the first run, and its end, in both runs: left the first, right the second."""
    ground = ground_of(store)
    shown = [each for each in key_moments(a).shown if each.why is not Why.SENT]
    # How much was overdue then is told of the first alone; the second has its own.
    columns = [pictures(store, report, shown, say, ground) for report in (a, b)]
    drawn: list[tuple[Picture, str]] = []
    for moment, (one, caption), (two, _) in zip(shown, *columns, strict=True):
        drawn += [(one, f"{say('run.a')} · {caption}"), (two, f"{say('run.b')} · {say.at(moment.t)}")]
    return Figures(tuple(drawn))
