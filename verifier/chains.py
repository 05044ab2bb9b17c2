"""The chains of receipts: what is missing, changed, put in or hidden, against the control table's anchors."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from verifier.places import Places
from verifier.report import Report

_PREFIX = "receipts/"
_NEVER_RECEIPTED = {"pending", "running", "held", "refused"}


@dataclass(frozen=True)
class Kept:
    """A receipt as it is stored; `document` is what its bytes say."""

    chain: str
    sequence: int
    hash: str
    document: dict[str, Any]

    @property
    def run_id(self) -> str:
        return str(self.document.get("run_id", ""))

    @property
    def attempt(self) -> int:
        return int(self.document.get("attempt", 0))

    @property
    def where(self) -> dict[str, Any]:
        """How a problem names the receipt."""
        return {"chain": self.chain, "sequence": self.sequence, "run_id": self.run_id}


def key_of(chain: str, sequence: int) -> str:
    return f"{_PREFIX}{chain.replace('#', '/')}/{sequence:010d}.json"


def read_chains(places: Places, report: Report) -> dict[str, list[Kept]]:
    """Every chain's receipts in their order, those that there are. What is amiss with them goes to the report."""
    anchors = {item["chain"]: item for item in places.items("LEDGER", "CHAIN#")}
    stored = _stored(places, report)
    chains: dict[str, list[Kept]] = {}
    for chain in sorted({*anchors, *stored}):
        anchor, receipts = anchors.get(chain), stored.get(chain, {})
        report.checked["chains"] += 1
        if anchor is None:
            report.problem(
                "chain without anchor",
                f"chain {chain} has {len(receipts)} receipts, and the control table names none of them",
                chain=chain,
            )
        chains[chain] = _follow(chain, anchor, receipts, report)
    _compare_runs(places, chains, report)
    return chains


def _stored(places: Places, report: Report) -> dict[str, dict[int, Kept]]:
    """What lies in the ledger bucket, by chain and number. A receipt with more than one version, or a delete marker, is
    reported: receipts are written once.
    """
    found: dict[str, dict[int, Kept]] = defaultdict(dict)
    versions: dict[str, int] = defaultdict(int)
    current: set[str] = set()
    hidden: dict[str, str] = {}
    pages = places.s3.get_paginator("list_object_versions").paginate(Bucket=places.ledger_bucket, Prefix=_PREFIX)
    for page in pages:
        for one in page.get("Versions", []):
            versions[one["Key"]] += 1
            if one["IsLatest"]:
                current.add(one["Key"])
        hidden |= {one["Key"]: f"{one['LastModified']:%Y-%m-%d %H:%M:%S}" for one in page.get("DeleteMarkers", [])}
    for key in sorted(versions):
        chain, sequence = _place(key)
        if versions[key] > 1:
            report.problem(
                "receipt written over",
                f"receipt {sequence} of chain {chain} has {versions[key]} versions; a receipt is written once",
                chain=chain,
                sequence=sequence,
            )
        if key not in current:
            report.problem(
                "receipt hidden",
                f"receipt {sequence} of chain {chain} was deleted at {hidden.get(key, 'an unknown time')} UTC; "
                "its version is still stored",
                chain=chain,
                sequence=sequence,
            )
            continue
        content = places.s3.get_object(Bucket=places.ledger_bucket, Key=key)["Body"].read()
        found[chain][sequence] = Kept(chain, sequence, sha256(content).hexdigest(), _document(content))
    return dict(found)


def _place(key: str) -> tuple[str, int]:
    chain, _, name = key.removeprefix(_PREFIX).rpartition("/")
    number = name.removesuffix(".json")
    return chain.replace("/", "#"), int(number) if number.isdigit() else 0


