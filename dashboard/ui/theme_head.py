"""What the head of a desk's page needs to be light or dark."""

from __future__ import annotations

from pathlib import Path

from dashboard.theme import light_variables

THEME_SCRIPT = (Path(__file__).parent / "theme.js").read_text(encoding="utf-8")
"""Decides before the first paint, and turns the theme when its button is pressed. It reads the district's usual theme
from its element's `data-usual`: dark, light, or auto for what the system prefers."""


def light_head(usual: str) -> str:
    """HTML: that script, and the light colours."""
    return f'<script data-usual="{usual}">{THEME_SCRIPT}</script><style>{light_variables()}</style>'
