"""What the simulated offices do next with a case, and when: a pure function of where the case stands.

Nothing is remembered between two deeds. So a person may do anything with a case at any time, and the offices go on
from there; a server that was stopped goes on where it was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from data.casework import Case
from data.records import IncidentState
from data.store import IncidentRow
from feeds.demo.fates import Fate
from feeds.demo.sources import BY_ID
from feeds.demo.timetable import Timetable, in_hours

EMERGENCY = "emergency"
"""The workflow whose cases move by what units and the source report."""

SIMULATED = "sim:"
"""Every actor of the simulation begins so; screens write it out."""
DUTY, INSPECTOR, CALLBACK, SUPERVISOR, DISTRICT, CREW = (
    f"{SIMULATED}{who}" for who in ("duty-officer", "inspector", "callback", "supervisor", "district", "crew")
)

TRIAGE_S = (480.0, 900.0)
"""How long a case waits for a person to place it before the simulated duty officer does, seconds."""
RETURNED_S = (900.0, 5400.0)
"""How long one that was handed back waits there, seconds."""
DISTRICT_S = (1500.0, 3600.0)
"""How long the district takes for a binding decision, seconds."""
PEOPLE_S = 600.0
"""For so long after a person's last act nothing simulated touches the case, seconds."""
LEFT_S = 86_400.0
"""What a person has suspended is resumed after this time at the earliest, seconds."""
GAP_S = (60.0, 600.0)
"""Between two deeds, seconds."""
UNMANNED_S = 2700.0
"""An emergency to which nobody was sent for this long after its time is settled by telephone, seconds."""

_UNPLACED = ("", "triage")
_DISTRICT_QUEUE = "district"
_MACHINES = ("router", "terminal:", "cad:", "unit ", SIMULATED)

# What is said at work, `Chinese | English`: screens show the reader's language.
_RETURNS = (
    "核实后不属于本部门职责范围 | Checked: not this office's duty",
    "现场权属不清，请重新指定承办单位 | Ownership of the site is unclear; name another office",
    "该点位由其他单位管养 | The spot is maintained by another body",
    "信息不全，无法定位，请补充后再派 | Cannot be located; complete the report and assign again",
)
_REWORKS = (
    "现场复核：问题仍在 | Checked on site: the problem is still there",
    "回访不满意，要求再次处理 | Call-back: not satisfied, asks to have it done again",
    "照片与点位不符，需补充处置 | The photo is of another spot; more is to be done",
    "处置不彻底，次日复发 | Not done thoroughly; it came back the next day",
)
_EXTENSIONS = (
    "需协调产权单位，申请延期 | The owner of the property must agree; more time is needed",
    "材料采购周期较长 | Material takes long to arrive",
    "涉及多部门会商 | Several offices must confer",
)
_SUSPENSIONS = (
    "待雨停后施工 | Work waits for the rain to stop",
    "待占道施工许可 | Waits for the permit to occupy the road",
    "当事人外出，约定改期 | The person is away; another day was agreed",
)
_STALLS = (
    "超过半程仍未反馈，督办 | More than half the time is gone without an answer: supervised",
    "群众再次来电，督办 | The caller rang again: supervised",
)
_DONE = (
    "已到场处理完毕 | Dealt with on site",
    "已清理并复查 | Cleared and checked",
    "已联系当事人并答复 | The person was contacted and answered",
    "已维修恢复正常 | Repaired and working again",
    "已劝导整改 | Persuaded to put it right",
)
_BINDING = "三次回退，区级裁定承办单位 | Returned three times: the district decides who has it"
_SATISFIED = "回访：诉求人表示满意 | Call-back: the caller is satisfied"
_SETTLED = "电话核实：现场已自行处置 | Checked by telephone: settled on site"
_CONTROLLED = "现场已控制 | Under control"
_CLEARED = "处置完毕，撤离 | Done; leaving the scene"


@dataclass(frozen=True, slots=True)
class Deed:
    """One move to be made at `at` (epoch seconds). `place`: the owner is to be found for it, by the rules."""

    at: float
    move: str
    actor: str
    role: str
    reason: str = ""
    note: str = ""
    by: str = ""
    place: bool = False
    on_site: bool = False
    """Not while a unit is still at work on it."""


def of_people(actor: str) -> bool:
    """Whether an actor is a person: neither a feed, nor a terminal, nor the simulation."""
    return bool(actor) and not actor.startswith(_MACHINES) and actor not in BY_ID


def next_deed(row: IncidentRow, table: Timetable, worker: str = "") -> Deed | None:
    """What happens next to the case, None when nothing does: it is closed, part of another, or no case.

    `worker` is the grid worker of its grid. The deed may lie in the past; then it is due.
    """
    case = row.case
    if case is None or not case.workflow or case.parent is not None or row.state is IncidentState.CLOSED:
        return None
    emergency = case.workflow == EMERGENCY
    deed = _placing(case, table) or (_emergency(case, table) if emergency else _office(row, case, table, worker))
    if deed is None:
        return None
    last = _changed(row)
    at = max(deed.at, last + table.span(*GAP_S, deed.move, len(case.returns), case.reworks))
    if of_people(row.last_actor):
        at = max(at, last + (LEFT_S if case.suspended else PEOPLE_S))
    if not (emergency or deed.place):
        at = in_hours(at, table)
    return replace(deed, at=at)


