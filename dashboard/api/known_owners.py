"""Whether an owner that a command names is anybody's: a case given to a name that nobody has is on no list."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from dashboard.api import case_figures
from dashboard.api.deps import region_of
from dashboard.services import Services
from data.errors import BadInput
from data.records import IncidentMoved, Kind, RulePayload
from dispatch.both import Both
from dispatch.refusals import refuse, sentence
from dispatch.routing import DISTRICT, TRIAGE
from dispatch.words import plain
from geo.area import Region

ALIKE = 0.6
"""Least likeness (difflib) of a name that is offered instead."""


def check_owner(services: Services, owner: str | None, incident: str = "") -> None:
    """Nothing where the owner is known or none is named.

    Known are the routing table's owners and those of adopted rules, areas by their code (and what an owner with
    `digits` makes of it), whoever has an open case, and who had the `incident` before. Raises BadInput,
    which names the nearest.
    """
    if not owner or owner in (TRIAGE, DISTRICT):
        return
    table, region = services.book.routing, region_of(services)
    named = {id: known for id, known in table.owners.items() if not known.digits}
    if owner in named or owner in region.by_code or owner in case_figures.by_owner(services):
        return
    adopted = [row.payload for row in services.store.documents(Kind.RULE, services.timeline)]
    decided = {name for p in adopted if isinstance(p, RulePayload) for name in (p.owner, p.fallback)}
    if owner in decided or owner in _had(services, incident) or _stands_for_area(services, region, owner):
        return
    words = {id: id for id in (*named, *decided - {""}, TRIAGE, DISTRICT)}
    words |= {text: id for id, each in named.items() for text in (each.zh, each.en)}
    near = get_close_matches(owner, words, 1, ALIKE)
    meant = _named(services, words[near[0]]) if near else None
    hint = sentence("owner_meant", owner=meant) if meant is not None else sentence("owner_list")
    raise refuse(BadInput, "no_owner", owner=owner, hint=hint)


def _had(services: Services, incident: str) -> Iterable[str]:
    if not incident:
        return ()
    life = services.store.timeline_of(incident, services.timeline)
    return {record.payload.owner for record in life if isinstance(record.payload, IncidentMoved)}


def _stands_for_area(services: Services, region: Region, owner: str) -> bool:
    """Whether an owner that stands for the area itself would bear this code."""
    for each in services.book.routing.owners.values():
        if each.digits and any(code[: each.digits].ljust(each.pad, "0") == owner for code in region.by_code):
            return True
    return False


def _named(services: Services, id: str) -> Both:
    table = services.book.routing
    zh, en = table.name_of(id, "zh"), table.name_of(id, "en")
    return plain(id) if zh == en == id else Both(f"{zh}（{id}）", f"{id} ({en})")
