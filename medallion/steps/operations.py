"""What a person asks for that takes an engine: it is written down, and the tenant's own function does it.

No engine is imported here, so that who asks starts quickly. Nothing that was asked for is lost: an operation stands
before its function is called, and the hourly sweep has it begun again where nobody did, or where who did broke off.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from medallion.control.operations import KEPT, Operation, OperationStatus
from medallion.errors import OperationTooLarge
from medallion.layout import Task
from medallion.people import Person
from medallion.steps.batch import PATIENCE, run_id_of
from medallion.steps.platform import Platform

TERM = timedelta(minutes=16)
"""How long an operation is left to the function that began it: the longest Lambda, and a minute."""
TRIES = 3
"""How often an operation is begun. One that never comes to its end is ended as failed."""
LARGEST = 256 * 1024
"""Bytes of what is asked, or answered, at most: an item of DynamoDB ends at 400 KB."""


class OperationKind(StrEnum):
    """What can be asked for. Those that foresee write nothing."""

    RERUN = "rerun"
    CANCEL = "cancel"
    ROLLBACK = "rollback"
    CORRECT = "correct"
    FORESEE_CORRECTION = "foresee_correction"
    RELEASE = "release"
    FORESEE_RELEASE = "foresee_release"
    REPROCESS = "reprocess"
    FORESEE_REPROCESS = "foresee_reprocess"
    BACKFILL = "backfill"
    FORESEE_BACKFILL = "foresee_backfill"
    EXPLAIN = "explain"
    VERIFY_LEDGER = "verify_ledger"
    ACTIVATE_CONTRACT = "activate_contract"
    FORESEE_CONTRACT = "foresee_contract"
    APPLY_SCHEDULE = "apply_schedule"
    RESUME_SOURCE = "resume_source"
    BUILD_MODEL = "build_model"


def ask(platform: Platform, kind: OperationKind, subject: str, asked: Mapping[str, Any], person: Person) -> Operation:
    """Write down what the person asks for, and have it done. The operation as it stands.

    `subject` is what it is about: a source, a table (`silver.orders`) or a run's id. Asked again with the same
    `person`, and so of the same moment, it is one operation. OperationTooLarge where it says too much.
    """
    operations, wanted = platform.control.operations, operation_of(kind, subject, asked, person)
    operations.create(wanted)
    standing = operations.operation(wanted.operation_id)
    if standing.status is OperationStatus.PENDING:
        # It stands, and the sweep calls again. Told of an error, the person would ask for it twice.
        with suppress(ClientError, BotoCoreError):
            _call(platform, standing.operation_id)
    return standing


def operation_of(kind: OperationKind, subject: str, asked: Mapping[str, Any], person: Person) -> Operation:
    """The operation by which the person asks for that; OperationTooLarge where it says too much."""
    said = json.dumps(asked, sort_keys=True)
    if len(said.encode()) > LARGEST:
        raise OperationTooLarge(f"{kind} of {subject}: it says more than {LARGEST // 1024} KB; ask for it in parts")
    named = run_id_of(person.at, [kind, subject, said, person.by, person.reason, person.at.isoformat()])
    return Operation(
        operation_id=named,
        kind=kind,
        subject=subject,
        asked=dict(asked),
        requested_by=person.by,
        reason=person.reason,
        created_at=person.at,
        expires_at=int((person.at + KEPT).timestamp()),
    )


def asked_by(operation: Operation) -> Person:
    """Who asked, and when: what is done for one operation is done once, whichever try does it."""
    return Person(operation.requested_by, operation.reason, operation.created_at)


def take_up(platform: Platform) -> tuple[str, ...]:
    """Have the operations begun again that nobody works on: never begun, or broken off. Their ids."""
    left = [one for one in platform.control.operations.unfinished() if is_left(one, platform.clock())]
    for one in left:
        _call(platform, one.operation_id)
    return tuple(one.operation_id for one in left)


def is_left(operation: Operation, now: datetime) -> bool:
    """Whether nobody works on an operation that has not ended."""
    if operation.status is OperationStatus.PENDING:
        return operation.created_at + PATIENCE <= now
    return operation.begun_at is not None and operation.begun_at + TERM <= now


def _call(platform: Platform, operation_id: str) -> None:
    platform.invoke(Task.OPERATE, {"operation_id": operation_id})
