"""The ledger, directly: the verification runs here, with the person's own AWS permissions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import boto3

from cli.direct.acting import Acting
from cli.documents.reading import Receipt
from cli.port import Tell
from cli.target import Target
from medallion.layout import TenantLayout
from medallion.steps.ledger import Kept, receipt, receipts
from verifier import Places, verify

_RAN_BY = "this command, with your own AWS permissions: independently of the platform's functions and roles"


@dataclass(frozen=True)
class DirectLedger:
    acting: Acting

    def receipts(self, chain: str | None, limit: int, tell: Tell) -> list[Receipt]:
        platform, found = self.acting.platform, list[Receipt]()
        for anchor in platform.control.anchors():
            if chain in (None, anchor.chain):
                tell(anchor.chain)
                found += [_told(kept) for kept in receipts(platform, anchor.chain, limit).receipts]
        return found

    def receipt(self, chain: str, sequence: int) -> dict[str, Any]:
        return receipt(self.acting.platform, chain, sequence).document

    def verify(self, only: Sequence[str], tell: Tell) -> dict[str, Any]:
        platform = self.acting.platform
        report = verify(_places(platform.layout, platform.session, self.acting.endpoint), tell, list(only) or None)
        told = report.document()
        return {
            "clean": report.clean,
            "ran_by": _RAN_BY,
            "problem_count": len(told["problems"]),
            "problems": told["problems"],
            "remark_count": len(told["remarks"]),
            "remarks": told["remarks"],
            "checked": told["checked"],
        }


def places_of(target: Target, tenant: str) -> Places:
    """Where the verifier finds what it compares of the tenant in that AWS."""
    return _places(target.tenant(tenant), target.session, target.endpoint)


def _places(layout: TenantLayout, session: boto3.Session, endpoint: str | None) -> Places:
    """It forms no name itself, and trusts none of the platform's code."""
    if endpoint is not None:
        session = boto3.Session(
            aws_access_key_id=layout.account,
            aws_secret_access_key="local",  # noqa: S106  # a word that the embedded AWS takes from everybody
            region_name=layout.region,
        )
    return Places(session=session, endpoint=endpoint, catalog_properties={}, **layout.ledger_places)


def _told(kept: Kept) -> Receipt:
    said = kept.document
    return Receipt(
        chain=kept.chain,
        sequence=kept.sequence,
        hash=kept.hash,
        object_count=len(said.get("objects") or ()),
        **{name: said.get(name) for name in ("previous", "run_id", "attempt", "kind", "status", "at")},
    )
