"""The ledger: chains of receipts, and their verification."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Path, Response
from pydantic import BaseModel, ConfigDict, Field

from lambdas.api.caller import Decider, Viewer
from lambdas.api.operations import ASKED, OperationView, Reason, Wait, asked_for
from lambdas.api.pages import Cursor, Limit, Page, place_of
from lambdas.api.pages import cursor as cursor_to
from lambdas.api.routing import router
from medallion.errors import InvalidCursor
from medallion.layout import Zone
from medallion.steps.asked import VerifyAsked
from medallion.steps.ledger import Kept, receipt, receipts
from medallion.steps.operations import OperationKind

routes = router("ledger", "The ledger: what each run's end left behind, chained by hash.")
_LIST = "ledger"

Chained = Annotated[
    Literal[Zone.SILVER, Zone.GOLD], Path(description="A source's chain is of silver, a model's of gold.")
]
Name = Annotated[str, Path(max_length=63, pattern=r"^[a-z][a-z0-9_]*$", description="The source, or the model.")]


class ChainView(BaseModel):
    """A chain of receipts, by its newest."""

    zone: Zone
    name: str
    sequence: Annotated[int, Field(description="The newest receipt's number; they count from 1.")]
    hash: Annotated[
        str, Field(description="The SHA-256 of the newest receipt's bytes. Keep it elsewhere: it is proof.")
    ]
    run_id: str
    attempt: int
    kind: str


class ReceiptSummary(BaseModel):
    """A receipt in short. Nothing but its place is told of one that is gone, or is no receipt any more."""

    sequence: int
    hash: Annotated[str, Field(description="The SHA-256 of its bytes; empty where it is gone.")]
    previous: Annotated[str | None, Field(description="The hash of the one before, as this one names it.")]
    run_id: str | None
    attempt: int | None
    kind: str | None
    status: str | None
    at: datetime | None
    object_count: int


class ReceiptView(BaseModel):
    """A receipt as it is."""

    sequence: int
    hash: Annotated[str, Field(description="The SHA-256 of its bytes.")]
    receipt: Annotated[dict[str, Any], Field(description="All that it says: docs/ledger.md says what each part means.")]


class VerificationRequest(BaseModel):
    """What is to be verified, and why."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"only": ["transactions"], "reason": "the quarter's audit"}]}
    )

    only: Annotated[
        list[Annotated[str, Field(max_length=63, pattern=r"^[a-z][a-z0-9_]*$")]],
        Field(max_length=100, description="Only these sources and models; none named: all of them."),
    ] = []
    reason: Reason


@routes.get("/ledger", operation_id="list_chains")
def list_chains(caller: Viewer, limit: Limit = 50, cursor: Cursor = None) -> Page[ChainView]:
    """List the chains: one for each source and model that a run has ended of."""
    [after] = place_of(cursor, _LIST) or ("",)
    left = [one for one in caller.platform.control.anchors() if one.chain > after]
    shown = left[:limit]
    items = []
    for one in shown:
        zone, _, name = one.chain.partition("#")
        items.append(ChainView(zone=Zone(zone), name=name, **one.link.model_dump()))
    return Page(items=items, next=cursor_to(_LIST, shown[-1].chain if len(left) > limit else ""))


@routes.get("/ledger/{zone}/{name}/receipts", operation_id="list_receipts")
def list_receipts(
    caller: Viewer, zone: Chained, name: Name, limit: Limit = 50, cursor: Cursor = None
) -> Page[ReceiptSummary]:
    """List a chain's receipts, newest first."""
    chain = f"{zone}#{name}"
    [before] = place_of(cursor, chain) or ("0",)
    if not before.isdecimal():
        raise InvalidCursor("This cursor is none that a page of this list gave: begin without one")
    page = receipts(caller.platform, chain, limit, int(before))
    items = [_summary(one) for one in page.receipts]
    return Page(items=items, next=cursor_to(chain, str(page.before) if page.before else ""))


@routes.get("/ledger/{zone}/{name}/receipts/{sequence}", operation_id="get_receipt")
def get_receipt(
    caller: Viewer, zone: Chained, name: Name, sequence: Annotated[int, Path(ge=1, le=9_999_999_999)]
) -> ReceiptView:
    """Show a receipt."""
    found = receipt(caller.platform, f"{zone}#{name}", sequence)
    return ReceiptView(sequence=found.sequence, hash=found.hash, receipt=found.document)


@routes.post("/ledger/verification", operation_id="verify_ledger", status_code=202, responses=ASKED)
def verify_ledger(caller: Decider, asked: VerificationRequest, wait: Wait, response: Response) -> OperationView:
    """Have everything derived again that the receipts say, from tables and objects. The code that does it knows nothing
    of the platform's; the function that it runs in is the platform's. Who does not trust that runs the same code
    themselves: `medallion ledger verify`.
    """
    only = VerifyAsked(only=tuple(asked.only)).model_dump(mode="json")
    return asked_for(caller, OperationKind.VERIFY_LEDGER, "ledger", only, asked.reason, wait, response)


def _summary(kept: Kept) -> ReceiptSummary:
    said = kept.document
    return ReceiptSummary(
        sequence=kept.sequence,
        hash=kept.hash,
        object_count=len(said.get("objects") or ()),
        **{name: said.get(name) for name in ("previous", "run_id", "attempt", "kind", "status", "at")},
    )
