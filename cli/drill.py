"""`drill`: exercises without a screen: verify a scenario, play it without people, report, rate, export."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import orjson
import typer

from cli.common import DbOption, JsonOption, casework_rules, emit_json, note, open_cli_store, refusals
from data.clock import SystemClock
from data.errors import BadInput, Refused
from data.settings import Settings, read_settings
from data.store import Store

if TYPE_CHECKING:
    from geo.roads import RoadGraph
    from replay.scenario import Scenario

app = typer.Typer(help="Exercises: verify a scenario, play it without people, report.", no_args_is_help=True)

FileArgument = Annotated[Path, typer.Argument(help="The scenario, a TOML file, or the name of one that ships")]
TimelineArgument = Annotated[str, typer.Argument(help="The drill's timeline, such as drill:typhoon")]
DemoOption = Annotated[
    bool,
    typer.Option("--demo", help="In the invented district: in a store that is thrown away, or the empty one of --db"),
]


@app.callback()
def drill() -> None:
    """Exercises: verify a scenario, play it without people, report."""


@app.command()
def check(file: FileArgument, db: DbOption = None, demo: DemoOption = False, json: JsonOption = False) -> None:
    """Verify a scenario against the region, the rules, the units and the sites. Tells every fault as file:line: reason,
    with exit status 1."""
    with refusals(), _store(db, demo, file) as store:
        scenario = _load(store, file, read_settings())
    found = {
        "id": scenario.id, "zh": scenario.zh, "en": scenario.en, "revision": scenario.revision,
        "from": scenario.start, "to": scenario.end, "objectives": [o.id for o in scenario.objectives],
        "injects": len(scenario.injects), "sites": len(scenario.places),
    }  # fmt: skip
    if json:
        emit_json(found)
        return
    zone = ZoneInfo(scenario.zone)
    typer.echo(f"{scenario.id}  {scenario.zh} / {scenario.en}, revision {scenario.revision}")
    typer.echo(
        f"{scenario.start.astimezone(zone):%Y-%m-%d %H:%M} to {scenario.end.astimezone(zone):%H:%M} {scenario.zone}"
    )
    for objective in scenario.objectives:
        typer.echo(f"  objective {objective.id}: {objective.zh} / {objective.en}")
    for inject in sorted(scenario.injects, key=lambda one: (one.at, one.id)):
        at = (scenario.start + inject.at).astimezone(zone)
        typer.echo(f"  {at:%H:%M} {inject.id} {inject.kind}: {inject.zh} / {inject.en}")


@app.command()
def run(
    file: FileArgument,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of what is drawn by chance")] = 0,
    policy: Annotated[
        str, typer.Option("--policy", help="Who decides: nearest-by-road, nearest-straight-line, none")
    ] = ("nearest-by-road"),
    name: Annotated[str, typer.Option("--name", help="Name of this run, if the scenario was played before")] = "",
    db: DbOption = None,
    demo: DemoOption = False,
    json: JsonOption = False,
) -> None:
    """Play a scenario without people, on a timeline of its own, as fast as the machine can. Prints objectives, response
    intervals, counts and the state hash."""
    from replay.drill_run import run as play
    from replay.report import report_of
    from replay.report_document import document
    from replay.state_hash import state_hash

    with refusals(), _store(db, demo, file) as store:
        settings = read_settings()
        book = casework_rules(settings)
        scenario = _load(store, file, settings)
        began = perf_counter()
        ran = play(store, scenario, book, settings, _roads(store, settings), seed=seed, policy_name=policy, name=name)
        note(f"played {scenario.id} on {ran.timeline} in {perf_counter() - began:.1f} s, {ran.played} steps")
        found = document(report_of(store, ran.timeline), deeds=False)
        found["counts"]["refused_commands"] = ran.refused
        found["state_hash"] = state_hash(store, ran.timeline)
    _print(found, json)


@app.command()
def report(
    timeline: TimelineArgument,
    db: DbOption = None,
    json: JsonOption = False,
    pdf: Annotated[
        Path | None, typer.Option("--pdf", help="Write the whole report, with its pictures, to this file")
    ] = None,
    beside: Annotated[str, typer.Option("--beside", help="With --pdf: another run to be compared with")] = "",
    lang: Annotated[str, typer.Option("--lang", help="Language of the PDF: zh or en")] = "zh",
) -> None:
    """After-action figures of a drill, from its log alone; with --json also who did what when, with --pdf as the report
    that the page shows."""
    from replay.report import report_of
    from replay.report_document import document
    from replay.state_hash import state_hash

    with refusals(), closing(open_cli_store(db, reading=True)) as store:
        if pdf is not None:
            _write_pdf(store, timeline, beside, lang, pdf)
        found = document(report_of(store, timeline))
        found["state_hash"] = state_hash(store, timeline)
    _print(found, json)


def _write_pdf(store: Store, timeline: str, beside: str, lang: str, path: Path) -> None:
    from dashboard.i18n import LANGS
    from dashboard.ui.report_pdf import pdf
    from dashboard.ui.report_whole import whole

    chosen = next((code for code in LANGS if code == lang), None)
    if chosen is None:
        raise BadInput(f"--lang {lang[:20]!r}: expected one of {', '.join(LANGS)}")
    body = pdf(whole(store, timeline, beside, chosen, casework_rules(read_settings())))
    try:
        path.write_bytes(body)
    except OSError as error:
        raise BadInput(f"--pdf {path}: cannot be written: {error.strerror}") from None
    note(f"wrote {path}, {len(body) / 1000:.0f} kB")


@app.command()
def compare(
    first: TimelineArgument,
    second: Annotated[str, typer.Argument(help="The other drill's timeline")],
    db: DbOption = None,
    json: JsonOption = False,
) -> None:
    """Two runs side by side: objectives, intervals, and the minutes that the second gained for each incident."""
    from replay.report import report_of
    from replay.report_document import compared

    with refusals(), closing(open_cli_store(db, reading=True)) as store:
        found = compared(report_of(store, first), report_of(store, second))
    if json:
        emit_json(found)
        return
    typer.echo(f"{first} | {second}  演练 / EXERCISE" + ("" if found["same_scenario"] else "  (different scenarios)"))
    for each in found["objectives"]:
        words = [_WORDS[each[run]["met"]] + " " + each[run]["done"] if each[run] else "-" for run in ("a", "b")]
        typer.echo(f"  {each['zh']} / {each['en']}: {' | '.join(words)}")
    for name, both in found["intervals"].items():
        shown = [_interval(both[run]) for run in ("a", "b")]
        typer.echo(f"  {name:<22}{' | '.join(shown)}")
    for each in found["incidents"]:
        gained = each["gained"]["arrived"]
        if gained:
            typer.echo(f"  {each['id']}: units there {abs(gained):.1f} min {'sooner' if gained > 0 else 'later'}")


@app.command()
def rate(
    timeline: TimelineArgument,
    objective: Annotated[str, typer.Argument(help="Id of the objective")],
    rating: Annotated[
        str, typer.Argument(help="P, S, M or U: performed without, with some, with major challenges, unable")
    ],
    actor: Annotated[str, typer.Option("--actor", help="The evaluator")],
    remark: Annotated[str, typer.Option("--note", help="Why")] = "",
    db: DbOption = None,
) -> None:
    """Enter an evaluator's rating of an objective, as a record of the drill."""
    from replay.drill import Drill

    with refusals(), closing(open_cli_store(db, reading=True)) as store, Drill(store, SystemClock(), timeline) as one:
        one.rate(objective, rating, actor=actor, note=remark)
        note(f"{timeline}: {objective} rated {rating} by {actor}")


