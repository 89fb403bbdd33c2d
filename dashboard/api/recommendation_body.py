"""What the API says about a recommendation: who can go, who is to go, and why each other unit cannot."""

from __future__ import annotations

from pydantic import BaseModel, Field

from dashboard.api.bodies import UnitBody
from dashboard.api.case_bodies import Said
from dashboard.api.examples import shown
from data.records import UnitStatus
from dispatch.phrases import Phrase
from dispatch.recommend import Candidate, Recommendation, Wanted
from dispatch.skills import Need, Skills


class PhraseBody(Said):
    """A sentence, with its key and parameters for programs."""

    key: str
    params: dict[str, str | float | None]

    model_config = shown(
        {
            "zh": "位置过旧（15 分钟前）",
            "en": "position is old: 15 min ago",
            "key": "old_position",
            "params": {"age_s": 900},
        }
    )

    @classmethod
    def of(cls, phrase: Phrase) -> PhraseBody:
        return cls(zh=phrase.text("zh"), en=phrase.text("en"), key=phrase.key, params=dict(phrase.params))


class CandidateBody(BaseModel):
    """A unit that can go. `suggested`: it is one of those to send now; `fits`: the needs it meets, by position."""

    unit: UnitBody
    distance_m: float | None = Field(description="Great-circle metres")
    travel_s: float | None = Field(description="Seconds until it is there; null where the incident has no point")
    on_foot: bool
    suggested: bool
    fits: list[int]

    @classmethod
    def of(cls, c: Candidate) -> CandidateBody:
        return cls(
            unit=UnitBody.of(c.unit),
            distance_m=c.distance_m,
            travel_s=c.travel_s,
            on_foot=c.on_foot,
            suggested=c.suggested,
            fits=list(c.fits),
        )


class UnitName(BaseModel):
    """A unit in a list of many."""

    id: str
    name: str
    name_en: str
    kind: str
    status: UnitStatus


class ExcludedBody(BaseModel):
    """A unit that cannot go, and why."""

    unit: UnitName
    distance_m: float | None
    excluded: PhraseBody

    @classmethod
    def of(cls, c: Candidate) -> ExcludedBody:
        assert c.excluded is not None
        name = UnitName(**{field: getattr(c.unit, field) for field in UnitName.model_fields})
        return cls(unit=name, distance_m=c.distance_m, excluded=PhraseBody.of(c.excluded))


class NeedBody(Said):
    """What the matter needs, in words and as ids. `sent`: units at work on it that meet the need already."""

    kinds: list[str] = Field(description="Kinds of unit that fit; empty: any")
    skills: list[str] = Field(description="Skills that the unit must have")
    count: int
    sent: int
    missing: int

    model_config = shown(
        {
            "zh": "维修队（排水）",
            "en": "repair team (drainage)",
            "kinds": ["repair_team"],
            "skills": ["drainage"],
            "count": 1,
            "sent": 0,
            "missing": 1,
        }
    )

    @classmethod
    def of(cls, wanted: Wanted, skills: Skills) -> NeedBody:
        need = wanted.need
        return cls(
            **_words(need, skills),
            kinds=list(need.kinds),
            skills=sorted(need.skills),
            count=need.count,
            sent=wanted.sent,
            missing=wanted.missing,
        )


class RecommendationBody(BaseModel):
    """Candidates, first there first; the nearest of the excluded; how travel times were found (`basis`)."""

    candidates: list[CandidateBody]
    suggested: list[str] = Field(description="Units to send now: as many as are missing")
    excluded: list[ExcludedBody] = Field(description="Nearest first, as many as were asked for")
    excluded_total: int
    able: int = Field(description="Units that could go, listed or not")
    basis: PhraseBody = Field(description="Send `en` as the `basis` of a dispatch")
    needs: list[NeedBody]

    @classmethod
    def of(cls, found: Recommendation, skills: Skills, excluded: int) -> RecommendationBody:
        """The recommendation with its first `excluded` excluded units."""
        return cls(
            candidates=[CandidateBody.of(c) for c in found.candidates],
            suggested=list(found.suggested),
            excluded=[ExcludedBody.of(c) for c in found.excluded[:excluded]],
            excluded_total=len(found.excluded),
            able=found.able,
            basis=PhraseBody.of(found.travel),
            needs=[NeedBody.of(wanted, skills) for wanted in found.needs],
        )


def _words(need: Need, skills: Skills) -> dict[str, str]:
    """ "消防车（云梯）×2" and "fire engine (ladder) x 2"."""
    kinds = [skills.kind(id) for id in need.kinds]
    names = [skills.skill(id) for id in sorted(need.skills)]
    zh = "、".join(kind.zh for kind in kinds) or "任何力量"
    en = " or ".join(kind.en for kind in kinds) or "any unit"
    if names:
        zh += f"（{'、'.join(name.zh for name in names)}）"
        en += f" ({', '.join(name.en for name in names)})"
    if need.count > 1:
        zh, en = f"{zh}×{need.count}", f"{en} x {need.count}"
    return {"zh": zh, "en": en}
