"""Which keys have decided rules. A rule has an id of its own in the log, so its command's key is in the record."""

from __future__ import annotations

from data.records import Kind, Record, RulePayload
from dispatch.turn import DESK, Turn

_Mark = tuple[str, int, str]


class RuleKeys:
    """The keys of all versions of the rules there are, read again when one of the rules has changed."""

    def __init__(self) -> None:
        self._read: tuple[list[_Mark], dict[str, Record]] = ([], {})

    def decided(self, turn: Turn, key: str) -> Record | None:
        """The rule that a command with this key decided first, None where the key decided none."""
        rules = turn.tx.documents(Kind.RULE)
        marks = [(row.id, row.seq, getattr(row.payload, "key", "")) for row in rules]
        known, made = self._read
        if known != marks:
            made = {}
            for record in turn.tx.recorded(DESK, [row.id for row in rules]) if rules else ():
                if isinstance(record.payload, RulePayload):
                    made.setdefault(record.payload.key, record)
            self._read = marks, made
        return made.get(key)
