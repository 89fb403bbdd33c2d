"""A picture as SVG: text for a page, or a file of its own."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement, tostring

from replay.picture import Disc, Line, Mark, Picture, Points, Shape, Words

FONTS = "'Noto Sans SC','Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif"


def svg(picture: Picture) -> str:
    """The picture as one `<svg>` element that scales with its place."""
    return tostring(element(picture), encoding="unicode")


def element(picture: Picture) -> Element:
    """The same as an element, to be put into a page."""
    size = f"0 0 {_n(picture.width)} {_n(picture.height)}"
    root = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "viewBox": size, "role": "img"})
    if picture.title:
        root.set("aria-label", picture.title)
        SubElement(root, "title").text = picture.title
    root.set("font-family", FONTS)
    for mark in picture.marks:
        _draw(root, mark)
    return root


def _draw(root: Element, mark: Mark) -> None:
    match mark:
        case Line():
            path = SubElement(root, "path", {"d": _path(mark.points, closed=False), "fill": "none"})
            _stroke(path, mark.stroke, mark.width, mark.dash)
            path.set("stroke-linejoin", "round")
        case Shape():
            path = SubElement(root, "path", {"d": "".join(_path(ring, closed=True) for ring in mark.rings)})
            path.set("fill", mark.fill or "none")
            path.set("fill-rule", "evenodd")
            _stroke(path, mark.stroke, mark.width, mark.dash)
        case Disc():
            disc = SubElement(root, "circle", {"cx": _n(mark.x), "cy": _n(mark.y), "r": _n(mark.r)})
            disc.set("fill", mark.fill or "none")
            _stroke(disc, mark.stroke, mark.width)
        case Words():
            words = SubElement(root, "text", {"x": _n(mark.x), "y": _n(mark.y), "font-size": _n(mark.size)})
            words.set("fill", mark.fill)
            words.text = mark.text
            if mark.anchor != "start":
                words.set("text-anchor", mark.anchor)
            if mark.bold:
                words.set("font-weight", "700")
            if mark.halo:
                _stroke(words, mark.halo, mark.size / 4)
                words.set("paint-order", "stroke")
                words.set("stroke-linejoin", "round")


def _stroke(node: Element, colour: str, width: float, dash: Iterable[float] = ()) -> None:
    if colour and width:
        node.set("stroke", colour)
        node.set("stroke-width", _n(width))
        if dash := tuple(dash):
            node.set("stroke-dasharray", " ".join(map(_n, dash)))


def _path(points: Points, *, closed: bool) -> str:
    body = "L".join(f"{_n(x)} {_n(y)}" for x, y in points.tolist())
    return f"M{body}{'Z' if closed else ''}"


def _n(value: float) -> str:
    """A length to a tenth, without needless digits."""
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text