@app.command()
def export(timeline: TimelineArgument, db: DbOption = None) -> None:
    """All records of a drill as JSON lines on standard output, each marked with the status Exercise."""
    from replay.export import exercise_lines

    with refusals(), closing(open_cli_store(db, reading=True)) as store:
        for line in exercise_lines(store, timeline):
            sys.stdout.write(line.decode())
            sys.stdout.write("\n")


@contextmanager
def _store(db: str | None, demo: bool, file: Path) -> Iterator[Store]:
    """The store to play in; with `demo` one that holds the invented district and nothing else."""
    if not demo:
        with closing(open_cli_store(db, reading=True)) as store:
            yield store
        return
    if db is not None:
        with closing(open_cli_store(db)) as store:
            _draw(store, file)
            yield store
        return
    from data.area_indexes import keep_in
    from data.open_store import open_store

    keep_in(read_settings().var_dir / "cache")
    with (
        TemporaryDirectory(prefix="gridcommand-drill-") as folder,
        closing(open_store(f"sqlite:///{Path(folder).as_posix()}/drill.db", SystemClock())) as store,
    ):
        _draw(store, file)
        yield store


def _draw(store: Store, file: Path) -> None:
    """The invented district with its units, sites and feeds, as at the scenario's start. Raises Refused when the store
    holds anything else."""
    from feeds.demo.district import SEED, draw_district
    from feeds.demo.prepare import refuse_another
    from feeds.demo.resources import feed_records, site_records, unit_records
    from feeds.demo.taxonomy import names_json

    stored = store.region()
    if stored.areas and store.head():
        refuse_another(stored, draw_district(SEED).region, "it")
        return
    if store.head():
        raise Refused("--demo: the store of --db holds records; name an empty one, or leave --demo out")
    start = _start(_path(file))
    district = draw_district(SEED)
    store.put_level(district.region)
    for layer, body in district.basemap().items():
        store.put_basemap(layer, body)
    store.put_basemap("categories", names_json())
    for records in (feed_records(start), site_records(SEED, start), unit_records(SEED, start)):
        store.append(list(records))


