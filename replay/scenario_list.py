"""The scenarios of a server: those that ship, and the operator's own. One with a fault is listed with its faults."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from data.errors import NotFound
from dispatch.book import Book
from dispatch.toml_reader import Fault
from geo.area import Region
from replay.scenario import Scenario
from replay.scenario_file import SHIPPED, BadScenario, load, parse, placed

LONGEST = 200_000
"""Characters that a scenario may have: it is kept whole in the log."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What a scenario has to fit. `categories` None: no names of classes were imported."""

    region: Region
    book: Book
    categories: Collection[str] | None
    units: Collection[str]
    sites: Collection[str]


@dataclass(frozen=True, slots=True)
class Listed:
    """A scenario that can be chosen, or why it cannot. Without a readable file its id is the file's name."""

    id: str
    zh: str
    en: str
    start: datetime | None
    zone: str
    duration: timedelta
    injects: int
    objectives: int
    shipped: bool
    faults: tuple[Fault, ...]
    path: Path


def scenarios(own: Path, stage: Stage) -> list[Listed]:
    """The operator's in folder `own`, then those that ship, each in order of their ids. The operator's stands for one
    that ships under its id; of two files of the operator's with one id the second is faulty."""
    found: dict[str, Listed] = {}
    for each in _in(own, stage, shipped=False):
        first = found.get(each.id)
        if first is not None:
            said = Fault(
                f"id {each.id} is that of {first.path.name} too; give one another id",
                f"编号 {each.id} 与 {first.path.name} 相同，请为其中一个另取编号",
            )
            each = replace(each, id=each.path.stem, faults=(*placed(each.path.name, [(1, said)]), *each.faults))
        found.setdefault(each.id, each)
    return [*found.values(), *(each for each in _in(SHIPPED, stage, shipped=True) if each.id not in found)]


def scenario(id: str, own: Path, stage: Stage) -> Scenario:
    """The scenario of an id. Raises NotFound, BadScenario with all its faults."""
    for each in scenarios(own, stage):
        if each.id == id:
            if each.faults:
                raise BadScenario(each.faults)
            return _loaded(each.path, stage)
    raise NotFound(f"no scenario {id[:60]!r}; /drills lists those there are", zh=f"没有想定 {id[:60]}，见“演练”页")


def _in(folder: Path, stage: Stage, *, shipped: bool) -> Iterator[Listed]:
    each = [_listed(path, stage, shipped) for path in sorted(folder.glob("*.toml"))] if folder.is_dir() else []
    yield from sorted(each, key=lambda one: one.id)


def _listed(path: Path, stage: Stage, shipped: bool) -> Listed:
    faults: tuple[Fault, ...] = ()
    read: Scenario | None = None
    try:
        read = _loaded(path, stage)
        if len(read.text) > LONGEST:
            said = Fault(
                f"has {len(read.text)} characters; at most {LONGEST} are taken",
                f"共 {len(read.text)} 字，不得超过 {LONGEST} 字",
            )
            faults = tuple(placed(path.name, [(1, said)]))
    except BadScenario as error:
        folder = f"{path.parent}/"
        faults = tuple(Fault(one.removeprefix(folder), one.zh.removeprefix(folder)) for one in error.problems)
        read = _parsed(path)
    if read is None:
        return Listed(path.stem, path.stem, path.stem, None, "", timedelta(0), 0, 0, shipped, faults, path)
    return Listed(
        read.id, read.zh, read.en, read.start, read.zone, read.duration, len(read.injects), len(read.objectives),
        shipped, faults, path,
    )  # fmt: skip


def _loaded(path: Path, stage: Stage) -> Scenario:
    return load(
        path, stage.region, stage.book, categories=stage.categories, units=stage.units, sites=stage.sites
    )  # fmt: skip


def _parsed(path: Path) -> Scenario | None:
    """A scenario that is well-formed and does not fit; None where it cannot be read."""
    try:
        return parse(path.read_text(encoding="utf-8"), path.name)
    except (BadScenario, OSError, UnicodeDecodeError):
        return None
