"""Reads a workflow from TOML (docs/casework.md, "Workflows"). All that is wrong with a file is said at once."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from data.errors import BadInput
from data.records import IncidentState
from dispatch.spans import Span
from dispatch.toml_places import Part, TomlPlaces, syntax_line
from dispatch.workflow import (
    EVERY_STEP,
    ROLES,
    Effect,
    Limit,
    On,
    Override,
    Step,
    Transition,
    Workflow,
)
from dispatch.workflow_checks import check

SHIPPED = Path(__file__).with_name("workflows")

_TOP = ("id", "zh", "en", "initial", "verify", "roles", "steps", "moves", "limits")
_STEP = ("zh", "en", "phase", "final")
_MOVE = ("move", "from", "to", "roles", "zh", "en", "needs", "evidence", "on", "effect")
_LIMIT = ("clock", "zh", "en", "amount", "calendar", "start", "stop", "warn", "restart", "except")
_EXCEPT = ("severity", "category", "amount", "calendar")
_NEEDS = ("reason", "note", "owner")


class BadWorkflow(BadInput):
    """A workflow file that cannot be used. `problems` are its lines, each `file:line: reason`."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def load(path: Path, *, calendars: Collection[str] | None = None) -> Workflow:
    """The workflow of a file. With `calendars`, the ids of those there are, limits may name no other.

    Raises BadWorkflow with every problem of the file.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadWorkflow([f"{path}:1: cannot be read: {getattr(error, 'strerror', None) or error}"]) from None
    return parse(text, str(path), calendars=calendars)


def parse(text: str, path: str, *, calendars: Collection[str] | None = None) -> Workflow:
    """The workflow of a file's text. Raises BadWorkflow."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadWorkflow([f"{path}:{syntax_line(error, text)}: is not TOML: {error}"]) from None
    places = TomlPlaces(text)
    reader = _Reader(places)
    workflow = reader.workflow(raw, path, hashlib.sha256(text.encode()).hexdigest()[:12])
    problems = reader.problems
    for where, reason in check(workflow, calendars):
        first, n = where[0], where[1] if len(where) > 1 else 0
        if first in ("moves", "limits") and isinstance(n, int):  # which of those that were read -> which in the file
            where = (first, reader.stands_at[first][n], *where[2:])
        problems.append((places.at(*where), reason))
    if problems:
        raise BadWorkflow([f"{path}:{line}: {reason}" for line, reason in sorted(set(problems))])
    return workflow


