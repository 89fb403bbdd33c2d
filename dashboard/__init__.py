"""Pages, stream, API and the browser components."""

from __future__ import annotations

from pathlib import Path
from typing import Any

__version__ = "0.1.0"

_BUILT = "assets_built"


def _dist(name: str) -> list[dict[str, Any]]:
    # Without the file (no `npm run build` yet) Dash would fail on every page; so only the map is missing.
    if not (Path(__file__).parent / _BUILT / name).exists():
        return []
    return [{"relative_package_path": f"{_BUILT}/{name}", "namespace": "dashboard"}]


# Dash reads these two from the top-level package of every component class it meets (dashboard/components.py).
# Plotly comes before Dash, which then does not load its own bundle of four times the size; MapLibre before its users.
_js_dist = [file for name in ("plotly-basic", "maplibre", "gridcommand", "table") for file in _dist(f"{name}.js")]
# Served, but in no page: the map fetches the one where there is a file of tiles, the other where heat is to be smooth.
_js_dist += [{**file, "dynamic": True} for name in ("tiles.js", "smooth.js") for file in _dist(name)]
_css_dist = _dist("gridcommand.css")
