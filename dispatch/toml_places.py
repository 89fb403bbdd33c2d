"""Where in a TOML file a table or key stands: the parser of the standard library keeps no lines.

places = TomlPlaces(text)
places.at("limits", 1, "calendar")     -> 42, or the line of the nearest table around it
"""

from __future__ import annotations

import re

_HEADER = re.compile(r"^\s*(\[\[?)\s*(.+?)\s*(\]\]?)\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=(.*)$""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")
_ERROR_LINE = re.compile(r"\(at line (\d+), column \d+\)")

Part = str | int
Place = tuple[Part, ...]


class TomlPlaces:
    """Line numbers, from 1, of the tables and keys of one document."""

    def __init__(self, text: str) -> None:
        self._at: dict[Place, int] = {}
        self._counts: dict[Place, int] = {}
        self.last = max(1, len(text.splitlines()))
        self._scan(text)

    def at(self, *place: Part) -> int:
        """The line of a key or table, or of the nearest thing around it that the file has; 1 at worst."""
        for n in range(len(place), 0, -1):
            line = self._at.get(place[:n])
            if line is not None:
                return line
        return 1

    def has(self, *place: Part) -> bool:
        return place in self._at

    def _scan(self, text: str) -> None:
        table: Place = ()
        closes = ""  # what ends a text of several lines that we are in
        depth = 0  # open brackets of an array of several lines
        for number, line in enumerate(text.splitlines(), 1):
            if closes:
                if closes in line:
                    closes = ""
                continue
            if depth:
                depth += _opened(line)
                continue
            header = _HEADER.match(line)
            if header is not None and "=" not in _without_texts(line):
                table = self._enter(_parts(header[2]), header[1] == "[[")
                self._at.setdefault(table, number)
                continue
            key = _KEY.match(line)
            if key is None:
                continue
            self._at.setdefault((*table, *_parts(key[1])), number)
            value = key[2].strip()
            for quotes in ('"""', "'''"):
                if value.startswith(quotes) and quotes not in value[3:]:
                    closes = quotes
            if not closes:
                depth = max(0, _opened(value))

    def _enter(self, parts: list[str], array: bool) -> Place:
        """The place of a table header; within an array of tables, in its latest member."""
        place: Place = ()
        for i, part in enumerate(parts):
            place = (*place, part)
            if i == len(parts) - 1 and array:
                n = self._counts[place] = self._counts.get(place, -1) + 1
                place = (*place, n)
            elif place in self._counts:
                place = (*place, self._counts[place])
        return place


def syntax_line(error: Exception, text: str) -> int:
    """The line that a TOMLDecodeError speaks of; the last one when it is the end of the document."""
    found = _ERROR_LINE.search(str(error))
    return int(found[1]) if found else max(1, len(text.splitlines()))


def _parts(dotted: str) -> list[str]:
    return [part.strip("\"'") for part in _PART.findall(dotted)]


def _without_texts(line: str) -> str:
    return re.sub(r'"(?:\\.|[^"\\])*"|\'[^\']*\'', "", line).partition("#")[0]


def _opened(line: str) -> int:
    bare = _without_texts(line)
    return bare.count("[") - bare.count("]")
