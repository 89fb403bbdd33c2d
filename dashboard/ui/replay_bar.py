"""The bar of a replay, at the bottom of every page that shows one: which moment it is, and how to move."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard.i18n import Lang
from dashboard.ui.parts import attrs, button, said, words

RATES = (-1, 1, 10, 60, 300, 600, 3600)
"""Paces that have a button, seconds of the log a second."""

SPANS = ("1h", "6h", "24h", "7d", "30d")


def replay_bar(lang: Lang) -> Component:
    """Its figures, histogram and moment are filled by the page's script (`assets/50-replay-*`)."""
    return html.Section(
        [
            html.Div(
                [
                    html.Div(words("replay.word", lang, className="replay-word"), className="replay-sign"),
                    html.Div(
                        [
                            html.Button(
                                "–",
                                id="replay-time",
                                type="button",
                                className="replay-time",
                                **attrs(data_action="replay-write"),
                            ),
                            html.Div(id="replay-date", className="replay-date"),
                        ],
                        className="replay-moment",
                    ),
                ],
                className="replay-now",
            ),
            html.Div(
                [
                    html.Div(
                        [
                            html.Canvas(id="replay-bars", className="replay-bars", **attrs(aria_hidden="true")),
                            html.Div(id="replay-marks", className="replay-flags"),
                            html.Div(id="replay-head", className="replay-head", **attrs(aria_hidden="true")),
                            html.Div(id="replay-hover", className="replay-hover", hidden=True),
                        ],
                        id="replay-track",
                        className="replay-track",
                        role="slider",
                        tabIndex="0",
                        **attrs(aria_valuemin="0", aria_valuemax="1000", aria_valuenow="0"),
                        **said("replay.scrubber"),
                    ),
                    html.Div(id="replay-ticks", className="replay-ticks", **attrs(aria_hidden="true")),
                ],
                className="replay-line",
            ),
            html.Div([_moves(lang), _rates(), _state(), _spans(lang), _more(lang)], className="replay-controls"),
            html.Div(id="replay-keys", className="replay-keys", hidden=True),
        ],
        id="replay-bar",
        className="replay-bar",
        **said("replay.bar"),
    )


def _moves(lang: Lang) -> Component:
    return html.Div(
        [
            _sign("replay.previous", "replay-step:-1", "previous", "replay-previous"),
            _sign("replay.play", "replay-toggle", "play", "replay-toggle"),
            _sign("replay.next", "replay-step:1", "next", "replay-next"),
        ],
        className="replay-moves",
    )


def _sign(key: str, action: str, sign: str, id: str) -> Component:
    return html.Button(
        id=id, type="button", className="replay-button", **attrs(data_action=action, data_sign=sign), **said(key)
    )


def _rates() -> Component:
    return html.Div(
        [
            html.Button(
                f"{rate}×".replace("-", "−"),
                type="button",
                className="seg num",
                **attrs(data_action=f"replay-rate:{rate}", aria_pressed="false", data_rate=str(rate)),
            )
            for rate in RATES
        ],
        className="segmented replay-rates",
        role="group",
        **said("replay.rate"),
    )


def _state() -> Component:
    return html.Div(
        [html.Span(id="replay-state"), html.Span(id="replay-said", className="replay-said")],
        className="replay-state",
        role="status",
    )


def _spans(lang: Lang) -> Component:
    return html.Div(
        [
            button(
                f"replay.span.{name}",
                lang,
                action=f"replay-span:{name}",
                className="seg",
                **attrs(data_span=name, aria_pressed="false"),
            )
            for name in SPANS
        ],
        className="segmented replay-spans",
        role="group",
        **said("replay.span"),
    )


def _more(lang: Lang) -> Component:
    return html.Div(
        [
            button("replay.mark", lang, action="replay-mark", className="secondary small"),
            button("fork.here", lang, action="replay-fork", className="secondary small"),
            html.Button(
                "?", type="button", className="replay-button", **attrs(data_action="replay-keys"), **said("replay.keys")
            ),
            button("replay.back", lang, action="replay-leave", className="primary replay-leave"),
        ],
        className="replay-more",
    )
