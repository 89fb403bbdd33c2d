"""The desk: work on incidents, from the report to the closing."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard.i18n import Lang
from dashboard.ui.command_line import command_line, help_overlay
from dashboard.ui.command_units import unit_board
from dashboard.ui.desk_case import case
from dashboard.ui.desk_new import new_incident
from dashboard.ui.desk_queue import queue
from dashboard.ui.desk_tools import identity, toasts
from dashboard.ui.header import header
from dashboard.ui.parts import attrs, button
from dashboard.ui.states import card, overlay
from dashboard.ui.wall_parts import filters, legend, stamps


def layout(lang: Lang, the_map: Component) -> Component:
    tools = html.Div(
        [
            identity(lang),
            button("line.open", lang, action="command", className="link"),
            button("help.open", lang, action="help", className="link"),
        ],
        className="desk-tools",
    )
    return html.Div(
        [
            header("desk", lang, tools),
            html.Main(
                [
                    queue(lang),
                    html.Div(
                        [the_map, filters(lang), legend(lang), stamps(), card(lang), new_incident(lang)],
                        className="map-host",
                        role="region",
                        **attrs(data_i18n_label="panel.map"),
                    ),
                    unit_board(lang),
                    command_line(),
                    case(lang),
                ],
                id="main",
                className="desk",
                tabIndex="-1",
            ),
            toasts(),
            help_overlay(lang),
            overlay(lang),
        ],
        className="page page-desk",
    )
