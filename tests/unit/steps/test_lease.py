"""What a process that dies, a stale list or a wrong clock does to a lease."""

from __future__ import annotations

from datetime import timedelta

import pytest

from medallion.control.items import Lease, RunStatus, Waiter
from medallion.control.leases import TERM
from medallion.errors import LeaseLost
from medallion.steps.lease import acquire, confirm, hand_over, take, wake_next
from medallion.steps.ticket import Ticket
from tests.unit.control.waiting import LAYOUT, NOW, InMemory, States

SUBJECT = "silver#orders"


@pytest.fixture
def platform() -> InMemory:
    return InMemory.at()


def working(platform: InMemory, run_id: str) -> Ticket:
    """A run that holds the lease."""
    ticket = platform.running(run_id)
    acquire(platform, ticket, platform.task(f"task of {run_id}"))
    held = platform.control.leases.held(SUBJECT)
    assert held is not None
    assert held.owner == run_id
    return ticket.model_copy(update={"lease": held.token})


def queued(platform: InMemory, run_id: str) -> Ticket:
    ticket = platform.running(run_id)
    acquire(platform, ticket, platform.task(f"task of {run_id}"))
    return ticket


def answer(platform: InMemory, run_id: str) -> str | None:
    return platform.waiting.tasks[f"task of {run_id}"]


def test_next_waker_answers_when_the_first_died_before_it_did(
    platform: InMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = working(platform, "r1")
    queued(platform, "r2")

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(States, "send_task_success", die)
        with pytest.raises(KeyboardInterrupt):
            hand_over(platform, first)
    assert answer(platform, "r2") is None
    queued(platform, "r3")
    assert answer(platform, "r2") == '{"lease": 2}'
    assert answer(platform, "r3") is None
    assert platform.control.run("r2").status is RunStatus.RUNNING


def test_running_holder_keeps_its_lease_when_its_answer_is_sent_again(platform: InMemory) -> None:
    first = working(platform, "r1")
    # The answer was sent, and its sender died before it noted so.
    platform.table.update(Lease.key_of(LAYOUT.tenant, SUBJECT), {"unanswered": "task of r1"})
    queued(platform, "r2")
    confirm(platform, first)
    assert answer(platform, "r2") is None


def test_lease_stays_when_a_waiter_is_taken_from_a_stale_list(platform: InMemory) -> None:
    hand_over(platform, working(platform, "r1"))
    stale = Waiter(subject=SUBJECT, run_id="r1", task_token="task of r1")  # noqa: S106  # a name
    assert not platform.control.leases.grant(stale, NOW, lambda owner: True)
    assert take(platform, SUBJECT, "rollback") == 2


def test_next_run_is_woken_when_the_one_before_it_was_stopped_in_the_queue(platform: InMemory) -> None:
    first = working(platform, "r1")
    queued(platform, "r2")
    queued(platform, "r3")
    platform.waiting.executions["arn:r2"] = "ABORTED"
    del platform.waiting.tasks["task of r2"]
    hand_over(platform, first)
    assert answer(platform, "r3") == '{"lease": 3}'


def test_lease_is_kept_when_another_process_clock_is_an_hour_ahead(platform: InMemory) -> None:
    first = working(platform, "r1")
    ahead = InMemory(
        platform.layout,
        platform.session,
        platform.resources,
        lambda: NOW + timedelta(hours=1),
        platform.table,
        platform.waiting,
    )
    queued(ahead, "r2")
    assert answer(platform, "r2") is None
    confirm(platform, first)
    assert take(ahead, SUBJECT, "rollback") is None


def test_late_work_is_refused_when_the_lease_of_a_stopped_run_has_expired(platform: InMemory) -> None:
    first = working(platform, "r1")
    queued(platform, "r2")
    platform.waiting.executions["arn:r1"] = "ABORTED"
    wake_next(platform, SUBJECT)
    assert answer(platform, "r2") is None, "its lease may still be in use"
    later = InMemory(
        platform.layout, platform.session, platform.resources, lambda: NOW + TERM, platform.table, platform.waiting
    )
    wake_next(later, SUBJECT)
    assert answer(platform, "r2") == '{"lease": 2}'
    with pytest.raises(LeaseLost, match="run r1 no longer holds the lease of silver#orders"):
        confirm(platform, first)
    hand_over(platform, first)
    confirm(platform, platform.running("r2").model_copy(update={"lease": 2}))


def test_lease_is_renewed_when_its_holder_confirms(platform: InMemory) -> None:
    first = working(platform, "r1")
    later = NOW + timedelta(minutes=29)
    platform.control.leases.confirm(SUBJECT, "r1", first.lease or 0, later)
    held = platform.control.leases.held(SUBJECT)
    assert held is not None
    assert held.expires_at == later + TERM


def test_held_run_stays_held_when_a_late_answer_comes(platform: InMemory) -> None:
    working(platform, "r1")
    platform.control.note("r1", status=RunStatus.HELD, task_token="person", approval=None)  # noqa: S106  # a name
    platform.control.begin("r1")
    assert platform.control.run("r1").status is RunStatus.HELD


def test_a_run_is_not_woken_when_it_has_left_the_queue(platform: InMemory) -> None:
    first = working(platform, "r1")
    queued(platform, "r2")
    queued(platform, "r3")
    platform.control.leases.leave(SUBJECT, "r2")
    hand_over(platform, first)
    assert answer(platform, "r2") is None
    assert answer(platform, "r3") == '{"lease": 2}'
