"""What belongs to one tenant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from medallion.layout.checks import checked_tenant
from medallion.layout.environment import EnvironmentLayout
from medallion.layout.identities import source_file_id
from medallion.layout.parts import TABLE_ZONES, Environment, Job, Machine, Task, Zone
from medallion.layout.tables import TableLayout


@dataclass(frozen=True)
class TenantLayout:
    """The names of everything that belongs to one tenant in one environment, account and region."""

    environment: Environment
    tenant: str
    account: str
    region: str

    @classmethod
    def of(cls, shared: EnvironmentLayout, tenant: str) -> TenantLayout:
        """The tenant's of an environment; InvalidName where its id cannot be one."""
        return cls(shared.environment, checked_tenant(tenant), shared.account, shared.region)

    @property
    def shared(self) -> EnvironmentLayout:
        return EnvironmentLayout(self.environment, self.account, self.region)

    @property
    def prefix(self) -> str:
        """What the tenant's named resources begin with."""
        return f"medallion-{self.environment}-{self.tenant}"

    def arn(self, service: str, resource: str) -> str:
        return self.shared.arn(service, resource)

    # --- what the environment's API knows of the tenant

    @property
    def tenant_parameter(self) -> str:
        """The SSM parameter that says that the tenant is there."""
        return f"{self.shared.tenants_path}/{self.tenant}"

    @property
    def api_role_arn(self) -> str:
        """The role in which the API works for the tenant, and for no other."""
        return f"arn:aws:iam::{self.account}:role/{self.role('api')}"

    @property
    def usage_key(self) -> str:
        """By what API Gateway counts and throttles the tenant's requests. It lets nobody in."""
        return f"{self.prefix}-tenant-usage"

    # --- buckets, databases and tables

    @property
    def bucket_prefix(self) -> str:
        """What the tenant's buckets begin with, and no other tenant's: an id has no dash."""
        return f"mdl-{self.environment}-{self.tenant}-"

    def bucket(self, zone: Zone) -> str:
        return f"{self.bucket_prefix}{zone}-{self.account}-{self.region}"

    @property
    def database_prefix(self) -> str:
        """What the tenant's databases begin with, and no other tenant's: an id has no underscore."""
        return f"{self.environment}_{self.tenant}_"

    def database(self, zone: Zone) -> str:
        return f"{self.database_prefix}{zone}"

    def tables(self, sources: Iterable[str], models: Iterable[str]) -> list[TableLayout]:
        """Every table that the tenant may have."""
        of_source = (self.bronze, self.silver, self.history, self.quarantine, self.duplicates)
        return [*(table(one) for one in sources for table in of_source), *(self.gold(one) for one in models)]

    def table(self, zone: Zone, name: str) -> TableLayout:
        return TableLayout(self.database(zone), name, f"s3://{self.bucket(zone)}/{name}")

    def bronze(self, source: str) -> TableLayout:
        return self.table(Zone.BRONZE, source)

    def silver(self, source: str) -> TableLayout:
        return self.table(Zone.SILVER, source)

    def history(self, source: str) -> TableLayout:
        """What Silver held once: the rows that a later run replaced or removed, with that run and the reason."""
        return self.table(Zone.SILVER, f"{source}__history")

    def gold(self, model: str) -> TableLayout:
        return self.table(Zone.GOLD, model)

    def quarantine(self, source: str) -> TableLayout:
        """The append-only log of the source's failed records."""
        return self.table(Zone.QUARANTINE, source)

    def duplicates(self, source: str) -> TableLayout:
        """The log of records that were already held: each is one outcome of the conservation sum."""
        return self.table(Zone.QUARANTINE, f"{source}__duplicates")

    # --- keys

    def landing_key(self, source: str, name: str) -> str:
        return f"{source}/{name}"

    def landed(self, source: str, name: str, version: str) -> str:
        """The identity of an object of the source in Landing."""
        return source_file_id(self.bucket(Zone.LANDING), self.landing_key(source, name), version)

    def source_of(self, landing_key: str) -> str:
        """The source that an object in Landing belongs to: the first part of its key."""
        return landing_key.partition("/")[0]

    def run_prefix(self, run_id: str) -> str:
        """Where a run's documents stand in the artifacts bucket."""
        return f"runs/{run_id}"

    def run_document(self, run_id: str, attempt: int, name: str) -> str:
        return f"{self.run_prefix(run_id)}/attempt={attempt}/{name}"

    def success_key(self, table: str, run_id: str) -> str:
        return f"{table}/_runs/{run_id}/_SUCCESS"

    def latest_key(self, table: str) -> str:
        return f"{table}/_LATEST.json"

    def receipt_prefix(self, chain: str) -> str:
        """Where the receipts of a chain stand in the ledger bucket. A chain is named as its lease: `silver#flights`."""
        return f"receipts/{chain.replace('#', '/')}/"

    def receipt_key(self, chain: str, sequence: int) -> str:
        return f"{self.receipt_prefix(chain)}{sequence:010d}.json"

    @property
    def ledger_places(self) -> dict[str, str]:
        """What somebody has to be told by name who derives the ledger again and knows nothing of this module."""
        return {
            "tenant": self.tenant,
            "region": self.region,
            "ledger_bucket": self.bucket(Zone.LEDGER),
            "artifacts_bucket": self.bucket(Zone.ARTIFACTS),
            "control_table": self.shared.control_table,
            **{zone.value: self.database(zone) for zone in TABLE_ZONES},
        }

    # --- compute and orchestration

    def stack(self, name: str) -> str:
        return f"{self.prefix}-{name}"

    @property
    def scope(self) -> str:
        """What the tenant's stacks stand under in the CDK app's tree, by whose paths the CDK command knows stacks."""
        return self.tenant.capitalize()

    def role(self, of: str) -> str:
        """A role's name. Roles are global in an account, so it carries the region."""
        return f"{self.prefix}-{of}-{self.region}"

    def function(self, task: Task) -> str:
        return f"{self.prefix}-{task}"

    def function_arn(self, task: Task) -> str:
        return self.arn("lambda", f"function:{self.function(task)}")

    def job(self, job: Job) -> str:
        return f"{self.prefix}-{job}"

    def job_arn(self, job: Job) -> str:
        return self.arn("glue", f"job/{self.job(job)}")

    def job_role(self, job: Job) -> str:
        """The role of a job on Glue."""
        return self.role(f"{job}-job")

    def emr_role(self, job: Job) -> str:
        """The role of a job on EMR Serverless."""
        return self.role(f"{job}-emr")

    @property
    def security_configuration(self) -> str:
        return self.prefix

    @property
    def emr_application(self) -> str:
        return self.prefix

    def spark_events(self, job: Job) -> str:
        """Where a job's events stand in the logs bucket, for Spark's own pages."""
        return f"spark/{job}/"

    def machine(self, machine: Machine) -> str:
        return f"{self.prefix}-{machine}"

    def machine_arn(self, machine: Machine) -> str:
        return self.arn("states", f"stateMachine:{self.machine(machine)}")

    def execution_arn(self, machine: Machine, name: str) -> str:
        return self.arn("states", f"execution:{self.machine(machine)}:{name}")

    def log_group(self, task: str) -> str:
        return f"/medallion/{self.environment}/{self.tenant}/{task}"

    def job_log_prefix(self, job: Job) -> str:
        """What Glue is told to begin the names of a job's log groups with."""
        return self.log_group(f"{job}-job")

    def job_log_groups(self, job: Job, glue_version: str) -> tuple[str, ...]:
        """The log groups of a job on Glue: errors (with all that Spark says), output, and the continuous log of 4.0.

        Glue adds the security configuration and the role. Until 5.0 only the continuous log stands where it is told to.
        """
        named = f"{self.security_configuration}-role/{self.job_role(job)}"
        prefix = self.job_log_prefix(job)
        if glue_version != "4.0":
            return (f"{prefix}/{named}/error", f"{prefix}/{named}/output")
        below = f"/aws-glue/jobs/{named}"
        return (f"{below}/error", f"{below}/output", f"{prefix}-{self.security_configuration}")

    def job_log(self, job: Job, glue_version: str) -> str:
        """The log group of what goes wrong in a job on Glue."""
        return self.job_log_groups(job, glue_version)[0]

    @property
    def log_prefixes(self) -> tuple[str, ...]:
        """What the names of the tenant's log groups begin with, those that Glue and Lambda would make among them."""
        return (
            self.log_group(""),
            f"/aws/vendedlogs/states/{self.prefix}-",
            f"/aws-glue/jobs/{self.security_configuration}-role/",
            f"/aws/lambda/{self.prefix}-",
        )

    @property
    def emr_log_group(self) -> str:
        return self.log_group("emr")

    def machine_log_group(self, machine: Machine) -> str:
        """Below /aws/vendedlogs, where log delivery needs no resource policy that grows with every machine."""
        return f"/aws/vendedlogs/states/{self.machine(machine)}"

    @property
    def schedule_group(self) -> str:
        return self.prefix

    @property
    def schedule_role_arn(self) -> str:
        """The role in which the tenant's schedules call its functions."""
        return f"arn:aws:iam::{self.account}:role/{self.role('schedule')}"

    def schedule(self, source: str) -> str:
        """The source's schedule. It cannot be renamed: daily is what each begins as."""
        return f"{source}-daily"

    @property
    def housekeeping_schedule(self) -> str:
        """No source's schedule is named so: those end in -daily."""
        return "housekeeping"

    @property
    def sweeping(self) -> str:
        """The schedule of the tenant's sweep."""
        return "sweep-hourly"

    def window(self, source: str) -> str:
        """The schedule of a source's batches."""
        return f"{source}-window"

    @property
    def alerts_topic(self) -> str:
        return f"{self.prefix}-alerts"

    @property
    def alerts_topic_arn(self) -> str:
        return self.arn("sns", self.alerts_topic)

    @property
    def alerts_queue(self) -> str:
        return f"{self.prefix}-alerts"

    def dead_letters(self, of: str) -> str:
        return f"{self.prefix}-{of}-dead-letters"

    @property
    def key_alias(self) -> str:
        return f"alias/{self.prefix}"

    @property
    def workgroup(self) -> str:
        return self.prefix

    @property
    def parameter_path(self) -> str:
        """Where SSM parameters of the tenant's own would stand. The platform makes none."""
        return f"/medallion/{self.environment}/{self.tenant}"
