"""The pages' callbacks. The server answers two: what an address asks for, and which area a click on the map means.

Everything that moves with the data runs in the browser (`dashboard/assets`), from the components' events. It must not
run from inputs of callbacks: Dash keeps every value that an input ever had.
"""

from __future__ import annotations

from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, no_update
from dash.development.base_component import Component

from dashboard.i18n import Lang
from dashboard.pages import shell
from dashboard.pages.focus import Address, child_at, read_address, with_area
from dashboard.services import Services
from data.errors import StoreUnavailable
from geo.area import Region


def register(app: Dash, services: Services) -> None:
    default_lang: Lang = services.settings.language

    def understood(pathname: str | None, search: str | None) -> Address:
        return read_address(pathname or "/", search or "", _region(services) or NO_REGION, default_lang)

    @app.callback(Output("page", "children"), Input("url", "pathname"), State("url", "search"))
    def show_page(pathname: str | None, search: str | None) -> Component:
        return shell.page(understood(pathname, search))

    @app.callback(
        Output("address", "data"), Input("url", "search"), Input("page", "children"), State("url", "pathname")
    )
    def read(search: str | None, _page: Any, pathname: str | None) -> dict[str, Any]:
        return understood(pathname, search).to_json() | {
            "preparing": services.preparation.running or _region(services) is None,
            "step": services.preparation.named(),
            "failed": services.preparation.failed,
        }

    @app.callback(
        Output("url", "search"),
        Input("drill", "data"),
        State("address", "data"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    def drill(click: dict[str, Any] | None, address: dict[str, Any] | None, search: str | None) -> Any:
        """The address one step down, when a place was clicked; the page's scripts answer the other clicks."""
        if not click or not address:
            return no_update
        region = _region(services) or NO_REGION
        child = click["id"] if click["kind"] == "area" and click.get("id") in region.by_code else None
        if child is None and click.get("lon") is not None:
            child = child_at(region, address["view"]["area"], click["lon"], click["lat"])
        if child is None or child == address["view"]["area"]:
            return no_update
        # Scripts write into the address what Dash does not hear of: a click brings the query that it was made at.
        return with_area(click.get("search", search) or "", child)

    def browser(function: str, outputs: list[Output], inputs: list[Input], states: list[State] | None = None) -> None:
        app.clientside_callback(
            ClientsideFunction("pages", function), outputs, inputs, states or [], prevent_initial_call=False
        )

    browser(
        "address",
        [
            Output(shell.STREAM, "view"),
            Output(shell.STREAM, "lang"),
            Output(shell.MAP, "focus"),
            Output(shell.MAP, "lang"),
            Output(shell.MAP, "options"),
        ],
        [Input("address", "data")],
    )
    browser("click", [Output("drill", "data")], [Input(shell.MAP, "clickInfo")])


NO_REGION = Region((), ())


def _region(services: Services) -> Region | None:
    """The region of the live state, None while that is not loaded yet."""
    try:
        with services.reader.reading() as state:
            return state.region
    except StoreUnavailable:
        return None
