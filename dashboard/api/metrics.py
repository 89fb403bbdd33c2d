"""Numbers for Prometheus, in its text format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dashboard.api import case_figures, directory
from dashboard.services import Services
from data.errors import StoreUnavailable
from data.exercise import refused_on

Sample = tuple[dict[str, str], float]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric family."""

    name: str
    kind: str
    help: str
    samples: Iterable[Sample]


def exposition(services: Services) -> str:
    """All metrics as text, one line per sample."""
    return "".join(line + "\n" for metric in _metrics(services) for line in _lines(metric))


def _lines(metric: Metric) -> Iterator[str]:
    yield f"# HELP gridcommand_{metric.name} {metric.help}"
    yield f"# TYPE gridcommand_{metric.name} {metric.kind}"
    for labels, value in metric.samples:
        inside = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
        yield f"gridcommand_{metric.name}{'{' + inside + '}' if inside else ''} {value:.10g}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _metrics(services: Services) -> Iterator[Metric]:
    yield from _log(services)
    yield Metric("intake_queue", "gauge", "Records waiting for the store", [({}, services.writer.waiting)])
    yield from _stream(services)
    yield from _casework(services)
    yield from _routing(services)
    yield Metric("preparing", "gauge", "1 while a start prepares data", [({}, float(services.preparation.running))])


def _log(services: Services) -> Iterator[Metric]:
    feeds: list[Sample] = []
    rejected: list[Sample] = []
    try:
        head = services.store.head()
        for row in directory.feeds(services):
            feeds.append(({"feed": row.id}, row.accepted))
        for (source, reason), n in sorted(services.store.dead_letter_counts().items()):
            if refused_on(source, services.timeline):
                rejected.append(({"feed": source, "reason": reason}, n))
    except StoreUnavailable:
        yield Metric("store_up", "gauge", "1 when the store answers", [({}, 0.0)])
        return
    yield Metric("store_up", "gauge", "1 when the store answers", [({}, 1.0)])
    yield Metric("log_seq", "counter", "Highest committed seq of the log", [({}, head)])
    yield Metric("records_accepted_total", "counter", "Records accepted, by feed", feeds)
    yield Metric("records_rejected_total", "counter", "Dead letters, by feed and reason", rejected)


def _stream(services: Services) -> Iterator[Metric]:
    hub, reader = services.hub, services.reader
    dropped = sum(client.dropped for client in list(hub.clients))
    away = reader.away_since
    stale = 0.0 if away is None else services.clock.now().timestamp() - away / 1000.0
    yield Metric("stream_clients", "gauge", "Sockets that are open", [({}, len(hub.clients))])
    yield Metric("stream_views", "gauge", "Distinct views that are watched", [({}, hub.views)])
    yield Metric("stream_ticks_total", "counter", "Ticks since the start", [({}, hub.ticks)])
    yield Metric("stream_frames_total", "counter", "Frames built since the start", [({}, hub.frames)])
    yield Metric("stream_build_ms_total", "counter", "Milliseconds spent building frames", [({}, hub.build_s * 1000)])
    yield Metric("stream_dropped_frames", "gauge", "Frames that open sockets were too slow for", [({}, dropped)])
    yield Metric("state_seq", "gauge", "Seq of the log that the screens contain", [({}, reader.seq or 0)])
    yield Metric("state_stale_seconds", "gauge", "How long the store has not answered the screens", [({}, stale)])


def _casework(services: Services) -> Iterator[Metric]:
    try:
        found, waiting = case_figures.total(services), case_figures.in_triage(services)
    except StoreUnavailable:
        return  # there is no live state yet; `state_seq` says so
    yield Metric("cases_open", "gauge", "Open cases", [({}, found.open)])
    yield Metric("cases_overdue", "gauge", "Open cases whose earliest deadline has passed", [({}, found.overdue)])
    yield Metric("cases_warning", "gauge", "Open cases whose earliest deadline is near", [({}, found.warning)])
    yield Metric("cases_paused", "gauge", "Open cases whose clocks stand still", [({}, found.paused)])
    yield Metric("cases_triage", "gauge", "Open cases that wait for a person to place them", [({}, waiting)])
    yield Metric("case_returns", "gauge", "Returns of the open cases", [({}, found.returns)])


def _routing(services: Services) -> Iterator[Metric]:
    backlog = None if services.router is None else services.router.backlog
    if backlog is not None:  # neither where nothing is routed, nor before the router has looked
        help = "Incidents that wait to be made cases, and cases that wait to follow their units or source"
        yield Metric("routing_backlog", "gauge", help, [({}, backlog)])
