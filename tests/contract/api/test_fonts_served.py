"""Fonts come from this server, are kept by browsers for good, and are all that a page asks for them."""

from __future__ import annotations

import re

import httpx

from dashboard.fonts import FILES, STYLESHEET


def test_pages_name_the_faces_and_the_faces_only_files_of_this_server(client: httpx.Client) -> None:
    for path in ("/", "/desk", "/replay", "/drill", "/fork"):
        assert f'<link rel="stylesheet" href="{STYLESHEET}">' in client.get(path).text, path
    faces = client.get(STYLESHEET)
    assert faces.headers["content-type"].startswith("text/css")
    assert "immutable" in faces.headers["cache-control"]
    assert set(re.findall(r'url\("([^"]*)"\)', faces.text)) == FILES
    plain = client.get(STYLESHEET, headers={"accept-encoding": "identity"})
    assert (plain.text, plain.headers.get("content-encoding")) == (faces.text, None)


def test_a_slice_is_kept_for_good(client: httpx.Client) -> None:
    name = min(FILES)
    answer = client.get(f"/fonts/{name}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "font/woff2")
    assert answer.content.startswith(b"wOF2")
    assert "immutable" in answer.headers["cache-control"]


def test_what_is_no_font_is_refused(client: httpx.Client) -> None:
    for name in ("latin.woff2", "OFL.txt", "__init__.py"):
        answer = client.get(f"/fonts/{name}")
        assert answer.status_code == 404, name
        assert answer.headers["content-type"] == "application/json"
