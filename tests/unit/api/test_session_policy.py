"""A session's policy fits, and names the tenant's own alone."""

from __future__ import annotations

import json

import pytest

from lambdas.api.session_policy import LONGEST, session_policy
from medallion.control.keys import Role
from medallion.layout import Environment, EnvironmentLayout, TenantLayout

LAYOUT = TenantLayout.of(EnvironmentLayout(Environment.STAGING, "123456789012", "ap-northeast-3"), "twelveletter")


@pytest.mark.parametrize("role", Role)
def test_a_policy_fits_what_sts_takes_when_names_are_longest(role: Role) -> None:
    assert len(json.dumps(session_policy(LAYOUT, role), separators=(",", ":"))) <= LONGEST


@pytest.mark.parametrize("role", Role)
def test_every_statement_names_the_tenant_when_it_allows(role: Role) -> None:
    for statement in session_policy(LAYOUT, role)["Statement"]:
        condition = json.dumps(statement.get("Condition", {}))
        named = [resource for resource in statement["Resource"] if isinstance(statement["Resource"], list)]
        shared = [one for one in named if LAYOUT.tenant not in one and not one.endswith(":catalog")]
        assert not shared or LAYOUT.tenant in condition


def test_a_viewer_changes_nothing_but_what_it_asked_when_it_writes() -> None:
    actions = [action for one in session_policy(LAYOUT, Role.VIEWER)["Statement"] for action in one["Action"]]
    assert not {"lambda:InvokeFunction", "states:SendTaskSuccess", "states:StartExecution"} & set(actions)
