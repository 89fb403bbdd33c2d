"""The composition root and the only entry: `python app.py --help`. Nothing imports this module."""

from __future__ import annotations

import typer

from cli import calendar, casework, drill, feed, region, replay, roads, sites
from cli.demo import demo
from cli.locate import locate
from cli.maintain import dead_letters, rebuild
from cli.serve import serve
from cli.settings import settings
from cli.stats import cells, state, stats

app = typer.Typer(
    name="gridcommand",
    help="Real-time geospatial command dashboard for district command centres.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(demo)
app.command()(serve)
app.add_typer(region.app, name="region")
app.add_typer(sites.app, name="sites")
app.add_typer(roads.app, name="roads")
app.add_typer(feed.app, name="feed")
app.add_typer(casework.app, name="casework")
app.add_typer(calendar.app, name="calendar")
app.add_typer(drill.app, name="drill")
app.add_typer(replay.app, name="replay")
app.command()(stats)
app.command()(cells)
app.command()(state)
app.command()(locate)
app.command()(rebuild)
app.command()(dead_letters)
app.command()(settings)

if __name__ == "__main__":
    app()
