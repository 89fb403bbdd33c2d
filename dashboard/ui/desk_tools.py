"""Around the desk's panels: who acts, what was just done."""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.i18n import Lang
from dashboard.ui.parts import attrs, said, words
from dispatch.workflow import ROLES, SYSTEM


def toasts() -> Component:
    return html.Div(id="toasts", className="toasts", role="status", **attrs(aria_live="polite"))


def identity(lang: Lang) -> Component:
    """Who acts, as what: written beside every command. Owners are filled in by the page's script."""
    roles = [words(f"role.{role}", lang, html.Option, value=role) for role in ROLES if role != SYSTEM]
    return html.Div(
        [
            html.Label(
                [
                    words("desk.actor", lang),
                    dcc.Input(id="actor", type="text", className="input actor", maxLength=60),
                ],
                className="actor-field",
            ),
            html.Select(roles, id="role", className="select", **said("desk.role")),
            html.Select([], id="my-owner", className="select my-owner", hidden=True, **said("desk.owner")),
        ],
        className="identity",
    )
