"""What a browser fetches before a page stands: its document, scripts and styles, compressed, within a limit."""

from __future__ import annotations

import os
import re
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from dashboard.fonts import FILES
from dashboard.own_assets import OwnAssets, digest

BUILT = Path(__file__).parents[3] / "dashboard/assets_built"
FETCHED = re.compile(r'<(?:script src|link rel="stylesheet" href)="([^"]+)"')
MOST = 1_400_000
"""Bytes; with the outlines, names and units of a district a page stays below 1.5 MB then."""
SLICES = ("latin-regular.", "latin-bold.", "heads-bold.", "wall-regular.")
"""Fonts that the wall fetches where the machine has no Chinese one."""


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
    assert any("/dcc/" in url for url in urls) == (path == "/desk")
    assert not [url for url in urls if "polyfill" in url or "dash_table" in url]


def test_a_wall_is_light_where_its_machine_has_no_chinese_font_too(client: httpx.Client) -> None:
    if not (BUILT / "table.js").exists():
        pytest.skip("the browser bundle is not built: deploy/setup.sh bundle")
    fonts = [name for name in FILES if name.startswith(SLICES)]
    assert len(fonts) == len(SLICES)
    urls = [*FETCHED.findall(client.get("/").text), "/", *(f"/fonts/{name}" for name in fonts)]
    assert sum(sent(client, url) for url in urls) < MOST


def test_the_pages_own_scripts_are_sent_small_and_kept(client: httpx.Client) -> None:
    urls = [url for url in FETCHED.findall(client.get("/").text) if url.startswith("/assets/")]
    for url in urls:
        answer = client.get(url)
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["content-type"].startswith(("text/javascript", "application/javascript", "text/css"))
        again = client.get(url, headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        plain = client.get(url, headers={"accept-encoding": "identity"})
        assert (plain.text, plain.headers.get("content-encoding")) == (answer.text, None)
    assert client.get("/assets/none.js").status_code == 404
    # The address of another content, as a page has it that was loaded before an update, is not kept for good.
    assert client.get(urls[0].partition("?")[0], params={"m": "1790000000.5"}).headers["cache-control"] == "no-cache"


async def test_a_script_that_was_changed_after_the_build_is_sent_as_it_is_now(tmp_path: Path) -> None:
    script = tmp_path / "10-new.js"
    script.write_text("/* said */ window.one = 1;\n", encoding="utf-8")
    app = FastAPI()
    app.add_api_route("/assets/{name}", OwnAssets(tmp_path).answer, methods=["GET"])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as asked:
        assert (await asked.get("/assets/10-new.js")).text == "/* said */ window.one = 1;\n"
        script.write_text("window.one = 22;\n", encoding="utf-8")
        assert (await asked.get("/assets/10-new.js")).text == "window.one = 22;\n"


def test_two_releases_that_were_written_at_the_same_time_have_other_addresses(tmp_path: Path) -> None:
    releases = []
    for name, words in (("one", "window.one = 1;\n"), ("two", "window.one = 2;\n")):
        (tmp_path / name).mkdir()
        releases.append(tmp_path / name / "10-new.js")
        releases[-1].write_text(words, encoding="utf-8")
        os.utime(releases[-1], (315532800, 315532800))
    assert len({digest(path) for path in releases}) == 2


def test_a_replay_has_the_scripts_that_name_what_people_did(client: httpx.Client) -> None:
    urls = FETCHED.findall(client.get("/?replay=none").text)
    assert any("/41-desk-names.js" in url for url in urls)
    assert any("/52-replay-marks.js" in url for url in urls)
