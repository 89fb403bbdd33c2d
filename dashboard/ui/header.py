"""The top of every page: what is looked at, how fresh it is, what time it is."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard.i18n import Lang
from dashboard.ui.parts import attrs, said, words

PAGES = (("wall", "/"), ("desk", "/desk"), ("replay", "/replay"), ("drill", "/drill"), ("fork", "/fork"))


def theme_button(lang: Lang) -> Component:
    """Turns a desk light or dark; the style sheet shows the word of the theme that is not in force."""
    return html.Button(
        [words("nav.light", lang, className="to-light"), words("nav.dark", lang, className="to-dark")],
        type="button",
        className="lang",
        **attrs(data_action="theme"),
        **said("nav.theme"),
    )


def header(page: str, lang: Lang, tools: Component | None = None) -> Component:
    """`tools`: what a page adds in the middle, beside the notice."""
    links = [
        html.A(
            words(f"nav.{name}", lang),
            href=href,
            className="nav-link" + (" is-here" if name == page else ""),
            **attrs(data_keep_view="1"),
            **(attrs(aria_current="page") if name == page else {}),
        )
        for name, href in PAGES
    ]
    return html.Header(
        [
            html.A(words("skip", lang), href="#main", className="skip-link"),
            html.Div(
                [
                    html.Div(className="mark", **attrs(aria_hidden="true")),
                    html.Div(
                        [
                            words("title", lang, html.H1, className="product-title"),
                            html.Nav(id="crumbs", className="crumbs", **said("nav.path")),
                        ],
                        className="product-lines",
                    ),
                ],
                className="head-left",
            ),
            html.Div(
                [
                    html.Div(html.Span(id="past-text"), id="past", className="past", role="status", hidden=True),
                    html.Div(id="notice", className="notice", hidden=True),
                    tools,
                ],
                className="head-middle",
            ),
            html.Div(
                [
                    html.Div(
                        [html.Span(className="live-dot"), html.Span(id="live-word"), html.Span(id="live-lag")],
                        id="live",
                        className="live",
                        role="status",
                        **attrs(data_state="connecting"),
                    ),
                    html.Nav(links, className="nav", **said("nav.pages")),
                    None if page == "wall" else theme_button(lang),
                    html.Button(
                        words("nav.lang", lang),
                        type="button",
                        className="lang",
                        **attrs(data_action="language"),
                        **said("nav.lang.title"),
                    ),
                    html.Div(
                        [
                            html.Div(id="clock-time", className="clock-time"),
                            html.Div(id="clock-date", className="clock-date"),
                        ],
                        className="clock",
                    ),
                ],
                className="head-right",
            ),
        ],
        className="head",
    )
