"""The browser components as Dash classes; dashboard/browser/ draws them and docs/map.md describes their props.

Handwritten: a Dash component class names its props, its namespace (`window.gridcommand` in the browser) and no more.
"""

# ruff: noqa: RUF012  Dash reads these class attributes as plain lists, and its base class declares them so

from __future__ import annotations

from typing import Any

from dash.development.base_component import Component


class _Browser(Component):
    """What all share: no children, and only props that are named."""

    _namespace: str
    _children_props: list[str] = []
    _base_nodes: list[str] = []
    _valid_wildcard_attributes: list[str] = []
    _prop_names: list[str]
    available_properties: list[str]
    available_wildcard_properties: list[str] = []

    def __init__(self, **props: Any) -> None:
        unknown = sorted(set(props) - set(self._prop_names))
        if unknown:
            raise TypeError(f"{self._type}: unknown prop {unknown[0]!r}; known are {', '.join(self._prop_names)}")
        super().__init__(**{k: v for k, v in props.items() if v is not None})  # type: ignore[no-untyped-call]


class Stream(_Browser):
    """No picture: watches `view` (a URL query) on `url` (default /stream) and sets `panel` and `status`."""

    _type = "Stream"
    _namespace = "gridcommand"
    _prop_names: list[str] = ["id", "view", "lang", "url", "panel", "status"]
    available_properties: list[str] = _prop_names


class Location(_Browser):
    """No picture: the page's path and query (with its "?"). A `search` that is set becomes the page's address."""

    _type = "Location"
    _namespace = "gridcommand"
    _prop_names: list[str] = ["id", "pathname", "search"]
    available_properties: list[str] = _prop_names


class Store(_Browser):
    """No picture: a value that callbacks hand to each other."""

    _type = "Store"
    _namespace = "gridcommand"
    _prop_names: list[str] = ["id", "data"]
    available_properties: list[str] = _prop_names


class GridMap(_Browser):
    """The map of what the Stream with id `stream` receives. Sets the four last props."""

    _type = "GridMap"
    _namespace = "gridcommand"
    _prop_names: list[str] = [
        "id",
        "stream",
        "areas",
        "basemap",
        "focus",
        "selection",
        "lang",
        "options",
        "className",
        "style",
        "clickInfo",
        "hoverInfo",
        "viewportInfo",
        "stats",
    ]
    available_properties: list[str] = _prop_names
