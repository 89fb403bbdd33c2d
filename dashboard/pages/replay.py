"""The replay's own page: which moment to watch again, on which screens; while one runs, what had happened by then."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard.i18n import Lang
from dashboard.ui.header import header
from dashboard.ui.parts import attrs, button, filled, panel, said, words
from dashboard.ui.states import card, overlay
from dashboard.ui.wall_parts import filters, legend, stamps

AGO_H = (1, 3, 24, 168)
PAGES = (("replay", "nav.replay"), ("wall", "nav.wall"), ("desk", "nav.desk"))


def layout(lang: Lang, the_map: Component) -> Component:
    return html.Div(
        [
            header("replay", lang),
            html.Main(
                [
                    html.Div(
                        [_begin(lang), _happened(lang), _seats(lang), _marks(lang), _running(lang)],
                        className="col replay-col",
                    ),
                    html.Div(
                        [the_map, filters(lang, compares=True), legend(lang), stamps(), card(lang)],
                        className="map-host",
                        role="region",
                        **attrs(data_i18n_label="panel.map"),
                    ),
                    panel("replay.overview", lang, html.Div(id="replay-overview"), id="overview"),
                ],
                id="main",
                className="replays",
                tabIndex="-1",
            ),
            overlay(lang),
        ],
        className="page page-replay",
    )


def _begin(lang: Lang) -> Component:
    body = html.Div(
        [
            html.Label(
                [
                    words("replay.begin.at", lang, className="field-name"),
                    html.Div(id="replay-when-host"),
                ],
                className="field",
            ),
            html.Div(
                [
                    button(f"replay.begin.ago.{h}", lang, action=f"replay-ago:{h}", className="secondary small")
                    for h in AGO_H
                ],
                className="replay-agos",
            ),
            html.Div(
                [
                    words("replay.begin.on", lang, className="field-name"),
                    html.Div(
                        [
                            button(
                                key, lang, action=f"replay-page:{page}", className="seg", **attrs(aria_pressed="false")
                            )
                            for page, key in PAGES
                        ],
                        id="replay-pages",
                        className="segmented",
                        role="group",
                        **said("replay.begin.on"),
                    ),
                ],
                className="replay-on",
            ),
            button("replay.begin.go", lang, action="replay-begin", className="primary wide"),
            html.Div(
                [
                    html.Div(id="replay-incident-host", className="replay-incident"),
                    button("replay.begin.life", lang, action="replay-begin-life", className="secondary small"),
                ],
                className="replay-life",
            ),
            html.P(id="replay-refused", className="refusal", role="alert", hidden=True),
            words("replay.begin.note", lang, html.P, className="empty replay-note"),
        ],
        className="replay-form",
    )
    return panel("replay.begin", lang, body, id="begin")


def _happened(lang: Lang) -> Component:
    return panel("replay.happened", lang, filled("happened", "happened", html.Ol), id="happened")


def _seats(lang: Lang) -> Component:
    return panel("replay.seats", lang, filled("seats", "seats", html.Ul), id="seats-list")


def _marks(lang: Lang) -> Component:
    note = words("replay.marks.note", lang, className="panel-note")
    return panel("replay.marks", lang, html.Ul(id="marks", className="marks"), id="marks-list", extra=note)


def _running(lang: Lang) -> Component:
    return panel("replay.running", lang, html.Ul(id="running", className="running"), id="running-list")
