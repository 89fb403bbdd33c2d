"""Bookmarks of moments: records of the log, so that every browser sees them. One for each moment of a timeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from data.clock import Clock
from data.errors import NotFound, Refused
from data.records import DESK, LIVE, BookmarkPayload, Kind, Record
from data.store import DocumentRow, Store
from layers.columns import ms

MOST = 500
"""Bookmarks of a timeline; further ones are refused."""


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A moment of the timeline `on`, in whole milliseconds, and what it is called."""

    id: str
    t: datetime
    name: str
    actor: str
    on: str


def bookmarks(store: Store, on: str = LIVE) -> list[Bookmark]:
    """The bookmarks of a timeline, the earliest moment first. Raises StoreUnavailable."""
    found = [(row.id, _payload(row)) for row in store.documents(Kind.BOOKMARK)]
    mine = [Bookmark(id, p.t, p.name, p.actor, p.on) for id, p in found if p.on == on and not p.withdrawn]
    return sorted(mine, key=lambda each: (each.t, each.id))


def mark(store: Store, clock: Clock, t: datetime, name: str = "", actor: str = "", on: str = LIVE) -> Bookmark:
    """Keep a moment, or give the bookmark of that moment another name. Raises Refused, StoreUnavailable."""
    whole = round(ms(t))
    id = f"bookmark:{on}:{whole}"
    held = _held(store, id)
    if (held is None or _payload(held).withdrawn) and len(bookmarks(store, on)) >= MOST:
        raise Refused(f"there are {MOST} bookmarks already; remove one first", zh=f"已有 {MOST} 个书签，请先删除一个")
    payload = BookmarkPayload(t=datetime.fromtimestamp(whole / 1000.0, UTC), name=name, actor=actor, on=on)
    if held is None or _payload(held) != payload:
        _say(store, clock, id, payload, held)
    return Bookmark(id, payload.t, name, actor, on)


def withdraw(store: Store, clock: Clock, id: str, actor: str = "") -> str:
    """Take a bookmark back: its record stays, and another one says that it counts no more. Returns its timeline.

    Raises NotFound, Refused, StoreUnavailable.
    """
    held = _held(store, id)
    if held is None or _payload(held).withdrawn:
        raise NotFound(f"no bookmark {id[:80]!r}", zh=f"没有书签 {id[:80]}")
    payload = _payload(held)
    _say(store, clock, id, payload.model_copy(update={"withdrawn": True, "actor": actor}), held)
    return payload.on


def _say(store: Store, clock: Clock, id: str, payload: BookmarkPayload, held: DocumentRow | None) -> None:
    version = 0 if held is None else held.version + 1
    if not store.append([Record(Kind.BOOKMARK, DESK, id, clock.now(), payload, version=version)]).accepted:
        raise Refused("somebody changed this bookmark just now; look again", zh="书签刚被他人修改，请刷新后再试")


def _held(store: Store, id: str) -> DocumentRow | None:
    return next((row for row in store.documents(Kind.BOOKMARK) if row.id == id), None)


def _payload(row: DocumentRow) -> BookmarkPayload:
    assert isinstance(row.payload, BookmarkPayload)
    return row.payload
