"""One fork beside its original: the finding, charts, the incidents one by one, and the scrubber they share.

Figures, charts and rows are filled by the page's scripts (`assets/68-fork-*` and on).
"""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard.i18n import Lang
from dashboard.ui.parts import attrs, button, panel, said, words

PACES = (60, 300, 600, 1800)
"""Paces of the scrubber that have a button: seconds of the log a second."""

RATES = (1, 10, 60, 300)
"""Paces of a fork that people play: seconds of the fork a second."""

SHOWN = ("all", "changed", "now")
"""What the list of incidents can be narrowed to: all, those with another time, those under way at the cursor."""

COURSES = ("original", "fork")


def board(lang: Lang) -> Component:
    """The finding in large figures, the response times of each course, and what this fork is."""
    return html.Section(
        [
            html.Div(
                [
                    html.Div(id="fork-hero", className="fork-hero num"),
                    html.Div(
                        [
                            html.Div(id="fork-hero-word", className="fork-hero-word"),
                            html.Div(id="fork-against", className="fork-against"),
                        ]
                    ),
                    html.Div(id="fork-tally", className="fork-tally"),
                ],
                className="fork-finding",
                role="status",
            ),
            html.Div(id="fork-courses", className="fork-courses"),
            html.Div(
                [
                    html.Div(id="fork-note", className="fork-note"),
                    html.Dl(id="fork-facts", className="fork-facts"),
                    html.Div(_hands(lang), className="fork-hands"),
                    html.P(id="fork-refused", className="refusal", role="alert", hidden=True),
                ],
                className="fork-about",
            ),
            words("fork.assumed", lang, html.P, className="fork-assumed"),
        ],
        id="fork-board",
        className="panel fork-board",
        **said("fork.board"),
    )


def _hands(lang: Lang) -> list[Component]:
    """What moves a fork that people play, and the ways to its screens."""
    return [
        html.Button(
            id="fork-go", type="button", className="primary fork-go", hidden=True, **attrs(data_action="fork-go")
        ),
        html.Div(
            [
                html.Button(
                    f"{rate}×",
                    type="button",
                    className="seg num",
                    **attrs(data_action=f"fork-rate:{rate}", data_rate=str(rate), aria_pressed="false"),
                )
                for rate in RATES
            ],
            id="fork-rates",
            className="segmented",
            role="group",
            hidden=True,
            **said("fork.rate"),
        ),
        html.Div(id="fork-ways", className="fork-ways"),
    ]


def _chart(name: str, lang: Lang, title: str = "") -> Component:
    """A chart: its element is drawn into by the script; `fork-key-*` is its legend."""
    title = title or f"fork.chart.{name}"
    chart = html.Div(id=f"fork-chart-{name}", className="fork-chart", role="img", **attrs(data_i18n_label=title))
    return panel(
        title,
        lang,
        chart,
        id=f"fork-{name}",
        extra=html.Div(id=f"fork-key-{name}", className="fork-key"),
    )


def minutes(lang: Lang) -> Component:
    return _chart("minutes", lang)


def coverage(lang: Lang) -> Component:
    return _chart("coverage", lang, "fork.chart.covered")


def shares(lang: Lang) -> Component:
    return _chart("share", lang)


def which(lang: Lang) -> Component:
    """Which course the map shows, and the moment of its picture."""
    return html.Div(
        [
            html.Div(
                [
                    button(
                        f"fork.map.{name}",
                        lang,
                        action=f"fork-map:{name}",
                        className="seg",
                        **attrs(aria_pressed=str(name == "fork").lower()),
                    )
                    for name in COURSES
                ],
                className="segmented",
                role="group",
                **said("fork.map.which"),
            ),
            html.Span(id="fork-map-said", className="fork-map-said num", role="status"),
        ],
        className="fork-which",
    )


