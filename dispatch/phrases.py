"""Things that a recommendation says, as a key and its parameters: a page words them in its own language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from dispatch import words

Lang = Literal["zh", "en"]
Value = str | float | int | None

_TEXT: dict[str, tuple[str, str]] = {
    # why a unit is left out
    "at_incident": ("{status:status}，已在处置本事件", "{status:status} at this incident"),
    "busy": ("{status:status}，正在处置事件 {incident}", "busy: {status:status}, incident {incident}"),
    "occupied": ("{status:status}，不可派遣", "busy: {status:status}"),
    "out_of_service": ("停勤（{age_s:ago}）", "out of service, {age_s:ago}"),
    "kind": ("类型不符：需要{wanted}", "is no {wanted}"),
    "skills": ("缺少技能：{lacking}", "lacks {lacking}"),
    "no_position": ("没有位置", "no position"),
    "old_position": ("位置过旧（{age_s:ago}）", "position is old: {age_s:ago}"),
    "other_area": ("只在责任区 {duty} 内出动", "has duty in {duty} only"),
    "no_duty_area": ("没有责任区", "has duty in no area"),
    "no_way": ("所在位置没有道路可达", "no way by road from where it stands"),
    # how travel times were found
    "road": ("路网行驶时间", "road"),
    "road_hour": ("路网行驶时间（{hour} 时路况）", "road, as at {hour}:00"),
    "straight": ("直线距离，按 {kmh} 公里/小时", "straight line at {kmh} km/h"),
    "straight_no_roads_near": (
        "附近没有道路：直线距离，按 {kmh} 公里/小时",
        "straight line at {kmh} km/h, no roads near",
    ),
    "foot": ("步行，直线距离，按 {kmh} 公里/小时", "on foot, straight line at {kmh} km/h"),
    "nowhere": ("事件没有位置，不计算行程", "the incident has no point, so no times"),
}


@dataclass(frozen=True, slots=True)
class Phrase:
    """One thing said. `params` are plain JSON values: ids, seconds (`age_s`), km/h, names.

    Parameters that are names come as `<name>` in Chinese and `<name>_en` in English.
    """

    key: str
    params: Mapping[str, Value] = field(default_factory=dict)

    def text(self, lang: Lang = "en") -> str:
        """The sentence. Unknown keys are a mistake in the program, so KeyError."""
        at = 0 if lang == "zh" else 1
        template = _TEXT[self.key][at]
        return template.format_map({name: _Shown(self._value(name, at), at) for name in self.params})

    def _value(self, name: str, at: int) -> Value:
        return self.params.get(f"{name}_en", self.params[name]) if at else self.params[name]


class _Shown:
    """A parameter as a template shows it: `:status` words a unit's status, `:ago` a number of seconds."""

    def __init__(self, value: Value, at: int) -> None:
        self._value, self._at = value, at

    def __format__(self, spec: str) -> str:
        if spec == "status":
            return words.NAMES[f"status.{self._value}"][self._at]
        if spec == "ago":
            return words.past(None if self._value is None else float(self._value))[self._at]
        return f"{self._value:g}" if isinstance(self._value, float) else str(self._value)
