"""The desk's incident panel: filled by the page's scripts (`assets/43-desk-*`)."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard.i18n import Lang
from dashboard.ui.parts import said, words


def case(lang: Lang) -> Component:
    """The incident in hand."""
    none = html.Div(
        [words("desk.none", lang, html.P), words("desk.none.keys", lang, html.P, className="detail-keys")],
        id="detail-none",
        className="detail-none",
    )
    return html.Section(
        [none, html.Div(id="detail", className="detail-body", hidden=True)],
        id="panel-detail",
        className="panel",
        **said("desk.case"),
    )
