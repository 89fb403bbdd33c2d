"""Whether a workflow hangs together: what a file can get wrong though each of its lines is well-formed.

no unknown step, move, role or calendar     no step that cannot be reached, none without a way to a final one
no id or (step, move) twice                 no limit without a calendar, a start and a stop
no way to a final step around the verifying step, but the exceptional moves and the source's own closing
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from data.records import IncidentState
from dispatch.clocks import is_urgent
from dispatch.toml_places import Place
from dispatch.workflow import (
    ASSIGN,
    DISTRICT,
    EXCEPTIONAL,
    FILE,
    FORCE_CLOSE,
    RETURN,
    SYSTEM,
    Effect,
    On,
    Transition,
    Workflow,
)

MUST_VERIFY = frozenset({"grid-5", "hotline-6", "dispute"})
"""Workflows that have a verifying step, also where an operator's file stands in for the shipped one."""

RESERVED = frozenset({FILE, "merge", "split"})
"""Moves that commands of their own make."""

Problem = tuple[Place, str]


def check(workflow: Workflow, calendars: Collection[str] | None) -> list[Problem]:
    """Everything wrong with it, each with its place: `("moves", i, key)` is of the i-th transition."""
    return [
        *_steps(workflow),
        *_moves(workflow),
        *_ways(workflow),
        *_verified(workflow),
        *_limits(workflow, calendars),
    ]


def _steps(workflow: Workflow) -> Iterator[Problem]:
    steps = workflow.steps
    for name, value in (("initial", workflow.initial), ("verify", workflow.verify)):
        if value and value not in steps:
            yield (name,), f"{name} {value!r} is no step; known are {', '.join(steps)}"
    if not any(step.final for step in steps.values()):
        yield ("steps",), "no step is final: a case could never end; write final = true at one"
    if workflow.initial in steps and steps[workflow.initial].final:
        yield ("initial",), f"initial {workflow.initial!r} is final: every case would be over when it begins"
    if workflow.verify in steps and steps[workflow.verify].final:
        yield ("verify",), f"verify {workflow.verify!r} is final: name the step in which somebody looks before the end"
    for step in steps.values():
        if step.final != (step.phase is IncidentState.CLOSED):
            yield ("steps", step.id), f'step {step.id}: a final step has phase "closed", and no other has'
        if len(step.id) > 100:
            yield ("steps", step.id), f"step {step.id[:40]}: an id has at most 100 characters"


def _moves(workflow: Workflow) -> Iterator[Problem]:
    steps, seen, automatic = workflow.steps, set(), set()
    for n, t in enumerate(workflow.transitions):
        at: Place = ("moves", n)
        for step in (*t.sources, *([t.to] if t.to else [])):
            if step not in steps:
                key = "to" if step == t.to and step not in t.sources else "from"
                yield (*at, key), f"move {t.move}: {step!r} is no step; known are {', '.join(steps)}"
        for role in t.roles:
            if role not in workflow.roles:
                yield (*at, "roles"), f"move {t.move}: {role!r} is no role; known are {', '.join(workflow.roles)}"
        if t.move in RESERVED:
            yield (*at, "move"), f"move {t.move}: this name is kept for the command; choose another"
        if not t.roles and t.on is On.NOTHING:
            yield at, f"move {t.move}: nobody may make it: give roles, or on = what makes it by itself"
        if t.roles == (SYSTEM,):
            yield (*at, "roles"), f"move {t.move}: the system makes only moves with on; give a role of people"
        for step in t.sources:
            if t.manual:
                if (step, t.move) in seen:
                    yield at, f"move {t.move} from {step} is there twice"
                seen.add((step, t.move))
            if t.on is not On.NOTHING:
                if (step, t.on) in automatic:
                    yield (*at, "on"), f"move {t.move}: on {t.on.value!r} makes another move from {step} already"
                automatic.add((step, t.on))
        yield from _one_move(workflow, t, at)


