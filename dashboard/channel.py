"""One view that somebody watches: its tables, its last frame, and the bytes that all its watchers share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from layers import areas, cameras, heat, incidents, panel, queue, units
from layers.state import LiveState
from layers.table import Table, TableDelta, apply, diff
from layers.view import LayerName, View
from layers.wire import Frame, Stamps, encode

BUILD: Mapping[LayerName, Callable[[LiveState, View, float], Table]] = {
    "heat": heat.build,
    "areas": areas.build,
    "incidents": incidents.build,
    "units": units.build,
    "cameras": cameras.build,
    "queue": queue.build,
}

PANEL_MS = 950.0
"""Shortest time between two panels of a view, ms: a little under the second at which idle ticks come."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A view as it looks at t: a function of (state, view, t) and nothing else. `panel` is None where none is due."""

    t: float
    seq: int
    source_ms: float | None
    commit_ms: float | None
    tables: Mapping[LayerName, Table]
    panel: Mapping[str, Any] | None


class Channel:
    """Frames of one view. `step` builds the next; `bytes_for` gives what a client that holds some frame needs.

    `seq` counts frames since the channel was made, 0 before the first. A step that raises changes nothing that a
    watcher could hold. Used on the event loop alone, but for `draw`, which changes nothing.
    """

    def __init__(self, view: View) -> None:
        self.view = view
        self.query = view.query()
        self.seq = 0
        self.built = 0
        """Times that the layers were built, whether a frame came of it or not."""
        self.refused: str | None = None
        """Why the view cannot be shown at the moment, in one line; None while it can."""
        self._tables: dict[str, Table] = {}
        self._panel: Mapping[str, Any] | None = None
        self._panel_seen: object = None
        self._panel_at = float("-inf")
        self._frame_at = float("-inf")
        self._head: Frame | None = None
        self._delta: bytes | None = None
        self._snapshot: bytes | None = None

    def step(self, state: LiveState, t: float, stamp: float, quiet_ms: float) -> bool:
        """Build the view at `t` (ms) from `state`. True when there is a new frame.

        `stamp` is the time of building, ms. When nothing changed there is none until `quiet_ms` after the last one:
        then an empty delta says that t moved.
        """
        self.built += 1
        return self.take(self.draw(state, t, stamp - self._panel_at >= PANEL_MS), stamp, quiet_ms)

    def draw(self, state: LiveState, t: float, with_panel: bool, told: Mapping[str, Any] | None = None) -> Picture:
        """The view at `t`. On any thread that holds the state still. `told` goes onto the panel. Raises BadView."""
        view = self.view
        state.places.check(view)
        tables = {name: BUILD[name](state, view, t) for name in view.layers}
        made = panel.build(state, view, t) if with_panel and view.panel else None
        if made is not None and told is not None:
            made = {**made, **told}
        return Picture(t, state.seq, state.source_ms, state.commit_ms, tables, made)

    def take(self, picture: Picture, stamp: float, quiet_ms: float) -> bool:
        """Make a picture the newest frame, where it differs from the last one. See `step`."""
        layers: dict[str, Table | TableDelta] = {}
        tables = dict(self._tables)
        for name, table in picture.tables.items():
            old = tables.get(name)
            delta = None if old is None else diff(old, table)
            if old is None or delta is None:
                layers[name], tables[name] = table, table
            elif not delta.empty:
                layers[name], tables[name] = delta, apply(old, delta)
        # From here on nothing can fail: a step that broke off above must leave what the watchers hold.
        news = self._news(picture.panel, stamp)
        self._tables = tables
        first = self.seq == 0
        if not first and not layers and news is None and stamp - self._frame_at < quiet_ms:
            return False
        self.seq += 1
        self._frame_at = stamp
        stamps = Stamps(picture.source_ms, picture.commit_ms, stamp)
        base = None if first else self.seq - 1
        self._head = Frame(self.query, self.seq, base, picture.t, picture.seq, stamps, layers, news)
        self._delta = self._snapshot = None
        return True

    def _news(self, made: Mapping[str, Any] | None, stamp: float) -> Mapping[str, Any] | None:
        """The panel when there is one and it changed. The times on the trend's axis move with t and are no change."""
        if made is None:
            return None
        seen = {**made, "trend": {**made["trend"], "t": None}}
        self._panel, self._panel_at = made, stamp
        if seen == self._panel_seen:
            return None
        self._panel_seen = seen
        return made

    def bytes_for(self, held: int | None) -> bytes:
        """The current frame for a client that holds frame `held`: the delta when it fits, else a snapshot.

        Encoded at the first call and shared by all others.
        """
        head = self._head
        assert head is not None, "asked for a frame before the first was built"
        if head.base is not None and held == head.base:
            if self._delta is None:
                self._delta = encode(head)
            return self._delta
        if self._snapshot is None:
            whole = Frame(head.view, head.seq, None, head.t, head.log, head.stamps, dict(self._tables), self._panel)
            self._snapshot = encode(whole)
        return self._snapshot
