"""A tenant without Lambdas and state machines: its steps are walked in this process, on a real S3, Glue and DynamoDB.

What the state machine orders is written out here once more, in its order; the pipeline's own tests hold the machine.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3

from local import process
from local.settings import Settings
from medallion.contracts import parse_contract
from medallion.contracts.model import Lane
from medallion.contracts.ruleset import ruleset_hash
from medallion.control.items import ContractVersion, ObjectClaim, Run, RunKind, RunStatus, Source, Tenant
from medallion.engines.duckdb.session import open_session
from medallion.engines.resources import Resources
from medallion.layout import (
    TABLE_ZONES,
    Environment,
    EnvironmentLayout,
    Machine,
    TableLayout,
    TenantLayout,
    Zone,
    source_file_id,
)
from medallion.ledger.gate import Decision
from medallion.steps.gate import gate
from medallion.steps.platform import Platform
from medallion.steps.promote import promote
from medallion.steps.refine import refine
from medallion.steps.seed import ensure_tables
from medallion.steps.settle import abandon, settle
from medallion.steps.ticket import Ticket
from medallion.steps.trigger import MANIFEST, Manifest, ManifestObject, run_id_of
from verifier import Places

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


@contextmanager
def workbench(
    folder: Path, port: int, setenv: Callable[[str, str], None], tenant: str = "bench"
) -> Iterator[Workbench]:
    """A tenant with buckets, databases and the control table, and nothing else; gone afterwards."""
    settings = Settings(state_dir=folder, port=port, enforce_iam=False)
    process.up(settings)
    for name, value in settings.client_environment().items():
        setenv(name, value)
    try:
        yield Workbench.made(settings, tenant)
    finally:
        process.down(folder)


@dataclass
class Workbench:
    """The tenant's platform, and what a test does with it."""

    platform: Platform
    lane: Lane = Lane.LAMBDA
    start_job: Callable[[str], None] | None = None
    minutes: int = 0
    contracts: dict[str, str] = field(default_factory=dict)

    @classmethod
    def made(cls, settings: Settings, tenant: str) -> Workbench:
        variables = settings.client_environment()
        session = boto3.Session(
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            region_name=settings.region,
        )
        layout = TenantLayout.of(EnvironmentLayout(Environment.DEV, settings.account, settings.region), tenant)
        s3, glue = session.client("s3"), session.client("glue")
        for zone in Zone:
            s3.create_bucket(Bucket=layout.bucket(zone))
        s3.put_bucket_versioning(Bucket=layout.bucket(Zone.LANDING), VersioningConfiguration={"Status": "Enabled"})
        for zone in TABLE_ZONES:
            glue.create_database(DatabaseInput={"Name": layout.database(zone)})
        session.client("scheduler").create_schedule_group(Name=layout.schedule_group)
        session.client("dynamodb").create_table(
            TableName=layout.shared.control_table,
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk")],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            BillingMode="PAY_PER_REQUEST",
        )
        # Starting a run finds a machine that does nothing: the test itself walks the steps.
        idle = json.dumps({"StartAt": "Rest", "States": {"Rest": {"Type": "Wait", "Seconds": 86400, "End": True}}})
        for machine in Machine:
            session.client("stepfunctions").create_state_machine(
                name=layout.machine(machine), definition=idle, roleArn=f"arn:aws:iam::{settings.account}:role/idle"
            )
        made = cls(Platform(layout, session, Resources(region=layout.region)))
        made.platform = replace(made.platform, clock=made.now)
        made.platform.control.save_tenant(Tenant(id=tenant, name=tenant))
        return made

    def now(self) -> datetime:
        """A clock that goes on by a minute each time it is looked at."""
        self.minutes += 1
        return BEGIN + timedelta(minutes=self.minutes)

    # --- contracts

    def register(self, text: str) -> Source:
        """Make the contract its source's active one, with the tables that it needs."""
        contract = parse_contract(text, "a test's contract")
        rules = ruleset_hash(contract)
        version = ContractVersion(
            source=contract.source, version=contract.version, text=text, ruleset=rules, registered_at=self.now()
        )
        source = Source(
            name=contract.source,
            contract_version=contract.version,
            ruleset=rules,
            trigger=contract.trigger,
            lane=self.lane,
            approval=contract.approval,
        )
        control = self.platform.control
        known = {one.name: one for one in control.sources()}.get(source.name)
        stands = control.contract(source.name, contract.version)
        assert control.activate(source, known, None if stands else version)
        ensure_tables(self.platform, contract)
        return source

    # --- runs

    def put(self, source: str, body: str | bytes, name: str = "part.csv") -> ManifestObject:
        layout, data = self.platform.layout, body.encode() if isinstance(body, str) else body
        bucket, key = layout.bucket(Zone.LANDING), layout.landing_key(source, name)
        version = self.platform.s3.put_object(Bucket=bucket, Key=key, Body=data)["VersionId"]
        return ManifestObject(
            key=key,
            version=version,
            size=len(data),
            arrived_at=self.now(),
            source_file_id=source_file_id(bucket, key, version),
        )

    def arrive(self, source: str, *objects: ManifestObject) -> Run:
        """A new run of the objects, not begun."""
        now = self.now()
        identities = tuple(one.source_file_id for one in objects)
        run = Run(
            run_id=run_id_of(now, identities),
            kind=RunKind.INGEST,
            subject=source,
            objects=identities,
            lane=self.lane,
            created_at=now,
        )
        control = self.platform.control
        control.create_run(run)
        for one in objects:
            control.claim(ObjectClaim(source=source, run_id=run.run_id, **one.model_dump()))
        self.platform.write_document(run.run_id, 1, MANIFEST, Manifest(objects=objects))
        return run

    def ingest(self, source: str, *bodies: str | bytes) -> Run:
        """A run of new objects, walked to its end."""
        objects = [self.put(source, body, f"part-{number}.csv") for number, body in enumerate(bodies)]
        return self.walk(self.arrive(source, *objects))

    def walk(self, run: Run, *, approve: bool = True, until: Callable[[Ticket], None] | None = None) -> Run:
        """The steps of the run's attempt in the state machine's order; a held run is approved, or left."""
        ticket = self.leased(run)
        handed = refine(self.platform, ticket)
        if handed.job:
            assert self.start_job is not None, f"nothing runs the job that lane {handed.lane} asks for"
            self.start_job(handed.job)
        decision = gate(self.platform, ticket).decision
        if until is not None:
            until(ticket)
        if decision is Decision.HOLD and not approve:
            return self.platform.control.run(run.run_id)
        if decision is Decision.REJECT:
            return abandon(self.platform, ticket, RunStatus.REJECTED, "rejected by the gate")
        if decision is not Decision.SKIP:
            promote(self.platform, ticket)
        return settle(self.platform, ticket, decision)

    def leased(self, run: Run) -> Ticket:
        ticket = Ticket.of(run)
        token = self.platform.control.leases.acquire(ticket.leased, run.run_id, datetime.now(UTC))
        assert token is not None, f"{ticket.leased} is held by another run"
        return ticket.model_copy(update={"lease": token})

    # --- what stands

    def rows(self, table: TableLayout, columns: str = "*", where: str = "TRUE") -> list[tuple[object, ...]]:
        """Rows of main, in order."""
        with open_session(self.platform.resources) as session:
            session.read("found", self.platform.lake.plan(table))
            return session.connection.execute(f"SELECT {columns} FROM found WHERE {where} ORDER BY ALL").fetchall()

    def branches(self, source: str) -> Sequence[str]:
        return list(self.platform.lake.load(self.platform.layout.silver(source)).metadata.refs)


def outcomes(run: Run) -> Mapping[str, int]:
    """The run's sum, with what is zero left out."""
    names = ("rows_in", "inserted", "updated", "duplicates", "quarantined", "condemned")
    return {name: count for name in names if (count := run.total(name))}


def places_of(bench: Workbench) -> Places:
    """What the verifier is told of the tenant."""
    platform, layout = bench.platform, bench.platform.layout
    return Places(
        tenant=layout.tenant,
        region=layout.region,
        session=platform.session,
        ledger_bucket=layout.bucket(Zone.LEDGER),
        artifacts_bucket=layout.bucket(Zone.ARTIFACTS),
        control_table=layout.shared.control_table,
        bronze=layout.database(Zone.BRONZE),
        silver=layout.database(Zone.SILVER),
        gold=layout.database(Zone.GOLD),
        quarantine=layout.database(Zone.QUARANTINE),
        endpoint=os.environ["AWS_ENDPOINT_URL"],
    )
