"""Tenants apart below the API, as an independent IAM simulator judges the policies that are deployed and passed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lambdas.api.session_policy import session_policy
from medallion.control.keys import Role
from medallion.layout import Environment, EnvironmentLayout, TenantLayout
from stacks.key_policy import use_by_account
from stacks.permissions import Capabilities
from stacks.settings import ROOT
from stacks.tasks import api_permissions

SHARED = EnvironmentLayout(Environment.PROD, "123456789012", "ap-southeast-1")
ACME, SKYLINE = TenantLayout.of(SHARED, "acme"), TenantLayout.of(SHARED, "skyline")
KEY = "key/00000000-0000-0000-0000-000000000000"
OF_NOBODY = ":catalog"
"""What no tenant has for itself: to be let to it alone leads to nothing."""
USE = use_by_account(SHARED.account, [f"s3.{SHARED.region}.amazonaws.com"]).to_statement_json()
ACCOUNT = {"AWS": f"arn:aws:iam::{SHARED.account}:root"}
KEY_POLICY = {"Version": "2012-10-17", "Statement": [USE | {"Principal": ACCOUNT}]}
"""What every tenant's key says of the account's principals: IAM decides."""
UNJUDGED = ("states:SendTaskSuccess",)
"""The simulator's data knows no resource for these; the CDK grants them on the machine, as we do."""
UNKNOWN = '{"message":"no.resource.types"}'
"""What the simulator says of an action that has no such resource: Glue's statements name a table's parents as well."""


@dataclass(frozen=True)
class Request:
    """One action on one resource, with what the service tells of the request."""

    action: str
    resource: str
    context: tuple[tuple[str, tuple[str, ...]], ...]

    def simulation(self, layout: TenantLayout, role: Role) -> dict[str, Any]:
        """The request in a session of the tenant's API role for a caller of that role."""
        statements = [one.statement.to_statement_json() for one in api_permissions(capabilities(layout))]
        simulation = {
            "identityPolicies": [{"name": "role", "policy": {"Version": "2012-10-17", "Statement": statements}}],
            "sessionPolicy": session_policy(layout, role),
            "request": {
                "action": self.action,
                "principal": f"arn:aws:sts::{SHARED.account}:assumed-role/{layout.role('api')}/api-{role}",
                "resource": {"accountId": SHARED.account, "resource": self.resource},
                "contextVariables": {name: list(values) for name, values in self.context},
            },
        }
        return simulation | ({"resourcePolicy": KEY_POLICY} if self.action.startswith("kms:") else {})


def capabilities(layout: TenantLayout) -> Capabilities:
    return Capabilities(layout, SHARED.arn("kms", f"{KEY[:-1]}{len(layout.tenant)}"))


def requests_of(layout: TenantLayout) -> Iterator[Request]:
    """Every request that the tenant's API role is made for, on what is the tenant's own."""
    for permission in api_permissions(capabilities(layout)):
        for action in permission.actions:
            for resource in permission.resources:
                if action in UNJUDGED or resource.endswith(OF_NOBODY):
                    continue
                yield Request(action, resource.replace("*", "a"), tuple(_context(layout, permission.sid)))


def _context(layout: TenantLayout, sid: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    if sid.startswith("Control"):
        yield "dynamodb:LeadingKeys", (f"TENANT#{layout.tenant}#RUNS",)
    if sid == "UseKey":
        yield "kms:ViaService", (f"s3.{layout.region}.amazonaws.com",)
        yield "kms:ResourceAliases", (layout.key_alias,)


def judged(simulations: list[dict[str, Any]]) -> list[str]:
    """What the simulator says of each."""
    script = Path(__file__).with_name("simulate.mjs").relative_to(ROOT)
    done = subprocess.run(
        ["node", str(script)], cwd=ROOT, input=json.dumps(simulations), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_an_operator_is_let_to_everything_of_the_tenant_that_is_named() -> None:
    asked = list(requests_of(ACME))
    verdicts = judged([one.simulation(ACME, Role.OPERATOR) for one in asked])
    found = [(one, said) for one, said in zip(asked, verdicts, strict=True) if said != UNKNOWN]
    assert [(one, said) for one, said in found if said != "Allowed"] == []
    assert len(found) > 50


@pytest.mark.parametrize("role", Role)
def test_nobody_is_let_to_anything_of_another_tenant(role: Role) -> None:
    asked = list(requests_of(SKYLINE))
    verdicts = judged([one.simulation(ACME, role) for one in asked])
    found = [(one, said) for one, said in zip(asked, verdicts, strict=True) if said != UNKNOWN]
    assert [(one, said) for one, said in found if not said.endswith("Denied")] == []
    assert len(found) > 50


@pytest.mark.parametrize("role", Role)
def test_nobody_but_an_operator_changes_keys(role: Role) -> None:
    keys = (("dynamodb:LeadingKeys", ("TENANT#acme#KEYS",)),)
    asked = [Request(f"dynamodb:{each}Item", SHARED.control_table_arn, keys) for each in ("Put", "Update", "Delete")]
    verdicts = set(judged([one.simulation(ACME, role) for one in asked]))
    assert all(one.endswith("Denied") for one in verdicts) is (role is not Role.OPERATOR)


def test_who_looks_changes_nothing_but_what_it_asked() -> None:
    places = {"RUNS": False, "SOURCE#orders": False, "AUDIT": True, "ONCE": True}
    asked = [
        Request("dynamodb:PutItem", SHARED.control_table_arn, (("dynamodb:LeadingKeys", (f"TENANT#acme#{each}",)),))
        for each in places
    ]
    verdicts = judged([one.simulation(ACME, Role.VIEWER) for one in asked])
    assert [one == "Allowed" for one in verdicts] == list(places.values())


def test_a_request_without_a_key_of_the_table_finds_nothing_to_allow_it() -> None:
    """`ForAllValues` holds where a request names no key: what would scan is allowed to no role at all."""
    scan = Request("dynamodb:Scan", SHARED.control_table_arn, ())
    assert judged([scan.simulation(ACME, role) for role in Role]) == ["ImplicitlyDenied"] * len(Role)
