"""The HTML around every page: theme, words and settings are there before the first script runs."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

import orjson
from dash import Dash
from dash.backends._fastapi import get_current_request

from dashboard import fonts, i18n, theme
from dashboard.heat_forms import HEAT_FORMS
from dashboard.pages.exercise import exercise_of
from dashboard.services import Services
from dashboard.ui.theme_head import light_head
from layers.view import LAYERS, MEASURES, View

_TEMPLATE = """<!DOCTYPE html>
<html lang="{lang}" data-lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark">
<title>gridcommand</title>
<link rel="icon" href="data:image/svg+xml,{icon}">
<link rel="stylesheet" href="{faces}">
{{%css%}}
<style>{variables}</style>
<script type="application/json" id="boot">{boot}</script>
</head>
<body>
{{%app_entry%}}
<footer>{{%config%}}{{%scripts%}}{{%renderer%}}</footer>
</body>
</html>"""

_SCRIPT = r'<script src="[^"]*{}[^"]*"></script>'
_TABLE_SCRIPT = re.compile(_SCRIPT.format("/table[.]"))
_CHART_SCRIPT = re.compile(_SCRIPT.format("/plotly-basic[.]"))
# Dash's own controls: a hundred kB for fields to write in.
_CONTROLS_SCRIPT = re.compile(_SCRIPT.format("/dash/dcc/"))
_WITH_TABLE = _WITH_CONTROLS = {"/desk"}
_WITHOUT_CHARTS = {"/desk", "/replay", "/drill"}
# What only the page of forks has, scripts and styles.
_FORK_SCRIPT = re.compile(_SCRIPT.format("/assets/6[7-9]-"))
_STYLE = r'<link rel="stylesheet" href="[^"]*/assets/{}[^"]*">'
_FORK_STYLE = re.compile(_STYLE.format("6[7-9]-"))
# Styles of the desk's command line and of the report's own sheet.
_STYLE_OF_OTHERS = {"/": re.compile(_STYLE.format("(?:3[23]-|70-)")), "/desk": re.compile(_STYLE.format("70-"))}
# A page of the live timeline, by its path: scripts of the other pages, of replays and of exercises.
_OF_OTHERS = {
    "/": re.compile(_SCRIPT.format("/assets/(?:4(?:[02-5]-|1-desk-names)|5[1-3]-|6[2-6]-|70-)")),
    "/desk": re.compile(_SCRIPT.format("/assets/(?:3[67]-|46-|5[1-3]-|6[2-6]-|70-)")),
}
# Dash sends both to every page: its old table, and what browsers lack that are too old for the map.
_NEVER = re.compile(_SCRIPT.format("/(?:dash_table/|deps/polyfill@)"))

WALL = "/"
"""Its page is always dark: it is read from afar, in a room that is."""

_ICON = (
    "%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Cpath d='M16 2l12 7v14l-12 7-12-7V9z' "
    "fill='%230f182c' stroke='%235cc8f5' stroke-width='2.5'/%3E%3Cpath d='M16 9l6 3.5v7L16 23l-6-3.5v-7z' "
    "fill='%235cc8f5'/%3E%3C/svg%3E"
)


def set_template(app: Dash, services: Services) -> None:
    settings = services.settings
    view, table = View(), i18n.table()
    boot = {
        "lang": settings.language,
        "timezone": settings.timezone,
        "past": services.past,
        "exercise": None,
        "scene_on_major": settings.scene_on_major,
        "text": {
            lang: {key: said for key, said in words.items() if not (_of_forks(key) or _of_reports(key))}
            for lang, words in table.items()
        },
        "more": None,
        "layers": LAYERS,
        "measures": MEASURES,
        "defaults": {
            "measure": view.measure,
            "window": view.window,
            "layers": ",".join(view.layers),
            "severity": "0",
            "heat": HEAT_FORMS[0],
            "sun": "1",
            "list": "open",
        },
    }
    # "<" is written as an escape, so that no word of the table can end the script element.
    body = orjson.dumps(boot).decode().replace("<", "\\u003c")
    template = _TEMPLATE.format(
        lang=settings.language, icon=_ICON, faces=fonts.STYLESHEET, variables=theme.css_variables(), boot=body
    )
    app.index_string = template
    app.interpolate_index = _of_the_page(app.interpolate_index, services)  # type: ignore[method-assign]  # Dash has no other hook


def _of_forks(key: str) -> bool:
    """Whether a word is said on the page of forks alone: it is the longest of them, and others need not carry it."""
    return key.startswith("fork.") and not key.startswith("fork.here")


def _of_reports(key: str) -> bool:
    """Whether a word is said in reports alone, which the server writes."""
    return key.startswith("report.")


def _of_the_page(interpolate: Callable[..., str], services: Services) -> Callable[..., str]:
    """Each page loads the scripts of its own parts: the desk its table, the wall its chart. Until they run it says in
    its language what comes. One of an exercise is told which.
    """
    default: i18n.Lang = services.settings.language
    words = i18n.table().items()
    forks = {lang: {key: said for key, said in all_.items() if _of_forks(key)} for lang, all_ in words}
    light = light_head(services.settings.desk_theme)
    more = orjson.dumps(forks).decode().replace("<", "\\u003c")

    def interpolated(**parts: str) -> str:
        request = get_current_request()
        asked = request.query_params.get("lang")
        lang: i18n.Lang = "en" if asked == "en" else "zh" if asked == "zh" else default
        parts["app_entry"] = (
            '<div id="react-entry-point"><div class="loading">'
            f"<h1>{escape(i18n.text('title', lang))}</h1><p>{escape(i18n.text('loading', lang))}</p></div></div>"
        )
        path = request.url.path
        live = not {"replay", "timeline"} & set(request.query_params)
        for script, used in (
            (_OF_OTHERS.get(path, _NEVER), not live),
            (_TABLE_SCRIPT, path in _WITH_TABLE),
            (_CHART_SCRIPT, path not in _WITHOUT_CHARTS),
            (_FORK_SCRIPT, path == "/fork"),
            (_CONTROLS_SCRIPT, path in _WITH_CONTROLS),
            (_NEVER, False),
        ):
            if not used:
                parts["scripts"] = script.sub("", parts["scripts"])
        if path != "/fork":
            parts["css"] = _FORK_STYLE.sub("", parts["css"])
        if path != WALL:
            parts["css"] = light + parts["css"]
        if path in _STYLE_OF_OTHERS:
            parts["css"] = _STYLE_OF_OTHERS[path].sub("", parts["css"])
        page = interpolate(**parts)
        if path == "/fork":
            page = page.replace('"more":null', f'"more":{more}', 1)
        exercise = exercise_of(services, request.query_params)
        if exercise is None:
            return page
        said = orjson.dumps(exercise).decode().replace("<", "\\u003c")
        return page.replace('"exercise":null', f'"exercise":{said}', 1)

    return interpolated
