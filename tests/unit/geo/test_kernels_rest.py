"""Kernels are compiled when there is time for it."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from geo.kernels import warm


def test_no_compilation_begins_while_it_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    warm.wait(300)  # whatever other tests noted is done, or failed, before
    fake = ModuleType("kernels_that_rest")
    warmed: list[bool] = []
    fake.warm = lambda: warmed.append(resting)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "kernels_that_rest", fake)
    monkeypatch.setattr(warm, "_noted", {})
    monkeypatch.setattr(warm, "_thread", None)
    resting = True
    with warm.resting():
        noted = warm.compiled("kernels_that_rest")
        warm.start()
        assert not warm.wait(0.2)
        resting = False
    assert warm.wait(60)
    assert noted.module is fake
    assert warmed == [False]
