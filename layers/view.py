"""A view: what a screen looks at. It is a value, it is the page's URL, and it is what a stream subscribes to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Literal, get_args
from urllib.parse import urlencode

from data.errors import BadView
from data.records import LIVE
from layers import windows

LayerName = Literal["heat", "areas", "incidents", "units", "cameras", "queue"]
KNOWN: tuple[LayerName, ...] = get_args(LayerName)
"""Every layer that a view may ask for."""
LAYERS: tuple[LayerName, ...] = KNOWN[:-1]
"""The map's layers: those of a view that names none."""

Measure = Literal["reported", "open"]
MEASURES: tuple[Measure, ...] = get_args(Measure)

MIN_RES, MAX_RES = 5, 10
"""H3 resolutions a heat view may ask for."""

_CODE = re.compile(r"[^\x00-\x1f&=?#]{1,64}\Z")


@dataclass(frozen=True, slots=True)
class View:
    """What is looked at. Equal views share frames.

    area      code of the area in focus, "" = the whole region
    level     level of the polygons shown, "" = the level below the focus (the focus itself at the finest)
    layers    which layers are sent, in KNOWN order
    measure   "reported" in the window, or "open" at t
    window    what it looks back over at t, as `layers/windows.py` names it: "24h", "today", or two local times
    category, source   "" = all
    severity  0 = all, else 1..4
    res       H3 resolution of the heat, 0 = chosen from the focus (layers/heat.py)
    panel     whether KPIs, ranking, trend and ticker come with the frames
    timeline  "live" or a drill's
    replay    id of the replay whose moment and timeline are shown, "" = none
    days      whether the panel carries the last seven days side by side
    compare   whether heat, areas and panel carry what the window before held, to be shown as differences
    """

    area: str = ""
    level: str = ""
    layers: tuple[LayerName, ...] = LAYERS
    measure: Measure = "reported"
    window: str = "24h"
    category: str = ""
    source: str = ""
    severity: int = 0
    res: int = 0
    panel: bool = True
    timeline: str = LIVE
    replay: str = ""
    compare: bool = False
    days: bool = False

    def with_(self, **changes: object) -> View:
        """A copy with some fields changed."""
        return replace(self, **changes)  # type: ignore[arg-type]

    def query(self) -> str:
        """The view as a URL query, defaults left out: `area=..&window=7d`. Empty for the default view."""
        default = View()
        parts: list[tuple[str, str]] = []
        for f in fields(self):
            value = getattr(self, f.name)
            if value == getattr(default, f.name):
                continue
            if isinstance(value, tuple):
                value = ",".join(value)
            elif isinstance(value, bool):
                value = "1" if value else "0"
            parts.append((f.name, str(value)))
        return urlencode(parts)


def parse_view(raw: Mapping[str, str]) -> View:
    """The view that a URL query or a subscription names. Raises BadView that names the key and what is allowed.

    Unknown keys are ignored, so that a URL may carry more (language, map camera).
    """
    layers = View().layers
    if "layers" in raw:
        asked = [part for part in raw["layers"].split(",") if part]
        unknown = [part for part in asked if part not in KNOWN]
        if unknown:
            raise BadView(f"view: layers: unknown layer {unknown[0]!r}; known are {', '.join(KNOWN)}")
        layers = tuple(name for name in KNOWN if name in asked)
    measure = raw.get("measure", "reported")
    if measure not in MEASURES:
        raise BadView(f"view: measure: {measure!r} is not one of {', '.join(MEASURES)}")
    return View(
        area=_code(raw, "area"),
        level=_code(raw, "level"),
        layers=layers,
        measure=measure,
        window=windows.checked(raw.get("window", "24h")),
        category=_code(raw, "category"),
        source=_code(raw, "source"),
        severity=_int(raw, "severity", 0, 4),
        res=_int(raw, "res", MIN_RES, MAX_RES),
        panel=raw.get("panel", "1") != "0",
        timeline=_code(raw, "timeline") or LIVE,
        replay=_code(raw, "replay"),
        compare=raw.get("compare", "0") == "1",
        days=raw.get("days", "0") == "1",
    )


def _code(raw: Mapping[str, str], key: str) -> str:
    value = raw.get(key, "")
    if value and not _CODE.match(value):
        raise BadView(f"view: {key}: {value[:40]!r} is not a code; up to 64 printable characters without & = ? #")
    return value


def _int(raw: Mapping[str, str], key: str, low: int, high: int) -> int:
    value = raw.get(key, "0")
    if value == "0" or value == "":
        return 0
    if not value.isascii() or not value.isdigit() or not low <= int(value[:4]) <= high:
        raise BadView(f"view: {key}: {value[:40]!r} is not a whole number from {low} to {high} (0 = automatic)")
    return int(value)
