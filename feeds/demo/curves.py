"""Lines that look drawn by nature or by surveyors: smooth curves, fractal borders, blobs."""

from __future__ import annotations

import numpy as np

from feeds.demo.plane import Points


def smooth(control: Points, per_leg: int = 12, *, closed: bool = False) -> Points:
    """Catmull-Rom spline through the control points, `per_leg` points for each leg."""
    p = np.asarray(control, dtype=np.float64)
    if closed:
        p = np.vstack([p[-1], p, p[0], p[1]])
    else:
        p = np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    t = (np.arange(per_leg) / per_leg)[:, None]
    legs = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(p[:-3], p[1:-2], p[2:-1], p[3:], strict=True)
    ]
    line = np.vstack(legs)
    return line if closed else np.vstack([line, p[-2]])


def fractal(a: Points, b: Points, rng: np.random.Generator, *, roughness: float, step: float) -> Points:
    """A line from a to b by midpoint displacement until its parts are shorter than `step` metres.

    `roughness` is the standard deviation of a midpoint's shift as a share of its part's length.
    """
    line = np.vstack([a, b]).astype(np.float64)
    while np.hypot(*(line[1] - line[0])) > step:
        leg = np.diff(line, axis=0)
        normal = np.column_stack([-leg[:, 1], leg[:, 0]])
        shift = np.clip(rng.normal(0, roughness, len(leg)), -2 * roughness, 2 * roughness)
        middle = (line[:-1] + line[1:]) / 2 + normal * shift[:, None]
        out = np.empty((len(line) + len(middle), 2))
        out[0::2], out[1::2] = line, middle
        line = out
    return line


def meander(line: Points, rng: np.random.Generator, amplitude: float, wavelength: float) -> Points:
    """The line swung sideways by slow waves of about `wavelength` metres; its ends stay."""
    leg = np.hypot(*np.diff(line, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(leg)])
    direction = np.gradient(line, axis=0)
    normal = np.column_stack([-direction[:, 1], direction[:, 0]])
    normal /= np.maximum(np.hypot(*normal.T), 1e-9)[:, None]
    wave = np.zeros(len(line))
    for octave in range(3):
        k = 2 * np.pi * 2**octave / wavelength * rng.uniform(0.8, 1.25)
        wave += np.sin(k * along + rng.uniform(0, 2 * np.pi)) * amplitude / 2**octave
    taper = np.clip(np.minimum(along, along[-1] - along) / wavelength, 0, 1)
    return np.asarray(line + normal * (wave * taper)[:, None])


def blob(
    centre: tuple[float, float],
    radius: float,
    rng: np.random.Generator,
    *,
    stretch: float = 1.0,
    turn: float | None = None,
) -> Points:
    """A closed lake-like ring of 72 points around the centre, `stretch` times longer along `turn` (radians)."""
    angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    r = np.ones(72)
    for k in range(2, 7):
        r += rng.normal(0, 0.28 / k) * np.cos(k * angle + rng.uniform(0, 2 * np.pi))
    if turn is None:
        turn = rng.uniform(0, np.pi)
    x, y = r * radius * np.cos(angle) * stretch, r * radius * np.sin(angle)
    return np.column_stack(
        [centre[0] + x * np.cos(turn) - y * np.sin(turn), centre[1] + x * np.sin(turn) + y * np.cos(turn)]
    )
