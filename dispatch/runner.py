"""How every command goes: one transaction, its key looked up first, the row as it is afterwards for an answer."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from data.clock import Clock
from data.errors import BadInput, Refused
from data.records import LIVE, EventPayload, IncidentMoved, Payload, Record
from data.store import IncidentRow, Store, UnitRow
from dispatch import words
from dispatch.book import Book, shipped
from dispatch.both import Both
from dispatch.place import Place
from dispatch.refusals import refuse, sentence
from dispatch.rule_keys import RuleKeys
from dispatch.turn import DESK, Turn, key_id

KEY_MAX = 500
FURTHER = 4
"""Records that most commands make at most."""


@dataclass(frozen=True, slots=True)
class Done:
    """A command's outcome. `repeated`: the same key had done it before, nothing was changed now."""

    seq: int
    repeated: bool
    incident: IncidentRow | None = None
    unit: UnitRow | None = None
    rule: str = ""


class Runner:
    """What commands share: the store, the clock, the book of rules."""

    def __init__(self, store: Store, clock: Clock, timeline: str = LIVE, book: Book | None = None) -> None:
        self._store = store
        self._clock = clock
        self._timeline = timeline
        self._book = book
        self._place = Place(store)
        self._rule_keys = RuleKeys()

    @property
    def book(self) -> Book:
        """The rules that commands go by: those given, else the ones that ship."""
        return self._book if self._book is not None else shipped()

    def run(
        self,
        key: str | None,
        work: Callable[[Turn], None],
        same: Callable[[Record], bool],
        filed: Callable[[Sequence[Record]], bool] = lambda _records: True,
        *,
        incident: str = "",
        unit: str = "",
        opens: bool = False,
    ) -> Done:
        """Do the work and append, unless the key has done it before. Answers with the incident or unit as it is now.

        `same` tells by the record that bears the key, and `filed` by all that the command made, whether it was this
        command.
        """
        names = None if key is None else _names(key)
        with self._store.transact(self._timeline, None if names is None else (DESK, names)) as tx:
            turn = Turn(tx, self._clock.now(), self._timeline, key)
            repeated = key is not None and _repeats(turn, key, names or [], same, filed, opens)
            if key is not None and not repeated and (rule := self._rule_keys.decided(turn, key)) is not None:
                raise refuse(Refused, "key_used", key=key, deed=deed(rule))
            if not repeated:
                try:
                    work(turn)
                except ValidationError as error:
                    raise _in_a_line(error) from None
                turn.write()
            if unit:
                found = turn.unit(unit)
                return Done(found.status_seq, repeated, unit=found)
            row = turn.incident(incident)
            return Done(row.seq, repeated, incident=row)


def _names(key: str) -> list[str]:
    """The ids of what a command makes with this key. The first two are known by no other: its own, and that of what it
    opens. The further ones are looked up on the way: once, not again before they are written."""
    own = key_id(key)
    return [own, incident_id(key), *(f"{own}/{n}" for n in range(2, FURTHER + 1))]


def _repeats(
    turn: Turn,
    key: str,
    names: Sequence[str],
    same: Callable[[Record], bool],
    filed: Callable[[Sequence[Record]], bool],
    opens: bool,
) -> bool:
    """Whether the key has made this command before. Raises Refused when it made another."""
    made = turn.tx.recorded(DESK, names)
    found = [record for record in made if record.source_id in names[:2]]
    opened = next((record for record in found if isinstance(record.payload, EventPayload)), None)
    if opened is not None:
        if opens and same(opened) and filed(made):
            return True
        category = opened.payload.category  # type: ignore[attr-defined]
        raise refuse(Refused, "key_opened", key=key, id=opened.source_id, category=category)
    if found:
        if not opens and same(found[0]) and filed(made):
            return True
        raise refuse(Refused, "key_used", key=key, deed=deed(found[0]))
    return False


P = TypeVar("P", bound=Payload)


def said(cls: type[P], **fields: Any) -> P:
    """The payload of what was said. Raises BadInput in one line that names the field."""
    try:
        return cls(**fields)
    except ValidationError as error:
        raise _in_a_line(error) from None


def _in_a_line(error: ValidationError) -> BadInput:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "command"
    field = words.field(str(first["loc"][0])) if first["loc"] else None
    named = Both((field or sentence("entry")).zh, where)
    line, limits = f"{where}: {first['msg']}", first.get("ctx", {})
    if first["type"] == "string_too_long":
        return refuse(BadInput, "field_long", field=named, most=limits["max_length"], en=line)
    return refuse(BadInput, "field_empty" if first["type"] == "string_too_short" else "field", field=named, en=line)


def deed(record: Record) -> Both:
    """What a command did, by a record of it."""
    payload = record.payload
    incident = getattr(payload, "incident", None)
    what = words.move(None, payload.move) if isinstance(payload, IncidentMoved) else words.kind(record.kind)
    return sentence("deed", what=what, id=incident) if incident else what


def equal(payload: Payload) -> Callable[[Record], bool]:
    return lambda record: record.payload == payload


def require(actor: str, key: str | None) -> None:
    if not actor.strip():
        raise refuse(BadInput, "no_actor")
    if key is not None and not 1 <= len(key) <= KEY_MAX:
        raise refuse(BadInput, "key_length", n=len(key), most=KEY_MAX)


def incident_id(key: str | None) -> str:
    """`D-` and 8 letters or digits that are hard to confuse over a radio; 12 of the key's digest where one is given."""
    raw = hashlib.sha256(key.encode()).digest() if key is not None else secrets.token_bytes(8)
    return "D-" + base64.b32encode(raw).decode()[: 12 if key is not None else 8]
