"""Operations: what a person asked of a tenant's records that takes an engine, and so longer than an answer may."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple

from boto3.dynamodb.conditions import Attr

from medallion.control.items import Item, Key
from medallion.control.table import ABSENT, ControlTable
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


class Operation(Item):
    """What was asked (`kind`, of which `subject`, with what `asked` says), by whom and why, and what came of it.

    `result` is what its kind says that it answers; `problem` is why it failed: the error's class and its sentence.
    DynamoDB removes it after `expires_at`, in seconds since 1970.
    """

    SK: ClassVar[str] = "OPERATION#"
    operation_id: str
    kind: str
    subject: str
    asked: dict[str, Any]
    status: OperationStatus = OperationStatus.PENDING
    result: dict[str, Any] | None = None
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
        return self._table.put(operation, Operation.key_of(self._tenant, operation.operation_id), ABSENT)

    def find(self, operation_id: str) -> Operation | None:
        return self._table.get(Operation, Operation.key_of(self._tenant, operation_id))

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

    def begin(self, operation_id: str) -> bool:
        """The operation is worked on now; False where it is already, or has ended."""
        pending = Attr("status").eq(OperationStatus.PENDING)
        return self._update(operation_id, {"status": OperationStatus.RUNNING}, pending)

    def succeed(self, operation_id: str, result: Mapping[str, Any], at: datetime) -> bool:
        """End the operation well; False if it has ended."""
        changes = {"status": OperationStatus.SUCCEEDED, "result": dict(result), "ended_at": at.isoformat()}
        return self._update(operation_id, changes, _GOES_ON)

    def fail(self, operation_id: str, kind: str, problem: str, at: datetime) -> bool:
        """End the operation with the error's class and sentence; False if it has ended."""
        changes = {
            "status": OperationStatus.FAILED,
            "problem_kind": kind,
            "problem": problem,
            "ended_at": at.isoformat(),
        }
        return self._update(operation_id, changes, _GOES_ON)

    def _update(self, operation_id: str, changes: Mapping[str, Any], condition: Any) -> bool:
        return self._table.update(Operation.key_of(self._tenant, operation_id), changes, condition)


_GOES_ON = Attr("status").is_in([OperationStatus.PENDING, OperationStatus.RUNNING])
