"""Types of the fields that commands carry. What they refuse is in the OpenAPI document, and so is what they take."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, TypedDict

from fastapi import Header, Path
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, Strict

from data.codec import MAX_NAMED
from dispatch.both import Both
from dispatch.turn import OWN_KEYS
from dispatch.workflow import SYSTEM

WHOLE = "expected a whole number"
TIME = "expected a time such as 2026-05-01T08:00:00+08:00"
ZONE = "a time without a zone; give an offset such as +08:00 or Z"
YEARS = "outside the years 1 to 9999"
POINT = "lon, lat: give both or neither"
KEY = f"keys that begin with {OWN_KEYS} are the system's own; take another"
PERSON = "system is what makes itself; say in which role a person acts"

ANY = r"^[^\x00]*$"
_LINE = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"
_PRINTED = r"^[^\x00-\x1f\x7f]*$"

Text = Annotated[str, Field(max_length=500, pattern=ANY)]
"""Free text. NUL is refused: PostgreSQL cannot hold it."""

Note = Annotated[str, Field(max_length=2000, pattern=ANY)]

Line = Annotated[str, Field(max_length=200, pattern=_PRINTED)]
"""One line of text, perhaps empty."""

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=_LINE)]
"""One line that is not blank."""

Id = Annotated[str, Field(min_length=1, max_length=MAX_NAMED, pattern=ANY)]


def _number(value: object) -> object:
    """2.0 is a whole number, "2" and true are none."""
    if isinstance(value, bool | str):
        raise ValueError(WHOLE)
    return value


Whole = Annotated[int, BeforeValidator(_number)]
Seq = Annotated[int, Field(ge=0, le=2**53 - 1), BeforeValidator(_number)]
"""Seqs are exact in JSON: JavaScript's numbers are, up to 2^53."""

Severity = Annotated[int, Field(ge=1, le=4), BeforeValidator(_number)]
"""1 is the most urgent."""

Degrees = Annotated[float, Strict()]

Actor = Annotated[Name, Field(description="The desk or person that answers for it")]


def _of_a_person(role: str) -> str:
    if role == SYSTEM:
        raise ValueError(PERSON)
    return role


Role = Annotated[
    str,
    AfterValidator(_of_a_person),
    Field(
        min_length=1,
        max_length=50,
        pattern=r"^[a-z][a-z0-9_]*$",
        json_schema_extra={"pattern": rf"^(?!{SYSTEM}$)[a-z][a-z0-9_]*$"},  # the reader's own patterns look at no more
        description="dispatcher, owner, worker, supervisor, district, or one that a workflow adds",
    ),
]
Expected = Annotated[
    Seq | None, Field(description="`seq` of what the actor looked at; 409 when somebody changed it meanwhile")
]


def _key_of_a_person(key: str | None) -> str | None:
    if key is not None and key.startswith(OWN_KEYS):
        raise ValueError(KEY)
    return key


Key = Annotated[
    str | None,
    Field(min_length=1, max_length=100, pattern=_PRINTED, description="As the header Idempotency-Key"),
    AfterValidator(_key_of_a_person),
]

KeyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=100,
        pattern=_PRINTED,
        description="A repeat of the command with the same key changes nothing and is answered with what is now",
    ),
    AfterValidator(_key_of_a_person),
]

IncidentId = Annotated[str, Path(max_length=MAX_NAMED, pattern=ANY, description="Id of the incident")]
UnitId = Annotated[str, Path(max_length=MAX_NAMED, pattern=ANY, description="Id of the unit")]


class Common(TypedDict):
    """What every command of the dispatcher takes."""

    actor: str
    role: str
    expected: int | None
    key: str | None


class Command(BaseModel):
    """What every command carries. There is no login yet: actor and role are believed, and both are kept."""

    actor: Actor
    role: Role = "dispatcher"
    expected: Expected = None
    key: Key = None

    model_config = {"extra": "forbid"}

    def common(self, header: str | None) -> Common:
        """Those fields for the dispatcher; the body's key stands before the header's."""
        return Common(actor=self.actor, role=self.role, expected=self.expected, key=self.key or header)


_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_OFFSET_SPACE = re.compile(r" (?=\d\d:?\d\d$)")


def _written(value: object) -> object:
    """A `+` that was not written %2B in a URL arrives as a space: `2026-05-01T08:00 08:00` means +08:00."""
    if not isinstance(value, str) or not _ISO.match(value):
        raise ValueError(TIME)
    return _OFFSET_SPACE.sub("+", value)


def _zoned(t: datetime) -> datetime:
    if t.tzinfo is None:
        raise ValueError(ZONE)
    try:
        return t.astimezone(UTC)
    except OverflowError:
        raise ValueError(YEARS) from None


Moment = Annotated[datetime, BeforeValidator(_written), AfterValidator(_zoned)]
"""A time with its offset; in UTC when it was read."""

SAID = {
    ANY: Both("含有 NUL 字符，请删去", "holds a NUL character; remove it"),
    _PRINTED: Both("须为一行文字", "expected one line of text"),
    _LINE: Both("须为一行文字，不能为空", "expected one line of text that is not blank"),
    **{
        said.en: said
        for said in (
            Both("须为整数", WHOLE),
            Both("须为时间，如 2026-05-01T08:00:00+08:00", TIME),
            Both("时间没有时区，请写明，如 +08:00 或 Z", ZONE),
            Both("不在公元 1 年至 9999 年之间", YEARS),
            Both("经度和纬度须同时填写或同时留空", POINT),
            Both("以 system: 开头的操作编号由系统专用，请换一个", KEY),
            Both("“系统”身份不供人使用，请填写操作人的身份", PERSON),
        )
    },
}
"""What a pattern wants, and what a rule of our own says, for a person."""
