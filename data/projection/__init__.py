"""The projector: what the log's records make of incidents, units, sites, feeds and contacts. Pure, no store.

`append` and `rebuild` both fold with it, in seq order, so their tables are the same. Where the order of arrival could
matter it does not:

- An event row is (source, source_id); its highest version counts, whatever order the versions come in.
- An incident is described by its leading row, the one with the smallest (at, source, source_id), and stands at the
  first row in that order that has a point. `opened_at` is the earliest `at`, `dispatched_at` and `arrived_at` the
  earliest known from rows (times dispatch, on_scene), commands, moves and terminals on scene. `closed_at` is the latest
  known from rows (times closed), `incident.closed` and moves to a closed step, or the merge where that was earlier.
  `state` follows from these times: the last state known.
- A unit's position and status go by `at`; an older record never moves them back. At equal `at` the later seq wins: the
  only place where seq decides, besides master data of equal (at, version) and what is said of casework.
- An incident that only commands have named has no rows and is not shown until its first event arrives.

Casework is what people decided one after the other, so it folds in seq order (`data/casework.py`): a move to a step
that is not closed takes back a closing that a command or move gave, and outlives those that sources gave until then. A
move back to an open step takes back what was sent and who was there in the same way, when no unit is on it any more.
"""

from data.projection.changes import Changes, EventKey, Lookup
from data.projection.fold import fold, fold_one
from data.projection.incident import Incident, state_of
from data.projection.tables import Contact, Document, Feed, Site, Unit

__all__ = [
    "Changes", "Contact", "Document", "EventKey", "Feed", "Incident", "Lookup", "Site", "Unit", "fold", "fold_one",
    "state_of",
]  # fmt: skip
