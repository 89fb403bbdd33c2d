"""The desk's command line and the list of its keys and commands; their content is the page's (`assets/45-desk-*`)."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard.i18n import Lang
from dashboard.ui.parts import attrs, button, said, words


def command_line() -> Component:
    """Lies over the unit board, so that neither the queue nor the incident in hand is covered."""
    return html.Div(id="command", className="command", hidden=True, role="search", **said("line.name"))


def help_overlay(lang: Lang) -> Component:
    """Everything the desk can be told: made from its actions and commands each time it is opened."""
    return html.Div(
        html.Div(
            [
                html.Header(
                    [
                        words("help.title", lang, html.H2),
                        button("card.close", lang, action="help", className="secondary small"),
                    ],
                    className="help-head",
                ),
                html.Div(id="help-keys", className="help-keys"),
            ],
            className="notice-box help-box",
            role="dialog",
            **attrs(aria_modal="true"),
            **said("help.title"),
        ),
        id="help",
        className="overlay",
        hidden=True,
    )
