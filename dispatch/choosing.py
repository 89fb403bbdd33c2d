"""What an officer says of the units that were chosen: against what was recommended, and why otherwise."""

from __future__ import annotations

from data.errors import BadInput
from data.records import IncidentDispatched
from data.store import IncidentRow
from dispatch.book import Book
from dispatch.both import Both
from dispatch.exclusion import Judge
from dispatch.recommend import deviation
from dispatch.refusals import refuse
from dispatch.turn import Turn
from dispatch.words import listed, plain


class WhyOtherwise(BadInput):
    """Other units were chosen than were recommended, and no reason was given."""

    reason = "why_otherwise"


def check_choice(turn: Turn, book: Book, row: IncidentRow, said: IncidentDispatched) -> None:
    """Raises BadInput where a recommended unit is none, a reason is not of the list, or one is missing."""
    for each in said.recommended:
        if turn.known_unit(each.unit) is None:
            raise refuse(BadInput, "recommended_unknown", unit=each.unit)
    names = {id: Both(reason.zh, f"{id} ({reason.en})") for id, reason in book.reasons.items()}
    if said.reason and said.reason not in names:
        raise refuse(BadInput, "reason_unknown", reason=said.reason, known=listed(names, names.__getitem__))
    if not said.reason and deviation(said.recommended, said.units, _missing(turn, book, row)):
        first = said.recommended[0].unit
        raise refuse(
            WhyOtherwise, "why_otherwise", units=listed(said.units, plain), first=first,
            known=listed(names, names.__getitem__),
        )  # fmt: skip


def _missing(turn: Turn, book: Book, row: IncidentRow) -> int:
    """How many units the matter needs beside those that are on it: so many are suggested at once."""
    needs = book.skills.needs(row.category, row.severity)
    judge = Judge(row, turn.now, book.skills, needs, frozenset(), 0.0)
    here = turn.units_on(row)
    return sum(max(0, need.count - judge.sent(need, here)) for need in needs)
