"""What a deployment is: its environment with that environment's settings, where it goes, and which tenants it holds.

Everything comes from CDK context and the environment; nothing is looked up. Context keys: `environment` (dev),
`account`, `region`, `tenants` (the tenants' folder).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_logs as logs
from constructs import Node
from pydantic import BaseModel, ConfigDict, Field

from medallion.errors import InvalidTenant, MedallionError
from medallion.layout import Environment, EnvironmentLayout
from medallion.tenants import SETTINGS, load_tenant

ROOT = Path(__file__).resolve().parent.parent


class InvalidSettings(MedallionError):
    """A context value does not name something that can be deployed."""


class EnvironmentSettings(BaseModel):
    """How one environment differs from another: retention, protection, sizes. Days and MB unless a name says else."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    environment: Environment
    removal_policy: RemovalPolicy
    """What becomes of what holds data when its stack is deleted. What is kept still goes when its creation failed:
    their names would stand in the way of the next try."""
    deletion_protection: bool
    recovery_days: int = Field(ge=1, le=35)
    """How far back the control table can be restored."""
    landing_days: int = Field(ge=1)
    """How long objects as received stay; records stay in Bronze."""
    noncurrent_days: int = Field(ge=1)
    """How long an overwritten or removed object of the table zones can be brought back."""
    ledger_lock: Literal["none", "governance", "compliance"]
    """How a receipt is kept from being removed: not at all, against all but those who may bypass it, against all."""
    ledger_days: int = Field(ge=0)
    """How long a receipt is locked."""
    receipt_days: int = Field(ge=1)
    """How long the snapshots stay that a receipt names: so long it can be verified against them."""
    rollback_days: int = Field(ge=1)
    """How long a table can be rolled back to a run that is no longer current."""
    orphan_days: int = Field(ge=1)
    """How old a table's file must be that nothing refers to, before it is removed. More than any commit takes."""
    access_log_days: int = Field(ge=1)
    query_result_days: int = Field(ge=1)
    log_retention: logs.RetentionDays
    log_level: str
    athena_scan_limit_gib: int = Field(ge=1)
    """A query that would scan more is cancelled."""
    engine_memory: int = Field(ge=1024, le=10240)
    """Memory of the Lambdas that run an engine (refine, build)."""
    engine_storage: int = Field(ge=512, le=10240)
    alarms: bool
    """Whether a message in a dead-letter queue raises an alarm."""


ENVIRONMENTS: Mapping[Environment, EnvironmentSettings] = {
    Environment.DEV: EnvironmentSettings(
        environment=Environment.DEV,
        removal_policy=RemovalPolicy.DESTROY,
        deletion_protection=False,
        recovery_days=1,
        landing_days=30,
        noncurrent_days=7,
        ledger_lock="none",
        ledger_days=0,
        receipt_days=7,
        rollback_days=7,
        orphan_days=3,
        access_log_days=30,
        query_result_days=7,
        log_retention=logs.RetentionDays.TWO_WEEKS,
        log_level="INFO",
        athena_scan_limit_gib=10,
        engine_memory=4096,
        engine_storage=4096,
        alarms=False,
    ),
    Environment.STAGING: EnvironmentSettings(
        environment=Environment.STAGING,
        removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        deletion_protection=True,
        recovery_days=7,
        landing_days=90,
        noncurrent_days=30,
        ledger_lock="governance",
        ledger_days=90,
        receipt_days=30,
        rollback_days=14,
        orphan_days=3,
        access_log_days=90,
        query_result_days=14,
        log_retention=logs.RetentionDays.THREE_MONTHS,
        log_level="INFO",
        athena_scan_limit_gib=100,
        engine_memory=4096,
        engine_storage=4096,
        alarms=True,
    ),
    Environment.PROD: EnvironmentSettings(
        environment=Environment.PROD,
        removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        deletion_protection=True,
        recovery_days=35,
        landing_days=365,
        noncurrent_days=90,
        ledger_lock="compliance",
        ledger_days=2557,
        receipt_days=90,
        rollback_days=30,
        orphan_days=7,
        access_log_days=365,
        query_result_days=30,
        log_retention=logs.RetentionDays.ONE_YEAR,
        log_level="INFO",
        athena_scan_limit_gib=1024,
        engine_memory=6144,
        engine_storage=8192,
        alarms=True,
    ),
}


class DeploymentSettings(BaseModel):
    """One deployment: an environment, an account and region (tokens where none is given), and its tenants' folders."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    environment: EnvironmentSettings
    account: str | None
    region: str | None
    tenants: Mapping[str, Path]
    """Each tenant's id and its folder, by id."""

    @property
    def layout(self) -> EnvironmentLayout:
        return EnvironmentLayout(
            self.environment.environment, self.account or Aws.ACCOUNT_ID, self.region or Aws.REGION
        )

    @classmethod
    def of(cls, node: Node) -> DeploymentSettings:
        """Read the app's context. InvalidSettings or InvalidTenant say what to change."""
        given = node.try_get_context("environment") or Environment.DEV
        known = ", ".join(Environment)
        if given not in list(Environment):
            raise InvalidSettings(f"context environment={given}: there is no such environment; use one of {known}")
        folder = Path(node.try_get_context("tenants") or ROOT / "tenants")
        return cls(
            environment=ENVIRONMENTS[Environment(given)],
            account=node.try_get_context("account") or os.environ.get("CDK_DEFAULT_ACCOUNT"),
            region=node.try_get_context("region") or os.environ.get("CDK_DEFAULT_REGION"),
            tenants=tenant_folders(folder),
        )


def tenant_folders(folder: Path) -> dict[str, Path]:
    """The tenants under `folder`, by id: each of its folders that holds a tenant.yaml.

    InvalidTenant or InvalidContract for one that could not be seeded: better refused here than halfway through.
    """
    if not folder.is_dir():
        raise InvalidTenant(f"{folder}: there is no such folder; create it, or name another with --context tenants=…")
    found: dict[str, Path] = {}
    for file in sorted(folder.glob(f"*/{SETTINGS}")):
        tenant = load_tenant(file.parent).id
        if tenant in found:
            raise InvalidTenant(
                f"{file}: tenant {tenant} stands in {found[tenant]} already; give one of them another id"
            )
        found[tenant] = file.parent.resolve()
    return found
