"""The controllers' console: the exercise's clock, the list of injects, a form for one more, the objectives.

Figures, rows and states are filled by the page's scripts (`assets/63-drill-*` and on).
"""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard.i18n import Lang
from dashboard.ui.parts import attrs, button, filled, panel, said, words

RATES = (1, 2, 5, 10, 30, 60, 300)
"""Paces that have a button: seconds of the exercise a second."""

SHOWN = ("all", "next", "open", "done")
"""What the list of injects can be narrowed to: all, still to come, with an action that players still owe, the rest."""


def board(lang: Lang) -> Component:
    """The clock and what moves it, the way to the players' screens, what comes next."""
    return html.Section(
        [
            html.Div(
                [
                    html.Div("–", id="drill-clock", className="drill-clock num"),
                    html.Div(id="drill-date", className="drill-date num"),
                ],
                className="drill-times",
            ),
            html.Div(
                [
                    html.Div(
                        [
                            html.Span(id="drill-phase", className="drill-phase", role="status"),
                            html.Span(id="drill-passed", className="drill-passed num"),
                            html.Span(id="drill-upcoming", className="drill-upcoming"),
                        ],
                        className="drill-line",
                    ),
                    html.Div(
                        [
                            html.Div(id="drill-ticks", className="drill-ticks"),
                            html.Div(id="drill-head", className="drill-head"),
                        ],
                        id="drill-track",
                        className="drill-track",
                        **attrs(aria_hidden="true"),
                    ),
                    html.Div([_moves(lang), _rates(lang), _who(lang), _ways(lang)], className="drill-controls"),
                    html.P(id="drill-refused", className="refusal", role="alert", hidden=True),
                ],
                className="drill-hands",
            ),
        ],
        id="drill-board",
        className="panel drill-board",
        **said("drill.board"),
    )


def _moves(lang: Lang) -> Component:
    return html.Div(
        [
            html.Button(id="drill-go", type="button", className="primary drill-go", **attrs(data_action="drill-go")),
            html.Button(id="drill-end", type="button", className="secondary", **attrs(data_action="drill-end")),
        ],
        className="drill-moves",
    )


def _rates(lang: Lang) -> Component:
    return html.Div(
        [
            html.Button(
                f"{rate}×",
                type="button",
                className="seg num",
                **attrs(data_action=f"drill-rate:{rate}", data_rate=str(rate), aria_pressed="false"),
            )
            for rate in RATES
        ],
        id="drill-rates",
        className="segmented",
        role="group",
        **said("drill.rate"),
    )


def _who(lang: Lang) -> Component:
    """The field is the script's: it keeps the name in the browser."""
    return html.Label(
        [words("drill.actor", lang), html.Span(id="drill-actor-host")], className="actor-field drill-actor"
    )


def _ways(lang: Lang) -> Component:
    """Other windows on this drill; the script points them at it."""
    return html.Nav(
        [
            html.A(
                words(f"drill.open.{name}", lang),
                id=f"drill-open-{name}",
                className="link",
                target="_blank",
                rel="noopener",
            )
            for name in ("wall", "desk", "report")
        ]
        + [html.A(words("drill.open.list", lang), href="/drill", className="link", id="drill-open-list")],
        className="drill-ways",
        **said("drill.open"),
    )


def sheet(lang: Lang) -> Component:
    """The injects (MSEL)."""
    tabs = html.Div(
        [
            html.Button(
                [words(f"drill.show.{name}", lang), html.Span("…", className="tab-count num")],
                type="button",
                role="tab",
                className="tab",
                **attrs(data_action=f"drill-show:{name}", data_value=name, aria_selected="false"),
            )
            for name in SHOWN
        ],
        id="drill-tabs",
        className="tabs",
        role="tablist",
        **said("drill.injects"),
    )
    add = button("drill.add", lang, action="drill-add", id="drill-add-open", className="primary small", title="A")
    head = html.Div(
        [words(f"drill.col.{name}", lang, className=f"msel-{name}") for name in ("at", "what", "expect", "fate", "do")],
        className="msel-row msel-head",
        **attrs(aria_hidden="true"),
    )
    rows = filled("msel", "msel", html.Ol)
    body = html.Div([tabs, head, rows, _keys(lang)], className="msel-body")
    return panel("drill.injects", lang, body, id="msel", extra=add)


def _keys(lang: Lang) -> Component:
    return words("drill.keys", lang, html.P, className="msel-keys")


def judged(lang: Lang) -> Component:
    """The objectives, what became of their actions, and what evaluators say of them."""
    meanings = html.Div(
        [
            html.Span([html.B(rating), words(f"drill.rating.{rating}", lang)], className="rating-means")
            for rating in ("P", "S", "M", "U")
        ],
        className="rating-legend",
    )
    return panel("drill.objectives", lang, filled("objectives", "objectives", html.Ul), id="objectives", extra=meanings)


def add_form(lang: Lang) -> Component:
    """One more inject; the map beside it takes its place by a click. Filled by `assets/65-drill-add.js`."""
    return html.Section(id="drill-form", className="new-form drill-form", hidden=True, **said("drill.add"))
