"""The state at a moment, made of the live state and of the history: what the layers are built from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from data.moment_lately import Heard
from data.projection import Feed, Site
from data.projection_io import feed_row, site_row
from data.store import FeedRow, SiteRow
from layers.site_columns import CameraColumns
from layers.state import LiveState
from layers.unit_work import UnitWork


class PastState(LiveState):
    """A timeline at `t` (ms). Made by `Past`; what does not differ from the moment shown before is that one's own."""

    def __init__(self, live: LiveState, work: UnitWork) -> None:
        self.region, self.places, self.extras = live.region, live.places, live.extras
        self.work = work
        self.documents = {}
        self.feeds = {}
        self.source_ms = self.commit_ms = None
        self.seq = live.seq
        self.version = 0

    def hear(self, feeds: Iterable[FeedRow]) -> None:
        """Take over feeds."""
        for feed in feeds:
            self.feeds[feed.id] = feed
            self._stamp(feed)


class CamerasKept:
    """Sites at a moment, and the cameras among them in columns."""

    def __init__(self, live: LiveState) -> None:
        self._live = live
        self.columns = CameraColumns(live.places)
        self._of: dict[str, Site] = {}
        self.rows: dict[str, SiteRow] = {}

    def bring(self, sites: Mapping[str, Site]) -> tuple[dict[str, SiteRow], CameraColumns]:
        now = {id: site for id, site in sites.items() if site.master_at is not None}
        before = self._of
        differs = [id for id, site in now.items() if before.get(id) is not site]
        if len(now) != len(before) or any(id not in before or now[id].kind != before[id].kind for id in differs):
            self.columns, differs, self.rows = CameraColumns(self._live.places), list(now), {}
        changed = {id: site_row(now[id]) for id in sorted(differs)}
        if changed:
            self.rows = {**self.rows, **changed}
            self.columns.put(list(changed.values()))
        self._of = now
        return self.rows, self.columns


def feed_rows(
    timeline: str, told: Mapping[str, Feed], heard: Mapping[str, Heard], pruned: Mapping[str, int],
    rejected: Mapping[str, int],
) -> list[FeedRow]:  # fmt: skip
    """The feeds as they were: as described by then, with what had arrived by then and what was refused up to now."""
    rows = []
    for id in sorted(told.keys() | heard.keys() | rejected.keys()):
        feed = told.get(id) or Feed(timeline, id, name=id)
        if (got := heard.get(id)) is not None:
            feed = replace(feed, last_at=got.last_at, last_received_at=got.last_received_at, accepted=got.n)
        if id in told or id in heard:
            feed = replace(feed, accepted=feed.accepted + pruned.get(id, 0))
        rows.append(replace(feed_row(feed, rejected.get(id, 0)), seq=0))
    return rows
