"""What both pages share: the address, the stream, and the place where the page goes."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard.components import GridMap, Location, Store, Stream
from dashboard.i18n import Lang
from dashboard.pages import desk, drill, fork, replay, wall
from dashboard.pages.focus import Address
from dashboard.ui.parts import words
from dashboard.ui.replay_bar import replay_bar
from dashboard.ui.states import heard

STREAM = "stream"
MAP = "map"


def layout(lang: Lang) -> Component:
    """The page itself comes with the answer to its address; until then the name of the product and that it loads."""
    return html.Div(
        [
            Location(id="url"),
            Store(id="address"),
            Store(id="drill"),
            html.Div(
                html.Div([words("title", lang, html.H1), words("loading", lang, html.P)], className="loading"),
                id="page",
                className="page-host",
            ),
        ]
    )


def page(address: Address) -> Component:
    """The page of an address with its stream and its map; later addresses change them where they are."""
    lang = address.lang
    if address.listed:
        # Nothing is drawn on a map here; what callbacks point at it goes into a store that nobody reads.
        return html.Div(
            [
                Stream(id=STREAM, view=address.watched().query(), lang=lang),
                Store(id=MAP),
                (fork if address.page == "/fork" else drill).listed(lang),
            ]
        )
    the_map = GridMap(id=MAP, stream=STREAM, lang=lang, focus=address.map_focus())
    layouts = {"/desk": desk.layout, "/replay": replay.layout, "/drill": drill.console, "/fork": fork.beside}
    layout = layouts.get(address.page, wall.layout)
    parts = [Stream(id=STREAM, view=address.watched().query(), lang=lang), layout(lang, the_map), *heard()]
    if address.view.replay:
        parts.append(replay_bar(lang))
    return html.Div(parts)
