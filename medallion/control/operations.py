"""Operations: what a person asked of a tenant's records that takes an engine, and so longer than an answer may."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, ClassVar, NamedTuple

from boto3.dynamodb.conditions import Attr
from pydantic import BeforeValidator

from medallion.control.items import Item, Key
from medallion.control.table import ABSENT, ControlTable, Delete, Put, Update, Write
from medallion.errors import UnknownOperation

KEPT = timedelta(days=90)
"""How long an operation can be asked about. What it did stands in its runs, its receipts and the audit trail."""


class OperationStatus(StrEnum):
    """Where an operation stands. The last two are its end."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        return self in (OperationStatus.SUCCEEDED, OperationStatus.FAILED)


def _plain(value: Any) -> Any:
    """JSON as it was written: DynamoDB gives every number back as a Decimal."""
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


Document = Annotated[dict[str, Any], BeforeValidator(_plain)]
"""A JSON object that is kept as it is."""


class Operation(Item):
    """What was asked (`kind`, of which `subject`, with what `asked` says), by whom and why, and what came of it.

    `tries` counts how often it was begun, last at `begun_at`; `run_id` is the run that it started, if it starts one.
    `result` is what its kind says that it answers; `problem` is why it failed: the error's class and its sentence.
    DynamoDB removes it after `expires_at`, in seconds since 1970.
    """

    PARTITION: ClassVar[str] = "TENANT#{tenant}#OPERATIONS"
    SK: ClassVar[str] = "OPERATION#"
    operation_id: str
    kind: str
    subject: str
    asked: Document
    status: OperationStatus = OperationStatus.PENDING
    tries: int = 0
    begun_at: datetime | None = None
    run_id: str = ""
    result: Document | None = None
    problem_kind: str = ""
    problem: str = ""
    requested_by: str
    reason: str = ""
    created_at: datetime
    ended_at: datetime | None = None
    expires_at: int

    @staticmethod
    def key_of(tenant: str, operation_id: str) -> Key:
        return Key(f"TENANT#{tenant}#OPERATIONS", f"{Operation.SK}{operation_id}")


class OpenOperation(Item):
    """That an operation has not ended: the sweep looks after those."""

    PARTITION: ClassVar[str] = "TENANT#{tenant}#OPEN"
    SK: ClassVar[str] = "OPERATION#"
    operation_id: str

    @staticmethod
    def key_of(tenant: str, operation_id: str) -> Key:
        return Key(f"TENANT#{tenant}#OPEN", f"{OpenOperation.SK}{operation_id}")


class OperationPage(NamedTuple):
    """Operations, newest first. `before` is where the next page begins, or nothing if there is no more."""

    operations: list[Operation]
    before: str


class Operations:
    """One tenant's operations. Their ids sort by the moment that they were asked for."""

    def __init__(self, table: ControlTable, tenant: str) -> None:
        self._table = table
        self._tenant = tenant

    def create(self, operation: Operation) -> bool:
        """Keep a new operation; False if one of that id stands already."""
        named = operation.operation_id
        opened = Put(OpenOperation(operation_id=named), OpenOperation.key_of(self._tenant, named))
        return self._table.transact([Put(operation, Operation.key_of(self._tenant, named), ABSENT), opened])

    def unfinished(self) -> list[Operation]:
        """The tenant's operations that have not ended, the oldest first."""
        pk = OpenOperation.key_of(self._tenant, "").pk
        listed = self._table.query(OpenOperation, pk, OpenOperation.SK)
        return [found for one in listed if (found := self.find(one.operation_id)) is not None]

    def find(self, operation_id: str) -> Operation | None:
        return self._table.get(Operation, self._key(operation_id))

    def operation(self, operation_id: str) -> Operation:
        found = self.find(operation_id)
        if found is None:
            raise UnknownOperation(
                f"tenant {self._tenant} has no operation {operation_id!r}, or asked for it over {KEPT.days} days ago"
            )
        return found

    def page(self, limit: int, before: str = "") -> OperationPage:
        """The newest operations, `limit` at most; those before the one of id `before`."""
        pk = Operation.key_of(self._tenant, "").pk
        beyond = f"{Operation.SK}{before}" if before else ""
        found = self._table.query(Operation, pk, Operation.SK, limit=limit + 1, newest_first=True, beyond=beyond)
        shown = found[:limit]
        return OperationPage(shown, shown[-1].operation_id if len(found) > limit else "")

    def begin(self, operation: Operation, at: datetime) -> bool:
        """The operation is worked on from now on, once more where an earlier try broke off. False if it is not as
        `operation` says: another works on it, or it has ended.
        """
        as_read = Attr("status").eq(operation.status) & Attr("tries").eq(operation.tries)
        changes = {"status": OperationStatus.RUNNING, "tries": operation.tries + 1, "begun_at": at.isoformat()}
        return self._table.update(self._key(operation.operation_id), changes, as_read)

    def note_run(self, operation_id: str, run_id: str) -> None:
        """Name the run that the operation is about to make, before it is there: a later try finds it."""
        self._table.update(self._key(operation_id), {"run_id": run_id}, _GOES_ON)

    def succeed(self, operation_id: str, result: Mapping[str, Any], at: datetime) -> bool:
        """End the operation well; False if it has ended."""
        return self._end(
            operation_id, {"status": OperationStatus.SUCCEEDED, "result": dict(result), "ended_at": at.isoformat()}
        )

    def fail(self, operation_id: str, kind: str, problem: str, at: datetime) -> bool:
        """End the operation with the error's class and sentence; False if it has ended."""
        said = {"problem_kind": kind, "problem": problem}
        return self._end(operation_id, {"status": OperationStatus.FAILED, **said, "ended_at": at.isoformat()})

    def _end(self, operation_id: str, changes: Mapping[str, Any]) -> bool:
        writes: list[Write] = [
            Update(self._key(operation_id), changes, _GOES_ON),
            Delete(OpenOperation.key_of(self._tenant, operation_id), None),
        ]
        return self._table.transact(writes)

    def _key(self, operation_id: str) -> Key:
        return Operation.key_of(self._tenant, operation_id)


_GOES_ON = Attr("status").is_in([OperationStatus.PENDING, OperationStatus.RUNNING])
