"""A length of time as a time limit words it: "2 days", "45 s", "1 day 4 h", "15 天".

A day is not yet a number of hours: the calendar that the limit counts by says how many (24 in natural time, 8 working
hours in working time).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from data.errors import BadInput

_DAY = ("d", "day", "days", "天", "日")
_SECONDS: dict[str, int] = {
    **dict.fromkeys(("s", "sec", "second", "seconds", "秒"), 1),
    **dict.fromkeys(("min", "minute", "minutes", "分", "分钟"), 60),
    **dict.fromkeys(("h", "hour", "hours", "时", "小时"), 3600),
}
_PART = re.compile(r"\s*(?P<amount>\d+(?:\.\d+)?)\s*(?P<unit>[a-z]+|[\u4e00-\u9fff]+)", re.IGNORECASE)
_EXPECTED = 'expected amounts with a unit, such as "2 days", "90 min", "45 s" or "1 day 4 h"'
_EXPECTED_ZH = '应为数量加单位，如 "2 days"、"90 min"、"45 s"、"1 day 4 h"'

_LONGEST_TEXT = 100

MAX_DAYS = 3660
"""Longest span that is taken, days: ten years. A longer one is a slip of the keyboard."""


@dataclass(frozen=True, slots=True)
class Span:
    """`days` (a fraction is allowed) and exact time beside them. Never negative."""

    days: Decimal = Decimal(0)
    time: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        if self.days < 0 or self.time < timedelta(0):
            raise BadInput(
                f"time span {self} is negative; a time limit is zero or more", zh=f"时长 {self} 为负；时限须为零或以上"
            )
        if self.days > MAX_DAYS or self.time > timedelta(days=MAX_DAYS):
            raise BadInput(
                f"time span {self} is longer than {MAX_DAYS} days; give a shorter one",
                zh=f"时长 {self} 超过 {MAX_DAYS} 天，请缩短",
            )

    @classmethod
    def parse(cls, text: str) -> Span:
        """The span that `text` words. Units: days, hours, minutes, seconds, in English or Chinese.

        Raises BadInput: weeks, months and years are no units, for they have no fixed number of working days.
        """
        days, time, at = Decimal(0), timedelta(0), 0
        body = text.strip()
        if len(body) > _LONGEST_TEXT:
            raise BadInput(
                f"time span {body[:20]!r}... is {len(body)} characters long; {_EXPECTED}",
                zh=f"时长 {body[:20]!r}…… 过长；{_EXPECTED_ZH}",
            )
        while at < len(body):
            part = _PART.match(body, at)
            if part is None:
                raise BadInput(
                    f"time span {text!r} cannot be read; {_EXPECTED}", zh=f"时长 {text!r} 无法识别；{_EXPECTED_ZH}"
                )
            one = cls.of(part["amount"], part["unit"])
            days, time, at = days + one.days, time + one.time, part.end()
        if not at:
            raise BadInput(f"time span is empty; {_EXPECTED}", zh=f"时长为空；{_EXPECTED_ZH}")
        return cls(days, time)

    @classmethod
    def of(cls, amount: int | float | str | Decimal, unit: str) -> Span:
        """`amount` of `unit`: `Span.of(2, "days")`. Raises BadInput for a unit that is none."""
        try:
            number = Decimal(str(amount))
        except ArithmeticError:
            number = Decimal("NaN")
        if not number.is_finite():
            raise BadInput(
                f"time span of {amount!r} {unit}: the amount is no number; {_EXPECTED}",
                zh=f"时长 {amount!r} {unit}：数量不是数字；{_EXPECTED_ZH}",
            )
        if abs(number) > MAX_DAYS * 86_400:
            raise BadInput(
                f"time span of {amount} {unit} is longer than {MAX_DAYS} days; give a shorter one",
                zh=f"时长 {amount} {unit} 超过 {MAX_DAYS} 天，请缩短",
            )
        word = unit.strip().lower()
        if word in _DAY:
            return cls(days=number)
        if word not in _SECONDS:
            raise BadInput(
                f"{unit!r} is no unit of a time span; expected days, h, min or s",
                zh=f"{unit!r} 不是时长单位；可用 days、h、min、s",
            )
        return cls(time=timedelta(microseconds=int(number * _SECONDS[word] * 1_000_000)))

    def length(self, day: timedelta) -> timedelta:
        """Exact time when a day is `day` long."""
        return timedelta(microseconds=int(self.days * (day // timedelta(microseconds=1)))) + self.time

    def __str__(self) -> str:
        parts = [f"{self.days.normalize():f} {'day' if self.days == 1 else 'days'}"] if self.days else []
        seconds = Decimal(self.time // timedelta(microseconds=1)) / 1_000_000
        for name, size in (("h", 3600), ("min", 60)):
            whole = int(seconds // size)
            seconds -= whole * size
            parts += [f"{whole} {name}"] if whole else []
        parts += [f"{seconds.normalize():f} s"] if seconds or not parts else []
        return " ".join(parts)
