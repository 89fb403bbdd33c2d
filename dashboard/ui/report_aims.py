"""Objectives in words: what was expected and what was done, item by item, and how evaluators rated it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dashboard.ui.report_parts import Aim, Column, Facts, Table, Tone
from dashboard.ui.report_say import Say

VERDICT: dict[bool | None, tuple[str, Tone]] = {
    True: ("met", "good"),
    False: ("not_met", "bad"),
    None: ("open", "open"),
}


def aims(found: Mapping[str, Any], say: Say) -> Iterator[Aim]:
    """The objectives of a report's document, in its order."""
    for number, each in enumerate(found["objectives"], 1):
        word, tone = VERDICT[each["met"]]
        facts = [(say("expected"), expected(each["target"], say)), (say("done"), done(each, each["target"], say))]
        if each["pending"]:
            facts.append(("", say("pending", n=each["pending"])))
        yield Aim(
            each["id"], f"{number}. {say.of(each)}", say(word), tone, Facts(tuple(facts)),
            _items(each["items"], say), ratings(each["ratings"], say),
        )  # fmt: skip


def expected(target: Mapping[str, Any], say: Say) -> str:
    """What an objective asks for."""
    match target["measure"]:
        case "interval":
            return say(
                "expected.interval", between=say.interval(target["between"]), p=f"{target['percentile']:g}",
                within=say.minutes(target["within"]),
            )  # fmt: skip
        case "actions":
            return say("expected.actions", share=f"{target['share']:.0%}")
        case "site":
            way = "open" if target["online"] else "closed"
            return say(f"expected.site.{way}", site=say.name(target["site"]) or target["site"], by=say.at(target["by"]))
    return say("expected.closed", share=f"{target['share']:.0%}", by=say.at(target["by"]))


def done(outcome: Mapping[str, Any], target: Mapping[str, Any], say: Say) -> str:
    """What was done about it."""
    items: Sequence[Mapping[str, Any]] = outcome["items"]
    judged = [each["met"] for each in items if each["met"] is not None]
    if target["measure"] == "site":
        at = items[0]["done"] if items else None
        way = "open" if target["online"] else "closed"
        return say("done.site.never") if at is None else say(f"done.site.{way}", at=say.at(at))
    if not judged:
        return say("done.none")
    if target["measure"] == "interval":
        p = f"{target['percentile']:g}"
        if outcome["value"] is None:
            return say("done.interval.never", p=p, n=len(judged))
        return say("done.interval", p=p, value=say.minutes(outcome["value"]), n=len(judged))
    return say("done.share", kept=sum(judged), n=len(judged), share=f"{sum(judged) / len(judged):.0%}")


def _items(items: Sequence[Mapping[str, Any]], say: Say) -> Table:
    columns = (
        Column(say("item"), 9), Column(say("since"), 2, True), Column(say("due"), 2, True),
        Column(say("done.at"), 2, True), Column(say("took"), 2, True), Column(say("result"), 2.6),
    )  # fmt: skip
    rows, tones = [], []
    for each in items:
        action = say("item.action", action=say(f"action.{each['action']}")) if each["action"] else ""
        result, tone = _result(each, say)
        rows.append(
            (
                say.titled(each["about"]) + action, say.at(each["since"]), say.at(each["due"]), say.at(each["done"]),
                say.since(each["since"], each["done"]), result,
            )
        )  # fmt: skip
        tones.append(tone)
    return Table(columns, tuple(rows), tuple(tones), say("items.none"))


def _result(item: Mapping[str, Any], say: Say) -> tuple[str, Tone]:
    if item["met"] is None:
        return say("still_time"), "open"
    if item["met"]:
        return say("in_time"), "good"
    if item["done"] is None or item["due"] is None or item["done"] <= item["due"]:
        return say("undone"), "bad"
    return say("late", by=say.since(item["due"], item["done"])), "bad"


def ratings(given: Sequence[Mapping[str, Any]], say: Say) -> Table:
    """What evaluators said, in the order of their names."""
    columns = (
        Column(say("rating"), 4), Column(say("rating.by"), 3), Column(say("rating.note"), 9),
        Column(say("rating.at"), 2, True),
    )  # fmt: skip
    rows = tuple(
        (say(f"rating.{each['rating']}"), each["by"], each["note"] or "–", say.at(each["at"]))
        for each in sorted(given, key=lambda one: one["by"])
    )
    return Table(columns, rows, empty=say("ratings.none"), title=say("ratings"))
