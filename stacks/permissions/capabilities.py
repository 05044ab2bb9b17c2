"""What a tenant's roles may be allowed."""

from __future__ import annotations

from dataclasses import dataclass

from medallion.layout import TABLE_ZONES, Machine, Task, TenantLayout, Zone
from stacks.permissions.permission import (
    EXECUTIONS_AT_RUN_TIME,
    KEYS_AT_RUN_TIME,
    SCHEDULES_AT_RUN_TIME,
    STREAMS_AT_RUN_TIME,
    TABLES_AT_RUN_TIME,
    Conditions,
    Permission,
    Permissions,
)
from stacks.permissions.services import TRACE


@dataclass(frozen=True)
class Capabilities:
    """What a tenant's roles may be allowed, on that tenant's resources alone."""

    layout: TenantLayout
    key_arn: str

    # --- every function

    def observability(self, task: Task) -> Permissions:
        """Write the function's own log and send its traces."""
        log_group = self.layout.arn("logs", f"log-group:{self.layout.log_group(task)}:*")
        return (
            Permission(
                "WriteLog", ("logs:CreateLogStream", "logs:PutLogEvents"), (log_group,), because=STREAMS_AT_RUN_TIME
            ),
            TRACE,
        )

    def read_log(self, sid: str, *groups: str) -> Permissions:
        """Read the streams of log groups."""
        streams = tuple(self.layout.arn("logs", f"log-group:{group}:log-stream:*") for group in groups)
        return (Permission(sid, ("logs:GetLogEvents",), streams, because=STREAMS_AT_RUN_TIME),)

    def control(self, *operations: str) -> Permissions:
        """The named operations (GetItem, Query, …) on the tenant's own items, one statement each."""
        tenant = f"TENANT#{self.layout.tenant}"
        own_items: Conditions = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [tenant, f"{tenant}#*"]}}
        return tuple(
            Permission(
                f"Control{operation}", (f"dynamodb:{operation}",), (self.layout.shared.control_table_arn,), own_items
            )
            for operation in operations
        )

    def use_key(self, *services: str) -> Permissions:
        """Decrypt and encrypt with the tenant's key, by way of the named services only."""
        via = [f"{service}.{self.layout.region}.amazonaws.com" for service in services]
        return (
            Permission(
                "UseKey",
                ("kms:Decrypt", "kms:GenerateDataKey"),
                (self.key_arn,),
                {"StringEquals": {"kms:ViaService": via}},
            ),
        )

    def send_dead_letters(self, task: Task) -> Permissions:
        """Hand an event that failed every try to the function's dead-letter queue."""
        queue = self.layout.arn("sqs", self.layout.dead_letters(task))
        return (Permission("SendDeadLetter", ("sqs:SendMessage",), (queue,)),)

    # --- objects

    def read_objects(self, zone: Zone, prefix: str = "") -> Permissions:
        return (self._objects("Get", ("s3:GetObject",), zone, prefix),)

    def read_versions(self, zone: Zone) -> Permissions:
        """Read particular versions of objects: the current one, too, is read by its version only."""
        return (self._objects("GetVersion", ("s3:GetObjectVersion",), zone, ""),)

    def write_objects(self, zone: Zone, prefix: str = "") -> Permissions:
        return (self._objects("Put", ("s3:PutObject",), zone, prefix),)

    def remove_files(self, *zones: Zone) -> Permissions:
        """Remove current versions of tables' files; the buckets keep them for as long as noncurrent versions stay."""
        files = tuple(f"{self._bucket(zone)}/*" for zone in zones)
        return (Permission("RemoveFiles", ("s3:DeleteObject",), files, because=KEYS_AT_RUN_TIME),)

    def list_objects(self, zone: Zone) -> Permissions:
        return (Permission(f"List{zone.capitalize()}", ("s3:ListBucket",), (self._bucket(zone),)),)

    def list_versions(self, zone: Zone) -> Permissions:
        return (Permission(f"List{zone.capitalize()}Versions", ("s3:ListBucketVersions",), (self._bucket(zone),)),)

    def read_run_documents(self) -> Permissions:
        return self.read_objects(Zone.ARTIFACTS, "runs/")

    def write_run_documents(self) -> Permissions:
        return self.write_objects(Zone.ARTIFACTS, "runs/")

    def remove_run_documents(self) -> Permissions:
        return (self._objects("Delete", ("s3:DeleteObject",), Zone.ARTIFACTS, "runs/"),)

    def write_ledger(self) -> Permissions:
        """Add receipts, and read them. To learn that a receipt's place is free needs the right to list."""
        return (
            *self.read_objects(Zone.LEDGER, "receipts/"),
            *self.write_objects(Zone.LEDGER, "receipts/"),
            *self.list_objects(Zone.LEDGER),
        )

    # --- tables

    def read_tables(self, *zones: Zone) -> Permissions:
        """Read the zones' Iceberg tables: catalogue, metadata and data."""
        return tuple(
            permission
            for zone in zones
            for permission in (
                self._catalogue(f"Describe{zone.capitalize()}Tables", ("glue:GetTable",), zone),
                *self.read_objects(zone),
            )
        )

    def write_tables(self, *zones: Zone) -> Permissions:
        """Read the zones' Iceberg tables, write files and commit.

        A commit looks at the database first, and sees that its metadata file's name is free: without the right to list,
        S3 would refuse to say so.
        """
        return tuple(
            permission
            for zone in zones
            for permission in (
                *self.read_tables(zone),
                *self.list_objects(zone),
                self._catalogue(f"Commit{zone.capitalize()}Tables", ("glue:GetDatabase", "glue:UpdateTable"), zone),
                *self.write_objects(zone),
            )
        )

    def write_all_tables(self, *zones: Zone) -> Permissions:
        """The same for a role that writes those of many zones, in statements that name them all: an inline policy has
        10,240 characters.
        """
        files = tuple(f"{self._bucket(zone)}/*" for zone in zones)
        return (
            self._catalogue("WriteTables", ("glue:GetDatabase", "glue:GetTable", "glue:UpdateTable"), *zones),
            Permission("WriteFiles", ("s3:GetObject", "s3:PutObject"), files, because=KEYS_AT_RUN_TIME),
            Permission("ListFiles", ("s3:ListBucket",), tuple(self._bucket(zone) for zone in zones)),
        )

    def create_tables(self, *zones: Zone) -> Permissions:
        """Create tables, beside the right to write them."""
        return (self._catalogue("CreateTables", ("glue:CreateTable",), *zones),)

    def query(self) -> Permissions:
        """Ask the tenant's tables through its Athena workgroup, which bounds each query."""
        workgroup = self.layout.arn("athena", f"workgroup/{self.layout.workgroup}")
        operations = ("StartQueryExecution", "StopQueryExecution", "GetQueryExecution", "GetQueryResults")
        results = f"{self._bucket(Zone.ARTIFACTS)}/athena/*"
        buckets = tuple(self._bucket(zone) for zone in (*TABLE_ZONES, Zone.ARTIFACTS))
        return (
            Permission("AskAthena", tuple(f"athena:{each}" for each in operations), (workgroup,)),
            Permission("KeepResults", ("s3:GetObject", "s3:PutObject"), (results,), because=KEYS_AT_RUN_TIME),
            Permission("LocateBuckets", ("s3:GetBucketLocation",), buckets),
            # That a table was never published is told to who may list.
            Permission("ListFiles", ("s3:ListBucket",), buckets),
            *(
                permission
                for zone in TABLE_ZONES
                for permission in (
                    self._catalogue(
                        f"Describe{zone.capitalize()}Tables",
                        ("glue:GetDatabase", "glue:GetTable", "glue:GetTables"),
                        zone,
                    ),
                    *self.read_objects(zone),
                )
            ),
        )

    # --- orchestration

    def look_into_executions(self) -> Permissions:
        """See how executions stand, and how long each of their states took."""
        executions = tuple(self.layout.arn("states", f"execution:{self.layout.machine(each)}:*") for each in Machine)
        actions = ("states:DescribeExecution", "states:GetExecutionHistory")
        return (Permission("LookIntoExecutions", actions, executions, because=EXECUTIONS_AT_RUN_TIME),)

    def start(self, machine: Machine) -> Permissions:
        """Start the machine's executions, and ask how one of them stands."""
        name = machine.capitalize()
        return (
            Permission(f"Start{name}", ("states:StartExecution",), (self.layout.machine_arn(machine),)),
            self._describe(f"Describe{name}", machine),
        )

    def start_any(self) -> Permissions:
        """Start executions of any machine."""
        machines = tuple(self.layout.machine_arn(machine) for machine in Machine)
        return (Permission("StartExecutions", ("states:StartExecution",), machines),)

    def stop_any(self) -> Permissions:
        """Stop executions of any machine."""
        return (
            Permission(
                "StopExecutions", ("states:StopExecution",), self._executions(*Machine), because=EXECUTIONS_AT_RUN_TIME
            ),
        )

    def hand_leases_on(self) -> Permissions:
        """Give a lease to the next in its queue, and ask whether one that does not answer has ended."""
        return (*self.answer_tasks(), self._describe("DescribeExecutions", *Machine))

    def answer_tasks(self) -> Permissions:
        """Answer the tasks that wait with a token, in both machines."""
        machines = tuple(self.layout.machine_arn(machine) for machine in Machine)
        return (Permission("AnswerTasks", ("states:SendTaskSuccess",), machines),)

    def put_events(self) -> Permissions:
        """Tell the default bus, as the platform and no one else."""
        as_medallion: Conditions = {"ForAllValues:StringEquals": {"events:source": ["medallion"]}}
        bus = self.layout.arn("events", "event-bus/default")
        return (Permission("PutEvents", ("events:PutEvents",), (bus,), as_medallion),)

    def manage_schedules(self) -> Permissions:
        """Create and change the tenant's schedules, and hand them their role."""
        schedules = self.layout.arn("scheduler", f"schedule/{self.layout.schedule_group}/*")
        role = f"arn:aws:iam::{self.layout.account}:role/{self.layout.role('schedule')}"
        to_scheduler: Conditions = {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
        return (
            Permission(
                "ManageSchedules",
                ("scheduler:CreateSchedule", "scheduler:UpdateSchedule"),
                (schedules,),
                because=SCHEDULES_AT_RUN_TIME,
            ),
            Permission("PassScheduleRole", ("iam:PassRole",), (role,), to_scheduler),
        )

    def invoke(self, *tasks: Task) -> Permissions:
        return tuple(
            Permission(f"Invoke{task.capitalize()}", ("lambda:InvokeFunction",), (self.layout.function_arn(task),))
            for task in tasks
        )

    # ---

    def _bucket(self, zone: Zone) -> str:
        return f"arn:aws:s3:::{self.layout.bucket(zone)}"

    def _describe(self, sid: str, *machines: Machine) -> Permission:
        return Permission(
            sid, ("states:DescribeExecution",), self._executions(*machines), because=EXECUTIONS_AT_RUN_TIME
        )

    def _executions(self, *machines: Machine) -> tuple[str, ...]:
        return tuple(self.layout.arn("states", f"execution:{self.layout.machine(machine)}:*") for machine in machines)

    def _objects(self, verb: str, actions: tuple[str, ...], zone: Zone, prefix: str) -> Permission:
        of = prefix.rstrip("/").capitalize() or zone.capitalize()
        return Permission(f"{verb}{of}", actions, (f"{self._bucket(zone)}/{prefix}*",), because=KEYS_AT_RUN_TIME)

    def _catalogue(self, sid: str, actions: tuple[str, ...], *zones: Zone) -> Permission:
        databases = [self.layout.database(zone) for zone in zones]
        resources = ("catalog", *(each for one in databases for each in (f"database/{one}", f"table/{one}/*")))
        return Permission(
            sid, actions, tuple(self.layout.arn("glue", each) for each in resources), because=TABLES_AT_RUN_TIME
        )
