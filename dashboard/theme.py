"""Colours, stated once: the style sheets read them as CSS variables, the charts as JSON.

Rules: a colour is never the only sign (a word or a shape says the same), heat runs on viridis, categories on
Okabe-Ito, and red, orange, yellow and blue as signals belong to official warning levels alone, which always
carry their word. Text on a surface has a contrast of at least 4.5:1 (a test computes it).
"""

from __future__ import annotations

from collections.abc import Mapping

DARK: Mapping[str, str] = {
    "bg": "#0b1220",
    "panel": "#0f182c",
    "panel-2": "#152139",
    "line": "#22304d",
    "line-strong": "#3a4c72",
    "text": "#e9effb",
    "text-2": "#b6c4df",
    "text-3": "#8fa2c4",
    "accent": "#5cc8f5",
    "accent-dim": "#1f5674",
    "good": "#3ecfa0",
    "late": "#f08fc0",
    "focus": "#ffffff",
    "replay": "#b9a0ff",
    "exercise": "#b7e24c",
}
"""The wall and the desk. `good` marks what is finished (closed, available), `late` a limit that is over, always beside
a shape and its word. `replay` frames and names a moment that is watched again; nothing live has it. `exercise`
does so for what is played: a drill, or what would have been."""

OKABE_ITO: tuple[str, ...] = ("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#F0E442", "#0072B2", "#D55E00", "#999999")
"""Category colours (Okabe and Ito, 2008), the ones that read best on dark first."""

VIRIDIS: tuple[str, ...] = (
    "#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725",
)  # fmt: skip
"""Continuous scale of heat and areas, nine even stops, dark = few, bright = many: the map draws it, legends show it."""

DIFFERENCE: tuple[str, ...] = (
    "#86e2a8", "#50bb7e", "#3a9766", "#2f6650", "#39435a", "#6f4f86", "#a067b8", "#cd8be0", "#f0b8ff",
)  # fmt: skip
"""Scale of differences, largest fall to largest rise, dark where nothing changed (after ColorBrewer's PRGn). What rose
stands up on the map and what fell lies flat, and every number has its sign, so that hue is not the only one."""

WARNING_LEVELS: Mapping[str, str] = {"red": "#ff5a52", "orange": "#ff9b3d", "yellow": "#ffd84a", "blue": "#5aa2ff"}
"""Official warning levels only, always with their word."""

FONTS = '"Noto Sans SC", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", "Segoe UI", system-ui, sans-serif'
"""System fonts: nothing is fetched."""


def css_variables() -> str:
    """The theme as one `:root` rule."""
    pairs = [f"--{name}:{value}" for name, value in DARK.items()]
    pairs += [f"--cat-{i}:{value}" for i, value in enumerate(OKABE_ITO)]
    pairs += [f"--heat-{i}:{value}" for i, value in enumerate(VIRIDIS)]
    return f":root{{{';'.join(pairs)};--fonts:{FONTS}}}"


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`, 0 to 1 (WCAG 2.2)."""
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(a: str, b: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)