def _placing(case: Case, table: Timetable) -> Deed | None:
    since = _seconds(case.moved_at, table.start)
    turn = len(case.returns)
    if case.owner == _DISTRICT_QUEUE:
        return Deed(since + table.span(*DISTRICT_S, "district"), "assign", DISTRICT, "district", _BINDING, place=True)
    if case.owner in _UNPLACED:
        wait = RETURNED_S if turn else TRIAGE_S
        return Deed(since + table.span(*wait, "triage", turn), "assign", DUTY, "dispatcher", place=True)
    return None


def _office(row: IncidentRow, case: Case, table: Timetable, worker: str) -> Deed | None:
    owner = f"{SIMULATED}{case.owner}"
    fate, step = table.fate, case.step
    if case.suspended:
        return Deed(table.part(0.6), "resume", DUTY, "dispatcher")
    if step in ("received", "assigned", "supervised", "handling", "mediating"):
        wanted = 3 if Fate.CONTESTED in fate else 1 if Fate.RETURNED in fate else 0
        if len(case.returns) < wanted and step != "supervised":
            at = max(table.accept, _seconds(case.moved_at, table.start) + table.span(600, 5400, "r", len(case.returns)))
            return Deed(at, "return", owner, "owner", reason=_one(_RETURNS, table, len(case.returns)))
        if not _accepted(case):
            return Deed(table.accept, "accept", owner, "owner")
        return _working(row, case, table, owner, worker)
    if step in ("verifying", "answered", "agreed"):
        who = CALLBACK if step == "answered" else INSPECTOR
        if Fate.REWORKED in fate and not case.reworks:
            return Deed(table.part(0.68), "rework", who, "dispatcher", reason=_one(_REWORKS, table))
        at = table.end if step == "verifying" else table.part(0.93)
        return Deed(at, "verify", who, "dispatcher", note=_SATISFIED if step != "verifying" else "")
    if step in ("called_back", "followed_up"):
        return Deed(table.end, "close", CALLBACK if step == "called_back" else INSPECTOR, "dispatcher")
    return None


def _working(row: IncidentRow, case: Case, table: Timetable, owner: str, worker: str) -> Deed:
    """It was accepted: what its owner, or a supervisor, does with it until it is done."""
    fate, by_worker = table.fate, case.workflow == "grid-5" and row.source == "grid" and bool(worker)
    who, role = (f"{SIMULATED}{worker}", "worker") if by_worker else (owner, "owner")
    if case.move == "accept":
        return Deed(table.work, "start", who, role)
    if Fate.EXTENDED in fate and not case.extensions:
        return Deed(table.part(0.3), "extend", SUPERVISOR, "supervisor", reason=_one(_EXTENSIONS, table), by="1 day")
    if Fate.SUSPENDED in fate and case.move not in ("resume", "rework"):
        return Deed(table.part(0.35), "suspend", SUPERVISOR, "supervisor", reason=_one(_SUSPENSIONS, table))
    stalled = fate & (Fate.STALLED | Fate.UNHEEDED)
    if stalled and case.step == "assigned" and not case.reworks:
        return Deed(table.part(0.55), "supervise", SUPERVISOR, "supervisor", reason=_one(_STALLS, table))
    share = 0.6 if Fate.REWORKED in fate and not case.reworks else 0.84
    return Deed(table.part(share), "answer", who, role, note=_one(_DONE, table, case.reworks), on_site=True)


def _emergency(case: Case, table: Timetable) -> Deed | None:
    """Most moves make themselves, from units and the source; the crew says when it is controlled, and cleared."""
    if case.step in ("received", "dispatched", "en_route"):
        at = max(table.end, _seconds(case.since, table.start)) + UNMANNED_S
        return Deed(at, "cancel", DUTY, "dispatcher", reason=_SETTLED, on_site=True)
    if case.step == "on_scene":
        return Deed(table.part(0.7), "answer", CREW, "worker", note=_CONTROLLED)
    if case.step == "controlled":
        return Deed(table.end, "close", CREW, "worker", note=_CLEARED, on_site=True)
    return None


def _accepted(case: Case) -> bool:
    if case.step in ("handling", "mediating", "supervised"):
        return True
    clock = case.clock("accept")
    return case.workflow == "hotline-6" and clock is not None and clock.stopped_at is not None


def _changed(row: IncidentRow) -> float:
    moved_at = None if row.case is None else row.case.moved_at
    times = (row.opened_at, row.dispatched_at, row.arrived_at, moved_at)
    return max(t for t in times if t is not None).timestamp()


def _seconds(t: datetime | None, default: float) -> float:
    return default if t is None else t.timestamp()


def _one(of: tuple[str, ...], table: Timetable, *about: object) -> str:
    return of[int(table.chance("words", *about) * len(of))]
