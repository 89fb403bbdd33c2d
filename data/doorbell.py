"""The doorbell: tells readers in this process that something was committed. It carries no data."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Lock

log = logging.getLogger(__name__)


class Doorbell:
    """Thread-safe set of callbacks. A callback that raises is logged and rung again next time."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._rings: dict[int, Callable[[], None]] = {}
        self._next = 0

    def subscribe(self, ring: Callable[[], None]) -> Callable[[], None]:
        with self._lock:
            self._next += 1
            number = self._next
            self._rings[number] = ring

        def unsubscribe() -> None:
            with self._lock:
                self._rings.pop(number, None)

        return unsubscribe

    def ring(self) -> None:
        with self._lock:
            rings = list(self._rings.values())
        for ring in rings:
            try:
                ring()
            except Exception:
                log.exception("doorbell: a subscriber failed; the others were rung")
