"""The tenant's Lambda functions as one table: what each may touch, how large it is, and who waits for it."""

from __future__ import annotations

from dataclasses import dataclass

from medallion.layout import TABLE_ZONES, Api, EnvironmentLayout, Machine, Task, Zone
from stacks.permissions import (
    STREAMS_AT_RUN_TIME,
    TENANTS_AT_RUN_TIME,
    TRACE,
    Capabilities,
    Conditions,
    Permission,
    Permissions,
)
from stacks.settings import EnvironmentSettings

ASYNCHRONOUS = frozenset({Task.SEED, Task.TRIGGER, Task.SWEEP, Task.COALESCE, Task.HOUSEKEEP, Task.OPERATE})
"""Invoked by a service that does not wait for the answer: what fails every try goes to a dead-letter queue."""


@dataclass(frozen=True)
class Size:
    """Memory and ephemeral storage in MB, timeout in seconds."""

    memory: int
    timeout: int
    storage: int = 512


def size(task: Task, settings: EnvironmentSettings) -> Size:
    """How large a task's function is."""
    match task:
        case Task.REFINE | Task.BUILD | Task.HOUSEKEEP | Task.GATE | Task.SETTLE | Task.FAIL | Task.OPERATE:
            # Three scan what a run committed, in whichever lane: to judge it, and to write its receipt. The last does
            # what a person asks for, which may be all of these.
            return Size(settings.engine_memory, 900, settings.engine_storage)
        case Task.SEED:
            # It makes every table of every source, one after the other.
            return Size(1024, 900)
        case Task.PROMOTE:
            return Size(1024, 300)
        case Task.TRIGGER | Task.SWEEP:
            return Size(512, 900)
        case _:
            return Size(512, 60)


def permissions(task: Task, can: Capabilities) -> Permissions:
    """Everything that a task's role may do. The seed's asset is added where the asset is known."""
    own = can.observability(task)
    if task in ASYNCHRONOUS:
        own += can.send_dead_letters(task)
    return own + _by_task(can)[task]


def api_permissions(can: Capabilities) -> Permissions:
    """What the API may do for the tenant, in the tenant's own API role. A session policy narrows it to the caller's
    role (lambdas/api/session_policy.py).
    """
    return (
        *can.control("GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"),
        *can.use_key("s3"),
        *can.read_objects(Zone.LEDGER, "receipts/"),
        # That a receipt is not there is told to who may list.
        *can.list_objects(Zone.LEDGER),
        *can.write_objects(Zone.LANDING),
        *can.list_versions(Zone.LANDING),
        *can.query(),
        *can.look_into_executions(),
        *can.answer_tasks(),
        *can.invoke(Task.OPERATE),
    )


def gateway_permissions(of: Api, layout: EnvironmentLayout) -> Permissions:
    """What an environment's API function may do by itself: let keys in, or take a tenant's API role."""
    streams = layout.arn("logs", f"log-group:{layout.log_group(of)}:*")
    log = Permission("WriteLog", ("logs:CreateLogStream", "logs:PutLogEvents"), (streams,), because=STREAMS_AT_RUN_TIME)
    if of is Api.AUTHORIZE:
        keys: Conditions = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["TENANT#*#KEYS", "OPERATORS#KEYS"]}}
        return (log, TRACE, Permission("FindKey", ("dynamodb:GetItem",), (layout.control_table_arn,), keys))
    roles = layout.tenant_role_arns("api")
    tenants = layout.arn("ssm", f"parameter{layout.tenants_path}")
    return (
        log,
        TRACE,
        Permission("TakeTenantRole", ("sts:AssumeRole",), (roles,), because=TENANTS_AT_RUN_TIME),
        Permission("ListTenants", ("ssm:GetParametersByPath",), (tenants,)),
    )


