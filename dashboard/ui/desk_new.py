"""The form of a new incident. It lies beside the map, where the place is chosen (`assets/44-desk-new.js`)."""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.i18n import Lang
from dashboard.ui.parts import attrs, button, said, words


def field(key: str, lang: Lang, control: Component) -> Component:
    return html.Label([words(key, lang, className="field-name"), control], className="field")


def _category(lang: Lang) -> Component:
    """A field that searches the classes by name or code, and the list of those that match."""
    search = html.Div(
        dcc.Input(id="new-category", type="text", className="input", autoComplete="off", debounce=False),
        className="combo-input",
    )
    listed = html.Ul(id="new-category-list", className="combo-list", role="listbox", hidden=True)
    return html.Div([field("desk.form.category", lang, search), listed], className="combo")


def _place(lang: Lang) -> Component:
    """The place by key: coordinates, an area by name or code, the centre of the map."""
    where = html.Div(
        dcc.Input(id="new-where", type="text", className="input", autoComplete="off", debounce=False),
        className="combo-input",
    )
    listed = html.Ul(id="new-where-list", className="combo-list", role="listbox", hidden=True)
    return html.Div([field("desk.form.where", lang, where), listed], className="combo")


def _severity(lang: Lang) -> Component:
    levels = [
        button(
            f"severity.{n}",
            lang,
            action=f"severity:{n}",
            className="seg",
            **attrs(data_value=str(n), aria_pressed="false"),
        )
        for n in range(1, 5)
    ]
    return html.Div(levels, id="new-severity", className="segmented", role="group", **said("desk.form.severity"))


def new_incident(lang: Lang) -> Component:
    return html.Section(
        [
            words("desk.new", lang, html.H2, className="panel-title"),
            field("desk.form.title", lang, dcc.Input(id="new-title", type="text", className="input", maxLength=500)),
            _category(lang),
            html.Div(
                [words("desk.form.severity", lang, className="field-name"), _severity(lang)],
                className="field",
            ),
            _place(lang),
            html.P(id="new-place", className="new-place", role="status"),
            field(
                "desk.form.address", lang, dcc.Input(id="new-address", type="text", className="input", maxLength=500)
            ),
            field(
                "desk.form.contact",
                lang,
                dcc.Input(id="new-contact", type="tel", className="input", maxLength=100, autoComplete="off"),
            ),
            html.Div(id="new-alike", className="new-alike", hidden=True),
            html.P(id="new-error", className="form-error", role="alert", hidden=True),
            button(
                "desk.form.outside",
                lang,
                action="save-incident:outside",
                id="new-outside",
                className="secondary",
                hidden=True,
            ),
            html.Div(
                [
                    button("desk.form.save", lang, action="save-incident", className="primary"),
                    button("desk.form.cancel", lang, action="cancel-incident", className="secondary"),
                ],
                className="form-row",
            ),
        ],
        id="new-form",
        className="new-form",
        hidden=True,
        **said("desk.new"),
    )
