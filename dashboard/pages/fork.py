"""What would have been: the list of forks with a form that makes one, and one fork beside its original."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard.i18n import Lang
from dashboard.ui.fork_beside import board, coverage, lives, minutes, rows, scrubber, shares, which
from dashboard.ui.fork_list import listed as forks
from dashboard.ui.fork_list import make
from dashboard.ui.header import header
from dashboard.ui.parts import attrs
from dashboard.ui.states import card, overlay
from dashboard.ui.wall_parts import filters, legend, stamps


def listed(lang: Lang) -> Component:
    """The forks there are, and a form for one more."""
    return html.Div(
        [
            header("fork", lang),
            html.Main([make(lang), forks(lang)], id="main", className="forks", tabIndex="-1"),
            overlay(lang),
        ],
        className="page page-forks",
    )


def beside(lang: Lang, the_map: Component) -> Component:
    """Original and fork: what it would have changed, on one scrubber."""
    return html.Div(
        [
            header("fork", lang),
            html.Main(
                [
                    board(lang),
                    minutes(lang),
                    coverage(lang),
                    html.Div(
                        [the_map, filters(lang), which(lang), legend(lang), stamps(), card(lang)],
                        className="map-host",
                        role="region",
                        **attrs(data_i18n_label="panel.map"),
                    ),
                    shares(lang),
                    rows(lang),
                    scrubber(lang),
                ],
                id="main",
                className="fork-beside",
                tabIndex="-1",
            ),
            lives(lang),
            html.Div(id="toasts", className="toasts", role="status", **attrs(aria_live="polite")),
            overlay(lang),
        ],
        className="page page-fork",
    )
