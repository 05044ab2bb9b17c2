"""A source whose records fail alike is stopped, waits, and goes on when a person says so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from local.settings import Settings
from medallion.control.items import RunStatus
from medallion.errors import BreakerNotOpen
from medallion.steps.breaker import close
from medallion.steps.hold import decide
from tests.integration.pipeline.deployed import Deployed, eventually

SUBJECT = "silver#fragile"


def rows(first: int, good: int, bad: int) -> str:
    numbers = [str(number) for number in range(first, first + good)]
    return "\n".join(["id", *numbers, *(f"x{number}" for number in range(first, first + bad)), ""])


def medallion(settings: Settings, *arguments: str) -> Any:
    """What the command prints as JSON."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MEDALLION_"))}
    called = subprocess.run(
        [sys.executable, "-m", "cli.main", "breaker", *arguments, "--source", "fragile", "--json"],
        env={**kept, "MEDALLION_LOCAL_STATE": str(settings.state_dir), "MEDALLION_TENANT": "trial"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert called.returncode == 0, called.stderr
    return json.loads(called.stdout)


def test_source_waits_for_a_person_when_its_records_fail_alike(trial: Deployed, embedded: Settings) -> None:
    first = trial.ingest("fragile", rows(0, 96, 4), "first.csv")
    assert first.status is RunStatus.PROMOTED, "four of a hundred are more than three, and not more than 5 %"
    assert medallion(embedded, "show")["open"] is False
    held = trial.ingest("fragile", rows(1000, 36, 4), "second.csv")
    assert (held.status, "breaker opens: 8 of 140 records failed with TYPE_ERROR" in held.reason) == (
        RunStatus.HELD,
        True,
    )
    assert trial.alerts("8 of 140 records failed")
    waiting = trial.put("fragile", rows(2000, 5, 0), "third.csv")
    [waiter] = eventually(lambda: trial.control.leases.waiters(SUBJECT))
    decide(trial.platform, held.run_id, approved=True, by="Ada", reason="looked at it")
    eventually(lambda: len(trial.control.leases.waiters(SUBJECT)) == 2 or None)
    assert trial.control.run(waiter.run_id).status is RunStatus.PENDING
    closed = medallion(embedded, "close", "--by", "Ada", "--reason", "the sender has mended it")
    assert (closed["open"], closed["last"]["closed_by"], closed["last"]["failures"]) == (False, "Ada", 8)
    assert trial.ended(held.run_id).status is RunStatus.PROMOTED
    assert trial.settled(waiting).status is RunStatus.PROMOTED
    [told] = medallion(embedded, "show")["closings"]
    assert (told["run_id"], told["reason"]) == (held.run_id, "the sender has mended it")
    again = trial.ingest("fragile", rows(3000, 97, 3), "fourth.csv")
    assert again.status is RunStatus.PROMOTED, "what failed before the breaker was closed does not count again"
    with pytest.raises(BreakerNotOpen, match="there is nothing to close"):
        close(trial.platform, "fragile", by="Ada", reason="once more")
