"""The desk's queue: tabs, filter, table. Rows, columns and counts are the page's scripts' (`assets/42-desk-*`)."""

from __future__ import annotations

import dash_ag_grid as dag
from dash import dcc, html
from dash.development.base_component import Component

from dashboard import theme
from dashboard.i18n import Lang
from dashboard.ui.parts import attrs, button, panel, said, words

GRID = "incident-grid"

TABS = ("triage", "mine", "overdue", "open", "paused", "closed")


def _table() -> Component:
    d = theme.DARK
    look = (
        "themeQuartz.withParams({"
        f"backgroundColor:'{d['panel']}',foregroundColor:'{d['text']}',headerBackgroundColor:'{d['panel']}',"
        f"headerTextColor:'{d['text-2']}',borderColor:'{d['line']}',accentColor:'{d['accent']}',"
        f"selectedRowBackgroundColor:'{d['accent-dim']}',rowHoverColor:'{d['panel-2']}',browserColorScheme:'dark',"
        "fontFamily:'inherit',fontSize:'0.95rem',headerFontSize:'0.85rem',spacing:4,wrapperBorder:false,"
        "wrapperBorderRadius:0,cellHorizontalPadding:7,rowHeight:'2.9rem',headerHeight:'2rem'})"
    )
    grid: Component = dag.AgGrid(
        id=GRID,
        className="incident-grid",
        columnDefs=[],
        rowModelType="infinite",  # it asks the page's queue for the rows that it shows
        getRowId="params.data.id",
        dashGridOptions={
            "cacheBlockSize": 100,
            "rowBuffer": 5,
            "maxBlocksInCache": 6,
            "theme": {"function": look},
            "rowSelection": {"mode": "singleRow", "checkboxes": False, "enableClickSelection": True},
            "suppressCellFocus": True,
            "animateRows": False,
            "maintainColumnOrder": True,
            "suppressNoRowsOverlay": True,
            "tooltipShowDelay": 600,
        },
        style={"height": "100%", "width": "100%"},
    )
    return grid


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
    foot = words("queue.loading", lang, html.Div, id="list-empty", className="empty")
    return panel(
        "desk.incidents", lang, [tabs, tools, html.Div([_table(), foot], className="grid-host")], id="list", extra=head
    )
