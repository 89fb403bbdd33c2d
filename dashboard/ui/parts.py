"""Building blocks of every page. A word is given by its key; the page's script writes it in the chosen language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.i18n import TEXT, Lang, text


def words(key: str, lang: Lang, tag: Callable[..., Component] = html.Span, **props: Any) -> Component:
    """An element that says `key`, and says it again in the other language when the screen's language changes."""
    return tag(text(key, lang), **attrs(data_i18n=key), **props)


def attrs(**values: str) -> dict[str, Any]:
    """`data-…` and `aria-…` attributes, written with underscores."""
    return {name.replace("_", "-"): value for name, value in values.items()}


def said(key: str) -> dict[str, Any]:
    """Attributes that give an element without words its name (aria-label and title) in the screen's language."""
    if key not in TEXT:
        raise KeyError(key)
    return attrs(data_i18n_label=key)


def button(key: str, lang: Lang, *, nav: str = "", action: str = "", **props: Any) -> Component:
    """A button. `nav` is a change of the view as a URL query (`window=7d`), `action` the name of a page action."""
    extra = attrs(data_nav=nav) if nav else attrs(data_action=action)
    return html.Button(text(key, lang), type="button", **attrs(data_i18n=key), **extra, **props)


def segmented(name: str, label: str, options: list[tuple[str, str]], lang: Lang) -> Component:
    """A row of buttons of which one is pressed: `name` is the key of the view, options are (value, words)."""
    return html.Div(
        [
            button(key, lang, nav=f"{name}={value}", className="seg", **attrs(data_value=value, aria_pressed="false"))
            for value, key in options
        ],
        className="segmented",
        role="group",
        **attrs(data_field=name),
        **said(label),
    )


def panel(key: str, lang: Lang, body: Any, *, id: str, extra: Any = None, className: str = "") -> Component:
    """A titled block of a screen. Its body is filled by the page's script and shows a skeleton until then."""
    head = [words(key, lang, html.H2, className="panel-title")]
    if extra is not None:
        head.append(extra)
    return html.Section(
        [html.Header(head, className="panel-head"), html.Div(body, className="panel-body")],
        id=f"panel-{id}",
        className=f"panel {className}".strip(),
        **said(key),
    )


def filled(id: str, className: str, tag: Callable[..., Component] = html.Div, **props: Any) -> Component:
    """An element whose content belongs to the page's script."""
    return tag(id=id, className=f"{className} skeleton", **props)
