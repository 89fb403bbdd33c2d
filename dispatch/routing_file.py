"""Reads a routing table from TOML (docs/casework.md, "Routing"). All that is wrong with a file is said at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from data.errors import BadInput
from dispatch.hours import DAYS, Hours
from dispatch.routing import DISTRICT, TRIAGE, Owner, Rule, Table
from dispatch.toml_lines import TomlLines
from dispatch.toml_reader import TomlReader, nearest

SHIPPED = Path(__file__).with_name("routing.toml")
NAME = "routing.toml"

_TOP = ("extends", "zone", "workflow", "fallback", "urgent", "first_asked", "owners", "rules")
_OWNER = ("id", "zh", "en", "kind", "areas", "digits", "pad")
_RULE = ("id", "zh", "en", "category", "area", "source", "severity", "when", "workflow", "owner", "fallback",
         "first_asked", "triage")  # fmt: skip
_WHEN = ("days", "from", "to", "zone")
_CLOCK = re.compile(r"([01]\d|2[0-4]):([0-5]\d)")


class BadRouting(BadInput):
    """A routing file that cannot be used. `problems` are its lines, each `file:line: reason`."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def load_routing(folder: Path | None = None, *, workflows: Collection[str] | None = None) -> Table:
    """The shipped table, or the operator's (`routing.toml` in `folder`): instead of it, or before it (`extends`).

    With `workflows`, the ids of those there are, rules may name no other. Raises BadRouting.
    """
    shipped = load(SHIPPED, workflows=workflows)
    own = None if folder is None else folder / NAME
    return load(own, workflows=workflows, shipped=shipped) if own is not None and own.exists() else shipped


def load(path: Path, *, workflows: Collection[str] | None = None, shipped: Table | None = None) -> Table:
    """The table of a file; `shipped` is what it may extend. Raises BadRouting with every problem of the file."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadRouting([f"{path}:1: cannot be read: {getattr(error, 'strerror', None) or error}"]) from None
    return parse(text, str(path), workflows=workflows, shipped=shipped)


def parse(
    text: str, path: str = NAME, *, workflows: Collection[str] | None = None, shipped: Table | None = None
) -> Table:
    """The table of a file's text. Raises BadRouting."""
    lines = TomlLines(text)
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadRouting([f"{path}:{lines.of_fault(str(error))}: is not TOML: {error}"]) from None
    reader = _Reader(lines, raw, path=path, workflows=workflows, shipped=shipped)
    table = reader.table()
    if reader.problems:
        raise BadRouting([f"{path}:{line}: {reason}" for line, reason in sorted(reader.problems)])
    return table


