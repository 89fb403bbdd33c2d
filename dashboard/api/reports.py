"""After-action reports of exercises: the figures as JSON, the whole as PDF, the records as a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response, StreamingResponse

from dashboard.api.deps import ServicesDep, refusals, seal
from dashboard.i18n import Lang
from dashboard.services import Services
from data.errors import NotFound
from data.exercise import is_exercise
from data.records import Kind
from replay.export import exercise_lines
from replay.report import report_of
from replay.report_document import compared, document

router = APIRouter(tags=["drills"], dependencies=[Depends(seal)])

PDF, LINES = "application/pdf", "application/x-ndjson"

Timeline = Annotated[str, Path(max_length=200, pattern=r"^[^\x00]*$", description="The drill's timeline")]
Beside = Annotated[
    str, Query(max_length=200, pattern=r"^[^\x00]*$", description="Timeline of another run, to be compared with")
]
AskedLang = Annotated[Lang | None, Query(description="Of the words; left out: that of the server")]


def _file(media: str, schema: dict[str, str]) -> dict[int | str, dict[str, Any]]:
    return {200: {"description": "The file", "content": {media: {"schema": schema}}}}


@router.get("/drills/{timeline}/report", summary="After-action figures of a drill", responses=refusals(400, 404, 503))
def drill_report(timeline: Timeline, services: ServicesDep, beside: Beside = "") -> dict[str, Any]:
    """Objectives with what was expected and done, intervals, incidents, who did what when: from the log alone
    (docs/drill.md, "Evaluating"). With `beside` two runs side by side, and the minutes that the second gained for each
    incident."""
    report = report_of(services.store, timeline)
    return compared(report, report_of(services.store, beside)) if beside else document(report)


@router.get(
    "/drills/{timeline}/report.pdf",
    summary="After-action report as PDF",
    response_class=Response,
    responses=refusals(400, 404, 503) | _file(PDF, {"type": "string", "format": "binary"}),
)
def drill_report_pdf(
    timeline: Timeline, services: ServicesDep, lang: AskedLang = None, beside: Beside = ""
) -> Response:
    """The whole report with its pictures, marked as an exercise on every page. The same log gives the same bytes."""
    from dashboard.ui.report_pdf import pdf
    from dashboard.ui.report_whole import whole

    body = pdf(whole(services.store, timeline, beside, lang or services.settings.language, services.book))
    return Response(body, media_type=PDF, headers=_named(timeline, "pdf", "inline"))


@router.get(
    "/drills/{timeline}/records.jsonl",
    summary="All records of a drill",
    response_class=StreamingResponse,
    responses=refusals(400, 404, 503) | _file(LINES, {"type": "string"}),
)
def drill_records(timeline: Timeline, services: ServicesDep) -> StreamingResponse:
    """One record a line in the order of the log, each with `"status":"Exercise"`."""
    if not is_exercise(timeline) or next(services.store.scan((Kind.EXERCISE,), timeline), None) is None:
        raise NotFound(f"there is no drill on timeline {timeline[:80]!r}", zh=f"时间线 {timeline[:80]} 上没有演练")
    return StreamingResponse(
        _lines(services, timeline), media_type=LINES, headers=_named(timeline, "jsonl", "attachment")
    )


def _lines(services: Services, timeline: str) -> Iterator[bytes]:
    for line in exercise_lines(services.store, timeline):
        yield line
        yield b"\n"


def _named(timeline: str, kind: str, way: str) -> dict[str, str]:
    """The file's name: of the timeline, what a file system takes anywhere, and that it is of an exercise."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in timeline)
    return {"content-disposition": f'{way}; filename="EXERCISE-{plain}.{kind}"'}
