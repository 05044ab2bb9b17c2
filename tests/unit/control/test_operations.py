"""Operations: asked for once, done once, never lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from medallion.control.operations import Operation, OperationStatus
from medallion.errors import OperationTooLarge, UnknownOperation
from medallion.layout import Task
from medallion.people import Person
from medallion.steps.batch import PATIENCE
from medallion.steps.operations import TERM, OperationKind, ask, take_up
from tests.unit.control.waiting import NOW, Clock, InMemory

ADA = Person("Ada", "a test", NOW)
ASKED = {"expressions": {"amount": "1"}, "rows": [1, 2], "share": 0.5}


class Unreachable(InMemory):
    """A platform whose functions cannot be called now."""

    def invoke(self, task: Task, event: dict[str, Any]) -> None:
        raise ClientError({"Error": {"Code": "TooManyRequestsException", "Message": "later"}}, "Invoke")


@pytest.fixture
def platform() -> InMemory:
    return InMemory.at(Clock())


def later(platform: InMemory, by: timedelta) -> None:
    assert isinstance(platform.clock, Clock)
    platform.clock.now = NOW + by


def asked(platform: InMemory, person: Person = ADA) -> Operation:
    return ask(platform, OperationKind.CORRECT, "orders", ASKED, person)


def test_the_function_is_called_when_something_is_asked_for(platform: InMemory) -> None:
    operation = asked(platform)
    assert platform.invoked == [(Task.OPERATE, {"operation_id": operation.operation_id})]
    assert (operation.status, operation.requested_by, operation.reason) == (OperationStatus.PENDING, "Ada", "a test")
    assert platform.control.operations.unfinished() == [operation]


def test_it_is_one_operation_when_it_is_asked_for_twice_at_one_moment(platform: InMemory) -> None:
    first, again = asked(platform), asked(platform)
    assert first == again
    assert len(platform.control.operations.page(10).operations) == 1


def test_it_is_another_operation_when_it_is_asked_for_again_later(platform: InMemory) -> None:
    first = asked(platform)
    second = asked(platform, Person("Ada", "a test", NOW + timedelta(seconds=1)))
    page = platform.control.operations.page(10)
    assert [one.operation_id for one in page.operations] == [second.operation_id, first.operation_id]


def test_what_is_asked_comes_back_as_it_was_said_when_it_is_read(platform: InMemory) -> None:
    assert platform.control.operations.operation(asked(platform).operation_id).asked == ASKED


def test_nothing_is_lost_when_the_function_cannot_be_called() -> None:
    platform = Unreachable.at(Clock())
    operation = asked(platform)
    assert operation.status is OperationStatus.PENDING
    assert platform.control.operations.unfinished() == [operation]


def test_the_sweep_begins_it_when_nobody_did(platform: InMemory) -> None:
    operation = asked(platform)
    platform.invoked.clear()
    assert take_up(platform) == ()
    later(platform, PATIENCE)
    assert take_up(platform) == (operation.operation_id,)
    assert platform.invoked == [(Task.OPERATE, {"operation_id": operation.operation_id})]


def test_the_sweep_begins_it_again_when_who_did_it_broke_off(platform: InMemory) -> None:
    operation = asked(platform)
    assert platform.control.operations.begin(operation, NOW)
    later(platform, TERM - timedelta(seconds=1))
    assert take_up(platform) == ()
    later(platform, TERM)
    assert take_up(platform) == (operation.operation_id,)


def test_it_is_begun_once_when_two_begin_it(platform: InMemory) -> None:
    operation = asked(platform)
    assert platform.control.operations.begin(operation, NOW)
    assert not platform.control.operations.begin(operation, NOW)
    assert platform.control.operations.operation(operation.operation_id).tries == 1


def test_it_stays_as_it_ended_when_another_ends_it_later(platform: InMemory) -> None:
    operations, operation = platform.control.operations, asked(platform)
    assert operations.succeed(operation.operation_id, {"entries": 1}, NOW)
    assert not operations.fail(operation.operation_id, "X", "x", NOW)
    found = operations.operation(operation.operation_id)
    assert (found.status, found.result, found.problem) == (OperationStatus.SUCCEEDED, {"entries": 1}, "")
    assert operations.unfinished() == []


def test_it_is_refused_when_it_says_too_much(platform: InMemory) -> None:
    with pytest.raises(OperationTooLarge, match="in parts"):
        ask(platform, OperationKind.CORRECT, "orders", {"text": "x" * 300_000}, ADA)
    assert platform.control.operations.page(10).operations == []


def test_the_tenant_is_named_when_there_is_no_such_operation(platform: InMemory) -> None:
    with pytest.raises(UnknownOperation, match="tenant trial has no operation 'x'"):
        platform.control.operations.operation("x")
