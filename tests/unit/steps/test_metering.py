"""What a function took is noted in its run, whether it did its work or not; and never in the work's way."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from medallion.control.items import RunStatus
from tests.unit.control.waiting import NOW, InMemory


@pytest.fixture
def moments() -> list[datetime]:
    return [NOW]


@pytest.fixture
def platform(moments: list[datetime]) -> InMemory:
    made = replace(InMemory.at(lambda: moments[0]), memory=1024)
    made.running("r1")
    return made


def test_work_is_noted_when_it_is_done_and_when_it_fails(platform: InMemory, moments: list[datetime]) -> None:
    with platform.metered("r1"):
        moments[0] += timedelta(seconds=2)

    def break_off() -> None:
        with platform.metered("r1"):
            moments[0] += timedelta(seconds=0.5)
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        break_off()
    assert platform.control.run("r1").mb_seconds == 2560


def test_nothing_is_noted_when_it_is_no_function_or_the_run_has_ended(
    platform: InMemory, moments: list[datetime]
) -> None:
    with replace(platform, memory=0).metered("r1"):
        moments[0] += timedelta(seconds=2)
    platform.control.end("r1", RunStatus.FAILED, NOW)
    with platform.metered("r1"):
        moments[0] += timedelta(seconds=2)
    assert platform.control.run("r1").mb_seconds == 0


def test_work_is_done_when_it_cannot_be_noted(
    platform: InMemory, moments: list[datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(run_id: str, mb_seconds: int) -> None:
        raise ClientError({"Error": {"Code": "ThrottlingException", "Message": ""}}, "UpdateItem")

    monkeypatch.setattr(platform.control, "spend", refuse)
    with platform.metered("r1"):
        moments[0] += timedelta(seconds=2)
