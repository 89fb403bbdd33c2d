"""Projected rows to table rows and back: which columns are times, documents or flags is read off the tables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import orjson
from sqlalchemy import Boolean, Table

from data.case_json import case_document, case_from
from data.casework import Case
from data.projection import Contact, Feed, Incident, Site, Unit

if TYPE_CHECKING:
    from data.sql_store import SqlStore

Row = TypeVar("Row", Incident, Unit, Site, Feed, Contact)


class Write(NamedTuple):
    """Rows of one table to be written, values as the store's `time_in_row` and `document_in_row` make them.

    Whole rows where `key` is given: over those whose `key` is `known`, of the timeline (and kind) that `where` names.
    Else new ones.
    """

    table: Table
    columns: Sequence[str]
    rows: list[tuple[Any, ...]]
    where: Mapping[str, str] = {}
    key: str | None = None
    known: Collection[str] = ()


class RowCodec(Generic[Row]):
    """How one projection's rows are written to and read from its table."""

    def __init__(self, cls: type[Row], table: Table, store: SqlStore) -> None:
        self._cls: Callable[..., Row] = cls
        self.table = table
        self.names = tuple(f.name for f in fields(cls))
        assert self.names == tuple(c.name for c in table.columns), f"{table.name}: columns and fields differ"
        self.columns = [table.c[name] for name in self.names]
        self.key = table.columns.keys()[1]
        self._get = attrgetter(*self.names)
        times, documents = _special(table)
        self._times = [i for i, name in enumerate(self.names) if name in times]
        self._documents = [i for i, name in enumerate(self.names) if name in documents]
        self._flags = [i for i, name in enumerate(self.names) if isinstance(table.c[name].type, Boolean)]
        self._case = self.names.index("case") if "case" in self.names else None
        if self._case is not None:
            self._documents.remove(self._case)
        self._store = store
        self._empty: dict[type[Any], Any] = {list: store.document_in_row(b"[]"), dict: store.document_in_row(b"{}")}
        self._text = store.dialect == "sqlite"  # PostgreSQL's driver parses documents itself

    def to_table(self, rows: Iterable[Row]) -> list[tuple[Any, ...]]:
        """Values in column order, as the store inserts them."""
        get, times, documents, case_at = self._get, self._times, self._documents, self._case
        time_in, document_in, empty = self._store.time_in_row, self._store.document_in_row, self._empty
        found = []
        for row in rows:
            values = list(get(row))
            for i in times:
                t = values[i]
                if t is not None:
                    values[i] = time_in(t)
            for i in documents:
                value = values[i]
                values[i] = document_in(orjson.dumps(value)) if value else empty[type(value)]
            if case_at is not None and values[case_at] is not None:
                values[case_at] = document_in(orjson.dumps(case_document(values[case_at])))
            found.append(tuple(values))
        return found

    def from_table(self, row: Sequence[Any]) -> Row:
        values = list(row)
        for i in self._times:
            if values[i] is not None:
                values[i] = self._store.time_out(values[i])
        if self._text:
            for i in self._documents:
                values[i] = orjson.loads(values[i])
            for i in self._flags:
                values[i] = bool(values[i])
        if self._case is not None:
            values[self._case] = self.case(values[self._case])
        return self._cls(*values)

    def case(self, value: Any) -> Case | None:
        """The case in a column's value."""
        if value is None:
            return None
        return case_from(orjson.loads(value) if self._text else value)


def _special(table: Table) -> tuple[set[str], set[str]]:
    """Names of a projection's time and document columns."""
    times = {c.name for c in table.columns if c.info.get("holds") == "time"}
    documents = {c.name for c in table.columns if c.info.get("holds") == "document"}
    return times, documents