def _start(path: Path) -> datetime:
    """When the scenario begins; now where its file has faults, which are told when it is loaded."""
    from replay.scenario_file import BadScenario, parse

    try:
        return parse(path.read_text(encoding="utf-8"), str(path)).start
    except (BadScenario, OSError, UnicodeDecodeError):
        return SystemClock().now()


def _load(store: Store, file: Path, settings: Settings) -> Scenario:
    from replay.scenario_file import load

    snapshot = store.snapshot()
    body = store.basemap("categories")
    categories = None if body is None else set(orjson.loads(body))
    return load(
        _path(file), store.region(), casework_rules(settings), categories=categories,
        units={row.id for row in snapshot.units}, sites={row.id for row in snapshot.sites},
    )  # fmt: skip


def _path(file: Path) -> Path:
    """The file, or the shipped scenario of that name."""
    from replay.scenario_file import SHIPPED

    shipped = SHIPPED / f"{file}.toml"
    return shipped if not file.exists() and file.name == str(file) and shipped.exists() else file


def _roads(store: Store, settings: Settings) -> RoadGraph | None:
    from dashboard.api.travel import roads_in

    found = roads_in(store, settings)
    if found is None:
        note("no roads were imported: units go along the straight line")
    return found


_WORDS = {True: "met", False: "NOT MET", None: "open"}


def _interval(values: dict[str, Any]) -> str:
    shown = "-" if values["p50"] is None else f"p50 {values['p50']:.1f} p90 {values['p90']:.1f} min"
    return f"n {values['n']:<4}{shown}"


def _print(found: dict[str, Any], json: bool) -> None:
    if json:
        emit_json(found)
        return
    typer.echo(f"{found['timeline']}  {found['zh']} / {found['en']}  演练 / EXERCISE")
    for each in found["objectives"]:
        rated = "".join(f"  {r['rating']} ({r['by']})" for r in each["ratings"])
        judged = f"expected {each['expected']}, done {each['done']}{rated}"
        typer.echo(f"  {_WORDS[each['met']]:<8}{each['zh']} / {each['en']}: {judged}")
    for name, values in found["intervals"].items():
        plan = "" if values["plan"] is None else f", plan {values['plan']:.2f}, kept by {values['in_plan']:.0%}"
        typer.echo(f"  {name:<22}{_interval(values)}{plan}")
    typer.echo(f"  state hash {found['state_hash']}")
