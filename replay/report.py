"""After-action figures of a drill, from its log alone: expected against done, intervals, who did what."""

from __future__ import annotations

from dataclasses import dataclass, field

from data.store import Store
from replay.report_figures import Response, responses
from replay.report_log import Done, DrillLog, read_log
from replay.report_objectives import Judged, judge


@dataclass(frozen=True, slots=True)
class Report:
    """The after-action figures of one drill."""

    log: DrillLog
    objectives: tuple[Judged, ...]
    responses: tuple[Response, ...]
    deeds: tuple[Done, ...] = field(default=())


def report_of(store: Store, timeline: str) -> Report:
    """Raises NotFound where there is no drill on the timeline."""
    log = read_log(store, timeline)
    judged = tuple(judge(log, objective) for objective in log.state.scenario.objectives)
    return Report(log, judged, tuple(responses(log.lives.values())), tuple(log.deeds))
