"""A closing goes on stage by stage, whoever says so, and in prod only after another caller agreed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from medallion.contracts.model import Lane, Trigger
from medallion.control.closings import Closing, Closings, Stage
from medallion.control.estate import Estate
from medallion.control.items import Key, ObjectClaim, Run, RunKind, Source, Tenant
from medallion.control.models import ModelVersion
from medallion.control.partitions import Extent, partitions
from medallion.control.plane import ControlPlane
from medallion.errors import TenantFrozen, UnknownTenant
from medallion.layout import Environment, EnvironmentLayout, TenantLayout
from tests.unit.control.memory import MemoryTable

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
ASKED = Closing(
    asked_by="Ada",
    asked_as="arn:aws:iam::000000000000:user/ada",
    asked_at=NOW,
    reason="it left",
    export="/export",
    needs_approval=True,
)


@pytest.fixture
def table() -> MemoryTable:
    return MemoryTable()


@pytest.fixture
def closings(table: MemoryTable) -> Closings:
    return Closings(table, "acme")


def plane(table: MemoryTable) -> ControlPlane:
    layout = TenantLayout.of(EnvironmentLayout(Environment.DEV, "000000000000", "us-east-1"), "acme")
    return ControlPlane(table, layout)


def test_first_closing_stands_when_two_ask(closings: Closings) -> None:
    assert closings.ask(ASKED) == ASKED
    assert closings.ask(ASKED.model_copy(update={"asked_by": "Bob"})) == ASKED


def test_closing_is_approved_once_and_by_another_caller_only(closings: Closings) -> None:
    assert not closings.approve("Bob", "arn:aws:iam::000000000000:user/bob", NOW), "nobody asked"
    closings.ask(ASKED)
    assert not closings.approve("Bob", ASKED.asked_as, NOW), "the same caller under another name"
    assert closings.approve("Bob", "arn:aws:iam::000000000000:user/bob", NOW)
    assert not closings.approve("Eve", "arn:aws:iam::000000000000:user/eve", NOW)
    found = closings.current()
    assert found is not None
    assert (found.approved, found.approved_by) == (True, "Bob")


def test_stage_is_done_once_when_two_processes_do_it(closings: Closings) -> None:
    closings.ask(ASKED)
    frozen = closings.advance(ASKED, Stage.FROZEN, NOW, {})
    late = closings.advance(ASKED, Stage.FROZEN, NOW + timedelta(hours=1), {"export_hash": "x"})
    assert late == frozen
    assert frozen.ended == {Stage.FROZEN: NOW}
    exported = closings.advance(frozen, Stage.EXPORTED, NOW, {"export_hash": "h"})
    assert (exported.stage, exported.export_hash, set(exported.ended)) == ("exported", "h", {"frozen", "exported"})


def test_closing_is_kept_when_it_is_taken_back(closings: Closings) -> None:
    closings.ask(ASKED)
    moved = closings.advance(ASKED, Stage.FROZEN, NOW, {})
    assert not closings.withdraw(ASKED, "Bob", "no", NOW), "it went on meanwhile"
    assert closings.withdraw(moved, "Bob", "it stays", NOW)
    assert closings.current() is None
    assert [(one.stage, one.reopened_by, one.asked_by) for one in closings.past()] == [("frozen", "Bob", "Ada")]
    later = ASKED.model_copy(update={"asked_at": NOW + timedelta(days=1)})
    assert closings.ask(later) == later


def test_nothing_is_removed_while_a_stage_is_reversible() -> None:
    assert [stage for stage in Stage if stage.reversible] == ["asked", "frozen", "exported", "retained"]


def test_tenant_is_frozen_once_and_keeps_so_when_its_folder_is_seeded(table: MemoryTable) -> None:
    control = plane(table)
    control.refuse_if_frozen()
    control.save_tenant(Tenant(id="acme", name="Acme", contact="ada@example.com"))
    control.estate.freeze("Ada", "it leaves", NOW)
    control.estate.freeze("Bob", "another reason", NOW + timedelta(hours=1))
    with pytest.raises(TenantFrozen, match=r"since 2026-11-28 12:00 UTC, by Ada \(it leaves\).*tenant reopen acme"):
        control.refuse_if_frozen()
    with pytest.raises(TenantFrozen):
        control.save_tenant(Tenant(id="acme", name="Acme anew"))
    control.estate.reduce()
    assert control.tenant().contact == ""
    control.estate.thaw()
    control.save_tenant(Tenant(id="acme", name="Acme anew"))
    assert (control.tenant().name, control.tenant().frozen_at) == ("Acme anew", None)


def test_every_partition_is_found_when_something_stands_in_it(table: MemoryTable) -> None:
    control = plane(table)
    about: dict[str, Any] = {"contract_version": "1", "ruleset": "r", "approval": "auto"}
    control.activate(Source(name="orders", trigger=Trigger.ON_ARRIVAL, lane=Lane.AUTO, **about), None, None)
    text = ModelVersion(name="spend", revision=1, text="SELECT 1", inputs=("silver.orders",), set_at=NOW)
    assert control.model_versions.set(text)
    control.create_run(Run(run_id="r1", kind=RunKind.INGEST, subject="strangers", created_at=NOW))
    control.claim(ObjectClaim(source_file_id="s3://b/k", source="orders", key="k", version="v", size=1, arrived_at=NOW))
    assert control.leases.acquire("gold#spend", "r1", NOW)
    control.closings.ask(ASKED)
    extent = control.estate.extent(["landed"])
    assert extent == Extent("acme", ("landed", "orders", "spend", "strangers"), ("r1",))
    found = partitions(extent)
    assert {key.pk for key in table.items} <= set(found)
    assert found[-2:] == ["TENANT#acme#RUNS", "TENANT#acme"], "what the others are found from goes last"
    assert "TENANT#acme#OBJECTS#landed" in found


def test_decisions_are_told_apart_when_they_are_to_outlive_the_tenant() -> None:
    found = partitions(Extent("acme", ("orders",), ("r1",)), evidence=True)
    assert {one.partition("acme#")[2] for one in found} == {
        "SEEN#orders",
        "LEDGER",
        "ROLLBACKS#silver#orders",
        "ROLLBACKS#gold#orders",
        "RUNS",
        "AUDIT",
        "SOURCE#orders",
    }


@pytest.mark.parametrize("partition", ["TENANT#acme2", "TENANT#acme2#RUNS", "TENANT#", "OPERATORS#KEYS"])
def test_no_other_tenants_item_is_read_or_removed(table: MemoryTable, partition: str) -> None:
    estate = Estate(table, "acme")
    table.items[Key(partition, "x")] = {"pk": partition, "sk": "x"}
    with pytest.raises(UnknownTenant):
        estate.stored(partition)
    with pytest.raises(UnknownTenant):
        estate.erase([Key("TENANT#acme", "x"), Key(partition, "x")])
    assert Key(partition, "x") in table.items
