"""A report as JSON values: what `drill run`, `drill report` and `drill compare` print."""

from __future__ import annotations

from typing import Any

from replay.drill_state import Fate
from replay.report import Report
from replay.report_log import Life


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
        "objectives": [
            {
                "id": judged.objective.id,
                "zh": judged.objective.zh,
                "en": judged.objective.en,
                "expected": judged.expected,
                "done": judged.done,
                "met": judged.met,
                "pending": judged.pending,
                "items": [
                    {"what": i.what, "since": i.since, "due": i.due, "done": i.done, "met": i.met} for i in judged.items
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
            {"at": d.at, "actor": d.actor, "role": d.role, "what": d.what, "about": d.about, "note": d.note}
            for d in report.deeds
        ]
    return found


def compared(a: Report, b: Report) -> dict[str, Any]:
    """Two runs side by side: objectives and intervals of both, and per incident the minutes that the second gained
    (more than 0: it was quicker) until units were sent, were there, and it was closed."""
    one, two = document(a, deeds=False), document(b, deeds=False)
    keys = ("timeline", "seed", "policy", "revision")
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
                "id": x["id"], "zh": x["zh"], "en": x["en"], "expected": x["expected"],
                "a": {"done": x["done"], "met": x["met"]},
                "b": None if y is None else {"done": y["done"], "met": y["met"]},
            }
            for x, y in pairs
        ],
        "intervals": {
            name: {"a": values, "b": two["intervals"].get(name)} for name, values in one["intervals"].items()
        },
        "incidents": [
            {"id": x.id, "gained": {m: _gained(x, y, m) for m in ("dispatched", "arrived", "closed")}}
            for x, y in lives
            if y is not None
        ],
        "only_a": sorted(a.log.lives.keys() - b.log.lives.keys()),
        "only_b": sorted(b.log.lives.keys() - a.log.lives.keys()),
    }  # fmt: skip


def _gained(a: Life, b: Life, milestone: str) -> float | None:
    """Minutes from the opening to a milestone, of the first less those of the second; None where one has none."""
    one, two = a.at(milestone), b.at(milestone)
    if one is None or two is None:
        return None
    return round(((one - a.opened) - (two - b.opened)).total_seconds() / 60, 4)
