"""Values of a scenario file: texts in two languages, lengths, moments, points; each fault noted with its line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from data.codec import MAX_TEXT
from data.errors import BadInput
from dispatch.spans import Span
from dispatch.toml_reader import Fault, TomlReader, nearest, zh_of

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

LONGEST = timedelta(days=7)
_OFFSET = re.compile(r"(-?)(\d{1,3}):(\d{2})(?::(\d{2}))?")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")
assert MAX_TEXT > 60


@dataclass(frozen=True, slots=True)
class Where:
    """A key of the n-th table of a name; "" is the file itself."""

    table: str
    n: int
    name: str = ""

    def key(self, name: str) -> Where:
        return replace(self, name=name)


@dataclass
class ScenarioReader(TomlReader):
    """`TomlReader` with the values that scenarios have."""

    stands_at: dict[str, list[int]] = field(default_factory=dict)
    """For each thing that was read, which table of the file it came from."""

    def line(self, where: Where) -> int:
        return self.lines.of(where.table, where.n, where.name)

    def each(self, table: str, read: Callable[[Mapping[str, Any], int], T | None]) -> list[T]:
        """What the tables of a name hold, but for those that cannot be read."""
        found: list[T] = []
        self.stands_at[table] = []
        for n, values in self.many(table):
            one = read(values, n)
            if one is not None:
                found.append(one)
                self.stands_at[table].append(n)
        return found

    def words(
        self, raw: Mapping[str, Any], key: str, what: str, where: Where, *, needed: bool = True, most: int = 200
    ) -> str:
        value = raw.get(key, "")
        if not isinstance(value, str) or len(value) > most:
            self.say(
                self.line(where.key(key)),
                Fault(
                    f"{what}: {key} is a text of at most {most} characters",
                    f"{zh_of(what)}：{key} 应为不超过 {most} 字的文本",
                ),
            )
            return ""
        if needed and not value.strip():
            self.say(self.line(where.key(key)), Fault(f"{what}: {key} is missing", f"{zh_of(what)}：缺少 {key}"))
        return value.strip()

    def named(self, raw: Mapping[str, Any], key: str, what: str, where: Where) -> str:
        """An id: letters, digits, dots, dashes."""
        value = self.words(raw, key, what, where)
        if value and not _ID.fullmatch(value):
            said = Fault(
                f"{what}: {key} {value[:60]!r}: expected at most 60 letters, digits, dots and dashes",
                f"{zh_of(what)}：{key} {value[:60]!r} 应为不超过 60 个字母、数字、点和连字符",
            )
            self.say(self.line(where.key(key)), said)
        return value

    def both(self, raw: Mapping[str, Any], what: str, where: Where, most: int = 200) -> tuple[str, str]:
        """(zh, en)."""
        found = [self.words(raw, lang, what, where, needed=False, most=most) for lang in ("zh", "en")]
        for lang, text in zip(("zh", "en"), found, strict=True):
            if not text and isinstance(raw.get(lang, ""), str):
                said = Fault(
                    f"{what}: {lang} is missing: things are told in Chinese and in English",
                    f"{zh_of(what)}：缺少 {lang}：内容须有中文和英文",
                )
                self.say(self.line(where.key(lang)), said)
        return found[0], found[1]

    def one_of(
        self, raw: Mapping[str, Any], key: str, known: type[E], what: str, where: Where, *, inline: bool = False
    ) -> E | None:
        value, listed = raw.get(key, ""), [each.value for each in known]
        if isinstance(value, str) and value in listed:
            return known(value)
        near = nearest(str(value), listed) if value else ""
        at = where if inline else where.key(key)
        said = Fault(
            f"{what}: {key} {value!r}: expected one of {', '.join(listed)}{near}",
            f"{zh_of(what)}：{key} {value!r} 应为以下之一：{', '.join(listed)}{zh_of(near)}",
        )
        self.say(self.line(at), said)
        return None

    def truth(
        self, raw: Mapping[str, Any], key: str, where: Where, *, inline: bool = False, default: bool = True
    ) -> bool:
        value = raw.get(key, default)
        if not isinstance(value, bool):
            said = Fault(f"{key} is true or false", f"{key} 应为 true 或 false")
            self.say(self.line(where if inline else where.key(key)), said)
            return default
        return value

    def number(
        self, raw: Mapping[str, Any], key: str, what: str, where: Where, low: float, high: float
    ) -> float | None:
        value = raw.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            said = Fault(
                f"{what}: {key} {value!r}: expected a number from {low:g} to {high:g}",
                f"{zh_of(what)}：{key} {value!r} 应为 {low:g} 至 {high:g} 的数",
            )
            self.say(self.line(where.key(key)), said)
            return None
        return float(value)

    def share(self, raw: Mapping[str, Any], key: str, what: str, where: Where, default: float, most: float) -> float:
        value = raw.get(key, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= most:
            said = Fault(
                f"{what}: {key} {value!r}: expected more than 0 and at most {most:g}",
                f"{zh_of(what)}：{key} {value!r} 应大于 0 且不超过 {most:g}",
            )
            self.say(self.line(where), said)
            return default
        return float(value)

    def point(self, raw: Mapping[str, Any], what: str, where: Where) -> tuple[float | None, float | None]:
        """(lon, lat), both or neither."""
        lon = self.number(raw, "lon", what, where, -180, 180)
        lat = self.number(raw, "lat", what, where, -90, 90)
        if ("lon" in raw) != ("lat" in raw):
            self.say(
                self.line(where), Fault(f"{what}: lon and lat come together", f"{zh_of(what)}：lon 与 lat 须同时给出")
            )
        return (lon, lat) if lon is not None and lat is not None else (None, None)

    def length(
        self, raw: Mapping[str, Any], key: str, what: str, where: Where, *, inline: bool = False
    ) -> timedelta | None:
        """A length of time such as "3 min" or "8 h"."""
        value, at = raw.get(key, ""), where if inline else where.key(key)
        try:
            if not isinstance(value, str):
                raise BadInput('write a text such as "3 min"', zh='应为文本，如 "3 min"')
            found = Span.parse(value).length(timedelta(days=1))
        except BadInput as error:
            self.say(self.line(at), Fault(f"{what}: {key}: {error}", f"{zh_of(what)}：{key}：{error.zh or error}"))
            return None
        if not timedelta(0) < found <= LONGEST:
            said = Fault(
                f"{what}: {key} {value!r}: expected more than nothing and at most 7 days",
                f"{zh_of(what)}：{key} {value!r} 应大于零且不超过 7 天",
            )
            self.say(self.line(at), said)
            return None
        return found

    def moment(
        self, raw: Mapping[str, Any], key: str, what: str, where: Where, start: datetime, zone: str, *,
        inline: bool = False,
    ) -> timedelta | None:  # fmt: skip
        """When something is, after the start: "1:25" (h:mm after it), or a local time of day or date and time."""
        value, at = raw.get(key), where if inline else where.key(key)
        found: timedelta | None = None
        if isinstance(value, str) and (match := _OFFSET.fullmatch(value.strip())):
            sign, hours, minutes, seconds = match.groups()
            found = timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds or 0))
            found = -found if sign else found
        elif isinstance(value, datetime):
            local = value if value.tzinfo is not None else value.replace(tzinfo=_zone(zone))
            found = local.astimezone(UTC) - start
        elif isinstance(value, time):
            day = start.astimezone(_zone(zone)).date()
            found = datetime.combine(day, value, _zone(zone)).astimezone(UTC) - start
        if found is None:
            said = 'expected a time after the start such as "1:25" (hours:minutes), or a local time such as 14:25:00'
            zh = '应为开始后的时间，如 "1:25"（时:分），或当地时间，如 14:25:00'
            self.say(self.line(at), Fault(f"{what}: {key} {value!r}: {said}", f"{zh_of(what)}：{key} {value!r} {zh}"))
        return found


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")
