"""The keys of those who operate the environment: made with the person's own AWS permissions alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from cli.direct.people import Keys
from cli.documents.people import KeyDocument, NewKey
from cli.target import Target
from medallion.control.keys import OPERATORS, ApiKeys, Role
from medallion.control.table import ControlTable


@dataclass(frozen=True)
class OperatorsKeys:
    """Operators' keys, as the commands of a tenant's keys use them."""

    keys_of: Keys

    def keys(self) -> list[KeyDocument]:
        return self.keys_of.all()

    def new_key(self, name: str, role: Role, days: int | None, holder: str) -> NewKey:
        return self.keys_of.create(name, role, days, holder)

    def rotate_key(self, key_id: str, overlap_hours: int) -> NewKey:
        return self.keys_of.rotate(key_id, overlap_hours)

    def revoke_key(self, key_id: str) -> KeyDocument:
        return self.keys_of.revoke(key_id)


def operators_keys(target: Target) -> OperatorsKeys:
    """The environment's."""
    table = ControlTable.named(target.layout.control_table, target.layout.region, target.session)
    caller = target.session.client("sts").get_caller_identity()["Arn"]
    return OperatorsKeys(Keys(ApiKeys(table, OPERATORS), caller, lambda: datetime.now(UTC)))
