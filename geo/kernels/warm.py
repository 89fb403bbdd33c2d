"""Compiled kernels that never delay a start.

Importing numba takes half a second and a first compilation several. So a structure that has kernels has two of each:
a plain one (NumPy), there at once, and a compiled one with the same name and the same answers, used when it is ready:

    _fast = compiled("geo.kernels.cube")       # at import: notes the name, imports nothing
    ops = _fast.module or plain                # at each use

A module of kernels has a function `warm()` that calls each kernel with the types it is used with. `start()` does that
for all noted modules on one background thread, `wait()` waits for it. A process that lives shortly never calls
`start()` and never pays for numba; a module whose import or `warm()` fails stays plain, said once in the log.
"""

from __future__ import annotations

import atexit
import importlib
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

log = logging.getLogger(__name__)


class Compiled:
    """A module of kernels by name. `module` is None until it is imported and warm."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.module: ModuleType | None = None
        self.failed = False

    def load(self) -> None:
        """Import and warm it, on this thread."""
        if self.module is not None or self.failed:
            return
        try:
            found = importlib.import_module(self.name)
            found.warm()
        except Exception:
            self.failed = True
            log.exception("%s could not be compiled; the plain functions are used", self.name)
        else:
            self.module = found


_noted: dict[str, Compiled] = {}
_lock = threading.Lock()
_thread: threading.Thread | None = None
_wanted = False  # modules noted after `start` are warmed as well
_stop = threading.Event()
_free = threading.Event()
_free.set()


def compiled(name: str) -> Compiled:
    """The kernels of a module, noted for `start`. The same name gives the same object."""
    with _lock:
        found = _noted.setdefault(name, Compiled(name))
        late = _wanted and found.module is None and not found.failed
    if late:
        start()
    return found


def start() -> None:
    """Begin to warm all noted modules in the background. Does nothing while that is under way."""
    global _thread, _wanted
    with _lock:
        _wanted = True
        if _stop.is_set() or (_thread is not None and _thread.is_alive()):
            return
        if all(each.module is not None or each.failed for each in _noted.values()):
            return
        _thread = threading.Thread(target=_run, name="gridcommand-kernels", daemon=True)
        _thread.start()


@contextmanager
def resting() -> Iterator[None]:
    """No compilation begins inside the block: other work needs the processor more. `start` may be called meanwhile."""
    _free.clear()
    try:
        yield
    finally:
        _free.set()


def wait(timeout_s: float | None = None) -> bool:
    """Start, and wait until every noted module is warm. False when one is not (after the time, or it failed)."""
    start()
    thread = _thread
    if thread is not None:
        thread.join(timeout_s)
    return all(each.module is not None for each in _noted.values())


def _run() -> None:
    while _free.wait() and not _stop.is_set():
        with _lock:
            waiting = [each for each in _noted.values() if each.module is None and not each.failed]
        if not waiting:
            return
        waiting[0].load()


@atexit.register
def _end() -> None:
    # LLVM must not be at work while the process takes its libraries down: finish the module that is under way.
    _stop.set()
    _free.set()
    if _thread is not None:
        _thread.join()
