"""A report as JSON values: what `drill run`, `drill report` and `drill compare` print."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from replay.drill_injects import incident_of_inject
from replay.drill_state import DrillState, Fate, InjectState
from replay.report import Report
from replay.report_figures import in_minutes
from replay.report_log import Life
from replay.scenario import Measure, Target


def document(report: Report, *, deeds: bool = True) -> dict[str, Any]:
    """The report as JSON values: what `drill run` and `drill report` print."""
    log = report.log
    state, scenario = log.state, log.state.scenario
    ratings: dict[str, list[dict[str, Any]]] = {}
    for rating in state.ratings.values():
        ratings.setdefault(rating.objective, []).append(
            {"rating": rating.rating, "by": rating.evaluator, "note": rating.note, "at": rating.at}
        )
    fates = [each.fate for each in state.injects.values()]
    found: dict[str, Any] = {
        "scenario": scenario.id,
        "zh": scenario.zh,
        "en": scenario.en,
        "revision": scenario.revision,
        "timeline": state.timeline,
        "status": "Exercise",
        "phase": state.phase.value,
        "seed": state.seed,
        "policy": state.policy,
        "from": scenario.start,
        "to": log.end,
        "planned_to": scenario.end,
        "zone": scenario.zone,
        "objectives": [
            {
                "id": judged.objective.id,
                "zh": judged.objective.zh,
                "en": judged.objective.en,
                "expected": judged.expected,
                "done": judged.done,
                "met": judged.met,
                "pending": judged.pending,
                "value": judged.value,
                "target": _target(judged.objective.target, scenario.start),
                "items": [
                    {
                        "what": i.what, "about": i.about, "action": i.action, "since": i.since, "due": i.due,
                        "done": i.done, "met": i.met,
                    }
                    for i in judged.items
                ],
                "ratings": ratings.get(judged.objective.id, []),
            }
            for judged in report.objectives
        ],
        "intervals": {
            r.name: {"n": r.n, "p50": r.p50, "p90": r.p90, "plan": r.plan, "in_plan": r.in_plan}
            for r in report.responses
        },
        "counts": {
            "injects": {fate.value: fates.count(fate) for fate in Fate},
            "incidents": len(log.lives),
            "closed": sum(life.closed is not None for life in log.lives.values()),
            "records": dict(sorted(log.counts.items())),
        },
        "injects": [_inject(each, state) for each in sorted(state.injects.values(), key=_planned)],
        "sites": {place.id: {"zh": place.zh, "en": place.en} for place in scenario.places},
        "incidents": [
            {
                "id": life.id, "category": life.category, "severity": life.severity, "zh": life.zh, "en": life.en,
                "owner": life.owner, "opened": life.opened, "dispatched": life.dispatched, "en_route": life.en_route,
                "arrived": life.arrived, "closed": life.closed, "units": [unit for _, unit in life.sent],
            }
            for life in sorted(log.lives.values(), key=lambda life: (life.opened, life.id))
        ],
    }  # fmt: skip
    if deeds:
        found["deeds"] = [
            {
                "at": d.at, "actor": d.actor, "role": d.role, "what": d.what, "about": d.about, "note": d.note,
                "workflow": d.workflow,
            }
            for d in report.deeds
        ]  # fmt: skip
    return found


def _target(target: Target, start: datetime) -> dict[str, Any]:
    """What an objective asks for, as values; only those that its measure has."""
    found: dict[str, Any] = {"measure": target.measure.value}
    match target.measure:
        case Measure.INTERVAL:
            found |= {"between": ":".join(target.between), "percentile": target.percentile}
            found |= {"within": in_minutes(target.within)}
        case Measure.ACTIONS:
            found |= {"share": target.share}
        case Measure.SITE:
            found |= {"site": target.site, "online": target.online, "by": start + target.by}
        case Measure.CLOSED:
            found |= {"share": target.share, "by": start + target.by}
    return found


def _inject(each: InjectState, state: DrillState) -> dict[str, Any]:
    """An inject as it was planned and as it went."""
    inject, told = each.inject, state.acknowledged.get(each.inject.id)
    return {
        "id": inject.id, "kind": inject.kind.value, "zh": inject.zh, "en": inject.en, "severity": inject.severity,
        "planned": state.scenario.start + inject.at, "fate": each.fate.value, "at": each.at, "by": each.actor,
        "note": each.note, "added": each.added, "incident": incident_of_inject(inject),
        "acknowledged": None if told is None else {"at": told[0], "by": told[1]},
    }  # fmt: skip


def _planned(each: InjectState) -> tuple[timedelta, str]:
    return each.inject.at, each.inject.id


COMPARED = ("dispatched", "arrived", "closed")
"""Milestones whose times after the opening are compared."""


def compared(a: Report, b: Report) -> dict[str, Any]:
    """Two runs side by side: objectives and intervals of both, and per incident the minutes that the second gained
    (more than 0: it was quicker) until units were sent, were there, and it was closed."""
    one, two = document(a, deeds=False), document(b, deeds=False)
    keys = ("timeline", "scenario", "zh", "en", "seed", "policy", "revision", "phase", "from", "to", "zone")
    done = {each["id"]: each for each in two["objectives"]}
    pairs = [(each, done.get(each["id"])) for each in one["objectives"]]
    lives = [(life, b.log.lives.get(id)) for id, life in a.log.lives.items()]
    return {
        "status": "Exercise",
        "a": {key: one[key] for key in keys},
        "b": {key: two[key] for key in keys},
        "same_scenario": one["scenario"] == two["scenario"] and one["revision"] == two["revision"],
        "objectives": [
            {
                "id": x["id"], "zh": x["zh"], "en": x["en"], "expected": x["expected"], "target": x["target"],
                "a": _outcome(x),
                "b": None if y is None else _outcome(y),
            }
            for x, y in pairs
        ],
        "intervals": {
            name: {"a": values, "b": two["intervals"].get(name)} for name, values in one["intervals"].items()
        },
        "incidents": [
            {
                "id": x.id, "zh": x.zh, "en": x.en, "severity": x.severity,
                "a": {m: _after(x, m) for m in COMPARED},
                "b": {m: _after(y, m) for m in COMPARED},
                "gained": {m: _gained(x, y, m) for m in COMPARED},
            }
            for x, y in lives
            if y is not None
        ],
        "only_a": sorted(a.log.lives.keys() - b.log.lives.keys()),
        "only_b": sorted(b.log.lives.keys() - a.log.lives.keys()),
    }  # fmt: skip


def _outcome(objective: dict[str, Any]) -> dict[str, Any]:
    keys = ("done", "met", "pending", "value", "items")
    return {key: objective[key] for key in keys} | {"ratings": objective["ratings"]}


def _after(life: Life, milestone: str) -> float | None:
    """Minutes from the opening to a milestone; None where it did not come to it."""
    at = life.at(milestone)
    return None if at is None else round(in_minutes(at - life.opened), 4)


def _gained(a: Life, b: Life, milestone: str) -> float | None:
    """Minutes from the opening to a milestone, of the first less those of the second; None where one has none."""
    one, two = a.at(milestone), b.at(milestone)
    if one is None or two is None:
        return None
    return round(in_minutes((one - a.opened) - (two - b.opened)), 4)
