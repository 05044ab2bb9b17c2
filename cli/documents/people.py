"""Who may ask, who changed what, and what was asked for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cli.documents import Document
from medallion.control.keys import Role
from medallion.control.operations import OperationStatus


class Me(Document):
    """Who asks, of which tenant, as whom."""

    tenant: str
    role: str
    name: str


class KeyDocument(Document):
    """An API key, without its secret."""

    key_id: str
    name: str
    holder: str
    role: Role
    created_at: datetime
    created_by: str
    valid_until: datetime | None
    revoked_at: datetime | None
    revoked_by: str
    successor: str


class NewKey(KeyDocument):
    """A key that was just made: `key` is told this once."""

    key: str


class AuditDocument(Document):
    """One request that was to change something."""

    at: datetime
    by: str
    role: str
    action: str
    subject: dict[str, str]
    status: int
    request_id: str


class OperationSummary(Document):
    """What was asked for, and how it stands."""

    operation_id: str
    kind: str
    subject: str
    status: OperationStatus
    run_id: str | None
    requested_by: str
    reason: str
    created_at: datetime
    ended_at: datetime | None


class OperationDetail(OperationSummary):
    """An operation with what came of it."""

    asked: dict[str, Any]
    tries: int
    result: dict[str, Any] | None
    problem: str | None
    problem_kind: str | None
