"""What routing says to people, in Chinese and in English: a rule's conditions, and why an owner has a matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dispatch.routing import Basis, Rule

BETWEEN = " | "
"""Between the Chinese and the English sentence of a `why`."""

WHY_MAX = 500
"""What a record takes (`IncidentMoved.why`)."""

_BASIS = {"first_asked": ("首问", "asked first"), "fallback": ("兜底", "fallback")}


def why_in(why: str, lang: str) -> str:
    """The sentence of a `why` in "zh" or "en"; a text of one language alone comes as it is."""
    zh, between, en = why.partition(BETWEEN)
    return zh if lang == "zh" or not between else en


def both(zh: str, en: str) -> str:
    """One `why` of both sentences, cut alike when they are too long for a record."""
    room = (WHY_MAX - len(BETWEEN)) // 2
    return BETWEEN.join(_cut(text.replace(BETWEEN.strip(), "/"), room) for text in (zh, en))


def conditions(rule: Rule, lang: str) -> str:
    """A rule's conditions: "类别 13*，来源 hotline"."""
    zh = lang == "zh"
    parts = []
    if rule.category:
        parts.append(("类别 " if zh else "category ") + "/".join(f"{c}*" for c in rule.category))
    if rule.area:
        parts.append(("区域 " if zh else "area ") + "/".join(f"{a}*" for a in rule.area))
    if rule.source:
        parts.append(("来源 " if zh else "source ") + "/".join(rule.source))
    if rule.severity is not None:
        parts.append(f"{rule.severity} 级及以上" if zh else f"severity {rule.severity} or more urgent")
    if rule.hours is not None:
        parts.append(rule.hours.words(lang))
    if not parts:
        return "一切事项" if zh else "everything"
    return ("，" if zh else ", ").join(parts)


def because(rule: Rule, owner: tuple[str, str], basis: Basis, *, triage: bool, urgent: bool) -> str:
    """Why the owner (its names in Chinese and in English) has a matter, or why it waits for a person."""
    zh_to, en_to = owner
    if basis in _BASIS:
        zh_to, en_to = f"{zh_to}（{_BASIS[basis][0]}）", f"{en_to} ({_BASIS[basis][1]})"
    if triage:
        zh_to = f"人工分拨（{'紧急' if urgent else '须人工判断'}），建议 {zh_to}"
        en_to = f"triage ({'urgent' if urgent else 'a person decides'}), proposed {en_to}"
    zh_name = f"（{rule.zh}）" if rule.zh else ""
    en_name = f" ({rule.en})" if rule.en else ""
    return both(
        f"规则 {rule.id}{zh_name}：{conditions(rule, 'zh')} → {zh_to}",
        f"rule {rule.id}{en_name}: {conditions(rule, 'en')} -> {en_to}",
    )


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1] + "…"
