"""The panels of the wall. Their content comes from the stream's panel object, in the browser."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard.heat_forms import HEAT_FORMS
from dashboard.i18n import Lang
from dashboard.ui.parts import attrs, button, filled, panel, said, segmented, words
from layers.view import LAYERS, MEASURES
from layers.windows import WINDOWS


def kpi(name: str, lang: Lang, *, size: str = "", of: bool = False) -> Component:
    """One indicator. The script writes the number, and under it what it is compared with."""
    return html.Div(
        [
            words(f"kpi.{name}", lang, html.Dt, className="kpi-name"),
            html.Dd(
                [
                    html.Span("–", className="kpi-value", id=f"kpi-{name}", **attrs(data_kpi=name)),
                    html.Span(className="kpi-note", id=f"kpi-{name}-note"),
                ],
                className="kpi-line",
            ),
        ],
        className=f"kpi {size}".strip(),
    )


def kpis(lang: Lang) -> Component:
    return panel(
        "kpi.title",
        lang,
        html.Dl(
            [
                kpi("reported", lang, size="kpi-hero"),
                kpi("open", lang, size="kpi-big"),
                kpi("urgent_open", lang, size="kpi-big kpi-urgent"),
                kpi("closed", lang, size="kpi-big"),
                kpi("units_available", lang),
                kpi("cameras_online", lang),
                kpi("areas_silent", lang, size="kpi-silent"),
            ],
            className="kpis",
        ),
        id="kpis",
    )


def trend(lang: Lang) -> Component:
    graph = html.Div(id="trend", className="trend-graph")  # `assets/30-pages.js` has Plotly draw in it
    return panel("panel.trend", lang, graph, id="trend", extra=html.Div(id="trend-legend", className="trend-legend"))


def categories(lang: Lang) -> Component:
    return panel(
        "panel.categories",
        lang,
        filled("categories", "bars", html.Ol),
        id="categories",
        extra=button("categories.clear", lang, nav="category=", id="category-clear", className="link", hidden=True),
    )


def ranking(lang: Lang) -> Component:
    head = html.Div([words("ranking.count", lang), words("ranking.open", lang)], className="rank-head")
    return panel("panel.ranking", lang, filled("ranking", "rank", html.Ol), id="ranking", extra=head)


def ticker(lang: Lang) -> Component:
    rows = filled("ticker", "ticker", html.Ol, **attrs(aria_live="polite", aria_relevant="additions"))
    return panel("panel.ticker", lang, rows, id="ticker")


def feeds(lang: Lang) -> Component:
    return panel("panel.feeds", lang, filled("feeds", "feeds", html.Ul), id="feeds")


def silence(lang: Lang) -> Component:
    """Areas that were not heard from within their rhythm, by name."""
    total = html.Span(id="silent-total", className="silent-total num")
    return panel("panel.silent", lang, filled("silent", "silent-list", html.Ul), id="silent", extra=total)


def place(lang: Lang) -> Component:
    """What a finest area holds: who is on duty there and its cameras. Takes the ranking's place there."""
    return html.Div(
        [
            panel("panel.roster", lang, filled("roster", "roster", html.Ul), id="roster"),
            panel("panel.sites", lang, filled("sites", "roster", html.Ul), id="sites"),
        ],
        id="place",
        className="place",
        hidden=True,
    )


def tour(lang: Lang) -> Component:
    """Starts and stops the wall's tour."""
    start = button("tour.start", lang, action="tour", id="tour-button", className="seg", **attrs(aria_pressed="false"))
    return html.Div(start, className="segmented", role="group", **said("tour.start.title"))


def windows(lang: Lang) -> Component:
    """The windows that have a name, and the form for one by its ends."""
    named = segmented("window", "filter.window", [(w, f"window.{w}") for w in WINDOWS], lang)
    state = attrs(aria_pressed="false", aria_expanded="false", aria_haspopup="dialog")
    named.children.append(
        button("window.chosen", lang, action="window-chosen", id="window-chosen", className="seg", **state)
    )
    return named


def compare(lang: Lang) -> Component:
    """Shows differences from the window before instead of counts; shows the last seven days under the map."""
    toggles = [
        button(f"{name}.start", lang, action=name, id=f"{name}-button", className="seg", **attrs(aria_pressed="false"))
        for name in ("compare", "days")
    ]
    return html.Div(toggles, className="segmented", role="group", **said("compare.title"))


def filters(lang: Lang, *more: Component, compares: bool = False) -> Component:
    """What is measured over which window, on top of the map; `more` stands beside the layers. `compares`: the screen
    can set a window beside the one before."""
    on = attrs(aria_pressed="true")
    return html.Div(
        [
            segmented("measure", "filter.measure", [(m, f"measure.{m}") for m in MEASURES], lang),
            windows(lang),
            *([compare(lang)] if compares else []),
            html.Select(
                [words(f"severity.{n}", lang, html.Option, value=str(n)) for n in range(5)],
                id="filter-severity",
                className="select",
                **attrs(data_field="severity"),
                **said("filter.severity"),
            ),
            html.Select(
                [words(f"heat.{form}", lang, html.Option, value=form) for form in HEAT_FORMS],
                id="heat-form",
                className="select",
                **attrs(data_field="heat"),
                **said("filter.heat"),
            ),
            html.Div(
                [
                    html.Div(
                        [
                            button(
                                f"layer.{name}",
                                lang,
                                action=f"layer:{name}",
                                className="seg",
                                **attrs(aria_pressed="true"),
                            )
                            for name in LAYERS
                        ]
                        + [button("sun", lang, action="sun", id="sun-button", className="seg", **on)],
                        className="segmented layers",
                        role="group",
                        **said("filter.layers"),
                    ),
                    *more,
                ],
                className="filters-right",
            ),
        ],
        className="filters",
        role="toolbar",
        **said("panel.filters"),
    )


def legend(lang: Lang) -> Component:
    return html.Div(
        [
            html.Div(
                [
                    html.Span(id="legend-title", className="legend-title"),
                    html.Div(
                        [
                            html.Div(id="legend-ramp", className="legend-ramp", **attrs(aria_hidden="true")),
                            html.Div(id="legend-ticks", className="legend-ticks"),
                        ],
                        className="legend-scale",
                    ),
                ]
            ),
            html.Div(id="legend-form", className="legend-row", hidden=True),
            html.Div(id="legend-sun", className="legend-row", hidden=True),
            html.Div(
                [html.Span(className="hatch-box", **attrs(aria_hidden="true")), words("legend.silent", lang)],
                className="legend-row",
            ),
        ],
        className="legend",
    )


def stamps() -> Component:
    """When the newest record happened, was stored, framed and painted."""
    return html.Div(id="stamps", className="stamps", role="note", **said("stamp.title"))
