"""Routing rules: the file's and those decided at work, in the order in which they are tried."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import replace
from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from dashboard.api.case_bodies import Said
from dashboard.api.deps import COMMAND, ServicesDep, refusals
from dashboard.api.examples import shown, taken
from dashboard.api.fields import Actor, Expected, Key, KeyHeader, Line, Role, Text, Whole
from dashboard.api.known_owners import check_owner
from data.records import Kind, RulePayload
from data.store import DocumentRow
from dispatch.routing import Rule, Table, adopted_rules

router = APIRouter(tags=["casework"])


class RuleBody(Said):
    """A rule. `zh`, `en`: its name. Every condition that it has must hold; an empty one holds always."""

    id: str
    adopted: bool = Field(description="Decided at work; otherwise it is the file's")
    enabled: bool
    position: int = Field(description="Before larger ones; rules of the file are 0")
    line: int | None = Field(description="Where the file has it")
    when: Said = Field(description="Its conditions in words")
    category: list[str] = Field(description="Prefixes")
    area: list[str] = Field(description="Prefixes of the area's code")
    source: list[str]
    severity: int | None = Field(description="This or more urgent")
    hours: Said | None
    owner: str
    workflow: str
    fallback: str
    first_asked: bool = Field(description="Goes to the owner that was asked first, where one is known")
    triage: bool | None = Field(description="True: a person decides; false: not even when urgent; null: as the table")
    at: datetime | None = Field(description="When it was adopted")
    actor: str
    incident: str = Field(description="The case whose decision it came from")
    seq: int | None


class Rules(BaseModel):
    """Rules in the order in which they are tried; the first that matches holds. Those switched off come last."""

    rules: list[RuleBody]
    urgent: int = Field(description="Matters of this severity or more urgent wait for a person; 0: none does")
    fallback: str = Field(description="The owner of last resort")
    workflow: str = Field(description="What an unmatched matter follows")

    model_config = shown(
        {
            "rules": [
                {
                    "id": "drainage",
                    "zh": "排水",
                    "en": "Drainage",
                    "adopted": False,
                    "enabled": True,
                    "position": 0,
                    "line": 31,
                    "when": {"zh": "类别 03*", "en": "category 03*"},
                    "category": ["03"],
                    "area": [],
                    "source": [],
                    "severity": None,
                    "hours": None,
                    "owner": "dept-water",
                    "workflow": "grid-5",
                    "fallback": "",
                    "first_asked": False,
                    "triage": None,
                    "at": None,
                    "actor": "",
                    "incident": "",
                    "seq": None,
                }
            ],
            "urgent": 1,
            "fallback": "district",
            "workflow": "grid-5",
        }
    )


class Adopt(BaseModel):
    """A rule decided at work. With the `id` of one that was adopted before it replaces that one, or switches it off."""

    actor: Actor
    role: Role = "district"
    id: Line = Field("", description="Empty: a new one")
    enabled: bool = True
    position: Whole = Field(0, ge=-1_000_000, le=1_000_000, description="Before larger ones")
    category: Line = Field("", description="Prefix")
    area: Line = Field("", description="Prefix of the area's code")
    source: Line = ""
    severity: Whole | None = Field(None, ge=1, le=4, description="This or more urgent")
    workflow: str = Field("", max_length=100)
    owner: str = Field(min_length=1, max_length=200)
    fallback: Line = ""
    note: Text = Field("", description="Its name, and why")
    incident: str = Field("", max_length=401, description="The case whose decision it is")
    expected: Expected = None
    key: Key = None

    model_config = taken(
        {
            "actor": "district desk",
            "role": "district",
            "category": "0307",
            "area": "370812001",
            "owner": "municipal-works",
            "note": "裁定：积水归市政",
            "incident": "D-7KQ2M4XA",
            "key": "31aa",
        }
    )


@router.get("/rules", summary="Routing rules in the order they are tried", responses=refusals(503))
def rules(services: ServicesDep) -> Rules:
    table = services.book.routing
    return Rules(
        rules=listed(table, services.store.documents(Kind.RULE, services.timeline)),
        urgent=table.urgent,
        fallback=table.fallback,
        workflow=table.workflow,
    )


def listed(table: Table, documents: list[DocumentRow]) -> list[RuleBody]:
    """The rules as they are tried; adopted ones that are switched off after them."""
    by_id = {row.id: row for row in documents}
    order = table.ordered(adopted_rules(documents))
    tried = [_body(rule, None if rule.line else by_id.get(rule.id)) for rule in order]
    off = [row for row in documents if isinstance(row.payload, RulePayload) and not row.payload.enabled]
    return [*tried, *(_off(row) for row in off)]


def _body(rule: Rule, row: DocumentRow | None) -> RuleBody:
    payload = row.payload if row is not None and isinstance(row.payload, RulePayload) else None
    return RuleBody(
        id=rule.id,
        zh=rule.zh,
        en=rule.en,
        adopted=row is not None,
        enabled=True if payload is None else payload.enabled,
        position=rule.position,
        line=rule.line or None,
        when=Said(zh=rule.words("zh"), en=rule.words("en")),
        category=list(rule.category),
        area=list(rule.area),
        source=list(rule.source),
        severity=rule.severity,
        hours=None if rule.hours is None else Said(zh=rule.hours.words("zh"), en=rule.hours.words("en")),
        owner=rule.owner,
        workflow=rule.workflow,
        fallback=rule.fallback,
        first_asked=rule.first_asked,
        triage=rule.triage,
        at=None if row is None else row.at,
        actor="" if payload is None else payload.actor,
        incident="" if payload is None else payload.incident,
        seq=None if row is None else row.seq,
    )


def _off(row: DocumentRow) -> RuleBody:
    """A rule that is switched off, as it would be."""
    assert isinstance(row.payload, RulePayload)
    on = Rule.adopted(replace(row, payload=row.payload.model_copy(update={"enabled": True})))
    assert on is not None
    return _body(on, row)


class RuleDone(BaseModel):
    """The rule after the command. `repeated`: it was there as it is, nothing was changed now."""

    rule: RuleBody
    seq: int
    repeated: bool


@router.post("/rules", summary="Adopt a routing rule, replace one or switch it off", responses=COMMAND)
def adopt_rule(body: Adopt, services: ServicesDep, key: KeyHeader = None) -> RuleDone:
    """A binding decision of the district as a rule: from now on matters of this kind go to `owner`. Role `district`."""
    said = body.key or key
    for owner in (body.owner, body.fallback) if body.enabled else ():
        check_owner(services, owner, body.incident)
    done = services.dispatcher.adopt_rule(
        body.id or _new_id(said),
        **{name: getattr(body, name) for name in _ADOPTED},
        key=said,
    )
    shown = listed(services.book.routing, services.store.documents(Kind.RULE, services.timeline))
    return RuleDone(
        rule=next(each for each in shown if each.adopted and each.id == done.rule), seq=done.seq, repeated=done.repeated
    )


_ADOPTED = (
    "actor", "role", "owner", "category", "area", "source", "severity", "workflow", "fallback", "position", "note",
    "incident", "enabled", "expected",
)  # fmt: skip


def _new_id(key: str | None) -> str:
    """`R-` and eight characters, of the key where there is one, so that a repeat is about the same rule."""
    raw = secrets.token_bytes(8) if key is None else hashlib.sha256(key.encode()).digest()
    return "R-" + base64.b32encode(raw).decode()[:8]
