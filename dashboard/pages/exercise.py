"""Whether a page's address is of an exercise, and what it is called: known to the page before its first script runs."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.services import Services
from data.errors import GridcommandError
from data.records import LIVE


def exercise_of(services: Services, query: Mapping[str, str]) -> dict[str, str] | None:
    """`{timeline, zh, en}` of the exercise that an address names, or that the replay which it names is of; None for
    what is live, and for what is not there: the page finds that out and says it. Not for the event loop's thread."""
    try:
        replay = query.get("replay")
        timeline = services.replays.get(replay).transport.timeline if replay else query.get("timeline") or LIVE
        if timeline == LIVE:
            return None
        told = services.rooms.find(timeline).told()
    except GridcommandError:
        return None
    return {"timeline": told.timeline, "zh": told.zh, "en": told.en}
