"""Lines of a TOML file's lists of tables and plain tables, as routing files need them."""

from __future__ import annotations

from dispatch.toml_places import Part, TomlPlaces, syntax_line


class TomlLines:
    """Line numbers, from 1, of one document. `table` is a list of tables or a plain table, "" the file itself."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._places = TomlPlaces(text)

    def of(self, table: str, n: int, key: str = "") -> int:
        """The line of a key in the n-th table of that name, or that of the table when it has no such key."""
        place: tuple[Part, ...] = (table,) if table else ()
        if table and self._places.has(table, n):
            place = (table, n)
        return self._places.at(*place, *((key,) if key else ()))

    def of_fault(self, message: str) -> int:
        """The line that a parser's message speaks of; the last one when it is the end of the document."""
        return syntax_line(ValueError(message), self._text)
