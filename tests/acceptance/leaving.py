"""Two tenants of one account, with everything that a tenant can have: one leaves, one stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from cli.direct.ledger import places_of
from cli.target import Target, Where
from local.settings import Settings
from medallion.control.audit import AuditEntry
from medallion.control.items import OpenRun, Run, RunOf, RunStatus
from medallion.control.keys import Role
from medallion.layout import Environment, EnvironmentLayout, TenantLayout, Zone
from medallion.people import Person
from medallion.plan.quarantine import Chosen
from medallion.steps.closing.verification import Verification
from medallion.steps.replay import reprocess
from tests.integration.pipeline.deployed import Deployed
from tests.integration.steps.test_loads import contract
from verifier import verify

ENVIRONMENT = Environment.STAGING
LEAVING, STAYING = "leaving", "staying"
SOURCE, MODEL = "readings", "by_name"
GOLD = """\
/* medallion
description: How often each name was seen.
materialisation: table
keys: [name]
partitioning: []
*/
SELECT name, COUNT(*) AS readings FROM silver.readings GROUP BY name
"""


def good(first: int) -> str:
    """A file's header and fifty good records."""
    return "id,seen,name\n" + "".join(f"{number},1,ok\n" for number in range(first, first + 50))


def write_tenants(under: Path) -> Path:
    """The folders of both tenants: the same source, the same model."""
    for tenant in (LEAVING, STAYING):
        folder = under / tenant
        for part, name, text in (
            ("", "tenant.yaml", f"id: {tenant}\nname: {tenant.capitalize()}\n"),
            ("contracts", f"{SOURCE}.odcs.yaml", contract(SOURCE)),
            ("gold", f"{MODEL}.sql", GOLD),
        ):
            (folder / part).mkdir(parents=True, exist_ok=True)
            (folder / part / name).write_text(text, encoding="utf-8")
    return under


def fed(settings: Settings, tenant: str) -> Deployed:
    """The tenant with a hundred good records; one that is condemned, since it failed twice; one whose entry is open."""
    shared = EnvironmentLayout(ENVIRONMENT, settings.account, settings.region)
    found = Deployed(TenantLayout.of(shared, tenant), Deployed.on(settings, tenant).session)
    first = found.ingest(SOURCE, good(100) + "1,x,a\n", "first.csv")
    assert first.status is RunStatus.PROMOTED
    found.models_rest()
    again = reprocess(found.platform, SOURCE, Chosen(), Person("Ada", "as it is", found.platform.clock()))
    assert again is not None
    assert found.ended(again.run_id).total("condemned") == 1
    second = found.ingest(SOURCE, good(200) + "2,y,b\n", "second.csv")
    assert second.status is RunStatus.PROMOTED
    found.models_rest()
    key, _ = found.control.keys.create("loader", Role.ENGINEER, by="Grace", now=found.platform.clock())
    found.control.audit.add(
        AuditEntry(
            at=found.platform.clock(),
            request_id="1",
            by="Grace",
            role=Role.OPERATOR,
            action="create_key",
            subject={"key_id": key.key_id},
            status=201,
        )
    )
    return found


def rows(parquet: bytes) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(BytesIO(parquet)).to_pylist()
    return found


def verification(settings: Settings, deployed: Deployed) -> Callable[[], Verification]:
    """The verifier, as the command hands it in."""
    shared = EnvironmentLayout(deployed.layout.environment, settings.account, settings.region)
    target = Target(Where.LOCAL, shared, deployed.session, settings.endpoint)

    def verified() -> Verification:
        report = verify(places_of(target, deployed.layout.tenant))
        return Verification(problems=len(report.problems), document="{}")

    return verified


# --- what stands in the way


@contextmanager
def strange_bucket(leaving: Deployed) -> Iterator[str]:
    """A bucket with the tenant's prefix that no stack knows."""
    s3, name = leaving.client("s3"), f"{leaving.layout.bucket_prefix}scratch"
    s3.create_bucket(Bucket=name)
    yield name
    s3.delete_bucket(Bucket=name)


@contextmanager
def strange_table(leaving: Deployed) -> Iterator[str]:
    """A table of a name that the tenant has, in another bucket."""
    glue, database = leaving.client("glue"), leaving.layout.database(Zone.SILVER)
    about = {"Name": "borrowed", "StorageDescriptor": {"Location": "s3://elsewhere/borrowed"}}
    glue.create_table(DatabaseName=database, TableInput=about)
    yield f"{database}.borrowed"
    glue.delete_table(DatabaseName=database, Name="borrowed")


@contextmanager
def tagged_queue(leaving: Deployed) -> Iterator[str]:
    """A queue of any name that carries the tenant's tag."""
    sqs = leaving.client("sqs")
    queue = sqs.create_queue(QueueName="somebodys-own", tags={"tenant": leaving.layout.tenant})["QueueUrl"]
    yield "somebodys-own"
    sqs.delete_queue(QueueUrl=queue)


@contextmanager
def open_run(leaving: Deployed) -> Iterator[str]:
    """A run that has not ended."""
    run = leaving.control.runs(1)[0].model_copy(
        update={"run_id": "20990101t000000-abcdefabcdef", "status": RunStatus.RUNNING, "ended_at": None}
    )
    leaving.control.create_run(run)
    yield run.run_id
    tenant = leaving.layout.tenant
    keys = (Run.key_of(tenant, run.run_id), RunOf.key_of(tenant, run.subject, run.run_id))
    leaving.control.estate.erase([*keys, OpenRun.key_of(tenant, run.run_id)])


@contextmanager
def unread_object(leaving: Deployed) -> Iterator[str]:
    """An object that arrived where nobody was told: no run took it up."""
    s3, landing = leaving.client("s3"), leaving.layout.bucket(Zone.LANDING)
    told: dict[str, Any] = {"Bucket": landing}
    s3.put_bucket_notification_configuration(**told, NotificationConfiguration={})
    version = s3.put_object(Bucket=landing, Key=f"{SOURCE}/unread.csv", Body=b"id\n1\n")["VersionId"]
    yield f"{SOURCE}/unread.csv"
    s3.delete_object(Bucket=landing, Key=f"{SOURCE}/unread.csv", VersionId=version)
    s3.put_bucket_notification_configuration(**told, NotificationConfiguration={"EventBridgeConfiguration": {}})


@contextmanager
def held_lease(leaving: Deployed) -> Iterator[str]:
    leases, subject = leaving.control.leases, f"{Zone.SILVER}#{SOURCE}"
    assert leases.acquire(subject, "somebody", leaving.platform.clock())
    yield subject
    leases.release(subject, "somebody")


@contextmanager
def legal_hold(leaving: Deployed) -> Iterator[str]:
    """A receipt that a court wants kept."""
    s3, ledger = leaving.client("s3"), leaving.layout.bucket(Zone.LEDGER)
    key = leaving.layout.receipt_key(f"{Zone.SILVER}#{SOURCE}", 1)
    s3.put_object_legal_hold(Bucket=ledger, Key=key, LegalHold={"Status": "ON"})
    yield key
    s3.put_object_legal_hold(Bucket=ledger, Key=key, LegalHold={"Status": "OFF"})


Planted = Callable[[Deployed], AbstractContextManager[str]]
PLANTED: tuple[Planted, ...] = (
    strange_bucket,
    strange_table,
    tagged_queue,
    open_run,
    unread_object,
    held_lease,
    legal_hold,
)
