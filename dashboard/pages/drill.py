"""Exercises: the list of scenarios and drills, and the controllers' console of one drill."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard.i18n import Lang
from dashboard.ui.drill_console import add_form, board, judged, sheet
from dashboard.ui.drill_list import drills, make, scenarios
from dashboard.ui.header import header
from dashboard.ui.parts import attrs
from dashboard.ui.states import card, overlay
from dashboard.ui.wall_parts import filters, legend, stamps


def listed(lang: Lang) -> Component:
    """What can be exercised, and what is or was."""
    return html.Div(
        [
            header("drill", lang),
            html.Main(
                [scenarios(lang), make(lang), drills(lang)],
                id="main",
                className="drills",
                tabIndex="-1",
            ),
            overlay(lang),
        ],
        className="page page-drills",
    )


def console(lang: Lang, the_map: Component) -> Component:
    """One drill in its controllers' hands."""
    return html.Div(
        [
            header("drill", lang),
            html.Main(
                [
                    board(lang),
                    sheet(lang),
                    html.Div(
                        [the_map, filters(lang), legend(lang), stamps(), card(lang), add_form(lang)],
                        className="map-host",
                        role="region",
                        **attrs(data_i18n_label="panel.map"),
                    ),
                    judged(lang),
                ],
                id="main",
                className="drill-console",
                tabIndex="-1",
            ),
            html.Div(id="toasts", className="toasts", role="status", **attrs(aria_live="polite")),
            overlay(lang),
        ],
        className="page page-drill",
    )
