"""Which timelines are exercises. Everything that seals an exercise asks here: screens, files, outbound channels."""

from __future__ import annotations

from enum import StrEnum

from data.lineage import is_fork
from data.records import Record

DRILL = "drill:"
"""How the timelines of exercises begin."""


class Status(StrEnum):
    """The status of a message in the terms of CAP 1.2, as far as they are used here."""

    ACTUAL = "Actual"
    EXERCISE = "Exercise"


def is_exercise(timeline: str) -> bool:
    """Whether what is on this timeline is an exercise and never real."""
    return timeline.startswith(DRILL)


def status_of(record: Record) -> Status:
    """The record's status. It follows from its timeline, so that the two cannot disagree. What is on a fork was never
    so: no more actual than an exercise."""
    unreal = is_exercise(record.timeline) or is_fork(record.timeline)
    return Status.EXERCISE if unreal else Status.ACTUAL


def refused_on(source: str, timeline: str) -> bool:
    """Whether what was refused of a source is told on a timeline. Dead letters have no timeline: those of an exercise
    bear its name, are told there, and nowhere else."""
    return source == timeline if is_exercise(source) or is_exercise(timeline) else True
