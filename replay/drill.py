"""A drill: a scenario played on a timeline of its own. Every act of those who run it is a record of that timeline.

    prepared --start--> running <--pause/resume--> paused --end--> ended

The drill's state is a function of its log (`drill_state.py`), so any process can take it up. Records get in by the
intake that real feeds use. Rating is for after the end too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from itertools import islice
from types import TracebackType
from typing import Any

import orjson

from data.clock import Clock
from data.errors import BadInput, NotFound, Refused
from data.exercise import DRILL
from data.records import LIVE, ExerciseAct, ExercisePayload, Kind, Record, parse_payload
from data.store import Appended, Store
from dispatch.book import shipped
from feeds.intake import Intake, Submit
from replay.drill_injects import SOURCE, incident_of_inject, master_data, records_of
from replay.drill_state import RATINGS, DrillState, Fate, InjectState, Phase, folded
from replay.scenario import Inject, Scenario
from replay.scenario_checks import check
from replay.scenario_file import parse_inject

CONTROLLER, PLAYER, EVALUATOR = "controller", "player", "evaluator"
CLOCK = "clock"
"""The actor of what the exercise's clock does by itself: fire injects at their times, end at the end."""
BATCH = 5_000
TRIES = 3
"""How often records are handed to a store that is away, within a second."""


class Overtaken(Refused):
    """Somebody else acted on the drill between looking at it and acting."""


