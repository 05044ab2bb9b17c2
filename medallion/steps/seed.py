"""Seed: a tenant's folder becomes the control table's first truth:
sources, contracts, models; and their tables and schedules.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.version import Version

from medallion.contracts.compare import breaking_changes, says_so
from medallion.contracts.model import Contract
from medallion.contracts.ruleset import ruleset_hash
from medallion.control.items import ContractVersion, Source
from medallion.control.items import Tenant as TenantItem
from medallion.engines.model import SourceTables
from medallion.errors import InvalidContract, UnknownSource
from medallion.layout import Task
from medallion.plan.compiler import compile_plan
from medallion.plan.gold import parse_model
from medallion.steps.build import named
from medallion.steps.entries import active_contract
from medallion.steps.platform import Platform
from medallion.tenants import load_tenant

if TYPE_CHECKING:
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_scheduler.type_defs import CreateScheduleInputTypeDef

DAILY = "cron(0 2 * * ? *)"
"""When a source's schedule is due: 02:00 UTC every day."""
NIGHTLY = "cron(30 3 * * ? *)"
"""When housekeeping is due: 03:30 UTC every day."""
HOURLY = "rate(1 hour)"
"""How often a tenant's runs, batches and leases are looked after."""


def seed(platform: Platform, folder: Path, schedule_role_arn: str) -> list[str]:
    """Register the folder's contents and make what they need; what stands already is left as it is. The sources' names.

    A contract's version is registered once: the same version with other rules is InvalidContract. A higher version
    becomes the active one.
    """
    tenant, layout = load_tenant(folder), platform.layout
    platform.control.save_tenant(
        TenantItem(id=tenant.id, name=tenant.name, description=tenant.description, contact=tenant.contact)
    )
    for file in tenant.contracts:
        register_version(platform, file.contract, file.text)
        _schedule(platform, file.contract, schedule_role_arn)
    _keep_schedule(platform, layout.sweeping, HOURLY, Task.SWEEP, {}, schedule_role_arn)
    for model in tenant.models:
        parsed = parse_model(model.name, model.text, f"{model.name}.sql")
        platform.control.save_model(model.name, model.text, tuple(named(one) for one in parsed.inputs))
    about: dict[str, object] = {"dry_run": False}
    _keep_schedule(platform, layout.housekeeping_schedule, NIGHTLY, Task.HOUSEKEEP, about, schedule_role_arn)
    return [file.source for file in tenant.contracts]


def register_version(platform: Platform, contract: Contract, text: str) -> None:
    """Keep the contract as a version of its source's, active if no higher one is, with the tables that it needs.

    InvalidContract where the version stands already with other rules, or breaks the active one without saying so.
    """
    control, active = platform.control, _active(platform, contract.source)
    control.refuse_if_frozen()
    if active is not None and Version(contract.version) > Version(active.version):
        _check_succession(platform, active, contract)
    version = ContractVersion(
        source=contract.source,
        version=contract.version,
        text=text,
        ruleset=ruleset_hash(contract),
        registered_at=platform.clock(),
    )
    if not control.register_contract(version):
        stands = control.contract(contract.source, contract.version)
        if stands is not None and stands.ruleset != version.ruleset:
            raise InvalidContract(
                f"source {contract.source} of tenant {platform.layout.tenant}: version {contract.version} is "
                "registered with other rules; a registered version never changes, so raise the version"
            )
    ensure_tables(platform, contract)
    if active is None or Version(contract.version) >= Version(active.version):
        control.save_source(
            Source(
                name=contract.source,
                contract_version=contract.version,
                ruleset=version.ruleset,
                trigger=contract.trigger,
                lane=contract.lane,
                approval=contract.approval,
                load=contract.load,
                batch=contract.batch,
                guard=contract.guard,
            )
        )


def _active(platform: Platform, source: str) -> Contract | None:
    try:
        return active_contract(platform, source)
    except UnknownSource:
        return None


def _check_succession(platform: Platform, active: Contract, contract: Contract) -> None:
    broken = breaking_changes(active, contract)
    if broken and not says_so(active, contract):
        raise InvalidContract(
            f"source {contract.source} of tenant {platform.layout.tenant}: version {contract.version} breaks "
            f"{active.version}: {'; '.join(broken)}. Raise the first number, or only add to it"
        )


def ensure_tables(platform: Platform, contract: Contract) -> None:
    """The tables of the contract's source, with every column that it names."""
    plan = compile_plan(contract, ruleset_hash(contract))
    tables = SourceTables.of(platform.layout, contract.source)
    for layout, fields in (
        (tables.bronze, plan.tables.bronze),
        (tables.silver, plan.tables.silver),
        (tables.history, plan.tables.history),
        (tables.quarantine, plan.tables.quarantine),
        (tables.duplicates, plan.tables.duplicates),
    ):
        platform.lake.ensure(layout, fields)
        platform.lake.evolve(layout, fields)
    platform.lake.ensure_current(tables.silver)


def _schedule(platform: Platform, contract: Contract, role_arn: str) -> None:
    """The source's schedules.

    The daily one starts whatever waits in Landing, and finds objects whose event never came. One whose batches have a
    window has another that starts what waits at its end.
    """
    source, layout, minutes = contract.source, platform.layout, contract.batch.minutes
    daily: dict[str, object] = {"source": source, "scheduled": True}
    _keep_schedule(platform, layout.schedule(source), DAILY, Task.TRIGGER, daily, role_arn)
    rate = f"rate({minutes or 1440} {'minute' if minutes == 1 else 'minutes'})"
    about: dict[str, object] = {"source": source, "window": True}
    wanted = minutes is not None
    _keep_schedule(platform, layout.window(source), rate, Task.TRIGGER, about, role_arn, wanted=wanted)


def _keep_schedule(
    platform: Platform,
    name: str,
    when: str,
    task: Task,
    about: dict[str, object],
    role_arn: str,
    *,
    wanted: bool = True,
) -> None:
    """Make the schedule as it is to be; one that is not wanted any more is disabled."""
    layout = platform.layout
    scheduler: EventBridgeSchedulerClient = platform.session.client("scheduler")
    schedule: CreateScheduleInputTypeDef = {
        "Name": name,
        "GroupName": layout.schedule_group,
        "ScheduleExpression": when,
        "ScheduleExpressionTimezone": "UTC",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "State": "ENABLED" if wanted else "DISABLED",
        "Target": {
            "Arn": layout.function_arn(task),
            "RoleArn": role_arn,
            "Input": json.dumps({"tenant": layout.tenant, **about}),
        },
    }
    if wanted:
        try:
            scheduler.create_schedule(**schedule)
        except scheduler.exceptions.ConflictException:
            scheduler.update_schedule(**schedule)
        return
    with suppress(scheduler.exceptions.ResourceNotFoundException):
        scheduler.update_schedule(**schedule)
