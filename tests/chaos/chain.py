"""A source's chain of receipts, read from the objects themselves: unbroken, anchored, one for each end of a run."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from medallion.control.items import Anchor, Run
from medallion.control.table import ControlTable
from medallion.layout import TenantLayout, Zone


def broken(layout: TenantLayout, source: str, s3: Any, table: ControlTable, runs: Iterable[Run]) -> list[str]:
    """What is wrong with the chain of the source's Silver."""
    chain, bucket = f"silver#{source}", layout.bucket(Zone.LEDGER)
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=layout.receipt_prefix(chain)).get("Contents", [])
    found, before = list[dict[str, Any]](), ""
    problems = list[str]()
    for number, key in enumerate(sorted(one["Key"] for one in listed), 1):
        content = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        receipt = json.loads(content)
        if (receipt["sequence"], receipt["previous"]) != (number, before):
            problems.append(f"receipt {key} does not follow the one before it")
        before = sha256(content).hexdigest()
        found.append(receipt)
    anchor = table.get(Anchor, Anchor.key_of(layout.tenant, chain))
    if (anchor.hash if anchor else "") != before:
        problems.append("the anchor is not the hash of the newest receipt")
    ends = Counter((receipt["run_id"], receipt["attempt"], receipt["kind"]) for receipt in found)
    problems += [
        f"run {run}, attempt {attempt}, has {count} receipts" for (run, attempt, _), count in ends.items() if count > 1
    ]
    newest = {receipt["run_id"]: receipt["status"] for receipt in found}
    problems += [
        f"run {run.run_id} is {run.status}, its newest receipt says {newest.get(run.run_id)}"
        for run in runs
        if run.status.ended and run.status not in ("refused", "rolled_back") and newest.get(run.run_id) != run.status
    ]
    return problems
