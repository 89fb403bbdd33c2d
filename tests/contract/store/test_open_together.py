"""Processes that open a new embedded store at the same moment: one makes it, the others wait."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

# Forked from a process of one thread, so that both stand at the same line when the flag goes up.
PROGRAM = """
import os, sys, time
from data.clock import SystemClock
from data.open_store import open_store
import data.sqlite
folder, rounds = sys.argv[1], int(sys.argv[2])
for n in range(rounds):
    at = time.monotonic() + 0.05
    children = []
    for _ in range(3):
        child = os.fork()
        if not child:
            while time.monotonic() < at:
                pass
            try:
                store = open_store(f"sqlite:///{folder}/{n}.db", SystemClock(), repeatable=n % 2 == 0)
                assert store.head() == 0
                store.close()
            except BaseException as error:
                print(repr(error), flush=True)
                os._exit(1)
            os._exit(0)
        children.append(child)
    for child in children:
        if os.waitpid(child, 0)[1]:
            sys.exit(1)
"""


def test_a_new_embedded_store_is_opened_by_several_processes_at_once(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM, str(tmp_path), "20"],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
