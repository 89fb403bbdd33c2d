"""One Chromium for all browser tests: two drivers in one process do not work side by side."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chromium import FLAGS, find

ROOT = Path(__file__).parents[2]
BUNDLE = ROOT / "dashboard/assets_built/gridcommand.js"
CHROMIUM = find()
REQUIRED = os.environ.get("GRIDCOMMAND_TEST_REQUIRE_BROWSER") == "1"

FLAGS_HERE = (*FLAGS, "--disable-gpu-compositing")
"""What is around the map is put together by the processor: by software WebGL it costs more than twice as much."""


def absent(what: str) -> None:
    """Skip, or fail where `make test` said that browser tests must run."""
    (pytest.fail if REQUIRED else pytest.skip)(what)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        absent("needs Chromium: apt-get install chromium, or name one in GRIDCOMMAND_CHROMIUM")
    if not BUNDLE.exists():
        absent("needs the browser bundle: make setup")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS_HERE))
        yield started
        started.close()
