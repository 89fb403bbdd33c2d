"""A case as the JSON document that both stores keep it as: what is not default, times in microseconds since 1970."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from data.casework import Case, CaseClock, Returned

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def case_document(case: Case) -> dict[str, Any]:
    """The document of a case; `case_from` gives an equal case back."""
    document: dict[str, Any] = {}
    for name in _TEXTS:
        if text := getattr(case, name):
            document[name] = text
    if case.since is not None:
        document["since"] = _us(case.since)
    if case.moved_at is not None:
        document["moved_at"] = _us(case.moved_at)
    if case.clocks:
        document["clocks"] = [_clock_document(clock) for clock in case.clocks]
    if case.returns:
        document["returns"] = [[_us(r.at), r.owner, r.actor, r.reason, r.rule] for r in case.returns]
    if case.extensions:
        document["extensions"] = case.extensions
    if case.reworks:
        document["reworks"] = case.reworks
    if case.parent is not None:
        document["parent"] = case.parent
    if case.children:
        document["children"] = list(case.children)
    return document


def case_from(document: Mapping[str, Any]) -> Case:
    """The case of a document."""
    get = document.get
    since, moved_at = get("since"), get("moved_at")
    return Case(
        get("workflow", ""), get("revision", ""), get("step", ""), get("owner", ""),
        None if since is None else _EPOCH + timedelta(microseconds=since),
        None if moved_at is None else _EPOCH + timedelta(microseconds=moved_at),
        get("move", ""), get("rule", ""), get("why", ""),
        tuple([_clock_from(clock) for clock in get("clocks", ())]),
        tuple([Returned(_at(at), owner, actor, reason, rule) for at, owner, actor, reason, rule in get("returns", ())]),
        get("extensions", 0), get("reworks", 0), get("parent"), tuple(get("children", ())),
    )  # fmt: skip


_TEXTS = ("workflow", "revision", "step", "owner", "move", "rule", "why")


def _clock_document(clock: CaseClock) -> dict[str, Any]:
    document: dict[str, Any] = {"id": clock.id, "started": _us(clock.started_at), "original": _us(clock.original)}
    if clock.due != clock.original:
        document["due"] = _us(clock.due)
    if clock.warn:
        document["warn"] = [_us(moment) for moment in clock.warn]
    if clock.limit:
        document["limit"] = clock.limit
    if clock.calendar:
        document["calendar"] = clock.calendar
    if clock.paused_at is not None:
        document["paused"] = _us(clock.paused_at)
    if clock.stopped_at is not None:
        document["stopped"] = _us(clock.stopped_at)
    return document


def _clock_from(document: Mapping[str, Any]) -> CaseClock:
    get = document.get
    original = document["original"]
    paused, stopped = get("paused"), get("stopped")
    return CaseClock(
        document["id"], _at(document["started"]), _at(original), _at(get("due", original)),
        tuple([_at(moment) for moment in get("warn", ())]), get("limit", ""), get("calendar", ""),
        None if paused is None else _at(paused), None if stopped is None else _at(stopped),
    )  # fmt: skip


def _us(t: datetime) -> int:
    d = t - _EPOCH
    return (d.days * 86_400 + d.seconds) * 1_000_000 + d.microseconds


def _at(us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=us)