@dataclass
class _Reader(TomlReader):
    """One reading of one routing file."""

    path: str = NAME
    workflows: Collection[str] | None = None
    shipped: Table | None = None

    def table(self) -> Table:
        self.known_keys(self.raw, _TOP, "the file", "", 0)
        base = self._base()
        self._zone = self._zone_of(self.raw, "", 0) or "UTC"
        owners = {**(base.owners if base else {}), **self._owners()}
        self._owner_ids = owners
        own = self._rules()
        self._hidden(own)
        workflow = self.text(self.raw, "workflow", "", 0) or (base.workflow if base else "")
        if not workflow:
            self.say(1, "workflow is missing: name the workflow of a matter that no rule takes")
        self._workflow(workflow, "", 0)
        return Table(
            rules=(*own, *(base.rules if base else ())),
            owners=owners,
            workflow=workflow,
            fallback=self._fallback(owners, base),
            urgent=self._urgent(base),
            first_asked={**((base.first_asked or {}) if base else {}), **self._first_asked()},
            path=self.path,
        )

    def _base(self) -> Table | None:
        extends = self.raw.get("extends", False)
        if not isinstance(extends, bool):
            self.say(self.lines.of("", 0, "extends"), "extends is true or false")
        elif extends and self.shipped is None:
            self.say(self.lines.of("", 0, "extends"), "extends: there is no shipped table to extend here")
        return self.shipped if extends is True else None

    # owners

    def _owners(self) -> dict[str, Owner]:
        owners: dict[str, Owner] = {}
        for n, raw in self.many("owners"):
            self.known_keys(raw, _OWNER, "an owner", "owners", n)
            id = self.text(raw, "id", "owners", n)
            here = self.lines.of("owners", n, "id")
            if not id:
                self.say(here, "an owner needs an id")
                continue
            if id in (TRIAGE, DISTRICT):
                self.say(here, f"owner {id}: this id is kept for the {id} queue; choose another")
            if id in owners:
                self.say(here, f"owner {id} is there twice")
            for lang in ("zh", "en"):
                if not self.text(raw, lang, "owners", n):
                    self.say(here, f"owner {id}: {lang} is missing: owners are named in Chinese and in English")
            digits, pad = (self.whole(raw, key, "owners", n, 0, 30) or 0 for key in ("digits", "pad"))
            if pad and not digits:
                self.say(self.lines.of("owners", n, "pad"), f"owner {id}: pad fills up what digits cuts; give digits")
            owners[id] = Owner(
                id,
                self.text(raw, "zh", "owners", n),
                self.text(raw, "en", "owners", n),
                self.text(raw, "kind", "owners", n) or "department",
                self.texts(raw, "areas", "owners", n),
                digits,
                pad,
            )
        return owners

    def _fallback(self, owners: Mapping[str, Owner], base: Table | None) -> str:
        fallback = self.text(self.raw, "fallback", "", 0) or (base.fallback if base else "")
        line = self.lines.of("", 0, "fallback")
        if not fallback:
            self.say(1, "fallback is missing: name the owner that has a matter when nobody else does")
        # The last resort may not refuse: it must serve a matter without an area.
        elif self._owner(fallback, line, "fallback") and (owners[fallback].areas or owners[fallback].digits):
            self.say(line, f"fallback: owner {fallback} serves some areas only; the last resort serves all")
        return fallback

    def _urgent(self, base: Table | None) -> int:
        given = self.whole(self.raw, "urgent", "", 0, 0, 4)
        if given is not None:
            return given
        return base.urgent if base else 1

    def _first_asked(self) -> dict[str, str]:
        raw = self.raw.get("first_asked", {})
        if not isinstance(raw, dict):
            self.say(self.lines.of("", 0, "first_asked"), "first_asked is a table: source = owner")
            return {}
        asked = {}
        for source in raw:
            owner = self.text(raw, source, "first_asked", 0)
            self._owner(owner, self.lines.of("first_asked", 0, source), f"first_asked {source}")
            asked[source] = owner
        return asked

    # rules

    def _rules(self) -> list[Rule]:
        rules: dict[str, Rule] = {}
        for n, raw in self.many("rules"):
            self.known_keys(raw, _RULE, "a rule", "rules", n)
            line = self.lines.of("rules", n)
            id = self.text(raw, "id", "rules", n)
            if not id:
                self.say(line, "a rule needs an id: it is what a case says it was routed by")
                id = f"#{n}"
            if id in rules:
                self.say(self.lines.of("rules", n, "id"), f"rule {id} is there twice")
            for lang in ("zh", "en"):
                if not self.text(raw, lang, "rules", n):
                    self.say(line, f"rule {id}: {lang} is missing: rules are named in Chinese and in English")
            rule = Rule(
                id=id,
                owner=self.text(raw, "owner", "rules", n),
                workflow=self.text(raw, "workflow", "rules", n),
                zh=self.text(raw, "zh", "rules", n),
                en=self.text(raw, "en", "rules", n),
                category=self.texts(raw, "category", "rules", n),
                area=self.texts(raw, "area", "rules", n),
                source=self.texts(raw, "source", "rules", n),
                severity=self.whole(raw, "severity", "rules", n, 1, 4),
                hours=self._hours(raw, id, n),
                fallback=self.text(raw, "fallback", "rules", n),
                first_asked=self.flag(raw, "first_asked", "rules", n) or False,
                triage=self.flag(raw, "triage", "rules", n),
                line=line,
            )
            if not rule.owner:
                self.say(line, f"rule {id}: owner is missing: say who has what it takes")
            for key in ("owner", "fallback"):
                self._owner(getattr(rule, key), self.lines.of("rules", n, key), f"rule {id}: {key}")
            self._workflow(rule.workflow, "rules", n)
            rules[id] = rule
        return list(rules.values())

    def _hidden(self, rules: Sequence[Rule]) -> None:
        """A rule that never gets anything is a mistake: its author believes that it works."""
        for i, rule in enumerate(rules):
            above = next((r for r in rules[:i] if r.takes_all_of(rule)), None)
            if above is not None:
                self.say(
                    rule.line,
                    f"rule {rule.id} can never match: rule {above.id} in line {above.line} takes everything that it "
                    "would; put it before that one, or take it out",
                )

    def _hours(self, raw: Mapping[str, Any], id: str, n: int) -> Hours | None:
        when = raw.get("when")
        if when is None:
            return None
        line = self.lines.of("rules", n, "when")
        if not isinstance(when, dict):
            self.say(line, f'rule {id}: when is a table such as {{ days = ["mon-fri"], from = "22:00", to = "06:00" }}')
            return None
        self.known_keys(when, _WHEN, "when", "rules", n, line)
        days = self._days(self.texts(when, "days", "rules", n) or ("mon-sun",), line, id)
        start = self._minute(self.text(when, "from", "rules", n) or "00:00", line, id)
        end = self._minute(self.text(when, "to", "rules", n) or "24:00", line, id)
        zone = self._zone_of(when, "rules", n, line) or self._zone
        return Hours(days, start % 1440, end % 1440, zone)

    def _days(self, texts: Iterable[str], line: int, id: str) -> tuple[int, ...]:
        days: set[int] = set()
        for text in texts:
            first, _, last = text.partition("-")
            last = last or first
            if first not in DAYS or last not in DAYS:
                self.say(line, f"rule {id}: {text!r} are no days; expected {', '.join(DAYS)}, or a span: mon-fri")
                continue
            a, b = DAYS.index(first), DAYS.index(last)
            days |= {day % 7 for day in range(a, b + 1 if b >= a else b + 8)}
        return tuple(sorted(days))

    def _minute(self, text: str, line: int, id: str) -> int:
        found = _CLOCK.fullmatch(text)
        minute = int(found[1]) * 60 + int(found[2]) if found else -1
        if not 0 <= minute <= 1440:
            self.say(line, f"rule {id}: {text!r} is no time of day such as 08:30")
            return 0
        return minute

    # parts

    def _owner(self, id: str, line: int, what: str) -> bool:
        if not id or id in self._owner_ids:
            return bool(id)
        self.say(line, f"{what}: there is no owner {id!r}{nearest(id, self._owner_ids)}; name it under [[owners]]")
        return False

    def _workflow(self, id: str, table: str, n: int) -> None:
        if id and self.workflows is not None and id not in self.workflows:
            known = ", ".join(sorted(self.workflows))
            self.say(self.lines.of(table, n, "workflow"), f"there is no workflow {id!r}; known are {known}")

    def _zone_of(self, raw: Mapping[str, Any], table: str, n: int, line: int | None = None) -> str:
        zone = self.text(raw, "zone", table, n)
        try:
            if zone:
                ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            at = line or self.lines.of(table, n, "zone")
            self.say(at, f"zone {zone!r} is no IANA time zone such as Asia/Shanghai")
            return ""
        return zone
