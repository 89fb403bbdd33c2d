"""What is wrong with a request, in a line that names the field: pydantic's first error, in Chinese and in English."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dashboard.api.fields import SAID
from dispatch import words
from dispatch.both import Both

_ZH = {
    "missing": "未填写",
    "extra_forbidden": "没有这一项",
    "string_too_short": "不能为空",
    "string_too_long": "过长，最多 {max_length} 字",
    "too_short": "至少 {min_length} 项",
    "too_long": "最多 {max_length} 项",
    "string_pattern_mismatch": "格式不正确",
    "greater_than_equal": "须不小于 {ge}",
    "less_than_equal": "须不大于 {le}",
    "greater_than": "须大于 {gt}",
    "less_than": "须小于 {lt}",
    "string_type": "须为文字",
    "int_type": "须为整数",
    "int_parsing": "须为整数",
    "int_from_float": "须为整数",
    "float_type": "须为数字",
    "float_parsing": "须为数字",
    "finite_number": "须为有限的数",
    "bool_type": "须为 true 或 false",
    "bool_parsing": "须为 true 或 false",
    "list_type": "须为列表",
    "enum": "须为 {expected} 之一",
    "literal_error": "须为 {expected} 之一",
}
"""By the type of pydantic's error; others are said to be wrong, and no more."""

_OUTER = ("body", "query", "path", "header")


def in_a_line(errors: Sequence[Any]) -> Both:
    """The first of pydantic's errors: `units.0: ...`, `单位第 1 项：...`."""
    first = errors[0]
    kind, limits = first["type"], first.get("ctx", {})
    said = first["msg"].removeprefix("Value error, ")
    if kind == "json_invalid":
        at = first["loc"][-1]
        why = limits.get("error", "cannot be read")
        return Both(f"请求内容不是 JSON（第 {at} 个字符处）", f"body: not JSON at character {at}: {why}")
    if tuple(first["loc"]) == ("body",) and kind == "value_error":
        return SAID.get(said) or Both("填写内容不正确", said)  # a rule between fields, which names them itself
    if tuple(first["loc"]) == ("body",) and kind != "missing":
        return Both(
            "请求内容须为 JSON 对象（application/json）", "body: expected a JSON object, sent as application/json"
        )
    path = list(first["loc"])
    if path and path[0] in _OUTER:
        path = path[1:]
    en = ".".join(map(str, path)) or "body"
    known = SAID.get(limits["pattern"] if kind == "string_pattern_mismatch" else said)
    if known is not None:
        return Both(f"{_named(path)}：{known.zh}", f"{en}: {known.en}")
    zh = _ZH.get(kind, "填写不正确").format_map(limits)
    return Both(f"{_named(path)}：{zh}", f"{en}: {said}")


def _named(path: Sequence[str | int]) -> str:
    """Where it is, as the desk names its fields: `凭证第 1 项 kind`."""
    parts = [f"第 {part + 1} 项" if isinstance(part, int) else _field(part) for part in path]
    return " ".join(parts).replace(" 第", "第") or "请求内容"


def _field(name: str) -> str:
    known = words.field(name)
    return name if known is None else known.zh