class Drill:
    """One drill on one store. Not thread-safe: one console's hand; several may be open on the same drill.

    It is a `Clock` itself: `now` is the exercise's time. `base` is the clock outside, the machine's for people, one
    that is stepped for a run without them.
    """

    def __init__(
        self, store: Store, base: Clock, timeline: str, submit: Submit | None = None,
        verify: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        """Take up a drill that was made. `submit` is the writer's, where there is one; `verify` is asked before each
        batch is written, and raises where somebody else may play it by now. Raises NotFound."""
        self._store, self._base, self.timeline, self._verify = store, base, timeline, verify
        self._state: DrillState | None = None
        self._region = store.region()
        if self._look() is None:
            raise NotFound(f"there is no drill on timeline {timeline[:80]!r}", zh=f"时间线 {timeline[:80]} 上没有演练")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._intake = Intake(timeline, submit or self._append, store, self, tries=TRIES)

    @classmethod
    def make(
        cls, store: Store, base: Clock, scenario: Scenario, *, actor: str, run: str = "", seed: int = 0,
        policy: str = "", submit: Submit | None = None, source: str = LIVE,
    ) -> Drill:  # fmt: skip
        """A new drill on `drill:<scenario>`, or `drill:<scenario>:<run>`, with the master data that the real timeline
        `source` has now. Raises Refused when that timeline is there already."""
        timeline = f"{DRILL}{scenario.id}" + (f":{run}" if run else "")
        if acts_of(store, timeline):
            raise Refused(
                f"there is a drill on timeline {timeline} already; give this run a name of its own",
                zh=f"时间线 {timeline} 上已有演练，请为本次演练另取名称",
            )
        records = list(master_data(store.snapshot(source), scenario, timeline))
        for at in range(0, len(records), BATCH):
            store.append(records[at : at + BATCH])
        payload = ExercisePayload(
            act=ExerciseAct.PREPARE, actor=actor, role=CONTROLLER, text=scenario.text, wall=base.now(), seed=seed,
            policy=policy, zh=scenario.zh, en=scenario.en,
        )  # fmt: skip
        act = Record(Kind.EXERCISE, SOURCE, "act:1", scenario.start, payload, timeline=timeline)
        if store.append([act]).duplicates:
            raise Refused(
                f"somebody else made a drill on timeline {timeline} at this moment", zh="他人刚刚建立了同名演练"
            )
        return cls(store, base, timeline, submit)

    def close(self) -> None:
        """Let go of the intake. The drill itself goes on in its log."""
        if self._loop is not None:
            self._loop.close()

    def __enter__(self) -> Drill:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, t: TracebackType | None) -> None:
        self.close()

    # --- what is so --------------------------------------------------------------------------------------------

    @property
    def state(self) -> DrillState:
        """As the log says now."""
        state = self._look()
        assert state is not None  # an exercise's log is never cut
        return state

    @property
    def known(self) -> DrillState:
        """As it was when it was last looked at: by this console's last act, or `state`."""
        return self._state or self.state

    def now(self) -> datetime:
        """The exercise's time, never beyond its end."""
        state = self.known
        return min(state.now(self._base.now()), max(state.scenario.end, state.anchor))

    # --- what controllers do -----------------------------------------------------------------------------------

    def start(self, *, actor: str, rate: float = 1.0) -> DrillState:
        """Let the exercise's clock run, `rate` times as fast as the clock outside."""
        self._require(Phase.PREPARED, "start", "开始")
        return self._act(ExerciseAct.START, actor, rate=rate)

    def pause(self, *, actor: str, note: str = "") -> DrillState:
        """Stop the exercise's clock."""
        self._require(Phase.RUNNING, "pause", "暂停")
        return self._act(ExerciseAct.PAUSE, actor, note=note)

    def resume(self, *, actor: str, rate: float = 1.0) -> DrillState:
        """Let it run on."""
        self._require(Phase.PAUSED, "resume", "继续")
        return self._act(ExerciseAct.RESUME, actor, rate=rate)

    def end(self, *, actor: str, note: str = "") -> DrillState:
        """The exercise is over; ratings may still come."""
        self._require((Phase.PREPARED, Phase.RUNNING, Phase.PAUSED), "end", "结束")
        return self._act(ExerciseAct.END, actor, note=note)

    def fire(self, inject: str, *, actor: str, at: datetime | None = None) -> DrillState:
        """Put an inject in: at its time by the clock, earlier by a controller. `at` is the moment that is being played,
        where that is a little behind the clock."""
        self._require((Phase.RUNNING, Phase.PAUSED), "fire an inject", "注入")
        one = self._waiting(inject).inject
        about = incident_of_inject(one)
        state = self._act(ExerciseAct.FIRE, actor, at=at, inject=inject, incident=about, zh=one.zh, en=one.en)
        self._put_in(state, state.injects[inject])
        return state

    def skip(self, inject: str, *, actor: str, note: str = "") -> DrillState:
        """Leave an inject out."""
        self._require((Phase.PREPARED, Phase.RUNNING, Phase.PAUSED), "skip an inject", "跳过注入")
        self._waiting(inject)
        return self._act(ExerciseAct.SKIP, actor, inject=inject, note=note)

    def add(self, text: str, *, actor: str) -> DrillState:
        """Add an inject, worded as in a scenario file: one `[[injects]]` table. Raises BadScenario, Refused."""
        state = self._require((Phase.PREPARED, Phase.RUNNING, Phase.PAUSED), "add an inject", "追加注入")
        inject = parse_inject(text, "added inject", state.scenario.zone, state.scenario.start)
        if inject.id in state.injects:
            raise Refused(f"inject {inject.id} is there already", zh=f"注入 {inject.id} 已存在")
        self._fits(state, inject)
        return self._act(ExerciseAct.ADD, actor, inject=inject.id, text=text, zh=inject.zh, en=inject.en)

    # --- what players and evaluators do ------------------------------------------------------------------------

    def acknowledge(self, inject: str, *, actor: str, note: str = "", at: datetime | None = None) -> DrillState:
        """A player has taken note of what came in. `at` as for `fire`."""
        state = self._require((Phase.RUNNING, Phase.PAUSED), "acknowledge", "确认")
        one = state.injects.get(inject)
        if one is None or one.fate is not Fate.FIRED:
            raise Refused(f"inject {inject} has not come in", zh=f"注入 {inject} 尚未下达")
        if inject in state.acknowledged:
            at, who = state.acknowledged[inject]
            raise Refused(
                f"inject {inject} was acknowledged by {who} at {at:%H:%M:%SZ}", zh=f"注入 {inject} 已由 {who} 确认"
            )
        return self._act(ExerciseAct.ACKNOWLEDGE, actor, PLAYER, at=at, inject=inject, note=note)

    def rate(self, objective: str, rating: str, *, actor: str, note: str = "") -> DrillState:
        """An evaluator's judgement of an objective: P, S, M or U (HSEEP). Given again it replaces the former one."""
        state = self.state
        if objective not in state.scenario.objective:
            known = ", ".join(state.scenario.objective)
            raise NotFound(f"no objective {objective!r}; known are {known}", zh=f"没有目标 {objective}")
        if rating not in RATINGS:
            raise BadInput(f"rating {rating!r}: expected one of {', '.join(RATINGS)}", zh="评级应为 P、S、M 或 U")
        return self._act(ExerciseAct.RATE, actor, EVALUATOR, objective=objective, rating=rating, note=note)

    # --- records -----------------------------------------------------------------------------------------------

    def take(self, records: Sequence[Record]) -> None:
        """Hand records of this timeline to the intake; it returns when they are in the log. Raises StoreUnavailable
        when the store stays away: whoever acts here holds up everybody else who looks at the drill."""
        if not records:
            return
        for record in records:
            if record.timeline != self.timeline:
                raise BadInput(f"record {record.source_id} is of timeline {record.timeline}, not of {self.timeline}")
        if self._loop is None:
            self._loop = asyncio.new_event_loop()  # not before: many drills of a server are only looked at
        self._verify()
        self._loop.run_until_complete(self._intake.submit(records))

    def make_good(self) -> None:
        """Put in again what fired injects say: after a stop between an inject's firing and its record. What is in the
        log already is recognised."""
        state = self.state
        for each in state.injects.values():
            if each.fate is Fate.FIRED:
                self._put_in(state, each)

    def _put_in(self, state: DrillState, each: InjectState) -> None:
        assert each.at is not None
        self.take(records_of(each.inject, state.scenario, self._region, each.at, self.timeline))

    def _append(self, records: Sequence[Record]) -> Future[Appended]:
        done: Future[Appended] = Future()
        try:
            done.set_result(self._store.append(records))
        except BaseException as error:
            done.set_exception(error)
        return done

    # --- acts --------------------------------------------------------------------------------------------------

    def _look(self) -> DrillState | None:
        have = 0 if self._state is None else self._state.acts
        self._state = folded(acts_of(self._store, self.timeline, have), self._state)
        return self._state

    def _require(self, phases: Phase | tuple[Phase, ...], what: str, zh: str) -> DrillState:
        state = self.state
        allowed = (phases,) if isinstance(phases, Phase) else phases
        if state.phase not in allowed:
            raise Refused(
                f"the drill is {state.phase}: to {what} it must be {' or '.join(allowed)}",
                zh=f"演练当前为“{_PHASES[state.phase]}”，不能{zh}",
            )
        return state

    def _waiting(self, inject: str) -> InjectState:
        one = self.state.injects.get(inject)
        if one is None:
            raise NotFound(f"no inject {inject!r} in this drill", zh=f"本演练没有注入 {inject}")
        if one.fate is not Fate.WAITING:
            when = "" if one.at is None else f" by {one.actor} at {one.at:%H:%M:%SZ}"
            raise Refused(f"inject {inject} was {one.fate}{when}", zh=f"注入 {inject} 已处理")
        return one

    def _fits(self, state: DrillState, inject: Inject) -> None:
        """An added inject hangs together with the scenario and fits the region, or is refused."""
        earlier = tuple(each.inject for each in state.injects.values())
        whole = replace(state.scenario, injects=(*earlier, inject))
        names, now = self._store.basemap("categories"), self._store.snapshot(self.timeline)
        found = check(
            whole, self._region, shipped(), categories=None if names is None else set(orjson.loads(names)),
            units={row.id for row in now.units}, sites={row.id for row in now.sites},
        )  # fmt: skip
        said = [reason for (table, n, _), reason in found if table == "injects" and n == len(earlier)]
        if said:
            raise Refused("; ".join(said), zh=f"追加的注入不合要求：{'；'.join(said)}")

    def _act(
        self, act: ExerciseAct, actor: str, role: str = CONTROLLER, *, at: datetime | None = None, **fields: Any
    ) -> DrillState:  # fmt: skip
        """Append an act as the next of this log. Raises Refused when another one got in between."""
        state = self.known
        wall = self._base.now()
        now = min(state.now(wall), max(state.scenario.end, state.anchor))
        at = now if at is None else min(at, now)
        payload = parse_payload(
            Kind.EXERCISE, {"act": act, "actor": actor.strip(), "role": role, "wall": wall, **fields}
        )
        record = Record(Kind.EXERCISE, SOURCE, f"act:{state.acts + 1}", at, payload, timeline=self.timeline)
        self._verify()
        with self._store.transact(self.timeline) as tx:
            if tx.append([record]).duplicates:
                raise Overtaken(
                    "somebody else acted on this drill at the same moment; look at it and do it again",
                    zh="他人刚刚操作了本演练，请查看后重试",
                )
        return self.state


_PHASES = {Phase.PREPARED: "已准备", Phase.RUNNING: "进行中", Phase.PAUSED: "已暂停", Phase.ENDED: "已结束"}


def acts_of(store: Store, timeline: str, after: int = 0) -> list[Record]:
    """The acts of a drill but for the first so many, in the order of the log."""
    return [
        Record(
            Kind.EXERCISE, fact.source, fact.source_id, fact.at, _payload(fact.body), timeline=timeline, seq=fact.seq
        )
        for fact in islice(store.scan((Kind.EXERCISE,), timeline), after, None)
    ]


def _payload(body: str) -> ExercisePayload:
    return ExercisePayload.model_validate_json(body)
