"""Keys, the audit trail and operations, through the API."""

from __future__ import annotations

from dataclasses import dataclass

from cli.documents.people import AuditDocument, KeyDocument, Me, NewKey, OperationDetail, OperationSummary
from cli.remote.asking import part
from cli.remote.client import Client
from medallion.control.keys import Role


@dataclass(frozen=True)
class RemotePeople:
    client: Client

    def me(self) -> Me:
        return Me.model_validate(self.client.get("/me"))

    def keys(self) -> list[KeyDocument]:
        return [KeyDocument.model_validate(one) for one in self.client.pages("/keys")[0]]

    def new_key(self, name: str, role: Role, days: int | None, holder: str) -> NewKey:
        wanted = {"name": name, "holder": holder or None, "role": role, "days": days}
        return NewKey.model_validate(self.client.post("/keys", wanted))

    def rotate_key(self, key_id: str, overlap_hours: int) -> NewKey:
        told = self.client.post(f"/keys/{part(key_id)}/rotation", {"overlap_hours": overlap_hours})
        return NewKey.model_validate(told)

    def revoke_key(self, key_id: str) -> KeyDocument:
        return KeyDocument.model_validate(self.client.delete(f"/keys/{part(key_id)}"))

    def audit(self, limit: int) -> list[AuditDocument]:
        return [AuditDocument.model_validate(one) for one in self.client.pages("/audit", limit=limit)[0]]

    def operations(self, limit: int) -> list[OperationSummary]:
        items, _ = self.client.pages("/operations", limit=limit)
        return [OperationSummary.model_validate(one) for one in items]

    def operation(self, operation_id: str) -> OperationDetail:
        return OperationDetail.model_validate(self.client.get(f"/operations/{part(operation_id)}"))
