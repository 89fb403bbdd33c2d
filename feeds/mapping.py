"""A mapping file: how one source's columns become records. Reference: docs/feeds.md."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping as MappingABC
from functools import lru_cache
from pathlib import Path
from typing import Literal, Self, get_args
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from data.errors import BadMapping
from feeds.times import NAMED_FORMATS, Gap, Overlap
from geo.datum import Datum

Scalar = str | int | float | bool
FieldName = Literal[
    "id",
    "version",
    "time",
    "incident",
    "unit",
    "category",
    "severity",
    "status",
    "title",
    "title_en",
    "address",
    "contact",
    "lon",
    "lat",
    "speed_kmh",
    "bearing",
]
MAPPED_FIELDS: tuple[FieldName, ...] = get_args(FieldName)
"""What `[columns]`, `[constants]` and `[values]` may name."""

_EVENT_ONLY = {"incident", "category", "severity", "status", "title", "title_en", "address", "contact"}
_TRACK_ONLY = {"speed_kmh", "bearing"}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TimePart(_Part):
    """`[time]`: how every time of the source is written."""

    format: str = Field(default="iso", min_length=2, max_length=100)
    zone: str | None = None
    overlap: Overlap = "earlier"
    gap: Gap = "forward"

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str | None) -> str | None:
        if zone is not None and zone not in _zones():
            raise ValueError(f"{zone!r} is not an IANA time zone such as Asia/Shanghai or America/Los_Angeles")
        return zone

    @field_validator("format")
    @classmethod
    def _known_format(cls, format: str) -> str:
        if format not in NAMED_FORMATS and "%" not in format:
            raise ValueError(f"{format!r} is neither one of {', '.join(NAMED_FORMATS)} nor a pattern such as %Y-%m-%d")
        return format


class PointPart(_Part):
    """`[point]`: one column that holds both coordinates, or what to do with a coordinate that cannot be."""

    column: str | None = None
    pattern: str = r"\(?\s*(?P<lat>[-+]?[\d.]+)\s*,\s*(?P<lon>[-+]?[\d.]+)\s*\)?"
    invalid: Literal["refuse", "omit"] = "refuse"

    @field_validator("pattern")
    @classmethod
    def _names_both(cls, pattern: str) -> str:
        try:
            names = re.compile(pattern).groupindex
        except re.error as error:
            raise ValueError(f"is not a regular expression: {error}") from None
        if not {"lon", "lat"} <= set(names):
            raise ValueError("must name both groups, (?P<lat>...) and (?P<lon>...)")
        return pattern


class StepPart(_Part):
    """`[step]`: each row is one step of a matter's life. The row's time is kept under the step's name.

    `names` gives our name for the source's word; a word that is not listed keeps its own.
    """

    column: str = Field(min_length=1)
    names: dict[str, str] = Field(default_factory=dict)


BOARD_TIMES = ("changed", "closed", "last_seen")
"""Names of times that polls of a board give."""


class BoardPart(_Part):
    """`[board]`: the source shows what is active now and is polled; see `feeds/board.py`.

    `rows` is where in one poll the list of rows is, keys with dots between; empty: rows that follow each other with one
    time are one poll, or, of an answer over HTTP, it is the list itself.
    """

    rows: str = ""
    empty: Literal["clears", "ignored"] = "clears"
    missing: int = Field(default=1, ge=1, le=100)
    returns_s: float = Field(default=3600.0, ge=0)
    url: str = Field(default="", pattern=r"^(https?://\S+)?$")
    every_s: float = Field(default=60.0, ge=1)


class Mapping(_Part):
    """One source. `Mapping.load` reads and checks a TOML file."""

    source: str = Field(min_length=1, max_length=100)
    name: str = ""
    name_en: str = ""
    kind: Literal["event", "unit.position"] = "event"
    datum: Datum = Datum.WGS84
    encoding: str = "utf-8"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    rhythm_s: float | None = Field(default=None, gt=0)
    rows: str = ""
    """Where in a JSON document the list of rows is, keys with dots between; empty: the document is the list."""
    attrs: tuple[str, ...] = ()
    columns: dict[FieldName, str]
    constants: dict[FieldName, Scalar] = Field(default_factory=dict)
    values: dict[FieldName, dict[str, Scalar]] = Field(default_factory=dict)
    times: dict[str, str] = Field(default_factory=dict)
    time: TimePart = Field(default_factory=TimePart)
    step: StepPart | None = None
    board: BoardPart | None = None
    point: PointPart = Field(default_factory=PointPart)

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, encoding: str) -> str:
        try:
            breaks_lines = "a\n".encode(encoding) != b"a\n"
        except LookupError:
            raise ValueError(f"{encoding!r} is not a text encoding; utf-8, gb18030 and big5 are common") from None
        if breaks_lines:
            raise ValueError(f"{encoding!r} does not write ASCII as it is; convert the file to utf-8 first")
        return encoding

    @model_validator(mode="after")
    def _complete(self) -> Self:
        given = set(self.columns) | set(self.constants)
        both = sorted(set(self.columns) & set(self.constants))
        if both:
            raise ValueError(f"{both[0]!r} is named in [columns] and in [constants]; keep one")
        required = ["id", "time", "category" if self.kind == "event" else "unit"]
        for name in required:
            if name not in given or (name in ("id", "time") and name not in self.columns):
                raise ValueError(f"[columns] must name {name!r}")
        wrong = sorted(given & (_TRACK_ONLY if self.kind == "event" else _EVENT_ONLY))
        if wrong:
            raise ValueError(f"{wrong[0]!r} does not belong to records of kind {self.kind!r}")
        if ("lon" in given) != ("lat" in given):
            raise ValueError("[columns] names one of 'lon' and 'lat'; name both, or [point] column, or neither")
        if self.point.column and "lon" in given:
            raise ValueError("[point] column and [columns] lon, lat are two ways to say one thing; keep one")
        if self.kind == "unit.position" and not (self.point.column or "lon" in given):
            raise ValueError("records of kind 'unit.position' need lon and lat, or [point] column")
        if self.kind == "unit.position" and (self.times or self.attrs or self.step):
            raise ValueError("[times], [step] and attrs belong to records of kind 'event'")
        if self.board:
            self._check_board()
        return self

    def _check_board(self) -> None:
        if self.kind != "event":
            raise ValueError("[board] belongs to records of kind 'event'")
        if self.step or "version" in {*self.columns, *self.constants}:
            raise ValueError("[board] gives versions and times by itself; leave out [step] and 'version'")
        own = sorted(set(self.times) & set(BOARD_TIMES))
        if own:
            raise ValueError(f"[times] {own[0]!r} is a time that [board] gives; choose another name")

    def needed(self) -> list[str]:
        """The source columns that must be there, in the order the mapping names them."""
        names = [*self.columns.values(), *self.times.values(), *self.attrs]
        if self.point.column:
            names.append(self.point.column)
        if self.step:
            names.append(self.step.column)
        return list(dict.fromkeys(names))

    @staticmethod
    def load(path: Path | str) -> Mapping:
        """Read a mapping file. Raises BadMapping in one line that names the file, the key and what is allowed."""
        path = Path(path)
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise BadMapping(f"mapping {path}: cannot be read: {error.strerror or error}") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise BadMapping(f"mapping {path.name}: is not TOML: {error}") from None
        return Mapping.of(raw, path.name)

    @staticmethod
    def of(raw: MappingABC[str, object], name: str = "mapping") -> Mapping:
        """A mapping from its tables. Raises BadMapping; `name` is what the message calls it."""
        try:
            return Mapping.model_validate(raw)
        except ValidationError as error:
            raise BadMapping(f"mapping {name}: {_first_fault(error)}") from None


def _first_fault(error: ValidationError) -> str:
    """The first fault as "key: what is wrong; what is allowed"."""
    fault = error.errors(include_url=False)[0]
    where = [str(part) for part in fault["loc"] if part != "[key]"]
    key = ".".join(where)
    if fault["type"] == "extra_forbidden":
        table = Mapping
        parts: dict[str, type[_Part]] = {"time": TimePart, "point": PointPart, "step": StepPart, "board": BoardPart}
        allowed = parts.get(where[0], table) if len(where) > 1 else table
        return f"{key}: unknown key; allowed are {', '.join(allowed.model_fields)}"
    if fault["type"] == "literal_error" and "[key]" in fault["loc"]:
        return f"{key}: unknown field; allowed are {', '.join(MAPPED_FIELDS)}"
    if fault["type"] == "missing":
        return f"{key}: is missing"
    message = str(fault["msg"]).removeprefix("Value error, ")
    return f"{key}: {message}" if key else message


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
