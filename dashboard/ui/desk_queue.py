"""The desk's queue: tabs, filter, table. Rows, columns and counts are the page's scripts' (`assets/42-desk-*`)."""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.i18n import Lang
from dashboard.ui.parts import attrs, button, panel, said, words

GRID = "incident-grid"

TABS = ("triage", "mine", "overdue", "open", "paused", "closed")


def _tab(name: str, lang: Lang) -> Component:
    return html.Button(
        [words(f"queue.tab.{name}", lang), html.Span("…", className="tab-count num")],
        type="button",
        role="tab",
        className="tab",
        **attrs(data_action=f"tab:{name}", data_value=name, aria_selected="false"),
    )


def queue(lang: Lang) -> Component:
    tabs = html.Div(
        [_tab(name, lang) for name in TABS], id="queue-tabs", className="tabs", role="tablist", **said("desk.incidents")
    )
    tools = html.Div(
        [
            dcc.Input(id="list-filter", type="search", className="input", placeholder=" ", debounce=False),
            button(
                "queue.by_need",
                lang,
                action="by-need",
                id="by-need",
                className="seg by-need",
                **attrs(aria_pressed="true"),
            ),
        ],
        className="list-tools",
    )
    head = html.Div(
        [
            html.Span(id="list-shown", className="list-shown num", role="status"),
            html.Span(id="list-fresh", className="list-fresh num", hidden=True),
            button("desk.new", lang, action="new-incident", className="primary small", title="N"),
        ],
        className="list-head",
    )
    narrowed = html.Div(
        [
            html.Span(id="list-narrowed-words"),
            button("queue.narrowed.lift", lang, action="all-cases", className="link"),
        ],
        id="list-narrowed",
        className="list-narrowed num",
        hidden=True,
    )
    # The line has counts that change all the time; said aloud is what narrows, when that becomes another.
    heard = html.Span(id="list-narrowed-heard", className="only-heard", role="status")
    filed = html.Div(
        [html.Span(id="list-filed-words"), button("queue.filed.show", lang, action="show-filed", className="link")],
        id="list-filed",
        className="list-narrowed",
        role="status",
        hidden=True,
    )
    table = html.Div(id=GRID, className="incident-grid")  # 42-desk-table.js makes it
    foot = words("queue.loading", lang, html.Div, id="list-empty", className="empty")
    return panel(
        "desk.incidents",
        lang,
        [tabs, tools, narrowed, heard, filed, html.Div([table, foot], className="grid-host")],
        id="list",
        extra=head,
    )
