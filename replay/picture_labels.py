"""Names on a map picture: each is written where it covers nothing, or not at all."""

from __future__ import annotations

from replay.picture import Words, text_width
from replay.picture_ground import BOTTOM, HEIGHT, TOP, WIDTH


class Taken:
    """Where something stands already."""

    def __init__(self) -> None:
        self._boxes: list[tuple[float, float, float, float]] = []

    def take(self, x: float, y: float, r: float) -> None:
        """Keep the square around (x, y) free of names."""
        self._boxes.append((x - r, y - r, x + r, y + r))

    def write(
        self, x: float, y: float, r: float, text: str, size: float, fill: str, *, bold: bool = False
    ) -> Words | None:
        """A name beside (x, y): right, left, below or above of it."""
        width = text_width(text, size)
        ways = (
            (x + r, y + size * 0.36),
            (x - r - width, y + size * 0.36),
            (x - width / 2, y + r + size),
            (x - width / 2, y - r - size * 0.2),
        )
        for left, base in ways:
            box = (left - 1, base - size, left + width + 1, base + size * 0.2)
            inside = box[0] > 2 and box[2] < WIDTH - 2 and box[1] > TOP + 1 and box[3] < HEIGHT - BOTTOM - 1
            if inside and not any(_meet(box, other) for other in self._boxes):
                self._boxes.append(box)
                return Words(left, base, text, size, fill, bold=bold, halo="#ffffff")
        return None


def _meet(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
