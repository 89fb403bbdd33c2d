"""Code profiles: what the codes of areas must look like. They are data (`code_profiles.toml`); codes stay text."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from data.errors import BadInput, BadRegion

_SHIPPED = Path(__file__).with_name("code_profiles.toml")
_KEYS = {"about", "example", "pattern", "groups", "child_begins_with_parent", "recode_prefix"}
_VIEWABLE = re.compile(r"[^\x00-\x1f&=?#]{1,64}")
"""A code must fit into a view's URL, whatever the profile (layers/view.py)."""


@dataclass(frozen=True, slots=True)
class CodeProfile:
    """Rules for one family of codes. See the head of `code_profiles.toml` for the fields."""

    name: str
    about: str
    example: str
    pattern: re.Pattern[str]
    groups: tuple[int, ...]
    child_begins_with_parent: bool
    recode_prefix: bool

    def fault(self, code: str) -> str | None:
        """Why `code` is not one of this profile's, None when it is."""
        if self.pattern.fullmatch(code) and _VIEWABLE.fullmatch(code):
            return None
        return f"code {code[:70]!r} does not fit profile {self.name}: expected {self.about}, such as {self.example}"

    def child_fault(self, code: str, parent: str) -> str | None:
        """Why an area with `code` cannot lie below `parent`, None when it can."""
        if not self.child_begins_with_parent or code.startswith(self.significant(parent)):
            return None
        return (
            f"code {code} does not begin with {self.significant(parent)}, the significant part of its parent {parent}"
        )

    def significant(self, code: str) -> str:
        """The code without the trailing groups that are all zeros: 320600 -> 3206, 320614001000 -> 320614001."""
        parts, at = list[str](), 0
        for length in self.groups:
            parts.append(code[at : at + length])
            at += length
        parts.append(code[at:])
        while len(parts) > 1 and not parts[-1].strip("0"):
            parts.pop()
        return "".join(parts)

    def recoded(self, code: str, renumbering: dict[str, str]) -> str:
        """The new code after a renumbering {old: new}; the longest old code that applies decides."""
        if code in renumbering:
            return renumbering[code]
        if self.recode_prefix:
            for old in sorted(renumbering, key=len, reverse=True):
                if code.startswith(old):
                    return renumbering[old] + code[len(old) :]
        return code


def load_profile(name: str) -> CodeProfile:
    """A shipped profile by name, or the only profile of a TOML file by path. Raises BadRegion naming what there is."""
    if name.endswith(".toml"):
        found = _parse(Path(name))
        if len(found) != 1:
            raise BadRegion(f"{name}: a profile file holds exactly one profile; this has {len(found)}")
        return next(iter(found.values()))
    shipped = _parse(_SHIPPED)
    if name not in shipped:
        raise BadRegion(f"unknown code profile {name!r}; known are {', '.join(shipped)}, or the path of a .toml file")
    return shipped[name]


@cache
def _parse(path: Path) -> dict[str, CodeProfile]:
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadRegion(f"{path.name}: cannot be read as a code profile: {error}") from None
    return {name: _profile(path, name, table) for name, table in tables.items()}


def _profile(path: Path, name: str, table: Any) -> CodeProfile:
    if not isinstance(table, dict) or set(table) != _KEYS:
        raise BadRegion(f"{path.name}: [{name}] needs exactly the keys {', '.join(sorted(_KEYS))}")
    try:
        return CodeProfile(
            name=name,
            about=str(table["about"]),
            example=str(table["example"]),
            pattern=re.compile(str(table["pattern"])),
            groups=tuple(int(length) for length in table["groups"]),
            child_begins_with_parent=bool(table["child_begins_with_parent"]),
            recode_prefix=bool(table["recode_prefix"]),
        )
    except (re.error, TypeError, ValueError) as error:
        raise BadRegion(f"{path.name}: [{name}]: {error}") from None


def read_renumbering(items: tuple[str, ...]) -> dict[str, str]:
    """{old: new} from `old=new` pairs and CSV files of two columns (old,new; a header of those words is skipped).

    Raises BadInput for anything else, for an old code named twice and for a chain (a new code that is old elsewhere).
    """
    found: dict[str, str] = {}
    for item in items:
        pairs = [item] if "=" in item else _lines(Path(item))
        for pair in pairs:
            old, _, new = (part.strip() for part in pair.replace(",", "=", 1).partition("="))
            if not old or not new:
                raise BadInput(f"renumbering {pair[:60]!r}: expected old=new, or old,new in a file")
            if found.get(old, new) != new:
                raise BadInput(f"renumbering: {old} is renumbered twice, to {found[old]} and to {new}")
            found[old] = new
    chained = next((new for old, new in found.items() if new in found and found[new] != new), None)
    if chained:
        raise BadInput(f"renumbering: {chained} is a new code and an old one too; give each old code its last new one")
    return found


def _lines(path: Path) -> list[str]:
    try:
        lines = [line.strip() for line in path.read_text("utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"renumbering: {str(path)[:80]!r} is neither old=new nor a readable file: {error}") from None
    lines = [line for line in lines if line and not line.startswith("#")]
    return lines[1:] if lines and lines[0].lower().replace(" ", "") == "old,new" else lines
