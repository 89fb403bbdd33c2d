"""Fixtures that several test folders share: a private PostgreSQL with PostGIS, and a store on each engine."""

from __future__ import annotations

import gc
import importlib.util
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from data.clock import ManualClock
from data.open_store import open_store
from data.sql_store import SqlStore

_spec = importlib.util.spec_from_file_location("postgis_server", Path(__file__).with_name("postgis_server.py"))
assert _spec is not None
assert _spec.loader is not None
postgis = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(postgis)

TESTS = Path(__file__).parent

# No sample fails for the time it took: a machine that paused is not at fault. `make test` draws the same samples each
# time, so that it says the same of the same code everywhere; a plain `pytest` goes on looking for new ones.
settings.register_profile(
    "patient",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=os.environ.get("GRIDCOMMAND_TEST_REPEATABLE") == "1",
)
settings.load_profile("patient")
START = datetime(2026, 5, 1, tzinfo=UTC)


GARBAGE_AFTER = 20_000
"""Objects made before garbage is looked for. At Python's 700 that took 6 to 10 % of the parts' processor time."""
IN_MEMORY = Path("/dev/shm")
ROOM = 4 * 2**30
"""Bytes that the memory file system must have free to take the tests' files."""


def pytest_configure(config: pytest.Config) -> None:
    """The tests' files lie in memory where there is room, so that no commit waits for a disk: a process that is killed
    leaves its files as they are there too."""
    gc.set_threshold(GARBAGE_AFTER, 20, 20)
    free = shutil.disk_usage(IN_MEMORY).free if os.access(IN_MEMORY, os.W_OK) else 0
    if "TMPDIR" in os.environ or config.getoption("basetemp", None) or free < ROOM:
        return
    folder = tempfile.mkdtemp(prefix="gridcommand-tests-", dir=IN_MEMORY)
    os.chmod(folder, 0o711)  # PostgreSQL's own user passes through it
    os.environ["TMPDIR"] = tempfile.tempdir = folder

    def leave() -> None:
        del os.environ["TMPDIR"]
        tempfile.tempdir = None
        shutil.rmtree(folder, ignore_errors=True)

    config.add_cleanup(leave)


def _start_server() -> object:
    """A server, or the test's end: skipped, or failed where `make test` promises that PostGIS is there."""
    try:
        return postgis.PostgisServer()
    except postgis.PostgisMissing as missing:
        if os.environ.get("GRIDCOMMAND_TEST_REQUIRE_POSTGIS") == "1":
            pytest.fail(str(missing), pytrace=False)
        pytest.skip(str(missing))


def pytest_collection_finish() -> None:
    """Modules and tests live until the end: whoever looks for garbage, as a server does when it starts, need not look
    among them each time."""
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: the browser's driver keeps an event loop running, beside which no other can be closed."""
    items.sort(key=lambda item: "browser" in item.path.relative_to(TESTS).parts)


@pytest.fixture(scope="session")
def postgis_server() -> Iterator[object]:
    """One cluster for the whole run. Do not stop it: `own_postgis_server` is for outages."""
    server = _start_server()
    yield server
    server.close()


@pytest.fixture
def own_postgis_server() -> Iterator[object]:
    """A cluster of the test's own, that it may stop and start."""
    server = _start_server()
    yield server
    server.close()


@pytest.fixture(scope="session")
def migrated(postgis_server: object) -> str:
    """Name of a database with a new store in it: copying it takes a tenth of making another."""
    open_store(postgis_server.url("migrated"), ManualClock(START)).close()
    return "migrated"


@pytest.fixture
def postgis_url(postgis_server: object, migrated: str) -> str:
    """URL of a fresh store in PostGIS."""
    return postgis_server.url(template=migrated)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture(params=["sqlite", pytest.param("postgis", marks=pytest.mark.postgis)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a fresh store, once per engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    return request.getfixturevalue("postgis_url")


@pytest.fixture(params=["sqlite", pytest.param("postgis", marks=pytest.mark.postgis)])
def bare_store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a database without a store, once per engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    return request.getfixturevalue("postgis_server").url()


@pytest.fixture
def open_another(store_url: str, clock: ManualClock) -> Iterator[Callable[[], SqlStore]]:
    """Opens further stores on the same URL, as another process would; all closed at the end."""
    opened: list[SqlStore] = []

    def another() -> SqlStore:
        opened.append(open_store(store_url, clock))
        return opened[-1]

    yield another
    for one in opened:
        one.close()


@pytest.fixture
def store(open_another: Callable[[], SqlStore]) -> SqlStore:
    """A fresh store, once per engine."""
    return open_another()
