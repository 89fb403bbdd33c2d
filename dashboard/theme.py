"""Colours, stated once: style sheets and scripts read them as CSS variables.

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
    "on-accent": "#06121f",
    "good": "#3ecfa0",
    "late": "#f08fc0",
    "urgent": "#ff7b33",
    "focus": "#ffffff",
    "on-strong": "#0a1020",
    "replay": "#b9a0ff",
    "on-replay": "#140f2c",
    "replay-ground": "#1a1535",
    "replay-line": "#4a3d80",
    "exercise": "#b7e24c",
    "on-exercise": "#141d06",
    "exercise-ground": "#1a250e",
    "message": "#f2f8e2",
    "on-message": "#10180a",
    "head": "#101b33",
    "well": "#0a1222",
    "stripe": "#1d2a46",
    "stripe-2": "#16213a",
    "glass": "rgb(12 20 38 / 88%)",
    "float": "rgb(15 24 44 / 97%)",
    "veil": "rgb(8 13 26 / 90%)",
    "hover": "rgb(34 48 77 / 55%)",
    "trough": "rgb(0 0 0 / 32%)",
    "shadow": "rgb(0 0 0 / 55%)",
    "hatch": "rgb(143 162 196 / 26%)",
    "replay-dim": "rgb(185 160 255 / 12%)",
    "exercise-dim": "rgb(183 226 76 / 16%)",
    "vignette": "rgb(4 8 16 / 62%)",
}
"""The wall always, the desks unless somebody wants them light. `good` marks what is finished (closed, available),
`late` a limit that is over, always beside a shape and its word. `replay` frames and names a moment that is watched
again; nothing live has it. `exercise` does so for what is played: a drill, or what would have been. `on-...` is text
upon that colour, `on-strong` upon a fill of `text` or `focus`."""

LIGHT: Mapping[str, str] = {
    "bg": "#e8ecf2",
    "panel": "#ffffff",
    "panel-2": "#f1f4f9",
    "line": "#d6dde8",
    "line-strong": "#7f8ca3",
    "text": "#141c2d",
    "text-2": "#3d4a63",
    "text-3": "#56637c",
    "accent": "#0a5f9e",
    "accent-dim": "#d0e4f6",
    "on-accent": "#ffffff",
    "good": "#0b6b4f",
    "late": "#a3195f",
    "urgent": "#c8480a",
    "focus": "#0b1220",
    "on-strong": "#ffffff",
    "replay": "#6238c4",
    "on-replay": "#ffffff",
    "replay-ground": "#f1ebfd",
    "replay-line": "#8f7fc6",
    "exercise": "#536400",
    "on-exercise": "#ffffff",
    "exercise-ground": "#eff6d8",
    "message": "#2b3708",
    "on-message": "#f6fbe6",
    "head": "#ffffff",
    "well": "#fafbfd",
    "stripe": "#dce4ef",
    "stripe-2": "#eef2f8",
    "glass": "rgb(255 255 255 / 92%)",
    "float": "#ffffff",
    "veil": "rgb(222 228 237 / 92%)",
    "hover": "rgb(208 222 240 / 50%)",
    "trough": "rgb(20 32 60 / 8%)",
    "shadow": "rgb(20 32 60 / 24%)",
    "hatch": "rgb(70 88 124 / 24%)",
    "replay-dim": "rgb(98 56 196 / 14%)",
    "exercise-dim": "rgb(120 150 20 / 20%)",
    "vignette": "rgb(70 90 120 / 10%)",
}
"""The pages of desks, where somebody wants them light: the same names, so that no rule asks which theme is in force."""

OKABE_ITO: tuple[str, ...] = ("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#F0E442", "#0072B2", "#D55E00", "#999999")
"""Category colours (Okabe and Ito, 2008), the ones that read best on dark first."""

OKABE_ITO_LIGHT: tuple[str, ...] = (
    "#0D6EB6", "#865F00", "#009E69", "#B85390", "#A08B00", "#00447D", "#622900", "#8A8A8A",
)  # fmt: skip
"""The same hues in the same order, dark enough for marks on white and further apart for every eye."""

VIRIDIS: tuple[str, ...] = (
    "#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725",
)  # fmt: skip
"""Continuous scale of heat and areas, nine even stops, dark = few, bright = many: the map draws it, legends show it."""

DIFFERENCE: tuple[str, ...] = (
    "#86e2a8", "#50bb7e", "#3a9766", "#2f6650", "#39435a", "#6f4f86", "#a067b8", "#cd8be0", "#f0b8ff",
)  # fmt: skip
"""Scale of differences, largest fall to largest rise, dark where nothing changed (after ColorBrewer's PRGn). What rose
stands up on the map and what fell lies flat, and every number has its sign, so that hue is not the only one."""

DIFFERENCE_LIGHT: tuple[str, ...] = (
    "#004d20", "#0f6f3c", "#388a58", "#8cc2a0", "#dde3ea", "#d0a9e4", "#a85ccb", "#8a3cae", "#6a1489",
)  # fmt: skip
"""The same hues on light ground, where the middle is light and both arms grow darker."""

WARNING_LEVELS: Mapping[str, str] = {"red": "#ff5a52", "orange": "#ff9b3d", "yellow": "#ffd84a", "blue": "#5aa2ff"}
"""Official warning levels only, always with their word."""

WARNING_LEVELS_LIGHT: Mapping[str, str] = {
    "red": "#b81a16", "orange": "#9c4d00", "yellow": "#736000", "blue": "#1a57b8",
}  # fmt: skip
"""Theirs on light surfaces."""

FONTS = '"Gridcommand Sans", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", system-ui, sans-serif'
"""The first is ours (`dashboard/fonts`): the machine's own Chinese font, or slices of Noto Sans SC without one."""


def css_variables() -> str:
    """The dark theme as one `:root` rule."""
    ramp = [f"--heat-{i}:{value}" for i, value in enumerate(VIRIDIS)]
    return f":root{{{_pairs(DARK, OKABE_ITO)};{';'.join(ramp)};--fonts:{FONTS}}}"


def light_variables() -> str:
    """What the light theme changes of it, as one rule that wins while the document's `data-theme` is "light"."""
    return f':root[data-theme="light"]{{color-scheme:light;{_pairs(LIGHT, OKABE_ITO_LIGHT)}}}'


def _pairs(colours: Mapping[str, str], categories: tuple[str, ...]) -> str:
    named = {**colours, **{f"cat-{i}": value for i, value in enumerate(categories)}}
    return ";".join(f"--{name}:{value}" for name, value in named.items())


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`, 0 to 1 (WCAG 2.2)."""
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(a: str, b: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)
