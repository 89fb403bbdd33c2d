"""A report as a page: HTML that is whole without a script, prints on paper as it is, and can be kept as a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from dashboard.fonts import STYLESHEET
from dashboard.i18n import Lang, text
from dashboard.theme import css_variables, light_variables
from dashboard.ui.report_parts import Aim, Document, Facts, Figures, Heading, Part, Table, Text
from dashboard.ui.report_say import MARK
from dashboard.ui.theme_head import THEME_SCRIPT
from replay.drill_state import RATINGS
from replay.picture_svg import element

CSS, SCRIPT = "/assets/70-report.css", "/assets/70-report.js"


def page(
    document: Document, links: Iterable[tuple[str, str, str]], runs: Sequence[tuple[str, str]] = (), *,
    rateable: bool = True, usual: str = "dark",
) -> str:  # fmt: skip
    """The whole page. `links`: (address, words, id) in its head; `runs`: other runs to be put beside, (address, name);
    `rateable`: evaluators can enter ratings on it; `usual`: the theme of who chose none (dark, light, auto)."""
    main = Element("main", {"id": "main", "class": "report-paper"})
    head = SubElement(main, "header", {"class": "report-head"})
    _add(head, "p", MARK, "report-mark")
    _add(head, "h1", document.title)
    _add(head, "p", document.subtitle, "report-subtitle")
    if document.running:
        running = _add(head, "p", document.running, "report-running")
        for name in ("now", "failed"):  # the script puts a button there, and asks again by itself
            running.set(f"data-{name}", text(f"report.renew.{name}", _lang(document)))
    _add(head, "p", text("report.sealed", _lang(document)), "report-sealed")
    section = SubElement(main, "section", {"class": "report-section"})
    for part in document.parts:
        if isinstance(part, Heading):
            section = SubElement(main, "section", {"class": f"report-section report-{part.id}", "id": part.id})
            _add(section, "h2", part.text)
        else:
            section.append(_part(part, document, rateable))
    body = Element("body", {"class": "report-page", "data-timeline": document.timeline})
    body.append(_bar(document, links, runs))
    body.append(main)
    mark = SubElement(body, "div", {"class": "report-watermark", "aria-hidden": "true"})
    mark.text = MARK
    return _whole(body, f"{document.title} · {document.subtitle}", document.lang, usual)


def message(title: str, said: str, links: Iterable[tuple[str, str]], lang: Lang, *, usual: str = "dark") -> str:
    """A page that says why there is no report, and where to go."""
    body = Element("body", {"class": "report-page"})
    main = SubElement(body, "main", {"id": "main", "class": "report-paper report-message"})
    _add(main, "h1", title)
    if said:
        _add(main, "p", said)
    items = SubElement(main, "ul")
    for href, words in links:
        _add(SubElement(items, "li"), "a", words).set("href", href)
    return _whole(body, title, lang, usual)


def _lang(document: Document) -> Lang:
    return "en" if document.lang == "en" else "zh"


def _whole(body: Element, title: str, lang: str, usual: str) -> str:
    root = Element("html", {"lang": "zh-CN" if lang == "zh" else "en"})
    head = SubElement(root, "head")
    SubElement(head, "meta", {"charset": "utf-8"})
    SubElement(head, "meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"})
    SubElement(head, "meta", {"name": "color-scheme", "content": "dark"})
    _add(head, "script", THEME_SCRIPT).set("data-usual", usual)
    _add(head, "title", f"{title} · {MARK}")
    _add(head, "style", f"{css_variables()}{light_variables()}@page{{size:A4;margin:14mm}}")
    for href in (STYLESHEET, CSS):
        SubElement(head, "link", {"rel": "stylesheet", "href": href})
    root.append(body)
    SubElement(body, "script", {"src": SCRIPT})
    return "<!DOCTYPE html>\n" + tostring(root, encoding="unicode", method="html")


def _bar(
    document: Document, links: Iterable[tuple[str, str, str]], runs: Sequence[tuple[str, str]]
) -> Element:  # fmt: skip
    bar = Element("nav", {"class": "report-bar"})
    _add(bar, "strong", MARK, "report-bar-mark")
    _add(bar, "span", document.timeline, "report-bar-timeline")
    if runs:
        others = SubElement(bar, "details", {"class": "report-others", "id": "report-beside"})
        _add(others, "summary", text("report.beside", _lang(document)), "report-link")
        items = SubElement(others, "div")
        for href, name in runs:
            _add(items, "a", name).set("href", href)
    for href, words, id in links:
        _add(bar, "a", words, "report-link").attrib.update({"href": href, "id": id})
    turn = _add(bar, "button", "", "report-link")
    turn.attrib.update({"type": "button", "data-action": "theme", "title": text("nav.theme", _lang(document))})
    for theme in ("light", "dark"):
        _add(turn, "span", text(f"nav.{theme}", _lang(document)), f"to-{theme}")
    button = _add(bar, "button", text("report.print", _lang(document)), "report-link")
    button.attrib.update({"type": "button", "id": "report-print"})
    return bar


def _part(part: Part, document: Document, rateable: bool) -> Element:
    match part:
        case Text():
            node = Element("p", {"class": "report-quiet"} if part.quiet else {})
            node.text = part.text
            return node
        case Facts():
            return _facts(part)
        case Table():
            return _table(part)
        case Figures():
            return _figures(part)
        case Aim():
            return _aim(part, document, rateable)
    raise TypeError(part)


def _facts(facts: Facts) -> Element:
    node = Element("dl", {"class": "report-facts"})
    for label, said in facts.rows:
        _add(node, "dt", label)
        _add(node, "dd", said)
    return node


def _table(table: Table) -> Element:
    if not table.rows:
        none = Element("p", {"class": "report-quiet"})
        none.text = table.empty
        return none
    node = Element("table", {"class": "report-table"})
    whole = sum(column.share for column in table.columns)
    group = SubElement(node, "colgroup")
    for column in table.columns:
        SubElement(group, "col", {"style": f"width:{column.share / whole:.1%}"})
    row = SubElement(SubElement(node, "thead"), "tr")
    for column in table.columns:
        _add(row, "th", column.label, "report-right" if column.right else "").set("scope", "col")
    body = SubElement(node, "tbody")
    for number, cells in enumerate(table.rows):
        row = SubElement(body, "tr")
        for column, said in zip(table.columns, cells, strict=True):
            _add(row, "td", said, "report-right" if column.right else "")
        if table.tones and table.tones[number]:
            row[-1].set("data-tone", table.tones[number])
    return node


def _figures(figures: Figures) -> Element:
    node = Element("div", {"class": "report-figures report-wide" if figures.wide else "report-figures"})
    for picture, caption in figures.pictures:
        figure = SubElement(node, "figure")
        figure.append(element(picture))
        if caption:
            _add(figure, "figcaption", caption)
    return node


def _aim(aim: Aim, document: Document, rateable: bool) -> Element:
    node = Element("article", {"class": "report-aim", "data-objective": aim.id, "data-tone": aim.tone})
    head = SubElement(node, "header")
    _add(head, "h3", aim.title)
    _add(head, "span", aim.verdict, "report-verdict").set("data-tone", aim.tone)
    node.append(_facts(aim.facts))
    node.append(_table(aim.items))
    given = SubElement(node, "div", {"class": "report-ratings"})
    _add(given, "h4", aim.ratings.title)
    given.append(_table(aim.ratings))
    if rateable:
        given.append(_form(aim, _lang(document)))
    return node


def _form(aim: Aim, lang: Lang) -> Element:
    """What an evaluator enters; the page's script sends it."""
    details = Element("details", {"class": "report-rate"})
    _add(details, "summary", text("report.rating.enter", lang))
    form = SubElement(details, "form", {"data-objective": aim.id, "data-needs": text("report.rating.needs", lang)})
    form.set("data-unreachable", text("report.rating.unreachable", lang))
    choices = SubElement(form, "fieldset")
    _add(choices, "legend", text("report.rating", lang))
    for letter in RATINGS:
        label = SubElement(choices, "label")
        SubElement(label, "input", {"type": "radio", "name": "rating", "value": letter})
        _add(label, "span", text(f"report.rating.{letter}", lang))
    for name, most, tag in (("actor", "200", "input"), ("note", "2000", "textarea")):
        label = SubElement(form, "label", {"class": f"report-field report-field-{name}"})
        _add(label, "span", text("report.rating.by" if name == "actor" else "report.rating.note", lang))
        SubElement(label, tag, {"name": name, "maxlength": most, "autocomplete": "off", "rows": "2"})
    _add(form, "button", text("report.rating.go", lang)).set("type", "submit")
    _add(form, "p", text("report.rating.again", lang), "report-quiet")
    _add(form, "p", "", "report-refused").set("role", "alert")
    return details


def _add(parent: Element, tag: str, said: str, name: str = "") -> Element:
    node = SubElement(parent, tag, {"class": name} if name else {})
    node.text = said
    return node
