"""Where Chromium is, and how it is started: software WebGL, nothing fetched in the background."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

# A later --disable-features replaces an earlier one, so that those that Playwright turns off stand here again. The last
# three are two address-bar pages that every window would load besides the tested one, unseen: a fifth of its processor
# time.
OFF = (
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxFullPopup",
    "WebUIOmniboxPopup",
)

FLAGS = (
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    f"--disable-features={','.join(OFF)}",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--no-first-run",
    "--metrics-recording-only",
)


def find() -> str | None:
    """The browser that GRIDCOMMAND_CHROMIUM names, the system's, or Playwright's own; None without one."""
    named = os.environ.get("GRIDCOMMAND_CHROMIUM")
    if named:
        return named
    for name in ("chromium", "chromium-browser", "google-chrome"):
        # Ubuntu's chromium-browser is a script that points to a snap, which containers cannot run.
        if (path := shutil.which(name)) and not (name == "chromium-browser" and Path("/snap").exists()):
            return path
    own = sorted(Path.home().glob(".cache/ms-playwright/chromium-*/chrome-linux*/chrome"))
    return str(own[-1]) if own else None
