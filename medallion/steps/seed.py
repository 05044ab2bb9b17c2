"""Seed: a tenant's folder becomes the control table's first truth:
sources, contracts, models; and their tables and schedules.

From then on the control table is the truth: what a person made active through the API is kept, whatever a folder says.
"""

from __future__ import annotations

from pathlib import Path

from packaging.version import Version

from medallion.contracts.model import Contract
from medallion.contracts.ruleset import ruleset_hash
from medallion.control.items import ContractVersion, Source
from medallion.control.items import Tenant as TenantItem
from medallion.control.proposals import Decision, Proposal, ProposalStatus
from medallion.control.table import Write
from medallion.engines.model import SourceTables
from medallion.errors import InvalidContract, SourceChanged, UnknownSource
from medallion.layout import Task
from medallion.people import Person
from medallion.plan.compiler import compile_plan
from medallion.steps.models import keep_model
from medallion.steps.platform import Platform
from medallion.steps.proposals import check_follows, version_of
from medallion.steps.schedules import HOURLY, NIGHTLY, keep, keep_schedules
from medallion.tenants import load_tenant


def seed(platform: Platform, folder: Path, *, approvals_by_another: bool = False) -> list[str]:
    """Register the folder's contents and make what they need; what stands already is left as it is. What of the folder
    is kept out, as the control table has it otherwise by now: a sentence each.

    A contract's version is registered once: the same version with other rules is InvalidContract. A higher version
    becomes the active one. What a person set through the API stays as that person set it.
    """
    tenant, layout = load_tenant(folder), platform.layout
    about = tenant.model_dump(include={"id", "name", "description", "contact"})
    platform.control.save_tenant(TenantItem(**about, approvals_by_another=approvals_by_another))
    kept_out = []
    for file in tenant.contracts:
        kept_out += register_version(platform, file.contract, file.text)
    keep(platform, layout.sweeping, HOURLY, Task.SWEEP, {})
    for model in tenant.models:
        kept_out += keep_model(platform, model.name, model.text)
    keep(platform, layout.housekeeping_schedule, NIGHTLY, Task.HOUSEKEEP, {"dry_run": False})
    return kept_out


def register_version(
    platform: Platform,
    contract: Contract,
    text: str,
    person: Person | None = None,
    proposal: Proposal | None = None,
) -> list[str]:
    """Make the contract its source's active version, unless a higher one is: with the tables and the schedules that the
    source needs. What is kept out, a sentence each.

    `person` is nobody where it comes with a folder, which leaves alone what a person made active. InvalidContract where
    the version stands already with other rules, or breaks the active one without saying so; SourceChanged where another
    became active meanwhile. One that broke off is done again from the start.
    """
    platform.control.refuse_if_frozen()
    known, version = _known(platform, contract.source), contract.version
    where = f"source {contract.source} of tenant {platform.layout.tenant}: version {version}"
    stands = platform.control.contract(contract.source, version)
    kept_out = _kept_out(known, stands, contract, text) if person is None else ""
    if known is not None and Version(version) < Version(known.contract_version):
        kept_out = f"{known.contract_version} is active"
    if known is not None and kept_out:
        keep_schedules(platform, known.name, known.batch)
        return [f"{where} is kept out: {kept_out}"]
    if stands is not None and stands.ruleset != ruleset_hash(contract):
        raise InvalidContract(
            f"{where} is registered with other rules; a registered version never changes, so raise the version"
        )
    if known is not None and version != known.contract_version:
        check_follows(version_of(platform, contract.source, known.contract_version), contract, where)
    # First what can be made twice, so that the version and its source are there at once, when all that they need is.
    ensure_tables(platform, contract)
    keep_schedules(platform, contract.source, contract.batch)
    if not _make_active(platform, known, contract, None if stands else text, person, proposal):
        raise SourceChanged(f"{where}: its source or its proposal changed meanwhile; look at them and try again")
    return []


def _make_active(
    platform: Platform,
    known: Source | None,
    contract: Contract,
    text: str | None,
    person: Person | None,
    proposal: Proposal | None,
) -> bool:
    """The version, if its text is new, and the source and the proposal, in one transaction."""
    rules, now, by = ruleset_hash(contract), platform.clock(), "" if person is None else person.by
    version = ContractVersion(
        source=contract.source,
        version=contract.version,
        text=text or "",
        ruleset=rules,
        registered_at=now,
        registered_by=by,
        proposal_id="" if proposal is None else proposal.proposal_id,
    )
    beside: list[Write] = []
    if proposal is not None and person is not None:
        said = Decision(by=by, reason=person.reason, at=person.at).model_dump(mode="json")
        beside = platform.control.proposals.moving(proposal, ProposalStatus.ACTIVE, activation=said)
    source = Source(
        name=contract.source,
        contract_version=contract.version,
        ruleset=rules,
        trigger=contract.trigger,
        lane=contract.lane,
        approval=contract.approval,
        load=contract.load,
        batch=contract.batch,
        guard=contract.guard,
        description=contract.description,
        owner=contract.owner,
    )
    return platform.control.activate(source, known, None if text is None else version, *beside)


def _kept_out(known: Source | None, stands: ContractVersion | None, contract: Contract, text: str) -> str:
    """Why a folder's contract is left: a person made the same version active, in other words. Empty if it is not."""
    same = known is not None and stands is not None and contract.version == known.contract_version
    if not same or stands is None or not stands.registered_by or stands.text == text:
        return ""
    if stands.ruleset != ruleset_hash(contract):
        return ""
    return f"{stands.registered_by} made it active in other words, and the rules are the same"


def _known(platform: Platform, source: str) -> Source | None:
    try:
        return platform.control.source(source)
    except UnknownSource:
        return None


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
