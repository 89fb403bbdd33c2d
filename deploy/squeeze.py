"""Compress the browser's files harder than a server would while somebody waits: the .gz of dashboard/assets_built anew.

Run by `deploy/setup.sh bundle` after the build. The same files give the same bytes.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from zopfli import gzip

BUILT = Path(__file__).resolve().parents[1] / "dashboard/assets_built"


def squeeze(small: Path) -> int:
    """Bytes saved."""
    before = small.stat().st_size
    body = gzip.compress(small.with_suffix("").read_bytes(), numiterations=5)
    if len(body) < before:
        small.write_bytes(body)
    return before - small.stat().st_size


def main() -> None:
    with ThreadPoolExecutor() as pool:
        saved = sum(pool.map(squeeze, BUILT.rglob("*.gz")))
    print(f"squeezed: {saved / 1024:.0f} KB less")


if __name__ == "__main__":
    main()
