"""Receipt: what a run's end left behind is written into the subject's chain, once, and the chain's newest hash into the
control table.

Any part may have been done by an earlier try, or by a run that broke off after it. A receipt that stands in the chain
but is not yet named by the control table is taken up as it is: nothing is ever written over it or beside it.
"""

from __future__ import annotations

from hashlib import sha256

from botocore.exceptions import ClientError

from medallion.control.items import Run, RunKind, RunStatus
from medallion.engines.duckdb.contents import contents_of_model, contents_of_run
from medallion.engines.model import Built, SourceTables
from medallion.errors import LedgerBroken
from medallion.layout import Zone
from medallion.ledger.receipts import Decided, Entry, Link, Receipt, ReceiptObject, follow, next_place
from medallion.plan.model import Plan
from medallion.steps.build import BUILT
from medallion.steps.platform import Platform
from medallion.steps.refine import PLAN, REFINED, RefineResult
from medallion.steps.ticket import Ticket

_COMMITTED = ("bronze", "quarantine", "duplicates", "history", "silver_base")
"""The snapshots that Refine names; that of Silver is named by what was published."""
_TRIES = 20
"""How many receipts of others may come between before a writer gives up: each try finds the chain longer."""


def write_receipt(platform: Platform, ticket: Ticket, status: RunStatus, reason: str = "") -> RunStatus:
    """Write the receipt of the run's attempt that ends so, and return the status that it tells of.

    That is another where an earlier try ended the attempt otherwise: what is written stays.
    """
    run = platform.control.run(ticket.run_id)
    if _stands(run, ticket.attempt):
        return _status(platform, ticket, status)
    entry = _entry(platform, ticket, run, status, reason)
    if append(platform, ticket.leased, entry):
        return status
    return _status(platform, ticket, status)


def append(platform: Platform, chain: str, entry: Entry) -> bool:
    """Put the entry at the chain's end, and anchor it.

    False where an earlier try did so: its receipt stands, as it is. LedgerBroken if the chain is not as the control
    table says.
    """
    for _ in range(_TRIES):
        newest = platform.control.newest_receipt(chain)
        # Read after the anchor, with which it changes: a receipt of this attempt that is anchored is seen here.
        if _anchored(platform, entry, newest):
            return False
        sequence, previous = next_place(newest)
        key = platform.layout.receipt_key(chain, sequence)
        content, mine = _content(platform, key), False
        if content is None:
            content = _place(platform, chain, entry, sequence, previous).content
            mine = _put(platform, key, content)
            if not mine:
                continue
        receipt, link = follow(newest, content, chain)
        anchored = platform.control.anchor_receipt(chain, newest, link, of_run=receipt.kind in list(RunKind))
        if anchored and mine:
            return True
    raise LedgerBroken(
        f"chain {chain}: {_TRIES} receipts of others came before that of run {entry.run_id}; start the step again"
    )


def _anchored(platform: Platform, entry: Entry, newest: Link | None) -> bool:
    if entry.kind in list(RunKind):
        return _stands(platform.control.run(entry.run_id), entry.attempt)
    mine = (entry.run_id, entry.attempt, entry.kind)
    return newest is not None and (newest.run_id, newest.attempt, newest.kind) == mine


def _stands(run: Run, attempt: int) -> bool:
    return run.receipt is not None and run.receipt.attempt == attempt


def _status(platform: Platform, ticket: Ticket, wanted: RunStatus) -> RunStatus:
    """The status that the attempt's receipt tells of; `wanted` if the receipt is gone, which verification reports."""
    link = platform.control.run(ticket.run_id).receipt
    key = platform.layout.receipt_key(ticket.leased, 0 if link is None else link.sequence)
    content = _content(platform, key)
    return wanted if content is None else RunStatus(Receipt.model_validate_json(content).status)


def _place(platform: Platform, chain: str, entry: Entry, sequence: int, previous: str) -> Receipt:
    layout = platform.layout
    return Receipt(
        **{name: getattr(entry, name) for name in Entry.model_fields},
        environment=layout.environment,
        tenant=layout.tenant,
        chain=chain,
        sequence=sequence,
        previous=previous,
    )