def rows(lang: Lang) -> Component:
    """Every incident with both times and what was gained; a row opens its two lives."""
    tools = html.Div(
        [
            html.Span(id="fork-rows-n", className="panel-note num"),
            html.Div(
                [
                    button(
                        f"fork.rows.{name}",
                        lang,
                        action=f"fork-show:{name}",
                        className="seg",
                        **attrs(aria_pressed=str(name == "all").lower()),
                    )
                    for name in SHOWN
                ],
                id="fork-shown",
                className="segmented",
                role="group",
                **said("fork.rows"),
            ),
        ],
        className="fork-rows-tools",
    )
    table = html.Div(
        html.Table(
            [
                html.Thead(
                    html.Tr(
                        [
                            html.Th(
                                button(f"fork.row.{name}", lang, action=f"fork-sort:{name}", className="fork-sort"),
                                scope="col",
                                **attrs(data_column=name),
                            )
                            for name in ("time", "what", "original", "fork", "gained")
                        ]
                    )
                ),
                html.Tbody(id="fork-rows"),
            ],
            className="fork-table",
        ),
        id="fork-rows-host",
        className="fork-rows-host",
        tabIndex="0",
        role="region",
        **said("fork.rows"),
    )
    return panel("fork.rows", lang, table, id="fork-rows", extra=tools)


def scrubber(lang: Lang) -> Component:
    """One cursor for all charts and the map."""
    return html.Section(
        [
            html.Button(
                id="fork-play",
                type="button",
                className="replay-button",
                **attrs(data_action="fork-play", data_sign="play"),
                **said("fork.scrub.play"),
            ),
            html.Div(
                [
                    html.Div("–", id="fork-time", className="fork-time num"),
                    html.Div(id="fork-date", className="fork-date num"),
                ],
                className="fork-moment",
            ),
            html.Div(
                [
                    html.Div(
                        [
                            html.Canvas(id="fork-bars", className="replay-bars", **attrs(aria_hidden="true")),
                            html.Div(id="fork-head", className="replay-head", **attrs(aria_hidden="true")),
                        ],
                        id="fork-track",
                        className="replay-track fork-track",
                        role="slider",
                        tabIndex="0",
                        **attrs(aria_valuemin="0", aria_valuemax="1000", aria_valuenow="1000"),
                        **said("fork.scrub"),
                    ),
                    html.Div(id="fork-ticks", className="replay-ticks", **attrs(aria_hidden="true")),
                ],
                className="fork-line",
            ),
            html.Div(
                [
                    html.Div(
                        [
                            html.Button(
                                f"{pace}×",
                                type="button",
                                className="seg num",
                                **attrs(
                                    data_action=f"fork-pace:{pace}",
                                    data_pace=str(pace),
                                    aria_pressed=str(pace == PACES[2]).lower(),
                                ),
                            )
                            for pace in PACES
                        ],
                        id="fork-paces",
                        className="segmented",
                        role="group",
                        **said("fork.scrub.rate"),
                    ),
                    html.Div(id="fork-then", className="fork-then num"),
                ],
                className="fork-scrub-more",
            ),
        ],
        id="fork-scrub",
        className="panel fork-scrub",
        **said("fork.scrub"),
    )


def lives(lang: Lang) -> Component:
    """Both lives of one incident, side by side."""
    return html.Div(
        html.Section(
            [
                html.Header(
                    [
                        html.Div(id="fork-lives-title"),
                        html.Div(
                            [
                                button("fork.lives.seek", lang, action="fork-lives-seek", className="secondary small"),
                                button(
                                    "fork.lives.close",
                                    lang,
                                    action="fork-lives-close",
                                    className="primary",
                                    id="fork-lives-close",
                                ),
                            ],
                            className="fork-lives-ways",
                        ),
                    ],
                    className="fork-lives-head",
                ),
                html.Div(
                    [
                        html.Section(
                            [
                                words(f"fork.course.{name}", lang, html.H3),
                                html.Dl(id=f"fork-life-{name}-steps", className="fork-steps"),
                                html.Ol(id=f"fork-life-{name}", className="life"),
                            ],
                            className=f"fork-life is-{name}",
                        )
                        for name in COURSES
                    ],
                    className="fork-lives-both",
                ),
            ],
            className="notice-box fork-lives-box",
            role="dialog",
            **attrs(aria_modal="true"),
            **said("fork.lives"),
        ),
        id="fork-lives",
        className="overlay fork-lives",
        hidden=True,
    )
