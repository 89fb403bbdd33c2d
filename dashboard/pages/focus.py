"""What a page's address asks for, looked up in the region: the value every part of the page follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

import shapely

from dashboard.heat_forms import HEAT_FORMS, HeatForm
from dashboard.i18n import LANGS, Lang
from data.errors import BadView
from data.records import LIVE
from geo.area import Area, Region
from layers.view import View, parse_view

PAGES = ("/", "/desk", "/replay", "/drill", "/fork")

MOST_CORNERS = 32
"""Corners of a focus's hull that a page is told."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the breadcrumb. `code` is "" for the whole region."""

    code: str
    name: str
    name_en: str
    level: str


@dataclass(frozen=True, slots=True)
class Focus:
    """The area in focus and what is drawn inside it.

    `bbox` is [west, south, east, north] in degrees, None without a region, `hull` are at most 32 corners [lon, lat]
    around the area, which the map fits into its frame; `level` is the level of the
    polygons that are shown; `finest` says that there is no level below the focus.
    """

    code: str
    bbox: tuple[float, float, float, float] | None
    level: str
    finest: bool
    path: tuple[Step, ...]
    hull: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Address:
    """A page's address, understood. `error` is (key of the sentence, its values, detail) when it cannot be shown.

    `heat` and `sun` (whether the map's light follows the sun of the moment shown) say how a map draws what it is sent;
    they are no part of the view, so that screens that draw the same differently share their frames.
    """

    page: str
    lang: Lang
    view: View
    focus: Focus
    empty: bool
    error: tuple[str, dict[str, str], str] | None = None
    heat: HeatForm = HEAT_FORMS[0]
    sun: bool = True

    def map_focus(self) -> dict[str, Any] | None:
        """Where the map flies, None without a region."""
        focus = self.focus
        if focus.bbox is None:
            return None
        return {"code": focus.code, "bbox": list(focus.bbox), "hull": focus.hull, "level": focus.level}

    @property
    def listed(self) -> bool:
        """A list of exercises or forks, and none of them."""
        return self.page in ("/drill", "/fork") and self.view.timeline == LIVE

    def watched(self) -> View:
        """What the page's stream watches: the view, and on the desk the queue and, drawn or not, the units."""
        if self.listed:
            return self.view.with_(layers=(), panel=False)  # nothing of the district is on it
        if self.page != "/desk":
            return self.view
        units = () if "units" in self.view.layers else ("units",)
        return self.view.with_(layers=(*self.view.layers, *units, "queue"))

    def to_json(self) -> dict[str, Any]:
        """As the page's scripts read it."""
        view = asdict(self.view) | {"heat": self.heat, "sun": self.sun}
        return {
            "page": self.page,
            "lang": self.lang,
            "query": self.watched().query(),
            "view": view,
            "focus": asdict(self.focus),
            "empty": self.empty,
            "error": None
            if self.error is None
            else {"key": self.error[0], "values": self.error[1], "detail": self.error[2]},
        }


def read_address(pathname: str, search: str, region: Region, default_lang: Lang) -> Address:
    """Understand an address. Never raises: what cannot be shown comes back with its `error`."""
    raw = dict(parse_qsl(search.removeprefix("?"), keep_blank_values=True))
    lang: Lang = next((code for code in LANGS if code == raw.get("lang")), default_lang)
    page = pathname if pathname in PAGES else "/"
    whole = focus_on(region, "", "")
    empty = not region.areas
    try:
        view = parse_view(raw)
    except BadView as error:
        return Address(page, lang, _whose(raw), whole, empty, ("bad.title", {}, str(error)))
    if page in ("/desk", "/drill", "/fork"):
        view = view.with_(compare=False, days=False)  # nothing there shows them, or could leave them
    usual = _whose(raw)
    if pathname not in PAGES:
        return Address(page, lang, usual, whole, empty, ("bad.page", {"path": pathname[:80]}, ""))
    if empty:
        return Address(page, lang, view, whole, True)
    if view.area and view.area not in region.by_code:
        return Address(page, lang, usual, whole, False, ("bad.area", {"code": view.area}, ""))
    if view.level and view.level not in region.levels:
        return Address(page, lang, usual, whole, False, ("bad.level", {"level": view.level}, ""))
    asked = raw.get("heat") or HEAT_FORMS[0]
    heat = next((one for one in HEAT_FORMS if one == asked), None)
    if heat is None:
        detail = f"view: heat: {asked[:40]!r} is not one of {', '.join(HEAT_FORMS)}"
        return Address(page, lang, usual, whole, False, ("bad.title", {}, detail))
    focus = focus_on(region, view.area, view.level)
    return Address(page, lang, view, focus, False, heat=heat, sun=raw.get("sun") != "0")


