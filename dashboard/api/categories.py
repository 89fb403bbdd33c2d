"""Names of the ticket classes."""

from __future__ import annotations

import orjson
from fastapi import APIRouter
from pydantic import BaseModel

from dashboard.api.deps import ServicesDep, refusals
from dashboard.api.examples import shown

router = APIRouter(tags=["categories"])

LAYER = "categories"
"""Where the store keeps the class table, beside the base map."""


class CategoryNames(BaseModel):
    """A class's names; its code is the key."""

    zh: str
    en: str

    model_config = shown({"zh": "违章停车", "en": "Illegal parking"})


@router.get("/categories", summary="Names of the ticket classes by code", responses=refusals(503))
def categories(services: ServicesDep) -> dict[str, CategoryNames]:
    """Empty where no class table was imported; codes are then shown as they are."""
    return {code: CategoryNames(**names) for code, names in category_names(services).items()}


def category_names(services: ServicesDep) -> dict[str, dict[str, str]]:
    body = services.store.basemap(LAYER)
    if body is None:
        return {}
    names: dict[str, dict[str, str]] = orjson.loads(body)
    return names