def _document(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _follow(chain: str, anchor: dict[str, Any] | None, receipts: dict[int, Kept], report: Report) -> list[Kept]:
    """The chain's receipts in order, each compared with what the next one, and the anchor, say of it."""
    last = int(anchor["sequence"]) if anchor else max(receipts, default=0)
    for sequence in range(1, last + 1):
        kept = receipts.get(sequence)
        report.checked["receipts"] += 1
        if kept is None:
            newest = ", the newest" if sequence == last else ""
            run = f" of run {anchor['run_id']}" if anchor and sequence == last else ""
            report.problem(
                "receipt missing",
                f"receipt {sequence}{newest}, of chain {chain}{run} is missing: "
                f"there is no object {key_of(chain, sequence)}",
                chain=chain,
                sequence=sequence,
                run_id=str(anchor["run_id"]) if anchor and sequence == last else "",
            )
            continue
        _compare_place(kept, report)
        named, by = _named_hash(sequence, last, anchor, receipts)
        if named is not None and named != kept.hash:
            report.problem(
                "receipt changed",
                f"receipt {sequence} of chain {chain}, which says it is of run {kept.run_id}, "
                f"is not the one that {by} names",
                **kept.where,
                expected=named,
                found=kept.hash,
            )
    for sequence in sorted(number for number in receipts if number > last or number < 1):
        before = receipts.get(sequence - 1)
        if sequence == last + 1 and (before is None or receipts[sequence].document.get("previous") == before.hash):
            report.remark(
                f"receipt {sequence} of chain {chain} is written and not anchored yet: its run is settling, or broke "
                "off there; the next run takes it up"
            )
            continue
        report.problem(
            "receipt put in",
            f"object {key_of(chain, sequence)} stands beyond receipt {last}, the newest that the control table names",
            **receipts[sequence].where,
        )
    return [receipts[sequence] for sequence in sorted(receipts)]


def _named_hash(
    sequence: int, last: int, anchor: dict[str, Any] | None, receipts: dict[int, Kept]
) -> tuple[str | None, str]:
    """The hash that the next receipt, or the anchor, names for this one; None where nothing is there to name it."""
    if sequence == last:
        return (None, "") if anchor is None else (str(anchor["hash"]), "the control table")
    following = receipts.get(sequence + 1)
    named = None if following is None else following.document.get("previous")
    return (None if named is None else str(named)), f"receipt {sequence + 1}"


def _compare_place(kept: Kept, report: Report) -> None:
    said = (kept.document.get("chain"), kept.document.get("sequence"))
    if said != (kept.chain, kept.sequence):
        report.problem(
            "receipt misplaced",
            f"object {key_of(kept.chain, kept.sequence)} says that it is receipt {said[1]} of chain {said[0]}",
            **kept.where,
        )
    if kept.sequence == 1 and kept.document.get("previous") != "":
        report.problem("receipt changed", f"receipt 1 of chain {kept.chain} names one before it", **kept.where)


def _compare_runs(places: Places, chains: dict[str, list[Kept]], report: Report) -> None:
    """Every run that has ended has its receipt, and every receipt its run."""
    receipts = [kept for chain in chains.values() for kept in chain]
    hashes = {(kept.run_id, kept.attempt, kept.hash) for kept in receipts}
    of_runs = {kept.run_id for kept in receipts if kept.document.get("kind") != "rollback"}
    runs = places.runs
    for run_id, run in sorted(runs.items()):
        report.checked["runs"] += 1
        link = run.get("receipt")
        if link:
            if (run_id, int(link["attempt"]), link["hash"]) not in hashes:
                report.problem(
                    "receipt of a run missing",
                    f"run {run_id}: its receipt {link['sequence']} is not in the ledger as the control table names it",
                    run_id=run_id,
                    sequence=int(link["sequence"]),
                    expected=str(link["hash"]),
                )
        elif run["status"] == "failed":
            report.remark(f"run {run_id} failed without a receipt: its execution broke off before it could write one")
        elif run["status"] not in _NEVER_RECEIPTED:
            report.problem("run without receipt", f"run {run_id} is {run['status']} and has no receipt", run_id=run_id)
    for run_id in sorted(of_runs - set(runs)):
        report.problem(
            "receipt without run", f"run {run_id} has a receipt, and the control table has no such run", run_id=run_id
        )


def standing(receipts: Iterable[Kept]) -> dict[str, Kept]:
    """The receipt of each run that is published: the newest that says so, unless a later roll back took it back."""
    found: dict[str, Kept] = {}
    for kept in receipts:
        if kept.document.get("kind") == "rollback":
            for run_id in kept.document.get("undone", []):
                found.pop(run_id, None)
        elif kept.document.get("status") == "promoted":
            found[kept.run_id] = kept
    return found