class _Reader:
    """One reading of one file. A faulty value is noted and reads as if it were not there."""

    def __init__(self, places: TomlPlaces) -> None:
        self._places = places
        self.problems: list[tuple[int, str]] = []
        self.stands_at: dict[str, list[int]] = {"moves": [], "limits": []}
        """For each transition and limit that was read, which table of the file it came from."""

    def workflow(self, raw: Mapping[str, Any], path: str, revision: str) -> Workflow:
        self._known(raw, _TOP, "the file")
        id = self._text(raw, "id")
        zh, en = self._names(raw, f"workflow {id}")
        own = self._table(raw, "roles")
        roles = dict(ROLES)
        for role, names in own.items():
            if not isinstance(names, dict):
                self._say("roles", role, reason=f'role {role}: write {role} = {{ zh = "...", en = "..." }}')
                continue
            roles[role] = self._names(names, f"role {role}", "roles", role)
        steps = {}
        for step, values in self._table(raw, "steps").items():
            if isinstance(values, dict):
                steps[step] = self._step(step, values)
            else:
                self._say("steps", step, reason=f"step {step}: write a table [steps.{step}]")
        if not steps:
            self._say("steps", reason="there are no steps: write a table [steps.<id>] for each")
        transitions = [self._move(values, n, steps) for n, values in self._many(raw, "moves")]
        limits = [self._limit(values, n) for n, values in self._many(raw, "limits")]
        return Workflow(
            id=id,
            zh=zh,
            en=en,
            revision=revision,
            initial=self._text(raw, "initial"),
            steps=steps,
            transitions=tuple(transitions),
            limits=tuple(limit for limit in limits if limit is not None),
            roles=roles,
            verify=self._text(raw, "verify", needed=False),
            path=path,
        )

    def _step(self, id: str, raw: Mapping[str, Any]) -> Step:
        at: tuple[Part, ...] = ("steps", id)
        self._known(raw, _STEP, f"step {id}", *at)
        zh, en = self._names(raw, f"step {id}", *at)
        phase = self._one_of(raw, "phase", [state.value for state in IncidentState], f"step {id}", *at)
        return Step(id, zh, en, IncidentState(phase or "open"), self._flag(raw, "final", *at))

    def _move(self, raw: Mapping[str, Any], n: int, steps: Mapping[str, Step]) -> Transition:
        at: tuple[Part, ...] = ("moves", n)
        move = self._text(raw, "move", *at)
        what = f"move {move}"
        self._known(raw, _MOVE, what, *at)
        zh, en = self._names(raw, what, *at)
        sources = self._texts(raw, "from", what, *at)
        if EVERY_STEP in sources:
            sources = tuple(dict.fromkeys([*(s.id for s in steps.values() if not s.final), *sources]))
            sources = tuple(s for s in sources if s != EVERY_STEP)
        if not sources:
            self._say(*at, "from", reason=f"{what}: from is missing: name the steps it is made from")
        needs = self._texts(raw, "needs", what, *at)
        for need in needs:
            if need not in _NEEDS:
                self._say(*at, "needs", reason=f"{what}: needs {need!r}: expected {', '.join(_NEEDS)}")
        self.stands_at["moves"].append(n)
        return Transition(
            move=move,
            sources=sources,
            to=self._text(raw, "to", *at, needed=False) or None,
            roles=self._texts(raw, "roles", what, *at),
            zh=zh,
            en=en,
            needs_reason="reason" in needs,
            needs_note="note" in needs,
            needs_owner="owner" in needs,
            evidence=self._texts(raw, "evidence", what, *at),
            on=On(self._one_of(raw, "on", [on.value for on in On], what, *at, needed=False)),
            effect=Effect(self._one_of(raw, "effect", [e.value for e in Effect], what, *at, needed=False)),
        )

    def _limit(self, raw: Mapping[str, Any], n: int) -> Limit | None:
        at: tuple[Part, ...] = ("limits", n)
        clock = self._text(raw, "clock", *at)
        what = f"limit {clock}"
        self._known(raw, _LIMIT, what, *at)
        zh, en = self._names(raw, what, *at)
        amount = self._amount(raw, what, *at)
        calendar = self._text(raw, "calendar", *at, needed=False)
        if not calendar:
            self._say(*at, reason=f'{what}: calendar is missing: say by which its time counts ("natural" is 24 x 7)')
        overrides = []
        for i, values in self._many(raw, "except", *at):
            other = self._override(values, what, amount, calendar, *at, "except", i)
            if other is not None:
                overrides.append(other)
        warn = raw.get("warn", [0.8])
        if not isinstance(warn, list) or not all(isinstance(f, int | float) and 0 < f < 1 for f in warn):
            self._say(*at, "warn", reason=f"{what}: warn is a list of fractions more than 0 and less than 1")
            warn = []
        if amount is None:
            return None
        self.stands_at["limits"].append(n)
        return Limit(
            clock=clock,
            zh=zh,
            en=en,
            amount=amount[0],
            unit=amount[1],
            calendar=calendar,
            start_on=self._texts(raw, "start", what, *at),
            stop_on=self._texts(raw, "stop", what, *at),
            warn=tuple(sorted({float(f) for f in warn})),
            restart=self._flag(raw, "restart", *at),
            overrides=tuple(overrides),
        )

    def _override(
        self, raw: Mapping[str, Any], what: str, amount: tuple[float, str] | None, calendar: str, *at: Part
    ) -> Override | None:
        self._known(raw, _EXCEPT, f"{what}: except", *at)
        severity = raw.get("severity")
        if severity is not None and (type(severity) is not int or not 1 <= severity <= 4):
            self._say(*at, "severity", reason=f"{what}: severity is 1 (most urgent) to 4")
            severity = None
        category = self._texts(raw, "category", what, *at)
        if severity is None and not category:
            self._say(*at, reason=f"{what}: except needs a severity or a category, else it holds always")
        own = self._amount(raw, what, *at) if "amount" in raw else amount
        if own is None:
            return None
        by = self._text(raw, "calendar", *at, needed=False) or calendar
        return Override(own[0], own[1], by, severity, category)

    # --- values ------------------------------------------------------------------------------------------------

    def _say(self, *place: Part, reason: str) -> None:
        self.problems.append((self._places.at(*place), reason))

    def _known(self, raw: Mapping[str, Any], known: Sequence[str], what: str, *at: Part) -> None:
        for key in raw:
            if key not in known:
                self._say(*at, key, reason=f"{what} has no key {key!r}; known are {', '.join(known)}")

    def _text(self, raw: Mapping[str, Any], key: str, *at: Part, needed: bool = True) -> str:
        value = raw.get(key, "")
        if not isinstance(value, str) or len(value) > 100:
            self._say(*at, key, reason=f"{key} is a text of at most 100 characters")
            return ""
        if needed and not value.strip():
            self._say(*at, key, reason=f"{key} is missing")
        return value.strip()

    def _texts(self, raw: Mapping[str, Any], key: str, what: str, *at: Part) -> tuple[str, ...]:
        value = raw.get(key, [])
        texts = [value] if isinstance(value, str) else value
        if isinstance(texts, list) and all(isinstance(t, str) and t.strip() for t in texts):
            return tuple(dict.fromkeys(t.strip() for t in texts))
        self._say(*at, key, reason=f"{what}: {key} is a text or a list of texts, none of them empty")
        return ()

    def _names(self, raw: Mapping[str, Any], what: str, *at: Part) -> tuple[str, str]:
        """(zh, en)."""
        for lang in ("zh", "en"):
            if not (isinstance(raw.get(lang), str) and raw[lang].strip()):
                self._say(*at, lang, reason=f"{what}: {lang} is missing: things are named in Chinese and in English")
        return str(raw.get("zh", "")).strip(), str(raw.get("en", "")).strip()

    def _flag(self, raw: Mapping[str, Any], key: str, *at: Part) -> bool:
        value = raw.get(key, False)
        if not isinstance(value, bool):
            self._say(*at, key, reason=f"{key} is true or false")
        return value is True

    def _one_of(
        self, raw: Mapping[str, Any], key: str, known: Sequence[str], what: str, *at: Part, needed: bool = True
    ) -> str:
        value = raw.get(key, "")
        if value in known and (value or not needed):
            return str(value)
        if value or needed:
            listed = ", ".join(k for k in known if k)
            self._say(*at, key, reason=f"{what}: {key} {value!r}: expected one of {listed}")
        return ""

    def _amount(self, raw: Mapping[str, Any], what: str, *at: Part) -> tuple[float, str] | None:
        value = raw.get("amount", "")
        number, _, unit = value.strip().partition(" ") if isinstance(value, str) else ("", "", "")
        try:
            amount = float(number)
            if amount <= 0:
                raise BadInput("it must be more than nothing")
            Span.of(amount, unit)
        except (ValueError, BadInput) as error:
            told = f": {error}" if isinstance(error, BadInput) else ""
            self._say(*at, "amount", reason=f'{what}: amount {value!r} is no length such as "2 days" or "45 s"{told}')
            return None
        return amount, unit.strip()

    def _table(self, raw: Mapping[str, Any], key: str, *at: Part) -> Mapping[str, Any]:
        value = raw.get(key, {})
        if isinstance(value, dict):
            return value
        self._say(*at, key, reason=f"{key} is a table")
        return {}

    def _many(self, raw: Mapping[str, Any], key: str, *at: Part) -> list[tuple[int, Mapping[str, Any]]]:
        value = raw.get(key, [])
        if isinstance(value, list) and all(isinstance(each, dict) for each in value):
            return list(enumerate(value))
        self._say(*at, key, reason=f"{key} is a list of tables: write [[{key}]] before each")
        return []
