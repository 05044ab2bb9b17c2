"""What the trial tenant's roles are allowed, from the synthesized template: known before anything is deployed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from local.settings import Settings
from medallion.layout import Environment, EnvironmentLayout, TenantLayout
from tests.infrastructure.synthesis import synthesize

TENANTS = Path(__file__).parents[1] / "integration/tenants"
_ACCOUNT = Settings(state_dir=Path())
LAYOUT: TenantLayout = TenantLayout.of(EnvironmentLayout(Environment.DEV, _ACCOUNT.account, _ACCOUNT.region), "trial")


@dataclass(frozen=True)
class Grant:
    """One action of one statement. `of` is whose role it is: a task, a machine, or the schedules."""

    of: str
    sid: str
    action: str
    alone: bool
    """The statement allows nothing else: without this action there is no statement."""

    def __str__(self) -> str:
        return f"{self.of}-{self.sid}" if self.alone else f"{self.of}-{self.sid}-{self.action.partition(':')[2]}"


@cache
def grants() -> tuple[Grant, ...]:
    """Every grant of every role in the tenant's stacks, so that a new statement is tried as soon as it is written."""
    with TemporaryDirectory() as folder:
        synthesis = synthesize(
            Path(folder), environment="dev", tenants=str(TENANTS), account=LAYOUT.account, region=LAYOUT.region
        )
    return tuple(
        Grant(_whose(each.owner), each.sid, action, alone=len(each.actions) == 1)
        for each in synthesis.statements()
        if each.kind == "identity" and each.stack.startswith(LAYOUT.prefix)
        for action in each.actions
    )


def _whose(role: str) -> str:
    """The part of a role's name that the layout was given: any other name is a role that this suite does not know."""
    of = role.removeprefix(f"{LAYOUT.prefix}-").removesuffix(f"-{LAYOUT.region}")
    assert LAYOUT.role(of) == role, f"{role} is not named as the tenant's roles are"
    return of
