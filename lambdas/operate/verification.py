"""The verifier, run in the tenant's own function: its code is independent of the platform's, its role is not.

That is a check of what is stored, for everyone who trusts the platform not to lie about itself. Who does not runs
`medallion ledger verify` with rights and a machine of their own, and it says so in what it answers (docs/ledger.md).
"""

from __future__ import annotations

import os
from typing import Any

from lambdas.runtime import logger
from medallion.control.operations import Operation
from medallion.steps.asked import VerifyAsked
from medallion.steps.platform import Platform
from verifier import Places, verify

NAMED = 100
"""Problems and remarks that an answer names; the rest are counted."""
_RAN_BY = "the tenant's function, in the platform's role; `medallion ledger verify` does it independently of both"


def verify_ledger(platform: Platform, operation: Operation) -> dict[str, Any]:
    """Derive everything again that the receipts say, and compare: the report."""
    only = VerifyAsked.model_validate(operation.asked).only
    report = verify(places(platform), lambda chain: logger.info("verifying", extra={"chain": chain}), only or None)
    told = report.document()
    return {
        "clean": report.clean,
        "ran_by": _RAN_BY,
        "problem_count": len(told["problems"]),
        "problems": told["problems"][:NAMED],
        "remark_count": len(told["remarks"]),
        "remarks": told["remarks"][:NAMED],
        "checked": told["checked"],
    }


def places(platform: Platform) -> Places:
    """Where the verifier finds what it compares."""
    layout, endpoint = platform.layout, os.environ.get("AWS_ENDPOINT_URL")
    return Places(session=platform.session, endpoint=endpoint, catalog_properties={}, **layout.ledger_places)
