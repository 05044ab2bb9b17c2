"""Who acts on which tenant's platform, and how what takes an engine is done: as an operation, in this process."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cli.engines import operate
from cli.port import Said
from medallion.contracts.model import Frozen
from medallion.control.audit import AuditEntry
from medallion.control.keys import Role
from medallion.control.operations import Operation
from medallion.people import Person
from medallion.steps.operations import OperationKind
from medallion.steps.platform import Platform


@dataclass(frozen=True)
class Acting:
    """A tenant's platform, and a person at it. `endpoint` is where an AWS answers that is not Amazon's."""

    platform: Platform
    endpoint: str | None = None

    @cached_property
    def caller(self) -> str:
        """Whom the credentials name."""
        return str(self.platform.session.client("sts").get_caller_identity()["Arn"])

    def person(self, said: Said) -> Person:
        return Person(said.by or self.caller, said.reason, self.platform.clock(), self.caller)

    def do(self, kind: OperationKind, subject: str, asked: Frozen | None, said: Said) -> dict[str, Any]:
        """Do what the API would have done as an operation. What came of it, as its kind says."""
        person = self.person(said)
        operation = Operation(
            operation_id="",
            kind=kind,
            subject=subject,
            asked={} if asked is None else asked.model_dump(mode="json"),
            requested_by=person.by,
            reason=person.reason,
            created_at=person.at,
            expires_at=0,
        )
        return operate.DOING[kind](self.platform, operation)

    def record(self, action: str, said: Said, **subject: str) -> None:
        """Leave a line in the audit trail, as the API does: `action` is its name for what was done."""
        person = self.person(said)
        entry = AuditEntry(
            at=person.at,
            request_id=secrets.token_hex(8),
            by=person.by,
            role=Role.OPERATOR,
            action=action,
            subject=subject,
            status=200,
            reason=person.reason,
        )
        self.platform.control.audit.add(entry)
