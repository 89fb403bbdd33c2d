"""Write requirements.lock, requirements-test.lock, requirements-bench.lock: every package needed, by name and version.

Run by `make lock` with the project's own interpreter; asks pip for one resolution and records no addresses.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def resolve(requirements: list[str]) -> list[str]:
    """`name==version` of everything that `requirements` pull in, sorted by name."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "-q", "--dry-run", "--ignore-installed", "--report", "-"),
            *requirements,
        ],
        stdout=subprocess.PIPE,
        check=True,
    )
    found = [item["metadata"] for item in json.loads(done.stdout)["install"]]
    return sorted(f"{m['name'].lower().replace('_', '-')}=={m['version']}" for m in found)


def write(name: str, heading: str, lines: list[str]) -> None:
    (ROOT / name).write_text(f"# {heading} `make lock` writes this file.\n" + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"{name}: {len(lines)} packages")


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    base = resolve(project["dependencies"])
    full = resolve(project["dependencies"] + project["optional-dependencies"]["test"])
    write("requirements.lock", "Pinned run-time packages.", base)
    write(
        "requirements-test.lock",
        "Pinned packages that only tests and checks need, on top of requirements.lock.",
        [line for line in full if line not in base],
    )
    peers = resolve(project["dependencies"] + project["optional-dependencies"]["bench"])
    write(
        "requirements-bench.lock",
        "Pinned packages that `make bench` compares with, on top of requirements.lock.",
        [line for line in peers if line not in base],
    )


if __name__ == "__main__":
    main()
