"""A server is not ready before its preparation began, though nothing runs yet."""

from __future__ import annotations

from dashboard.services import Preparation


def test_work_that_has_not_begun_is_running() -> None:
    preparation = Preparation()
    assert not preparation.running
    preparation.work = list
    assert preparation.running
    assert preparation.said("zh") == "服务正在启动"
    preparation.step = "district"
    assert preparation.said() == "the demonstration district is being made"
    assert preparation.running
    preparation.step = ""
    assert preparation.running  # done, and its feeds are about to start
    preparation.runner = object()  # type: ignore[assignment]
    assert not preparation.running


def test_work_that_failed_is_not_running() -> None:
    assert not Preparation(work=list, failed="the preparation failed: no disk").running
