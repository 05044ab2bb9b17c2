"""What a deployment is: its environment with that environment's settings, where it goes, and which tenants it holds.

Everything comes from CDK context and the environment; nothing is looked up. Context keys: `environment` (dev),
`account`, `region`, `tenants` (the tenants' folder), `settings` (what to change of the environment's settings, a JSON
object).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_logs as logs
from constructs import Node
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

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
    upload_mib: int = Field(default=5120, ge=1, le=5120)
    """How large an object may be that is uploaded by a form; S3 takes 5 GiB in one request."""
    engine_memory: int = Field(ge=1024, le=10240)
    """Memory of the Lambdas that run an engine (refine, build, housekeep, gate, settle, fail)."""
    engine_storage: int = Field(ge=512, le=10240)
    alarms: bool
    """Whether a message in a dead-letter queue raises an alarm."""
    api_rate: int = Field(default=200, ge=1)
    """Requests a second that the API takes, of all tenants together."""
    api_burst: int = Field(default=400, ge=1)
    api_tenant_rate: int = Field(default=50, ge=1)
    """Requests a second of one tenant. Those beyond are answered 429."""
    api_tenant_burst: int = Field(default=100, ge=1)
    api_address_requests: int = Field(default=10_000, ge=100)
    """Requests of one address within five minutes; those beyond are blocked."""
    approvals_by_another: bool
    """Whether a proposed contract is approved by another than who proposed it."""
    lane: Literal["auto", "lambda", "glue", "emr"] = "auto"
    """The lane of sources that leave it open: by what a run has to read, or always this one."""
    glue_version: Literal["5.1", "4.0"] = "5.1"
    glue_jars: tuple[str, ...] = ()
    """Addresses (s3://…) of the jars that Glue 4.0 is given, since its own Iceberg knows no branches: Iceberg's runtime
    for Spark 3.3 and its AWS bundle."""
    job_workers: int = Field(ge=2, le=299)
    """How many G.1X workers a run of a Glue job may grow to. It holds those that it needs."""
    job_runs: int = Field(ge=1, le=200)
    """How many runs of a job go on side by side; those beyond wait."""
    job_minutes: int = Field(default=240, ge=5, le=480)
    """How long a run of a job may take, in either large lane."""
    job_class: Literal["STANDARD", "FLEX"] = "STANDARD"
    """FLEX is cheaper, and starts when Glue has room: for dev only."""
    emr: bool
    """Whether each tenant has an EMR Serverless application. It costs nothing idle."""
    emr_cores: int = Field(default=64, ge=16)
    """How many vCPU an application may grow to, over all its runs, with 4 GB of memory and 20 GB of disk for each."""
    emr_idle_minutes: int = Field(default=10, ge=5, le=15)
    """How long an application stays up after its last run."""
    emr_architecture: Literal["ARM64", "X86_64"] = "ARM64"
    emr_subnets: tuple[str, ...] = ()
    """Where an application's workers stand. Without, they reach the region's AWS services and nothing else."""
    emr_security_groups: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        old = self.glue_version == "4.0"
        if old and not self.glue_jars:
            raise ValueError(
                "glue_version 4.0 needs glue_jars: the addresses of Iceberg's runtime and AWS bundle in S3"
            )
        if self.glue_jars and not old:
            raise ValueError(f"glue_jars is for glue_version 4.0: {self.glue_version} brings its own Iceberg")
        if not all(re.fullmatch(r"s3://[a-z0-9.-]+/[^\s,*?]+\.jar", jar) for jar in self.glue_jars):
            raise ValueError("glue_jars: each is the address of one jar, s3://bucket/key.jar")
        if self.job_class == "FLEX" and self.environment is not Environment.DEV:
            raise ValueError("job_class FLEX starts whenever there is room: it is for dev only")
        if self.lane == "emr" and not self.emr:
            raise ValueError("lane emr needs emr: true, which gives each tenant an application")
        if bool(self.emr_subnets) != bool(self.emr_security_groups):
            raise ValueError("emr_subnets and emr_security_groups go together: give both or neither")
        return self


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
        approvals_by_another=False,
        job_workers=4,
        job_runs=3,
        emr=False,
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
        approvals_by_another=False,
        job_workers=10,
        job_runs=10,
        emr=True,
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
        approvals_by_another=True,
        job_workers=20,
        job_runs=20,
        emr=True,
        emr_cores=256,
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
            environment=environment_settings(Environment(given), node.try_get_context("settings")),
            account=node.try_get_context("account") or os.environ.get("CDK_DEFAULT_ACCOUNT"),
            region=node.try_get_context("region") or os.environ.get("CDK_DEFAULT_REGION"),
            tenants=tenant_folders(folder),
        )


def environment_settings(environment: Environment, changes: object = None) -> EnvironmentSettings:
    """The environment's settings with `changes`: an object, or its JSON as a command line gives it.

    InvalidSettings says which of them cannot be.
    """
    try:
        told: Any = json.loads(changes) if isinstance(changes, str) else changes or {}
        whole = {**ENVIRONMENTS[environment].model_dump(), **told, "environment": environment}
        return EnvironmentSettings.model_validate(whole)
    except ValidationError as invalid:
        faults = "; ".join(f"{'.'.join(map(str, one['loc']))} {one['msg']}".strip() for one in invalid.errors())
        raise InvalidSettings(f"context settings: {faults}") from invalid
    except (TypeError, ValueError) as error:
        raise InvalidSettings(
            f"context settings={changes}: give a JSON object of settings by name ({error})"
        ) from error


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
