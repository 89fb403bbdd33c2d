"""JSON documents as files, and sources whose rows are the steps of one matter."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from data.clock import ManualClock
from data.errors import BadInput, BadMapping
from data.open_store import open_store
from data.records import EventPayload, Record
from data.store import DeadLetter
from feeds import files
from feeds.files import import_file, read_file
from feeds.mapping import Mapping
from layers.stats import events, interval_of, rows_of_incidents

NOW = datetime(2026, 5, 4, tzinfo=UTC)
STEPS: dict[str, Any] = {
    "source": "steps",
    "columns": {"id": "id", "time": "date"},
    "constants": {"incident": "T-1", "category": "ticket"},
    "time": {"format": "%Y-%m-%d %H:%M:%S", "zone": "Asia/Shanghai"},
    "step": {"column": "step", "names": {"受理": "received", "处置": "disposed"}},
}
LOG = [
    {"id": "1", "step": "受理", "date": "2026-05-04 09:00:00"},
    {"id": "2", "step": "处置", "date": "2026-05-04 14:30:30"},
    {"id": "3", "step": "closed", "date": "2026-05-04 15:00:00"},
]


def written(folder: Path, document: object, name: str = "log.json") -> Path:
    path = folder / name
    body = json.dumps(document, ensure_ascii=False).encode()
    path.write_bytes(gzip.compress(body) if name.endswith(".gz") else body)
    return path


def read(path: Path, **more: object) -> list[Record | DeadLetter]:
    return list(read_file(path, Mapping.of({**STEPS, **more}), ManualClock(NOW)))


@pytest.mark.parametrize("name", ["log.json", "LOG.JSON", "log.json.gz"])
def test_a_json_list_is_a_file_of_rows(tmp_path: Path, name: str) -> None:
    found = read(written(tmp_path, LOG, name))
    assert [r.source_id for r in found if isinstance(r, Record)] == ["1", "2", "3"]


def test_rows_may_lie_deeper_in_the_document(tmp_path: Path) -> None:
    path = written(tmp_path, {"answer": {"items": LOG}, "total": 3})
    assert len(read(path, rows="answer.items")) == 3


@pytest.mark.parametrize(
    ("document", "rows", "message"),
    [
        ({"items": []}, "", "is no list; say with `rows`"),
        ({"items": {}}, "items", "has no list at 'items'"),
        ([], "items", "has no list at 'items'"),
    ],
)
def test_a_document_without_the_list_is_refused(tmp_path: Path, document: object, rows: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        read(written(tmp_path, document), rows=rows)


def test_what_is_no_json_or_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(b'[{"id": 1},')
    with pytest.raises(BadInput, match=r"bad\.json: is no JSON document"):
        read(path)
    monkeypatch.setattr(files, "MAX_DOCUMENT", 10)
    with pytest.raises(BadInput, match="JSON lines"):
        read(written(tmp_path, LOG))


def test_what_is_no_object_is_a_dead_letter_of_its_own(tmp_path: Path) -> None:
    found = read(written(tmp_path, [LOG[0], 7, LOG[1]]))
    assert sorted(type(r).__name__ for r in found) == ["DeadLetter", "Record", "Record"]
    assert [r.reason for r in found if isinstance(r, DeadLetter)] == ["json.object"]


def test_a_steps_time_is_kept_under_its_name(tmp_path: Path) -> None:
    times = [r.payload.times for r in read(written(tmp_path, LOG)) if isinstance(r.payload, EventPayload)]  # type: ignore[union-attr]
    assert [list(t) for t in times] == [["received"], ["disposed"], ["closed"]]
    assert times[0]["received"] == datetime(2026, 5, 4, 1, 0, tzinfo=UTC)


def test_a_row_that_names_no_step_is_refused(tmp_path: Path) -> None:
    (letter,) = read(written(tmp_path, [{**LOG[0], "step": " "}]))
    assert isinstance(letter, DeadLetter)
    assert letter.reason == "step.empty"


def test_the_steps_make_one_incident_with_all_its_times(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 's.db'}", ManualClock(NOW))
    try:
        assert import_file(store, written(tmp_path, LOG), Mapping.of(STEPS)).accepted == 3
        assert import_file(store, written(tmp_path, LOG), Mapping.of(STEPS)).duplicate == 3
        row = store.incident("T-1")
        assert row is not None
        assert (row.rows, row.closed_at) == (3, datetime(2026, 5, 4, 7, 0, tzinfo=UTC))
        assert row.closed_at - row.opened_at == timedelta(hours=6)
        found = interval_of(rows_of_incidents(events(store)), "received", "disposed")
        assert (found.n, found.p50) == (1, 330.5)
    finally:
        store.close()


def test_a_mapping_says_what_it_does_not_know_of_steps() -> None:
    with pytest.raises(BadMapping, match=r"step\.colour: unknown key; allowed are column, names"):
        Mapping.of({**STEPS, "step": {"column": "x", "colour": "red"}})
    with pytest.raises(BadMapping, match=r"\[step\]"):
        Mapping.of(
            {"source": "gps", "kind": "unit.position", "step": {"column": "x"},
             "columns": {"id": "i", "time": "t", "unit": "u", "lon": "x", "lat": "y"}}
        )  # fmt: skip