def _one_move(workflow: Workflow, t: Transition, at: Place) -> Iterator[Problem]:
    steps = workflow.steps
    needs = t.needs_reason or t.needs_note or t.needs_owner or t.evidence
    if t.on is not On.NOTHING and not t.manual and needs:
        yield at, f"move {t.move} makes itself, so it can need nothing; give it roles or take the needs away"
    if t.effect is not Effect.NONE and t.to is not None:
        yield (*at, "to"), f"move {t.move}: what has effect {t.effect.value!r} leaves the step; take to away"
    if t.move == RETURN and not t.needs_reason:
        yield at, 'move return: a return names a rule or a reason; write needs = ["reason"]'
    if t.move == RETURN:
        for step in {t.to} if t.to else set(t.sources):
            if not any(step in d.sources and d.needs_owner and DISTRICT in d.roles for d in workflow.transitions):
                yield (
                    (*at, "to"),
                    (
                        f"move return: after the third only {DISTRICT} moves the case on, but step {step} has no move "
                        f'for it that needs = ["owner"]; add {DISTRICT} to the roles of assign there'
                    ),
                )
    if t.move == FORCE_CLOSE and not t.needs_reason:
        yield at, 'move force_close: ending a case by force names a reason; write needs = ["reason"]'
    if t.move == FORCE_CLOSE and not workflow.ends(t):
        yield (*at, "to"), "move force_close: to is a final step"
    if t.move == ASSIGN and not t.needs_owner:
        yield at, 'move assign: a case is assigned to somebody; write needs = ["owner"]'
    if t.on is On.CLOSED and not workflow.ends(t):
        yield (*at, "to"), f"move {t.move}: the source has closed the matter: to is a final step"
    for step in t.sources:
        if step in steps and steps[step].final and workflow.ends(t):
            yield (*at, "from"), f"move {t.move}: {step} is final already"


def _ways(workflow: Workflow) -> Iterator[Problem]:
    """Every step is reached from the initial one, and every one leads to a final one by moves of people."""
    steps = workflow.steps
    if workflow.initial not in steps:
        return
    reached = _reached(workflow, {workflow.initial}, lambda t: True)
    for id in steps:
        if id not in reached:
            yield ("steps", id), f"step {id} is never reached from {workflow.initial}; add a move to it or remove it"
    for id, step in steps.items():
        # Force-closing is no way on: a workflow whose cases could only end by force has a dead end.
        if not step.final:
            ends = _reached(workflow, {id}, lambda t: t.move not in EXCEPTIONAL and t.on is not On.CLOSED)
            if not any(steps[end].final for end in ends):
                yield ("steps", id), f"step {id} is a dead end: no move leads on to a final step"


def _verified(workflow: Workflow) -> Iterator[Problem]:
    """No way to a final step goes around the verifying step."""
    steps, verify = workflow.steps, workflow.verify
    if workflow.id in MUST_VERIFY and not verify:
        yield ("id",), f"workflow {workflow.id} needs verify: the step that no way to the end goes around"
    if not verify or verify not in steps or workflow.initial not in steps:
        return

    def regular(t: Transition) -> bool:
        return t.move not in EXCEPTIONAL and t.on is not On.CLOSED

    before = _reached(workflow, {workflow.initial} - {verify}, lambda t: regular(t) and t.to != verify)
    # A case that was reopened is verified again: also from a final step every way leads past the verifying step.
    reopened = {t.to for t in workflow.transitions if t.to and any(s in steps and steps[s].final for s in t.sources)}
    before |= _reached(workflow, reopened - {verify}, lambda t: regular(t) and t.to != verify)
    for n, t in enumerate(workflow.transitions):
        if regular(t) and workflow.ends(t):
            for step in t.sources:
                if step in before and step != verify and step in steps and not steps[step].final:
                    yield ("moves", n), f"move {t.move} from {step} ends a case that never was in step {verify}"


def _reached(workflow: Workflow, start: set[str], use: Callable[[Transition], bool]) -> set[str]:
    found, todo = set(start), list(start)
    while todo:
        step = todo.pop()
        for t in workflow.transitions:
            if step in t.sources and t.to and t.to in workflow.steps and t.to not in found and use(t):
                found.add(t.to)
                todo.append(t.to)
    return found


def _limits(workflow: Workflow, calendars: Collection[str] | None) -> Iterator[Problem]:
    known = {*workflow.steps, *(t.move for t in workflow.transitions), FILE}
    seen: set[str] = set()
    for n, limit in enumerate(workflow.limits):
        at: Place = ("limits", n)
        if limit.clock in seen:
            yield (*at, "clock"), f"limit {limit.clock} is there twice"
        seen.add(limit.clock)
        for key, names in (("start", limit.start_on), ("stop", limit.stop_on)):
            if not names:
                yield at, f"limit {limit.clock}: {key} is missing: name the steps or moves that {key} its clock"
            for name in names:
                if name not in known:
                    yield (*at, key), f"limit {limit.clock}: {key} {name!r} is no step and no move"
        for both in set(limit.start_on) & set(limit.stop_on):
            yield (*at, "stop"), f"limit {limit.clock}: {both} starts its clock and stops it"
        if calendars is not None:
            used = [(at, limit.calendar), *(((*at, "except", i), o.calendar) for i, o in enumerate(limit.overrides))]
            for place, calendar in used:
                if calendar not in calendars:
                    known_ = ", ".join(sorted(calendars))
                    yield (*place, "calendar"), f"limit {limit.clock}: no calendar {calendar!r}; known are {known_}"
        if is_urgent(limit.zh, limit.en) and limit.calendar != "natural":
            yield (*at, "calendar"), f'limit {limit.clock}: what is named urgent counts natural time: "natural"'