def _by_task(can: Capabilities) -> dict[Task, Permissions]:
    of_sources = (Zone.BRONZE, Zone.SILVER, Zone.QUARANTINE)
    published = (Zone.SILVER, Zone.QUARANTINE, Zone.GOLD)
    return {
        Task.SEED: (
            *can.control("GetItem", "PutItem", "UpdateItem", "Query"),
            *can.use_key("s3", "sqs"),
            *can.write_tables(*of_sources),
            *can.create_tables(*of_sources),
            *can.manage_schedules(),
        ),
        Task.TRIGGER: (
            *can.control("GetItem", "BatchGetItem", "PutItem", "UpdateItem", "DeleteItem", "Query"),
            *can.use_key("s3", "sqs"),
            *can.list_versions(Zone.LANDING),
            *can.write_run_documents(),
            *can.start(Machine.INGEST),
            *can.put_events(),
        ),
        Task.SWEEP: (
            *can.control("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query"),
            *can.use_key("s3", "sqs"),
            *can.write_run_documents(),
            *can.start_any(),
            *can.hand_leases_on(),
            *can.invoke(Task.FAIL, Task.OPERATE, Task.TRIGGER),
        ),
        Task.ACQUIRE: (
            *can.control("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query"),
            *can.hand_leases_on(),
        ),
        Task.REFINE: (
            *can.control("GetItem", "UpdateItem"),
            *can.use_key("s3"),
            *can.read_versions(Zone.LANDING),
            *can.read_run_documents(),
            *can.list_objects(Zone.ARTIFACTS),
            *can.write_run_documents(),
            *can.write_tables(*of_sources),
        ),
        Task.GATE: (
            *can.control("GetItem", "PutItem", "UpdateItem", "Query"),
            *can.use_key("s3"),
            *can.read_run_documents(),
            *can.write_run_documents(),
            *can.read_tables(*of_sources),
            *can.put_events(),
        ),
        Task.HOLD: (
            *can.control("GetItem", "UpdateItem", "DeleteItem", "Query"),
            *can.hand_leases_on(),
            *can.put_events(),
        ),
        Task.PROMOTE: (
            *can.control("GetItem", "UpdateItem"),
            *can.use_key("s3"),
            *can.read_run_documents(),
            *can.write_tables(*published),
            *can.put_events(),
        ),
        Task.SETTLE: (
            *can.control("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query"),
            *can.use_key("s3"),
            *can.read_run_documents(),
            *can.read_tables(*of_sources, Zone.GOLD),
            *can.write_ledger(),
            *can.hand_leases_on(),
        ),
        Task.FAIL: (
            *can.control("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query"),
            *can.use_key("s3"),
            *can.read_run_documents(),
            *can.list_objects(Zone.ARTIFACTS),
            *can.read_tables(Zone.BRONZE),
            *can.write_tables(*published),
            *can.write_ledger(),
            *can.hand_leases_on(),
            *can.put_events(),
        ),
        Task.COALESCE: (
            *can.control("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query"),
            *can.use_key("sqs"),
            *can.start(Machine.MODEL),
        ),
        Task.BUILD: (
            *can.control("GetItem", "UpdateItem"),
            *can.use_key("s3"),
            *can.write_run_documents(),
            *can.read_tables(Zone.SILVER),
            *can.write_tables(Zone.GOLD),
            *can.create_tables(Zone.GOLD),
        ),
        Task.HOUSEKEEP: (
            *can.control("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query"),
            *can.use_key("s3", "sqs"),
            *can.read_run_documents(),
            *can.list_objects(Zone.ARTIFACTS),
            *can.write_run_documents(),
            *can.write_tables(*TABLE_ZONES),
            *can.remove_files(*TABLE_ZONES),
            *can.hand_leases_on(),
        ),
        Task.OPERATE: (
            *can.control("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query"),
            *can.use_key("s3", "sqs"),
            *can.read_versions(Zone.LANDING),
            # The verification of the ledger asks whether a receipt was ever overwritten.
            *can.list_versions(Zone.LEDGER),
            *can.read_run_documents(),
            *can.list_objects(Zone.ARTIFACTS),
            *can.write_run_documents(),
            *can.write_all_tables(*TABLE_ZONES),
            *can.create_tables(*of_sources),
            *can.manage_schedules(),
            *can.write_ledger(),
            *can.start_any(),
            *can.stop_any(),
            *can.hand_leases_on(),
            *can.put_events(),
        ),
    }
