"""Watching: how things stand by both ways, what is told of changes, and that it ends."""

from __future__ import annotations

import io
import os
import sys
import termios
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from rich.console import Console

from cli.direct import Direct
from cli.errors import Unreachable
from cli.watch import watching
from cli.watch.looking import Looker
from cli.watch.showing import Lines, Screen
from cli.watch.waiting import Waiting
from medallion.control.items import Breaker, Run, RunKind, RunStatus
from medallion.control.keys import Role
from tests.unit.api.calling import NOW, MemoryPlatform
from tests.unit.api.sources import save_source
from tests.unit.cli.calling import Command

ID = "20260301t12000{}-0123456789ab"


@pytest.fixture
def acme(command: Command) -> MemoryPlatform:
    platform = command.platform()
    save_source(platform.control)
    made(platform, 1, status=RunStatus.HELD, reason="too many failed")
    made(platform, 2, status=RunStatus.RUNNING)
    made(platform, 3, status=RunStatus.PROMOTED, ended_at=NOW, totals={"rows_in": 1200, "quarantined": 3})
    made(platform, 4, subject="strangers", status=RunStatus.REFUSED, reason="no such source", ended_at=NOW)
    return platform


def made(platform: MemoryPlatform, number: int, **how: Any) -> None:
    about = {"run_id": ID.format(number), "kind": RunKind.INGEST, "subject": "orders", "created_at": NOW}
    platform.control.create_run(Run.model_validate({**about, **how}))


class Turns:
    """Pauses in which things happen, and then the end."""

    def __init__(self, *happenings: Callable[[], None]) -> None:
        self._happenings = list(happenings)
        self.changed: list[bool] = []

    def ended(self, *, changed: bool) -> bool:
        self.changed.append(changed)
        if not self._happenings:
            return True
        self._happenings.pop(0)()
        return False


@pytest.mark.usefixtures("acme")
def test_view_is_the_same_when_it_comes_either_way(command: Command) -> None:
    directly = command.directly("watch", "--tenant", "acme", "--json").json
    assert command.by_api(Role.VIEWER, "watch", "--json").json == directly
    assert [run["status"] for run in directly["under_way"]] == ["running", "held"]
    assert [(run["subject"], run["rows_in"]) for run in directly["ended"]] == [("strangers", 0), ("orders", 1200)]


@pytest.mark.usefixtures("acme")
def test_ids_are_whole_when_the_view_is_shown_once(command: Command) -> None:
    shown = command.directly("watch", "--tenant", "acme", "--once").out
    assert all(ID.format(number) in shown for number in range(1, 5))
    assert "too many failed" in shown


def test_change_is_a_line_when_the_terminal_cannot_redraw(acme: MemoryPlatform) -> None:
    told: list[str] = []

    def ends() -> None:
        acme.control.end(ID.format(2), RunStatus.FAILED, NOW + timedelta(seconds=9), reason="no space")

    def opens() -> None:
        about = {"source": "orders", "run_id": "r", "opened_at": NOW, "code": "X", "failures": 1, "rows": 1}
        acme.control.breakers.open(Breaker.model_validate(about))

    turns = Turns(ends, lambda: None, opens, *[lambda: None] * 4)
    watching(Looker(Direct.on(acme)), Lines(told.append), turns)  # type: ignore[arg-type]  # as much as is asked of it
    assert [line.partition(" ")[2].partition(" ")[2] for line in told] == [
        f"run {ID.format(2)} of orders is running",
        f"run {ID.format(1)} of orders is held: too many failed",
        f"run {ID.format(2)} of orders is failed: no space",
        "breaker of orders is open",
    ]
    assert turns.changed[:3] == [True, True, False]


def test_last_view_stays_when_the_platform_cannot_be_reached(
    acme: MemoryPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    looker = Looker(Direct.on(acme))
    first = looker.look()

    def refuse(*_: Any, **__: Any) -> Any:
        raise Unreachable("nobody answers")

    monkeypatch.setattr(type(acme.control.run_lists), "page", refuse)
    assert looker.look() == first.model_copy(update={"trouble": "nobody answers"})
    with pytest.raises(Unreachable):
        Looker(Direct.on(acme)).look()


def test_watching_ends_when_q_is_pressed(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "r", encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        before = termios.tcgetattr(theirs)
        with Waiting(30) as waiting:
            os.write(ours, b"xq")
            assert waiting.ended(changed=True)
        assert termios.tcgetattr(theirs) == before
    os.close(ours)


def test_pause_grows_when_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    waiting = Waiting(2)
    for changed in (True, False, False, True, *[False] * 20):
        assert not waiting.ended(changed=changed)
    assert slept[:4] == [2, 2.5, 3.125, 2]
    assert max(slept) == 10


@pytest.mark.usefixtures("acme")
def test_view_is_drawn_again_when_the_terminal_can(acme: MemoryPlatform) -> None:
    drawn = io.StringIO()
    console = Console(file=drawn, force_terminal=True, width=80, height=40, legacy_windows=False)
    view = Looker(Direct.on(acme)).look()
    with Screen(console) as screen:
        assert screen.show(view, NOW + timedelta(seconds=12))
        assert not screen.show(view, NOW + timedelta(seconds=14))
    assert ID.format(2) in drawn.getvalue()
    assert "14" in drawn.getvalue()
