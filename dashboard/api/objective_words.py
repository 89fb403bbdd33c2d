"""What an objective of an exercise asks for, as a sentence."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from dashboard.i18n import Lang, text
from dispatch.both import Both
from replay.scenario import Measure, Scenario, Target


def asked(target: Target, scenario: Scenario) -> Both:
    """The target in words; times are the scenario's local ones."""
    return Both(_said(target, scenario, "zh"), _said(target, scenario, "en"))


def _said(target: Target, scenario: Scenario, lang: Lang) -> str:
    by = f"{(scenario.start + target.by).astimezone(ZoneInfo(scenario.zone)):%H:%M}"
    share = f"{target.share:.0%}"
    match target.measure:
        case Measure.INTERVAL:
            first, last = (text(f"objective.at.{each}", lang) for each in target.between)
            return text(
                "objective.interval",
                lang,
                between=text("objective.from.to", lang, first=first, last=last),
                percentile=f"{target.percentile:g}",
                within=_minutes(target.within, lang),
                category=_category(target, lang),
            )
        case Measure.ACTIONS:
            return text("objective.actions", lang, share=share)
        case Measure.SITE:
            return text("objective.open" if target.online else "objective.shut", lang, site=target.site, by=by)
        case Measure.CLOSED:
            return text("objective.closed", lang, share=share, by=by, category=_category(target, lang))


def _minutes(length: timedelta, lang: Lang) -> str:
    return text("objective.minutes", lang, n=f"{length.total_seconds() / 60:g}")


def _category(target: Target, lang: Lang) -> str:
    if not target.category and target.severity >= 4:
        return ""
    codes = ("、" if lang == "zh" else ", ").join(target.category) or text("objective.any", lang)
    return text("objective.category", lang, codes=codes, severity=target.severity)
