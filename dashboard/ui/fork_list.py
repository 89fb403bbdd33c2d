"""The page of forks: a form that makes one of a past moment, and the forks there are.

Rows and fields are filled by the page's script (`assets/67-fork-list.js`).
"""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard.i18n import Lang
from dashboard.ui.parts import button, filled, panel


def make(lang: Lang) -> Component:
    """Its fields belong to the script, which keeps what was typed when the list changes."""
    body = html.Div(
        [
            html.Div(id="fork-fields", className="fork-fields"),
            html.P(id="fork-refused", className="refusal", role="alert", hidden=True),
            button("fork.make.go", lang, action="fork-make", className="primary wide", id="fork-make"),
        ],
        className="fork-make",
    )
    return panel("fork.make", lang, body, id="fork-make")


def listed(lang: Lang) -> Component:
    return panel("fork.list", lang, filled("fork-list", "fork-list", html.Ul), id="fork-list")