def _whose(raw: Mapping[str, str]) -> View:
    """The usual view of what an address is about: whatever is wrong with one that names a replay or an exercise, it
    never shows what is live. Of what cannot be named nothing is shown.
    """
    try:
        return parse_view({key: raw[key] for key in ("replay", "timeline") if key in raw})
    except BadView:
        return View(layers=(), panel=False)


def focus_on(region: Region, code: str, level: str) -> Focus:
    """The focus for a code of the region, "" for the whole of it."""
    area = region.by_code.get(code)
    shown = [area] if area else list(region.roots)
    if not shown:
        return Focus("", None, "", False, ())
    bounds = shapely.total_bounds([a.geometry for a in shown])
    single_root = region.roots[0].code if len(region.roots) == 1 else None
    path = [_step(a) for a in region.path(code)]
    if path and path[0].code == single_root:
        path[0] = Step("", path[0].name, path[0].name_en, path[0].level)  # one root is the whole region
    elif single_root is not None:
        path = [Step("", region.roots[0].name, region.roots[0].name_en, region.roots[0].level)]
    else:
        path.insert(0, Step("", "", "", ""))
    below = _level_inside(region, area)
    return Focus(
        code=code,
        bbox=(float(bounds[0]), float(bounds[1]), float(bounds[2]), float(bounds[3])),
        level=level or below or (area.level if area else ""),
        finest=area is not None and not region.children(area.code),
        path=tuple(path),
        hull=_hull(shown),
    )


def child_at(region: Region, code: str, lon: float, lat: float) -> str | None:
    """Code of the area one step below the focus that holds the point (the smallest code on a border), else None."""
    parent = code or (region.roots[0].code if len(region.roots) == 1 else "")
    inside = region.children(parent) if parent else region.roots
    point = shapely.Point(lon, lat)
    return next((a.code for a in sorted(inside, key=lambda a: a.code) if a.geometry.intersects(point)), None)


def with_area(search: str, code: str) -> str:
    """The address's query with another area in focus; a level that was chosen for the old one is dropped."""
    raw = dict(parse_qsl(search.removeprefix("?"), keep_blank_values=True))
    raw.pop("level", None)
    raw["area"] = code
    return "?" + urlencode(raw)


def _hull(areas: list[Area]) -> tuple[tuple[float, float], ...]:
    """Convex hull of the areas, thinned to `MOST_CORNERS`, degrees rounded to about a metre."""
    hull = shapely.convex_hull(shapely.GeometryCollection([shapely.convex_hull(a.geometry) for a in areas]))
    if hull.geom_type != "Polygon":
        return ()
    corners = shapely.get_coordinates(hull)[:-1]
    every = -(-len(corners) // MOST_CORNERS)
    return tuple((round(float(lon), 5), round(float(lat), 5)) for lon, lat in corners[::every])


def _step(area: Area) -> Step:
    return Step(area.code, area.name, area.name_en, area.level)


def _level_inside(region: Region, area: Area | None) -> str | None:
    if area is not None:
        return region.level_below(area.level)
    if len(region.roots) == 1:
        return region.level_below(region.roots[0].level) or region.roots[0].level
    return region.levels[0] if region.levels else None
