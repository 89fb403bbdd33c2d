"""Where a line of print may be broken: between Chinese characters, not before a comma, not after a bracket."""

from __future__ import annotations

import re
from collections.abc import Callable

_NOT_FIRST = "，。、；：？！）》」』】〉”’…·％℃,.;:?!)]}%"
_NOT_LAST = "（《「『【〈“‘([{"
_PIECE = re.compile(rf"[{re.escape(_NOT_LAST)}]*(?:[\u2e80-\u9fff\uff00-\uffef]|[^\s\u2e80-\u9fff\uff00-\uffef]+|\s+)"
                    rf"[{re.escape(_NOT_FIRST)}]*|.")  # fmt: skip


def broken(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """The lines of a text that are at most `width` wide by `measure`; a single word that is wider is cut."""
    lines, line = [], ""
    for piece in _PIECE.findall(text.replace("\n", " ")):
        if measure((line + piece).rstrip()) <= width:
            line += piece
            continue
        if line.strip():
            lines.append(line.rstrip())
        line = piece.lstrip()
        while measure(line.rstrip()) > width and len(line) > 1:
            cut = next(n for n in range(len(line) - 1, 0, -1) if n == 1 or measure(line[:n]) <= width)
            lines.append(line[:cut])
            line = line[cut:]
    if line.strip() or not lines:
        lines.append(line.rstrip())
    return lines
