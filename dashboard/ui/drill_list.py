"""The page of exercises: scenarios, the form that makes a drill of one, and the drills there are.

The rows are filled by the page's script (`assets/62-drill-list.js`).
"""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard.i18n import Lang
from dashboard.ui.parts import button, filled, panel, words


def scenarios(lang: Lang) -> Component:
    return panel("drill.scenarios", lang, filled("drill-scenarios", "drill-scenarios", html.Ul), id="drill-scenarios")


def make(lang: Lang) -> Component:
    """Its fields belong to the script, which keeps what was typed when the lists around them change."""
    body = html.Div(
        [
            html.Div(id="drill-chosen", className="drill-chosen"),
            html.Div(id="drill-make-fields", className="drill-make-fields"),
            html.P(id="drill-make-refused", className="refusal", role="alert", hidden=True),
            button(
                "drill.make.go", lang, action="drill-make", className="primary wide", id="drill-make", disabled=True
            ),
            words("drill.make.note", lang, html.P, className="drill-note"),
        ],
        className="drill-make",
    )
    return panel("drill.make", lang, body, id="drill-make")


def drills(lang: Lang) -> Component:
    return panel("drill.drills", lang, filled("drill-list", "drill-list", html.Ul), id="drill-list")
