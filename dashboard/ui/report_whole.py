"""A report, or the comparison of two runs, as page and print take it."""

from __future__ import annotations

from dashboard.i18n import Lang
from dashboard.ui.report_beside import beside_document
from dashboard.ui.report_body import report_document
from dashboard.ui.report_parts import Document
from data.store import Store
from dispatch.book import Book


def whole(store: Store, timeline: str, beside: str, lang: Lang, book: Book) -> Document:
    """The report of a drill, beside another run where one is named. Raises NotFound."""
    if beside:
        return beside_document(store, timeline, beside, lang, book)
    return report_document(store, timeline, lang, book)
