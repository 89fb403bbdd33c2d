"""Words that the sentences of commands share, in both languages: names from the profiles, statuses, how long ago."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from data.records import Kind, UnitStatus
from dispatch.both import Both, read_words
from dispatch.workflow import ROLES, Workflow

NAMES = read_words(Path(__file__).with_name("names.toml"))
"""By kind and id: `status.available`, `evidence.photo`, `move.file`, `deed.rule`, `field.actor`."""


def plain(text: str) -> Both:
    """What has one name only: an id, a person."""
    return Both(text, text)


def who(actor: str) -> Both:
    """Who gave a command, for the middle of a sentence: people by their names, machines by what they are."""
    kind, colon, id = actor.partition(":")
    named = NAMES.get(f"who.{kind}{colon}")
    return plain(actor) if named is None else Both(named.zh.format(id=id), named.en.format(id=id))


def status(unit_status: UnitStatus) -> Both:
    return NAMES[f"status.{unit_status.value}"]


def move(workflow: Workflow | None, id: str) -> Both:
    """A move as its profile names it."""
    named = [] if workflow is None else workflow.named(id)
    return Both(named[0].zh, named[0].en) if named else NAMES.get(f"move.{id}", plain(id))


def kind(of: Kind) -> Both:
    """What a command did, by the kind of its record."""
    return NAMES.get(f"deed.{of.value}", Both("其他", of.value))


def step(workflow: Workflow, id: str) -> Both:
    found = workflow.steps.get(id)
    return plain(id) if found is None else Both(found.zh, found.en)


def role(workflow: Workflow | None, id: str) -> Both:
    """A role as its profile names it, for the middle of a sentence."""
    if not id:
        return Both("身份不明的人", "nobody")
    names = (ROLES if workflow is None else workflow.roles).get(id)
    return plain(id) if names is None else Both(names[0], f"the {names[1]}")


def evidence(kind: str) -> Both:
    return NAMES.get(f"evidence.{kind}", plain(kind))


def field(id: str) -> Both | None:
    """A field of a command, as the desk names it."""
    return NAMES.get(f"field.{id}")


def either(ids: Iterable[str], name: Callable[[str], Both]) -> Both:
    """One of several."""
    named = [name(id) for id in ids]
    return Both("或".join(n.zh for n in named), " or ".join(n.en for n in named))


def listed(ids: Iterable[str], name: Callable[[str], Both]) -> Both:
    """All of several."""
    named = [name(id) for id in ids]
    return Both("、".join(n.zh for n in named), ", ".join(n.en for n in named))


def ago(then: datetime | None, now: datetime) -> Both:
    """How long ago: "4 s ago", "12 min ago", "3 h ago"."""
    return past(None if then is None else max(0.0, (now - then).total_seconds()))


def past(seconds: float | None) -> Both:
    """So many seconds ago: "40 s ago", "15 min ago", "3 h ago"; None: "at an unknown time"."""
    if seconds is None:
        return Both("时间不详", "at an unknown time")
    for limit, unit, zh, en in ((120, 1, "秒", "s"), (7200, 60, "分钟", "min"), (172_800, 3600, "小时", "h")):
        if seconds < limit:
            return Both(f"{seconds / unit:.0f} {zh}前", f"{seconds / unit:.0f} {en} ago")
    return Both(f"{seconds / 86_400:.0f} 天前", f"{seconds / 86_400:.0f} days ago")
