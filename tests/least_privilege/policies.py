"""The deployed roles' policies: read, made narrower for a while, put back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from medallion.layout import TenantLayout

POLICY = "Permissions"
Statement = dict[str, Any]


class Policies:
    """The inline policies of a tenant's roles, as the account's administrator changes them."""

    def __init__(self, iam: Any, layout: TenantLayout) -> None:
        self._iam = iam
        self._layout = layout

    def statements(self, of: str) -> dict[str, Statement]:
        """The role's statements by Sid."""
        return {each["Sid"]: each for each in self._read(of)["Statement"]}

    @contextmanager
    def without(self, of: str, sid: str, action: str) -> Iterator[None]:
        """The role without one action of one statement; without the statement, where that was all it allowed."""
        with self._narrowed(of, lambda each: _less(each, action) if each["Sid"] == sid else each):
            yield

    @contextmanager
    def without_statements(self, dropped: dict[str, set[str]]) -> Iterator[None]:
        """The roles without whole statements, named by Sid."""
        with ExitStack() as stack:
            for of, sids in dropped.items():
                stack.enter_context(
                    self._narrowed(of, lambda each, sids=sids: None if each["Sid"] in sids else each)  # type: ignore[misc]
                )
            yield

    @contextmanager
    def _narrowed(self, of: str, narrow: Callable[[Statement], Statement | None]) -> Iterator[None]:
        whole = self._read(of)
        kept = [left for each in whole["Statement"] if (left := narrow(each)) is not None]
        assert kept != whole["Statement"], f"the role of {of} allows no such thing: nothing was taken away"
        try:
            self._write(of, {**whole, "Statement": kept})
            yield
        finally:
            self._write(of, whole)

    def _read(self, of: str) -> dict[str, Any]:
        found = self._iam.get_role_policy(RoleName=self._layout.role(of), PolicyName=POLICY)
        document: dict[str, Any] = found["PolicyDocument"]
        return document

    def _write(self, of: str, document: dict[str, Any]) -> None:
        role = self._layout.role(of)
        if document["Statement"]:
            self._iam.put_role_policy(RoleName=role, PolicyName=POLICY, PolicyDocument=json.dumps(document))
        else:
            self._iam.delete_role_policy(RoleName=role, PolicyName=POLICY)


def _less(statement: Statement, action: str) -> Statement | None:
    left = [each for each in actions(statement) if each != action]
    return {**statement, "Action": left} if left else None


def actions(statement: Statement) -> list[str]:
    said = statement["Action"]
    return said if isinstance(said, list) else [said]
