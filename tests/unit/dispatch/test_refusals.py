"""What a desk is told when a command is refused: in Chinese as in English, by names, with the age of the last deed."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter

import pytest

import dispatch
from data.clock import ManualClock
from data.errors import GridcommandError, Refused, VersionConflict
from data.records import Evidence, Kind, Record, UnitPayload, UnitStatus
from data.store import Store
from dispatch.book import shipped
from dispatch.dispatcher import Dispatcher
from dispatch.refusals import TEXT, sentence

MORNING = datetime(2026, 5, 6, 0, 30, tzinfo=UTC)
IDS = re.compile(r"D-[A-Z2-7]+|E\d\d|\bdesk \d\b|\b(street|depot|fly|boss|sanitation)\b|grid-5|\b[rxk]\d\b")
ENGLISH = re.compile(r"[A-Za-z]{2,}")
RULES_OF_FILES = {"calendar.py", "working_time.py", "calendars.py", "spans.py", "clocks.py", "workflow_file.py"}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(MORNING)


@pytest.fixture
def desk(store: Store, clock: ManualClock) -> Dispatcher:
    units = [
        Record(Kind.UNIT, "roster", id, MORNING, UnitPayload(name=id, unit_kind="fire_engine"), 116.8, 35.5)
        for id in ("E07", "E08")
    ]
    store.append(units)
    return Dispatcher(store, clock, book=shipped())


def opened(desk: Dispatcher) -> str:
    done = desk.open(actor="desk 1", category="0101", title="t", lon=116.8, lat=35.5, workflow="grid-5", owner="street")
    assert done.incident is not None
    return done.incident.id


@pytest.mark.parametrize("key", TEXT)
def test_both_languages_say_the_same_things(key: str) -> None:
    zh, en = ({name for _, name, _, _ in Formatter().parse(text) if name} for text in TEXT[key])
    if en != {"en"}:  # the sentence of a reader of text or of a schema, which is English as it stands
        assert zh == en - {"was"}
    bare = re.sub(r"\{\w+\}", "", TEXT[key][0])
    assert not ENGLISH.search(bare)


def test_every_refusal_of_a_command_is_taken_from_the_table() -> None:
    """Readers of files and the arithmetic of time aside: no desk meets those without a sentence around them."""
    bare = []
    for path in Path(dispatch.__file__).parent.glob("*.py"):
        if path.name in RULES_OF_FILES:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                if node.func.id in ("Refused", "VersionConflict", "NotFound", "BadInput"):
                    bare.append(f"{path.name}:{node.lineno}")
                if node.func.id == "refuse" and isinstance(node.args[1], ast.Constant):
                    assert node.args[1].value in TEXT
    assert not bare


COMMANDS: list[tuple[Callable[[Dispatcher, str], object], str, str]] = [
    (
        lambda d, i: d.move(i, "accept", actor="desk 1", role="dispatcher"),
        "您的身份是值班员；现在可以：派单",
        "not by the duty officer; possible now: assign",
    ),
    (
        lambda d, i: d.move(i, "verify", actor="a", role="owner"),
        "处于“已派单”，“核实结案”须在核查中环节操作",
        "is made from verifying",
    ),
    (lambda d, i: d.move(i, "fly", actor="a", role="owner"), "流程“网格五步流程”没有操作 fly", "is no move of Grid"),
    (lambda d, i: d.move(i, "assign", actor="a", role="boss"), "没有身份 boss", "role 'boss' is not known"),
    (lambda d, i: d.move(i, "assign", actor="a", role="dispatcher"), "“派单”须指定承办单位", "needs an owner"),
    (lambda d, i: d.move(i, "return", actor="a", role="owner"), "“回退”须填写依据或理由", "needs a rule or a reason"),
    (
        lambda d, i: d.move(i, "resume", actor="a", role="dispatcher"),
        "不能“销账恢复”，案件未挂账",
        "it is not suspended",
    ),
    (
        lambda d, i: d.move(i, "extend", actor="a", role="supervisor", reason="r", by="0 天"),
        "无法延期",
        "moves nothing",
    ),
    (lambda d, i: d.move(i, "note", actor="a", role="owner", note="n" * 2001), "说明过长，最多 2000 字", "note: "),
    (lambda d, i: d.close(i, actor="a"), "须在核查中环节结案", "is closed from verifying"),
    (lambda d, i: d.file(i, actor="a"), "已按流程“网格五步流程”立案，处于“已派单”", "is a case of Grid"),
    (lambda d, i: d.merge(i, i, actor="a"), "不能并入自身", "part of itself"),
    (lambda d, i: d.merge(i, i, actor="a", role="owner"), "“合并”应由值班员或督办或区级裁定操作", "'merge' is made by"),
    (lambda d, i: d.split(i, actor="a"), "无需拆分", "nothing to split off"),
    (lambda d, i: d.dispatch(i, [], actor="a"), "请至少选一个要派出的单位", "at least one unit"),
    (lambda d, i: d.dispatch(i, ["E99"], actor="a"), "没有车辆或人员 E99", "no unit E99"),
    (lambda d, i: d.dispatch(i, ["E07"], actor=" "), "请填写操作人", "say who acts"),
    (lambda d, i: d.arrive(i, "E07", actor="a"), "没有派往案件", "was not sent to"),
    (lambda d, i: d.set_unit_status("E07", UnitStatus.ON_SCENE, actor="a"), "不能设为到场", "be on scene"),
    (lambda d, i: d.set_unit_status("E07", UnitStatus.OUT_OF_SERVICE, actor="a"), "停勤须填写理由", "a reason"),
    (
        lambda d, i: d.adopt_rule("r1", actor="a", role="owner", owner="street"),
        "规则应由区级裁定决定",
        "by the district",
    ),
]


@pytest.mark.parametrize(("command", "zh", "en"), COMMANDS)
def test_a_refused_command_says_why_in_both_languages(
    desk: Dispatcher, command: Callable[[Dispatcher, str], object], zh: str, en: str
) -> None:
    id = opened(desk)
    with pytest.raises(GridcommandError) as refused:
        command(desk, id)
    assert zh in refused.value.zh
    assert en in str(refused.value)
    assert not ENGLISH.search(IDS.sub("", refused.value.zh))


def test_evidence_that_is_lacking_is_named_by_its_kind(desk: Dispatcher) -> None:
    id = opened(desk)
    desk.move(id, "accept", actor="street", role="owner")
    with pytest.raises(GridcommandError) as refused:
        desk.move(id, "answer", actor="street", role="owner", evidence=[Evidence(kind="x", ref="y")])
    assert refused.value.zh == f"案件 {id}：“处置反馈”须附凭证：照片"


def test_a_unit_out_of_service_is_told_with_who_and_when(desk: Dispatcher, clock: ManualClock) -> None:
    id = opened(desk)
    desk.set_unit_status("E07", UnitStatus.OUT_OF_SERVICE, actor="depot", reason="flat tyre")
    clock.advance(104)
    with pytest.raises(Refused, match=r"^unit E07 is out of service, set by depot 104 s ago$") as refused:
        desk.dispatch(id, ["E07"], actor="desk 1")
    assert refused.value.zh == "E07 已停勤（depot，104 秒前）"


def test_a_conflict_tells_the_age_of_the_last_deed(desk: Dispatcher, clock: ManualClock) -> None:
    id = opened(desk)
    clock.advance(60)
    desk.dispatch(id, ["E07"], actor="desk 2")
    clock.advance(240)
    row = desk.dispatch(id, ["E08"], actor="desk 3").incident
    assert row is not None
    clock.advance(3)
    with pytest.raises(VersionConflict, match=rf"^incident {id}: E08 was sent by desk 3, 3 s ago; look again$") as told:
        desk.dispatch(id, ["E07"], actor="desk 1", expected=row.seq - 1)
    assert told.value.zh == f"案件 {id}：E08 已由 desk 3 派出（3 秒前），请重新查看"
    desk.recall(id, ["E08"], actor="desk 4")
    clock.advance(2)
    with pytest.raises(VersionConflict, match=rf"^incident {id} was changed by desk 4, 2 s ago; look again$") as told:
        desk.close(id, actor="desk 1", expected=row.seq)
    assert told.value.zh == f"案件 {id} 已由 desk 4 改动（2 秒前），请重新查看"


def test_a_sentence_of_another_name_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        sentence("nonsense")
