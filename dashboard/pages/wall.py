"""The wall: the whole district at a glance."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard.i18n import Lang
from dashboard.ui import wall_parts as parts
from dashboard.ui.header import header
from dashboard.ui.parts import attrs
from dashboard.ui.states import card, overlay


def layout(lang: Lang, the_map: Component) -> Component:
    return html.Div(
        [
            header("wall", lang),
            html.Main(
                [
                    html.Div([parts.kpis(lang), parts.categories(lang)], className="col col-left"),
                    html.Div([parts.trend(lang), parts.feeds(lang), parts.silence(lang)], className="col col-left-2"),
                    html.Div(
                        [
                            the_map,
                            parts.filters(lang, parts.tour(lang), compares=True),
                            parts.legend(lang),
                            parts.stamps(),
                            card(lang),
                        ],
                        className="map-host",
                        role="region",
                        **attrs(data_i18n_label="panel.map"),
                    ),
                    html.Div([parts.ranking(lang), parts.place(lang), parts.ticker(lang)], className="col col-right"),
                ],
                id="main",
                className="wall",
                tabIndex="-1",
            ),
            overlay(lang),
        ],
        className="page page-wall",
    )
