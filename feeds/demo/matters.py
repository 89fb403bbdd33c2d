"""The matters of the script by their ids."""

from __future__ import annotations

from datetime import date

from feeds.demo.script import DayPlan, find_id, plan_day

_DAYS = 14


class Matters:
    """Looks matters up. Not thread-safe; cheap to have one each."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._where: dict[date, dict[str, int]] = {}

    def find(self, incident: str) -> tuple[DayPlan, int] | None:
        """The matter of the script with this id."""
        found = find_id(incident)
        if found is None:
            return None
        day = found[0]
        plan = plan_day(self._seed, day)
        index = self._where.get(day)
        if index is None:
            if len(self._where) > _DAYS:
                self._where.clear()
            index = self._where[day] = {id: i for i, id in enumerate(plan.ids)}
        return (plan, index[incident]) if incident in index else None
