"""Cancel: a run is cancelled or published, never both and never neither."""

from __future__ import annotations

import pytest

from medallion.control.items import Approval, Cancellation, Run, RunKind, RunStatus
from medallion.errors import NotCancellable, UnknownRun
from medallion.people import Person
from medallion.steps.cancel import cancel
from medallion.steps.failure import Failure
from tests.unit.control.waiting import NOW, InMemory

ADA = Person("Ada", "it was a test", NOW)
SAID = Cancellation(by="Ada", reason="it was a test", at=NOW)


@pytest.fixture
def platform() -> InMemory:
    return InMemory.at()


def run(platform: InMemory, status: RunStatus = RunStatus.RUNNING, attempt: int = 1) -> Run:
    made = Run(run_id="r1", kind=RunKind.INGEST, subject="orders", created_at=NOW, status=status, attempt=attempt)
    platform.control.create_run(made)
    return platform.control.run("r1")


@pytest.mark.parametrize("status", [RunStatus.PENDING, RunStatus.RUNNING, RunStatus.HELD])
def test_a_cancelled_run_is_not_published_when_it_comes_so_far(platform: InMemory, status: RunStatus) -> None:
    assert platform.control.cancel(run(platform, status), SAID)
    assert not platform.control.begin_publishing("r1", 1)
    assert platform.control.run("r1").publishing == 0


def test_a_run_that_is_being_published_is_not_cancelled(platform: InMemory) -> None:
    run(platform)
    assert platform.control.begin_publishing("r1", 1)
    assert platform.control.begin_publishing("r1", 1), "Promote is tried again"
    with pytest.raises(NotCancellable, match="being published"):
        cancel(platform, "r1", ADA)
    assert platform.control.run("r1").cancelled is None


def test_the_next_attempt_can_be_cancelled_when_an_earlier_one_began_to_publish(platform: InMemory) -> None:
    run(platform)
    platform.control.begin_publishing("r1", 1)
    platform.control.end("r1", RunStatus.FAILED, NOW)
    assert platform.control.reopen(platform.control.run("r1"))
    assert platform.control.cancel(platform.control.run("r1"), SAID)


def test_a_cancelled_run_is_cancelled_no_more_when_it_is_done_again(platform: InMemory) -> None:
    platform.control.cancel(run(platform), SAID)
    platform.control.end("r1", RunStatus.FAILED, NOW, reason=SAID.said)
    assert platform.control.reopen(platform.control.run("r1"))
    assert platform.control.run("r1").cancelled is None
    assert platform.control.begin_publishing("r1", 2)


def test_a_run_is_not_cancelled_when_it_was_approved_meanwhile(platform: InMemory) -> None:
    looked_at = run(platform, RunStatus.HELD)
    approval = Approval(approved=True, by="Grace", reason="it is right", at=NOW)
    assert platform.control.decide(looked_at, approval)
    assert not platform.control.cancel(looked_at, SAID)


@pytest.mark.parametrize(
    ("status", "why"), [(RunStatus.PROMOTED, "rolled back"), (RunStatus.FAILED, "nothing to cancel")]
)
def test_it_is_told_why_when_the_run_has_ended(platform: InMemory, status: RunStatus, why: str) -> None:
    run(platform, status)
    with pytest.raises(NotCancellable, match=why):
        cancel(platform, "r1", ADA)


def test_nothing_is_done_when_it_was_cancelled_and_has_ended(platform: InMemory) -> None:
    platform.control.cancel(run(platform), SAID)
    platform.control.end("r1", RunStatus.FAILED, NOW, reason=SAID.said)
    assert cancel(platform, "r1", ADA).status is RunStatus.FAILED
    assert platform.told == []


def test_no_run_is_cancelled_when_there_is_none(platform: InMemory) -> None:
    with pytest.raises(UnknownRun):
        cancel(platform, "r1", ADA)


def test_the_machine_tells_who_cancelled_the_run_when_it_ends_it_first(platform: InMemory) -> None:
    platform.control.cancel(run(platform), SAID)
    stopped = Failure(status=RunStatus.FAILED, error="RunCancelled", cause="it was cancelled")
    assert stopped.said(platform.control.run("r1")) == "cancelled by Ada: it was a test"
