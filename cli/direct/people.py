"""Keys, the audit trail and operations, directly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cli.direct.acting import Acting
from cli.documents.people import AuditDocument, KeyDocument, Me, NewKey, OperationDetail, OperationSummary
from cli.port import Said
from medallion.control.keys import ApiKey, ApiKeys, Role, Token
from medallion.control.operations import Operation

_PAGE = 200
_ABSENT = ("run_id", "problem", "problem_kind")
"""What is null where there is nothing to say."""


@dataclass(frozen=True)
class Keys:
    """The keys of one owner, and who changes them."""

    repository: ApiKeys
    by: str
    clock: Callable[[], datetime]

    def all(self) -> list[KeyDocument]:
        found, after = list[KeyDocument](), ""
        while True:
            page = self.repository.page(_PAGE, after)
            found += [_shown(one) for one in page.keys]
            if not (after := page.after):
                return found

    def create(self, name: str, role: Role, days: int | None, holder: str) -> NewKey:
        now = self.clock()
        until = None if days is None else now + timedelta(days=days)
        made = self.repository.create(name, role, by=self.by, now=now, valid_until=until, holder=holder)
        return _told(made)

    def rotate(self, key_id: str, overlap_hours: int) -> NewKey:
        now = self.clock()
        return _told(self.repository.rotate(key_id, by=self.by, now=now, until=now + timedelta(hours=overlap_hours)))

    def revoke(self, key_id: str) -> KeyDocument:
        return _shown(self.repository.revoke(key_id, by=self.by, now=self.clock()))


@dataclass(frozen=True)
class DirectPeople:
    acting: Acting

    def me(self) -> Me:
        return Me(tenant=self.acting.platform.layout.tenant, role=Role.OPERATOR, name=self.acting.caller)

    def keys(self) -> list[KeyDocument]:
        return self._keys.all()

    def new_key(self, name: str, role: Role, days: int | None, holder: str) -> NewKey:
        made = self._keys.create(name, role, days, holder)
        self.acting.record("create_key", Said(name))
        return made

    def rotate_key(self, key_id: str, overlap_hours: int) -> NewKey:
        made = self._keys.rotate(key_id, overlap_hours)
        self.acting.record("rotate_key", Said(""), key_id=key_id)
        return made

    def revoke_key(self, key_id: str) -> KeyDocument:
        ended = self._keys.revoke(key_id)
        self.acting.record("revoke_key", Said(""), key_id=key_id)
        return ended

    def audit(self, limit: int) -> list[AuditDocument]:
        return [AuditDocument.of(one) for one in self.acting.platform.control.audit.page(limit).entries]

    def operations(self, limit: int) -> list[OperationSummary]:
        page = self.acting.platform.control.operations.page(limit)
        return [OperationSummary.model_validate(_absent(one)) for one in page.operations]

    def operation(self, operation_id: str) -> OperationDetail:
        found = self.acting.platform.control.operations.operation(operation_id)
        return OperationDetail.model_validate(_absent(found))

    @property
    def _keys(self) -> Keys:
        return Keys(self.acting.platform.control.keys, self.acting.caller, self.acting.platform.clock)


def _told(made: tuple[ApiKey, Token]) -> NewKey:
    key, token = made
    return NewKey.of(key, key=str(token), holder=key.held_by)


def _shown(key: ApiKey) -> KeyDocument:
    return KeyDocument.of(key, holder=key.held_by)


def _absent(operation: Operation) -> dict[str, object]:
    told = operation.model_dump()
    return {name: None if value == "" and name in _ABSENT else value for name, value in told.items()}
