"""The after-action report as a page of its own: no stream and no map that moves, whole as soon as it is there."""

from __future__ import annotations

from typing import cast
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from dashboard.api.deps import seal
from dashboard.i18n import LANGS, Lang, text
from dashboard.services import Services
from dashboard.ui.report_html import message, page
from dashboard.ui.report_parts import Document
from dashboard.ui.report_whole import whole
from data.errors import GridcommandError, http_status
from data.exercise import is_exercise
from data.sql_store import SqlStore
from data.timelines import timelines

router = APIRouter(include_in_schema=False)

NOT_KEPT = {"cache-control": "no-cache"}


@router.get("/report")
def report(request: Request, timeline: str = "", beside: str = "", lang: str = "") -> HTMLResponse:
    """`?timeline=drill:...`, with `beside` two runs side by side; without a timeline the drills to choose from."""
    services: Services = request.app.state.services
    usual = services.settings.desk_theme
    chosen: Lang = next((code for code in LANGS if code == lang), services.settings.language)
    if not timeline:
        return HTMLResponse(_choice(services, chosen), headers=NOT_KEPT)
    seal(request)
    try:
        document = whole(services.store, timeline, beside, chosen, services.book)
        links, runs = _links(document), [] if beside else _runs(services, document)
    except GridcommandError as error:
        said = (chosen == "zh" and error.zh) or str(error)
        back = [(_address(chosen), text("report.drills", chosen))]
        refused = message(text("report.refused", chosen), said, back, chosen, usual=usual)
        return HTMLResponse(refused, http_status(error), headers=NOT_KEPT)
    return HTMLResponse(page(document, links, runs, rateable=not beside, usual=usual), headers=NOT_KEPT)


def _address(lang: str, **asked: str) -> str:
    return "/report?" + urlencode({**{key: value for key, value in asked.items() if value}, "lang": lang})


def _drills(services: Services) -> list[str]:
    return [each for each in timelines(cast(SqlStore, services.store), "drill:") if is_exercise(each)]


def _choice(services: Services, lang: Lang) -> str:
    links = [(_address(lang, timeline=each), each) for each in _drills(services)]
    said = "" if links else text("report.none", lang)
    return message(text("report.choose", lang), said, links, lang, usual=services.settings.desk_theme)


def _links(document: Document) -> list[tuple[str, str, str]]:
    """Where the bar above a report leads: (address, words, id)."""
    lang: Lang = "en" if document.lang == "en" else "zh"
    api = f"/api/v1/drills/{quote(document.timeline, safe=':')}"
    beside = {"beside": document.other} if document.other else {}
    links = [(f"{api}/report.pdf?{urlencode({'lang': lang, **beside})}", text("report.pdf", lang), "report-pdf")]
    if document.other:
        links.append((_address(lang, timeline=document.timeline), text("report.alone", lang), "report-alone"))
    else:
        links.append((f"{api}/records.jsonl", text("report.records", lang), "report-records"))
    console = "/drill?" + urlencode({"timeline": document.timeline, "lang": lang})
    links.append((console, text("report.console", lang), "report-console"))
    other = "zh" if lang == "en" else "en"
    turned = _address(other, timeline=document.timeline, beside=document.other)
    links.append((turned, text("nav.lang", lang), "report-lang"))
    return links


def _runs(services: Services, document: Document) -> list[tuple[str, str]]:
    """Other runs of the same scenario, to be put beside: `drill:<scenario>` and `drill:<scenario>:<run>`."""
    scenario = document.timeline.split(":")[1:2]
    others = [each for each in _drills(services) if each != document.timeline and each.split(":")[1:2] == scenario]
    return [(_address(document.lang, timeline=document.timeline, beside=each), each) for each in others]
