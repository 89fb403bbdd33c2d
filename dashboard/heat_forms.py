"""What a map may draw heat as."""

from __future__ import annotations

from typing import Literal, get_args

HeatForm = Literal["cells", "smooth", "areas"]
"""Columns on cells, a smooth surface over them, or the areas themselves raised."""
HEAT_FORMS: tuple[HeatForm, ...] = get_args(HeatForm)
"""All of them; the first is the usual one."""
