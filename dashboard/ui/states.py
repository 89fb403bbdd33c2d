"""What a page shows when it cannot show its picture: no region yet, a bad address, a stream that stands still."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard.i18n import Lang
from dashboard.ui.parts import button, said, words

DEMO = "make demo"
OWN = ".venv/bin/python app.py region import AREAS.geojson --level district --code CODE --name NAME"


def overlay(lang: Lang) -> Component:
    """Blocks of which the page's script shows at most one, and the banner above everything."""
    return html.Div(
        [
            html.Div(
                [
                    html.Div(html.Span(id="banner-text"), id="banner", className="banner", role="alert", hidden=True),
                    html.Div(html.Span(id="fault-text"), id="fault", className="banner", role="alert", hidden=True),
                ],
                className="banners",
            ),
            html.Div(
                html.Div(
                    [
                        words("empty.region.title", lang, html.H2),
                        words("empty.region.text", lang, html.P),
                        words("empty.region.demo", lang, html.H3),
                        html.Pre(DEMO),
                        words("empty.region.own", lang, html.H3),
                        html.Pre(OWN),
                        words("empty.region.reload", lang, html.P),
                    ],
                    className="notice-box",
                ),
                id="no-region",
                className="overlay",
                hidden=True,
            ),
            html.Div(
                html.Div(
                    [
                        words("preparing.title", lang, html.H2),
                        html.P(id="preparing-step", className="preparing-step"),
                        words("preparing.text", lang, html.P),
                    ],
                    className="notice-box",
                ),
                id="preparing",
                className="overlay is-preparing",
                role="status",
                hidden=True,
            ),
            html.Div(
                html.Div(
                    [
                        words("failed.title", lang, html.H2),
                        html.P(id="failed-detail", className="detail"),
                        words("failed.text", lang, html.P),
                    ],
                    className="notice-box",
                ),
                id="failed",
                className="overlay",
                role="alert",
                hidden=True,
            ),
            html.Div(
                html.Div(
                    [
                        words("bad.title", lang, html.H2),
                        html.P(id="bad-text"),
                        html.P(id="bad-detail", className="detail"),
                        html.A(words("bad.back", lang), href="/", className="primary", id="bad-back"),
                    ],
                    className="notice-box",
                ),
                id="bad-address",
                className="overlay",
                role="alert",
                hidden=True,
            ),
        ]
    )


def heard() -> list[Component]:
    """What a screen reader hears of the map: its description, and the line that is said when the view was changed."""
    return [
        html.P(id="map-facts", className="only-heard"),
        html.P(id="map-heard", className="only-heard", role="status"),
    ]


def card(lang: Lang) -> Component:
    """The thing that was clicked on the map. The script fills it."""
    return html.Aside(
        [
            button("card.close", lang, action="close-card", className="link card-close"),
            html.Div(id="card-body"),
        ],
        id="card",
        className="card",
        hidden=True,
        **said("panel.map"),
    )
