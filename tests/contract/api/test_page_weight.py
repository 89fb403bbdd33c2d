"""What a browser fetches before a page stands: its document, scripts and styles, compressed, within a limit."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

BUILT = Path(__file__).parents[3] / "dashboard/assets_built"
FETCHED = re.compile(r'<(?:script src|link rel="stylesheet" href)="([^"]+)"')
MOST = 1_400_000
"""Bytes; with the outlines, names and units of a district a page stays below 1.5 MB then."""


def sent(client: httpx.Client, url: str) -> int:
    """Bytes of a body as they travel."""
    with client.stream("GET", url, headers={"accept-encoding": "gzip"}) as answer:
        assert answer.status_code == 200, url
        return sum(len(part) for part in answer.iter_raw())


@pytest.mark.parametrize("path", ["/", "/desk"])
def test_a_page_is_light_and_brings_only_its_own_scripts(client: httpx.Client, path: str) -> None:
    if not (BUILT / "table.js").exists():
        pytest.skip("the browser bundle is not built: deploy/setup.sh bundle")
    page = client.get(path)
    urls = FETCHED.findall(page.text)
    sizes = {url: sent(client, url) for url in [*urls, path]}
    assert 900_000 < sum(sizes.values()) < MOST, sorted(sizes.items(), key=lambda it: -it[1])[:8]
    assert any("/maplibre." in url for url in urls)
    assert any("/table." in url for url in urls) == (path == "/desk")
    assert any("/plotly" in url for url in urls) == (path == "/")
    assert any("/42-desk-table.js" in url for url in urls) == (path == "/desk")
    assert not [url for url in urls if "polyfill" in url or "dash_table" in url]


def test_a_replay_has_the_scripts_that_name_what_people_did(client: httpx.Client) -> None:
    urls = FETCHED.findall(client.get("/?replay=none").text)
    assert any("/41-desk-names.js" in url for url in urls)
    assert any("/52-replay-marks.js" in url for url in urls)
