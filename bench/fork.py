"""What would have been: a whole day forked and played without people, beside the day's own length.

A day of the demonstration district (about 3,450 matters, those of emergencies decided again on its own roads), and
San Francisco's fire calls of 2020-04-14 where that data is at hand. Printed for each: seconds from the command to the
comparison, processor and clock, with its parts: making the fork, reading the original, playing fork and baseline,
writing. The bar is 10 s for a day.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time
from zoneinfo import ZoneInfo

from cli.common import casework_rules
from dashboard.api.travel import roads_in
from data.clock import ManualClock
from data.open_store import open_store
from data.settings import Settings
from data.sql_store import SqlStore
from geo.kernels import warm
from replay.comparison import document
from replay.fork_run import run
from replay.state_hash import state_hash

REAL = Path(__file__).resolve().parents[2] / "shared" / "realdata"
MAPPING = Path(__file__).resolve().parents[1] / "feeds" / "mappings" / "sf_fire_calls.toml"
NOW = datetime(2026, 5, 20, tzinfo=UTC)
DEMO_DAY = datetime(2026, 5, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
SF_DAY = datetime(2020, 4, 14, tzinfo=ZoneInfo("America/Los_Angeles"))
BAR_S = 10.0


def demo(store: SqlStore) -> None:
    from feeds.demo.prepare import prepare

    prepare(store, store.clock, days=12)


def san_francisco(store: SqlStore) -> None:
    from data.road_import import LAYER, read_roads
    from feeds.files import import_file
    from feeds.mapping import Mapping
    from geo.roads_bytes import to_bytes

    import_file(store, REAL / "sf_fire_calls_2020" / "fire_calls.csv.gz", Mapping.load(MAPPING))
    store.put_basemap(LAYER, to_bytes(read_roads(REAL / "sf_roads_osm" / "san_francisco_north.osm.gz")))


def measure(name: str, fill: Callable[[SqlStore], None], day: datetime, zone: str, folder: Path) -> float:
    store = open_store(f"sqlite:///{folder / name}.db", ManualClock(NOW), repeatable=True)
    try:
        fill(store)
        print(f"{name}: {store.head():,} records in the log", flush=True)
        settings = Settings(timezone=zone)
        roads, book = roads_in(store, settings), casework_rules(settings)
        worst = 0.0
        for policy in ("nearest-by-road", "nearest-straight-line", "as-history"):
            clock, cpu = perf_counter(), process_time()
            ran = run(
                store, store.clock, book, settings, roads, at=day, until=day + timedelta(days=1), policy=policy,
                id=policy, actor="bench",
            )  # fmt: skip
            found = document(ran, state_hash(store, ran.fork.timeline))
            clock, cpu = perf_counter() - clock, process_time() - cpu
            gained = found["all"]["gained"]["mean"]
            print(
                f"  {policy:<24} {cpu:5.1f} s processor, {clock:5.1f} s; {found['counts']['sent']} orders, "
                f"{found['counts']['records']:,} records; gained {'-' if gained is None else f'{gained:+.2f}'} min each"
            )  # fmt: skip
            worst = max(worst, cpu)
        return worst
    finally:
        store.close()


def main() -> int:
    warm.start()
    warm.wait()
    with tempfile.TemporaryDirectory() as folder:
        worst = measure("demo day", demo, DEMO_DAY, "Asia/Shanghai", Path(folder))
        if REAL.is_dir():
            worst = max(worst, measure("sf 2020-04-14", san_francisco, SF_DAY, "America/Los_Angeles", Path(folder)))
        else:
            print("sf 2020-04-14: the data is not at hand")
    verdict = "kept" if worst <= BAR_S else "NOT kept"
    print(f"a day forked in {worst:.1f} s of processor time at most; the bar of {BAR_S:.0f} s is {verdict}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
