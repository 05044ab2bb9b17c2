"""The verification of a tenant: its chains, then every source and model that has one."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from verifier.chains import Kept, read_chains
from verifier.model import check_model
from verifier.places import Places
from verifier.report import Report
from verifier.source import Source
from verifier.tables import Lake

Tell = Callable[[str], None]
_SAID = ("run_id", "attempt", "kind", "status", "contents", "objects", "snapshots")
"""What a receipt must say before its tables can be compared with it."""


def verify(places: Places, tell: Tell = lambda text: None, only: Collection[str] | None = None) -> Report:
    """Derive everything again and compare. `only` names sources and models; without it, all of the tenant's.

    The lake should be at rest: what a run publishes meanwhile may be reported as a remark or as a difference.
    """
    places = replace(places)  # nothing that an earlier verification read is read again
    report = Report()
    tell("chains")
    chains = read_chains(places, report)
    lake = Lake(places)
    for chain, receipts in chains.items():
        zone, _, name = chain.partition("#")
        if only is not None and name not in only:
            continue
        tell(chain)
        whole = [one for one in receipts if _complete(one, report)]
        if zone == "silver":
            Source(places, lake, report, name, whole).check()
        elif zone == "gold":
            check_model(places, lake, report, name, whole)
    return report


def _complete(receipt: Kept, report: Report) -> bool:
    missing = [name for name in _SAID if name not in receipt.document]
    if missing:
        report.problem(
            "receipt unreadable",
            f"receipt {receipt.sequence} of chain {receipt.chain} does not say {', '.join(missing)}",
            **receipt.where,
        )
    return not missing
