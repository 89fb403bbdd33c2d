"""`make bench`: every benchmark in turn, each beside what one would use instead, in one run.

Prints the tables and keeps them in bench/RESULTS.md with a description of the machine. Ratios are what counts: the
machine may be busy, but both sides of a ratio were busy alike.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
JOBS = (
    "bench.cells",
    "bench.points",
    "bench.heat",
    "bench.roads",
    "bench.recommend",
    "bench.casework",
    "bench.fork",
    "bench.intake",
    "bench.stream",
    "bench.seek",
    "bench.browser",
    "bench.browser.desk_queue",
    "bench.browser.first_picture",
)


def machine() -> str:
    """One line: processor, cores, memory, Python, system."""
    cpu = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{cpu}, {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, {platform.platform()}"


def run(job: str) -> tuple[int, str]:
    """Run one benchmark, showing its output as it comes; its exit status and standard output."""
    print(f"\n== {job}", flush=True)
    lines: list[str] = []
    with subprocess.Popen([sys.executable, "-m", job], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    return process.returncode, "".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("jobs", nargs="*", default=list(JOBS), help=f"which (default: {' '.join(JOBS)})")
    jobs = parser.parse_args().jobs
    parts = [
        "# Benchmark results\n",
        f"Last run {datetime.now(UTC):%Y-%m-%d %H:%M} UTC on {machine()}. `make bench` writes this file.\n",
    ]
    failed = []
    for job in jobs:
        status, output = run(job)
        parts.append(f"## {job.removeprefix('bench.')}\n\n```\n{output.rstrip()}\n```\n")
        if status:
            failed.append(job)
    if sorted(jobs) == sorted(JOBS):
        (ROOT / "bench" / "RESULTS.md").write_text("\n".join(parts), encoding="utf-8")
    if failed:
        print(f"bench: did not finish: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
