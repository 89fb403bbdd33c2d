"""A machine without a Chinese font: what it shows is drawn with ours, and nothing is asked of anybody else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tests.browser.conftest import CHROMIUM, FLAGS_HERE

NO_CHINESE = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include>/etc/fonts/fonts.conf</include>
  <cachedir>{cache}</cachedir>
  <selectfont><rejectfont>
    <pattern><patelt name="lang"><string>zh-cn</string></patelt></pattern>
  </rejectfont></selectfont>
</fontconfig>
"""
"""The machine's fonts but those that can write Chinese."""


def test_a_machine_without_a_chinese_font_is_given_one(empty_server: Any, browser: Any, tmp_path: Path) -> None:
    fonts = tmp_path / "fonts.conf"
    fonts.write_text(NO_CHINESE.format(cache=tmp_path / "cache"), encoding="utf-8")
    bare = browser.browser_type.launch(
        executable_path=CHROMIUM, args=list(FLAGS_HERE), env={**os.environ, "FONTCONFIG_FILE": str(fonts)}
    )
    try:
        page = bare.new_page()
        hosts: set[str] = set()
        page.on("request", lambda asked: hosts.add(asked.url.split("?")[0]))
        page.goto(f"{empty_server.url}/")
        page.locator(".product-title").wait_for()
        devtools = page.context.new_cdp_session(page)
        devtools.send("DOM.enable")
        devtools.send("CSS.enable")
        root = devtools.send("DOM.getDocument")["root"]["nodeId"]
        for selector in (".product-title", ".clock-time"):
            node = devtools.send("DOM.querySelector", {"nodeId": root, "selector": selector})["nodeId"]
            drawn: set[tuple[str, bool]] = set()
            for _ in range(240):  # what is there already is shown until ours came
                found = devtools.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
                drawn = {(font["familyName"], font["isCustomFont"]) for font in found}
                if drawn == {("Gridcommand Sans", True)}:
                    break
                page.wait_for_timeout(250)
            assert drawn == {("Gridcommand Sans", True)}, selector
        assert any("/fonts/heads-bold." in url for url in hosts)
        outside = {url for url in hosts if not url.startswith((empty_server.url, "blob:", "data:"))}
        assert outside == set()
    finally:
        bare.close()
