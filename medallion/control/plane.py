"""What a tenant's operations ask of the control table, in the platform's own words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import boto3
from boto3.dynamodb.conditions import Attr, ConditionBase

from medallion.control.audit import AuditTrail
from medallion.control.batches import Batches
from medallion.control.breakers import Breakers
from medallion.control.closings import Closings
from medallion.control.estate import NOT_FROZEN, Estate
from medallion.control.items import (
    Anchor,
    Approval,
    Cancellation,
    ContractVersion,
    GoldModel,
    NewestSnapshot,
    ObjectClaim,
    OpenRun,
    Pause,
    Run,
    RunStatus,
    Source,
    Tenant,
)
from medallion.control.keys import ApiKeys
from medallion.control.leases import Leases
from medallion.control.models import ModelVersions
from medallion.control.once import Requests
from medallion.control.operations import Operations
from medallion.control.proposals import Proposals
from medallion.control.queries import Queries
from medallion.control.rollbacks import Rollbacks
from medallion.control.run_lists import RunLists
from medallion.control.runs import STILL_OPEN, ended_run, new_run, reopened_run
from medallion.control.schedules import Schedules
from medallion.control.table import ABSENT, Add, ControlTable, Put, Update, Write
from medallion.control.upkeep import Upkeeps
from medallion.control.usage import Usages
from medallion.errors import TenantFrozen, UnknownRun, UnknownSource, UnknownTenant
from medallion.layout import TenantLayout
from medallion.ledger.receipts import Link


class ControlPlane:
    """One tenant's items in the control table."""

    def __init__(self, table: ControlTable, layout: TenantLayout) -> None:
        self._table = table
        self._tenant = layout.tenant
        self.leases = Leases(table, layout.tenant)
        self.run_lists = RunLists(table, layout.tenant)
        self.rollbacks = Rollbacks(table, layout.tenant)
        self.upkeeps = Upkeeps(table, layout.tenant)
        self.batches = Batches(table, layout.tenant)
        self.breakers = Breakers(table, layout.tenant)
        self.keys = ApiKeys(table, layout.tenant)
        self.audit = AuditTrail(table, layout.tenant)
        self.operations = Operations(table, layout.tenant)
        self.requests = Requests(table, layout.tenant)
        self.queries = Queries(table, layout.tenant)
        self.usage = Usages(table, layout.tenant)
        self.proposals = Proposals(table, layout.tenant)
        self.schedules = Schedules(table, layout.tenant)
        self.model_versions = ModelVersions(table, layout.tenant)
        self.closings = Closings(table, layout.tenant)
        self.estate = Estate(table, layout.tenant)

    @classmethod
    def of(cls, layout: TenantLayout, session: boto3.Session | None = None) -> ControlPlane:
        return cls(ControlTable.named(layout.shared.control_table, layout.region, session), layout)

    # --- tenant, sources, contracts, models

    def tenant(self) -> Tenant:
        found = self._table.get(Tenant, Tenant.key_of(self._tenant))
        if found is None:
            raise UnknownTenant(
                f"tenant {self._tenant!r} does not exist in this environment; deploy it, or check the name"
            )
        return found

    def save_tenant(self, tenant: Tenant) -> None:
        """Keep what the tenant's folder says of it; TenantFrozen if it is being closed."""
        if not self._table.put(tenant, Tenant.key_of(self._tenant), NOT_FROZEN):
            self.refuse_if_frozen()

    def refuse_if_frozen(self) -> None:
        """TenantFrozen while the tenant takes nothing in. Whatever would begin something new asks this first."""
        found = self._table.get(Tenant, Tenant.key_of(self._tenant))
        if found is not None and found.frozen_at is not None:
            raise TenantFrozen(
                f"tenant {self._tenant} is frozen since {found.frozen_at:%Y-%m-%d %H:%M} UTC, by {found.frozen_by} "
                f"({found.frozen_reason}): it takes nothing in, and what is in Landing stays there. "
                f"`medallion tenant reopen {self._tenant}` takes that back, while nothing was removed"
            )

    def sources(self) -> list[Source]:
        return self._table.query(Source, Source.key_of(self._tenant, "").pk, Source.SK)

    def source(self, name: str) -> Source:
        found = self._table.get(Source, Source.key_of(self._tenant, name))
        if found is None:
            known = ", ".join(one.name for one in self.sources()) or "none"
            raise UnknownSource(
                f"source {name!r} is not registered for tenant {self._tenant}; registered: {known}. "
                "Add a contract for it, or put the object under a registered source's prefix"
            )
        return found

    def page_of_sources(self, limit: int, after: str = "") -> list[Source]:
        """The sources by name, `limit` at most; those after the name `after`."""
        beyond = f"{Source.SK}{after}" if after else ""
        return self._table.query(Source, Source.key_of(self._tenant, "").pk, Source.SK, limit=limit, beyond=beyond)

    def activate(
        self,
        source: Source,
        before: Source | None = None,
        version: ContractVersion | None = None,
        *beside: Write,
    ) -> bool:
        """Have the source be as its contract says now, of which `version` is kept if it is new. A pause stays.

        False if the source is not as `before` says any more, the version stands, or one of the writes is refused.
        """
        key = Source.key_of(self._tenant, source.name)
        kept: list[Write] = []
        if version is not None:
            place = ContractVersion.key_of(self._tenant, version.source, version.version)
            kept.append(Put(version, place, ABSENT))
        if before is None:
            kept.append(Put(source, key, ABSENT))
        else:
            as_read = Attr("contract_version").eq(before.contract_version)
            kept.append(Update(key, source.model_dump(mode="json", exclude={"pause"}), as_read))
        return self._table.transact([*kept, *beside])

    def pause(self, source: str, pause: Pause | None) -> bool:
        """Have the source wait, or go on again (None). False if it does already."""
        waits = Attr("pause").exists() & Attr("pause").ne(None)
        change = {"pause": None if pause is None else pause.model_dump(mode="json")}
        return self._table.update(Source.key_of(self._tenant, source), change, waits if pause is None else ~waits)

    def contract(self, source: str, version: str) -> ContractVersion | None:
        return self._table.get(ContractVersion, ContractVersion.key_of(self._tenant, source, version))

    def contracts(self, source: str) -> list[ContractVersion]:
        """Every version of the source's contract that was ever active: as many as people wrote."""
        pk = ContractVersion.key_of(self._tenant, source, "").pk
        return self._table.query(ContractVersion, pk, ContractVersion.SK)

    def models(self) -> list[GoldModel]:
        return self._table.query(GoldModel, GoldModel.key_of(self._tenant, "").pk, GoldModel.SK)

    def page_of_models(self, limit: int, after: str = "") -> list[GoldModel]:
        """The models by name, `limit` at most; those after the name `after`."""
        beyond = f"{GoldModel.SK}{after}" if after else ""
        pk = GoldModel.key_of(self._tenant, "").pk
        return self._table.query(GoldModel, pk, GoldModel.SK, limit=limit, beyond=beyond)

    def model(self, name: str) -> GoldModel | None:
        return self._table.get(GoldModel, GoldModel.key_of(self._tenant, name))

    def ask_for_build(self, name: str, run_id: str) -> str:
        """The id of the one build that is asked for and has not read its inputs: `run_id`, or an earlier one's."""
        if self._table.update(
            GoldModel.key_of(self._tenant, name), {"pending_run_id": run_id}, _unset("pending_run_id")
        ):
            return run_id
        model = self.model(name)
        return run_id if model is None or model.pending_run_id is None else model.pending_run_id

    def begin_build(self, name: str, run_id: str) -> None:
        """The build reads its inputs now: what is published from here on asks for another build."""
        mine = Attr("pending_run_id").eq(run_id)
        self._table.update(GoldModel.key_of(self._tenant, name), {"pending_run_id": None}, mine)

    # --- objects

    def claim(self, claim: ObjectClaim) -> ObjectClaim:
        """Claim the object, which waits then; the claim that stands is returned, an earlier one if there was one."""
        if self.batches.claim(claim):
            return claim
        return self.claim_of(claim.source, claim.source_file_id) or claim

    def claim_of(self, source: str, source_file_id: str) -> ObjectClaim | None:
        """The claim of an object version; None while the platform was not told of it."""
        return self._table.get(ObjectClaim, ObjectClaim.key_of(self._tenant, source, source_file_id))

    def claims(self, source: str) -> list[ObjectClaim]:
        """The claims of every object of the source: what a person asks for, never what a run waits for."""
        return self._table.query(ObjectClaim, ObjectClaim.key_of(self._tenant, source, "").pk, ObjectClaim.SK)

    def claims_among(self, source: str, identities: Sequence[str]) -> list[ObjectClaim]:
        """The claims of those of these object versions that the platform was told of."""
        keys = [ObjectClaim.key_of(self._tenant, source, one) for one in identities]
        return self._table.get_many(ObjectClaim, keys)

    def newest_snapshot(self, claim: ObjectClaim, run_id: str) -> Write:
        """The write that notes the object as its source's newest state: it is refused where a newer one is noted."""
        newer = Attr("order").not_exists() | Attr("order").lt(claim.order)
        key = NewestSnapshot.key_of(self._tenant, claim.source)
        return Update(key, {"order": claim.order, "run_id": run_id}, newer)

    # --- runs

    def create_run(self, run: Run) -> bool:
        """Keep a new run; False if a run of that id stands already."""
        return self._table.transact(new_run(self._tenant, run))

    def find_run(self, run_id: str) -> Run | None:
        """The run of that id; None if there is none."""
        return self._table.get(Run, Run.key_of(self._tenant, run_id))

    def run(self, run_id: str) -> Run:
        found = self.find_run(run_id)
        if found is None:
            raise UnknownRun(
                f"run {run_id!r} does not exist for tenant {self._tenant}; `medallion runs` lists those that do"
            )
        return found

    def runs(self, limit: int | None = None) -> list[Run]:
        """The tenant's runs, newest first."""
        return self._table.query(Run, Run.key_of(self._tenant, "").pk, Run.SK, limit=limit, newest_first=True)

    def unfinished_runs(self) -> list[Run]:
        """The tenant's runs that have not ended, held ones among them, the oldest first."""
        return [run for run in map(self.find_run, self.open_runs()) if run is not None]

    def note(self, run_id: str, **changes: Any) -> None:
        """Set attributes of a run that has not ended."""
        self._table.update(Run.key_of(self._tenant, run_id), _json(run_id, changes), STILL_OPEN)

    def begin(self, run_id: str) -> None:
        """The run goes on: it was new, or a person approved it. Said late, it changes nothing."""
        goes_on = Attr("status").eq(RunStatus.PENDING) | (
            Attr("status").eq(RunStatus.HELD) & Attr("approval.approved").eq(True)  # noqa: FBT003  # a value
        )
        self._table.update(Run.key_of(self._tenant, run_id), {"status": RunStatus.RUNNING}, goes_on)

    def decide(self, run: Run, approval: Approval) -> bool:
        """Record the decision over a held run; approved, it is its next attempt. False if a decision stands already."""
        undecided = (
            Attr("status").eq(RunStatus.HELD) & Attr("task_token").eq(run.task_token) & Attr("approval").eq(None)
        )
        changes = {"approval": approval.model_dump(mode="json"), "attempt": run.attempt + int(approval.approved)}
        return self._table.update(Run.key_of(self._tenant, run.run_id), changes, undecided)

    def begin_publishing(self, run_id: str, attempt: int) -> bool:
        """The attempt is published from now on; False if the run was cancelled before, or has ended."""
        wanted = STILL_OPEN & _unset("cancelled")
        return self._table.update(Run.key_of(self._tenant, run_id), {"publishing": attempt}, wanted)

    def cancel(self, run: Run, cancellation: Cancellation) -> bool:
        """Mark the run as cancelled; False if it is not as `run` says, is being published, or was cancelled before."""
        as_read = Attr("status").eq(run.status) & Attr("attempt").eq(run.attempt)
        unpublished = Attr("publishing").not_exists() | Attr("publishing").ne(run.attempt)
        changes = {"cancelled": cancellation.model_dump(mode="json")}
        return self._table.update(
            Run.key_of(self._tenant, run.run_id), changes, as_read & unpublished & _unset("cancelled")
        )

    def reopen(self, run: Run) -> bool:
        """Make a run that ended badly one to be done, as its next attempt; False if it is not as `run` says."""
        changes = {
            "status": RunStatus.PENDING,
            "attempt": run.attempt + 1,
            "ended_at": None,
            "approval": None,
            "cancelled": None,
            "reason": "",
            "mb_seconds": 0,
        }
        return self._table.transact(reopened_run(self._tenant, run, changes))

    # --- receipts

    def anchors(self) -> list[Anchor]:
        """Every chain of receipts that the tenant has, with its newest."""
        return self._table.query(Anchor, Anchor.key_of(self._tenant, "").pk, Anchor.SK)

    def newest_receipt(self, chain: str) -> Link | None:
        """The chain's newest receipt; None while there is none."""
        anchor = self._table.get(Anchor, Anchor.key_of(self._tenant, chain))
        return None if anchor is None else anchor.link

    def anchor_receipt(self, chain: str, before: Link | None, newest: Link, *, of_run: bool = True) -> bool:
        """Move the chain's anchor from `before` to `newest`, and name the receipt in its run (where it is `of_run`).

        False if the anchor does not stand at `before`.
        """
        stands = ABSENT if before is None else Attr("sequence").eq(before.sequence) & Attr("hash").eq(before.hash)
        moved = newest.model_dump(mode="json")
        writes = [Update(Anchor.key_of(self._tenant, chain), {"chain": chain, **moved}, stands)]
        if of_run:
            writes.append(Update(Run.key_of(self._tenant, newest.run_id), {"receipt": moved}))
        return self._table.transact(writes)

    def spend(self, run_id: str, mb_seconds: int) -> None:
        """Note what a function took for a run that has not ended: MB of memory times seconds."""
        self._table.add(Add(Run.key_of(self._tenant, run_id), {"mb_seconds": mb_seconds}, {}, STILL_OPEN))

    def end(self, run_id: str, status: RunStatus, at: datetime, *, mb_seconds: int = 0, **changes: Any) -> None:
        """End a run, once, and count it: a run that has ended stays as it ended. `mb_seconds` is what the function
        took that ends it.
        """
        run = self.find_run(run_id)
        if run is None:
            return
        ended = {"status": status, "ended_at": at, "task_token": "", **changes}
        as_ended = run.model_copy(update=ended)
        self._table.transact(ended_run(self._tenant, as_ended, _json(run_id, ended), mb_seconds))

    def open_runs(self) -> list[str]:
        """The ids of the runs that have not ended."""
        return [one.run_id for one in self._table.query(OpenRun, OpenRun.key_of(self._tenant, "").pk, OpenRun.SK)]


def _unset(name: str) -> ConditionBase:
    """No value stands there; an older item has no such attribute at all."""
    return Attr(name).not_exists() | Attr(name).eq(None)


def _json(run_id: str, changes: dict[str, Any]) -> dict[str, Any]:
    """The changes as JSON values, spelt as the run's own model spells them."""
    blank = Run.model_construct(run_id=run_id, **changes)
    return blank.model_dump(mode="json", include=set(changes))
