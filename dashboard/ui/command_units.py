"""The unit board: status filter, search, list. What it shows is the page's script's (`assets/45-desk-units.js`)."""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.i18n import Lang
from dashboard.ui.parts import attrs, filled, said, words


def _size(id: str, sign: str, key: str) -> Component:
    return html.Button(
        sign, id=id, type="button", className="units-size", **attrs(data_action=id, aria_pressed="false"), **said(key)
    )


def unit_board(lang: Lang) -> Component:
    search = dcc.Input(id="unit-search", type="search", className="input", placeholder=" ", debounce=False)
    head = html.Header(
        [
            words("desk.units", lang, html.H2, className="panel-title"),
            html.Label([words("units.search", lang, className="only-heard"), search], className="unit-search"),
            html.Select([], id="unit-kind", className="select", **said("units.kind")),
            _size("units-tall", "⤢", "units.tall"),
            _size("units-fold", "–", "units.fold"),
        ],
        className="panel-head units-head",
    )
    listed = filled("units", "units", html.Div, role="listbox", tabIndex="0", **said("desk.units"))
    return html.Section(
        [
            head,
            html.Div(id="unit-counts", className="unit-counts", role="group", **said("units.by_status")),
            html.P(id="units-away", className="units-away", role="status"),
            html.P(id="units-none", className="empty", hidden=True),
            listed,
        ],
        id="panel-units",
        className="panel",
        **said("desk.units"),
    )
