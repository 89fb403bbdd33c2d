"""What walls are told to show: an officer's push of an incident's scene, and taking a wall off it again.

Each wall has one document in the log, named by its seat, and "" is that of every wall. Who reads them, the later word
counts (`layers/scenes.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from data.errors import BadInput, NotFound
from data.records import Kind, Record, ScenePayload
from data.store import DocumentRow
from dispatch.refusals import refuse
from dispatch.runner import Done, Runner, require, said
from dispatch.turn import DESK, Turn, workable
from dispatch.workflow import DISPATCHER

MOST_LEFT = 20
"""Incidents that a wall remembers to have been taken off."""

WALL_MAX = 60
"""Characters of a wall's name: those of a seat."""


def scene_id(wall: str) -> str:
    """Id of the document of a wall, "" for every wall's."""
    return f"scene:{wall}"


class SceneCommands(Runner):
    """The commands on walls."""

    def show_scene(
        self, incident: str, wall: str = "", *, actor: str, role: str = DISPATCHER, key: str | None = None
    ) -> Done:
        """Have a wall (the name of its seat, "" every wall) show the scene of an incident that is not closed.

        Raises NotFound, Refused, BadInput, StoreUnavailable.
        """
        return self._word(incident, wall, True, actor, role, key)

    def leave_scene(
        self, incident: str, wall: str = "", *, actor: str, role: str = DISPATCHER, key: str | None = None
    ) -> Done:
        """Take a wall ("" every wall) off the scene of this incident: it shows what it showed before.

        Raises NotFound, BadInput, StoreUnavailable.
        """
        return self._word(incident, wall, False, actor, role, key)

    def _word(self, incident: str, wall: str, shown: bool, actor: str, role: str, key: str | None) -> Done:
        require(actor, key)
        if len(wall) > WALL_MAX or wall != wall.strip():
            raise refuse(BadInput, "wall_name", wall=wall[:80], most=WALL_MAX)
        id = scene_id(wall)
        with self._store.transact(self._timeline) as tx:
            turn = Turn(tx, self._clock.now(), self._timeline, key)
            row = tx.incident(incident)
            if row is None:
                raise refuse(NotFound, "no_incident", id=incident)
            documents = tx.documents(Kind.SCENE)
            held = next((each for each in documents if each.id == id), None)
            if held is not None and key and _made(tx.recorded(DESK, [id]), key):
                return Done(held.seq, True, incident=row)
            if held is not None and _says(held, incident, shown) and not _later(documents, held):
                return Done(held.seq, True, incident=row)
            if shown:
                workable(row, turn.now)
            payload = said(
                ScenePayload, wall=wall, incident=incident, shown=shown, left=_left(documents, wall, incident, shown),
                actor=actor, role=role, key=key or "",
            )  # fmt: skip
            version = 0 if held is None else held.version + 1
            # A word must not lose to one of a clock that was ahead.
            at = max([turn.now, *(each.at for each in documents if each.id in (id, scene_id("")))])
            turn.put(Record(Kind.SCENE, DESK, id, at, payload, version=version, timeline=self._timeline))
            turn.write()
            after = next(each for each in tx.documents(Kind.SCENE) if each.id == id)
        return Done(after.seq, False, incident=row)


def _payload(row: DocumentRow) -> ScenePayload:
    assert isinstance(row.payload, ScenePayload)
    return row.payload


def _made(records: Sequence[Record], key: str) -> bool:
    return any(isinstance(each.payload, ScenePayload) and each.payload.key == key for each in records)


def _says(row: DocumentRow, incident: str, shown: bool) -> bool:
    return (_payload(row).incident, _payload(row).shown) == (incident, shown)


def _later(documents: Sequence[DocumentRow], held: DocumentRow) -> bool:
    """Whether a later word stands against this one: every wall's, or, for every wall's own, any wall's."""
    every = scene_id("")
    others = (each for each in documents if each.id != held.id and every in (each.id, held.id))
    return any(each.seq > held.seq for each in others)


def _left(documents: Sequence[DocumentRow], wall: str, incident: str, shown: bool) -> tuple[str, ...]:
    """The incidents that the wall was taken off, of this word and those before."""
    before = [id for each in documents if each.id in (scene_id(wall), scene_id("")) for id in _payload(each).left]
    kept = [id for id in dict.fromkeys(before) if id != incident]
    return tuple((kept if shown else [*kept, incident])[-MOST_LEFT:])
