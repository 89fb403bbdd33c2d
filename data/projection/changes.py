"""What a batch changes, and where the projector finds what was projected before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from data.projection.incident import Incident
from data.projection.tables import Contact, Document, Feed, Site, Unit
from data.records import Kind, Record

EventKey = tuple[str, str]
"""(source, source_id) of an event row."""

DocumentKey = tuple[Kind, str]


class EventLookup(Protocol):
    """Where the projector finds the event rows that were taken before."""

    def event_versions(self, keys: set[EventKey]) -> dict[EventKey, tuple[int, str]]:
        """Highest version known before this batch and the incident it named."""
        ...

    def current_rows(self, incidents: set[str]) -> Iterable[Record]:
        """The event rows, highest versions before this batch only, that make up these incidents."""
        ...


class Lookup(EventLookup, Protocol):
    """Where the projector finds what was projected before. Asked once per batch and table, never per record."""

    def incidents(self, ids: set[str]) -> Iterable[Incident]: ...
    def units(self, ids: set[str]) -> Iterable[Unit]: ...
    def sites(self, ids: set[str]) -> Iterable[Site]: ...
    def feeds(self, ids: set[str]) -> Iterable[Feed]: ...
    def contacts(self, areas: set[str]) -> Iterable[Contact]: ...
    def documents(self, keys: set[DocumentKey]) -> Iterable[Document]: ...


@dataclass(slots=True)
class Changes:
    """Rows of one timeline that a batch touched, whole, ready to be written over the old ones."""

    timeline: str
    incidents: dict[str, Incident] = field(default_factory=dict)
    units: dict[str, Unit] = field(default_factory=dict)
    sites: dict[str, Site] = field(default_factory=dict)
    feeds: dict[str, Feed] = field(default_factory=dict)
    contacts: dict[str, Contact] = field(default_factory=dict)
    documents: dict[DocumentKey, Document] = field(default_factory=dict)
    mentions: list[tuple[str, int]] = field(default_factory=list)
    """(incident, seq) of records that are about that incident too, besides the one they name first."""
    known: dict[str, set[str]] = field(default_factory=dict)
    """Keys per table that were there before."""

    def incident(self, id: str) -> Incident:
        row = self.incidents.get(id)
        if row is None:
            row = self.incidents[id] = Incident(self.timeline, id)
        return row

    def unit(self, id: str) -> Unit:
        row = self.units.get(id)
        if row is None:
            row = self.units[id] = Unit(self.timeline, id, name=id)
        return row

    def site(self, id: str) -> Site:
        row = self.sites.get(id)
        if row is None:
            row = self.sites[id] = Site(self.timeline, id)
        return row

    def feed(self, id: str) -> Feed:
        row = self.feeds.get(id)
        if row is None:
            row = self.feeds[id] = Feed(self.timeline, id, name=id)
        return row

    def contact(self, area: str) -> Contact:
        row = self.contacts.get(area)
        if row is None:
            row = self.contacts[area] = Contact(self.timeline, area)
        return row