def _content(platform: Platform, key: str) -> bytes | None:
    try:
        found = platform.s3.get_object(Bucket=platform.layout.bucket(Zone.LEDGER), Key=key)
    except platform.s3.exceptions.NoSuchKey:
        return None
    return found["Body"].read()


def _put(platform: Platform, key: str, content: bytes) -> bool:
    """Write the object unless there is one; False if there is, or another writes it at this moment."""
    try:
        platform.s3.put_object(
            Bucket=platform.layout.bucket(Zone.LEDGER),
            Key=key,
            Body=content,
            ContentType="application/json",
            IfNoneMatch="*",
            ChecksumAlgorithm="SHA256",
        )
    except ClientError as refused:
        if refused.response["Error"]["Code"] in ("PreconditionFailed", "ConditionalRequestConflict"):
            return False
        raise
    return True


# --- what a receipt says


def _entry(platform: Platform, ticket: Ticket, run: Run, status: RunStatus, reason: str) -> Entry:
    of_kind = _of_source if ticket.kind.of_source else _of_model
    decided = None if run.approval is None else Decided(**run.approval.model_dump(exclude={"digest"}))
    about = Entry(
        run_id=ticket.run_id,
        attempt=ticket.attempt,
        kind=ticket.kind,
        status=status,
        at=platform.clock(),
        reason=reason or run.reason,
        execution_arn=run.execution_arn,
        decided=decided,
        requested_by=run.requested_by,
        purpose=run.purpose,
        replays=run.replays,
    )
    return about.model_copy(update=of_kind(platform, ticket, run))


def _of_source(platform: Platform, ticket: Ticket, run: Run) -> dict[str, object]:
    result = platform.read_document(RefineResult, ticket.run_id, ticket.attempt, REFINED)
    refined = None if result is None else result.refined
    plan = platform.read_document(Plan, ticket.run_id, ticket.attempt, PLAN)
    published = platform.lake.made(ticket.published_table(platform.layout), ticket.commit)
    snapshots = {} if published is None else {"silver": str(published)}
    if refined is not None:
        committed = {name: getattr(refined, name) for name in _COMMITTED}
        snapshots |= {name: str(snapshot) for name, snapshot in committed.items() if snapshot is not None}
    read = {one.source_file_id: one for one in refined.objects} if refined is not None else {}
    objects = (
        ReceiptObject(
            source_file_id=identity,
            rows_in=read[identity].rows_in if identity in read else None,
            unreadable=read[identity].unreadable if identity in read else None,
        )
        for identity in sorted({*run.objects, *read})
    )
    tables = SourceTables.of(platform.layout, ticket.subject)
    return {
        "contract_version": plan.contract_version if plan else "",
        "ruleset": plan.ruleset if plan else "",
        "plan": _document_hash(platform, ticket, PLAN) if plan else "",
        "objects": tuple(objects),
        "snapshots": snapshots,
        "contents": contents_of_run(platform.lake, tables, ticket.commit, published, platform.resources),
    }


def _of_model(platform: Platform, ticket: Ticket, run: Run) -> dict[str, object]:
    built = platform.read_document(Built, ticket.run_id, ticket.attempt, BUILT)
    if built is None:
        return {}
    table = ticket.published_table(platform.layout)
    published = platform.lake.made(table, ticket.commit)
    notes = platform.lake.notes(table, built.snapshot)
    snapshots = {} if published is None else {"gold": str(published)}
    return {
        "model": notes.get("medallion.model", ""),
        "snapshots": snapshots | {name: str(snapshot) for name, snapshot in built.inputs.items()},
        "contents": contents_of_model(platform.lake, table, published, platform.resources),
    }


def _document_hash(platform: Platform, ticket: Ticket, name: str) -> str:
    key = platform.layout.run_document(ticket.run_id, ticket.attempt, name)
    found = platform.s3.get_object(Bucket=platform.layout.bucket(Zone.ARTIFACTS), Key=key)
    return sha256(found["Body"].read()).hexdigest()
