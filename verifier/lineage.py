"""Main's line of snapshots: one for each published run, and none that nobody's receipt tells of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from pyiceberg.table import Table

from verifier.chains import Kept
from verifier.report import Report
from verifier.tables import line_of, summary_of

_RUN, _ATTEMPT = "medallion.run-id", "medallion.attempt"


def check_line(report: Report, table: Table, chain: str, label: str, standing: Mapping[str, Kept]) -> None:
    """Compare main's snapshots with the receipts that stand."""
    name = ".".join(table.name())
    line = line_of(table)
    in_line = {snapshot.snapshot_id for snapshot in line}
    made = Counter[str]()
    for snapshot in line:
        report.checked["snapshots"] += 1
        summary = summary_of(snapshot)
        run_id = summary.get(_RUN)
        if run_id is None:
            first = snapshot.parent_snapshot_id is None and summary.get("total-records", "0") == "0"
            if not first and summary["operation"] != "replace":
                report.problem(
                    "snapshot of nobody",
                    f"{name}: snapshot {snapshot.snapshot_id} ({summary['operation']}) on main was made by no run",
                    chain=chain,
                    table=name,
                    found=str(snapshot.snapshot_id),
                )
            continue
        made[run_id] += 1
        if made[run_id] == 2:
            report.problem(
                "run published twice",
                f"{name}: main holds two snapshots of run {run_id}",
                chain=chain,
                table=name,
                run_id=run_id,
            )
    for kept in standing.values():
        wanted = kept.document["snapshots"].get(label)
        if wanted is None or int(wanted) in in_line:
            continue
        if table.metadata.snapshot_by_id(int(wanted)) is None:
            report.remark(
                f"{name}: the snapshot of run {kept.run_id} is expired; the run is verified by its rows and by Bronze"
            )
            continue
        report.problem(
            "snapshot not on main",
            f"{name}: snapshot {wanted} of run {kept.run_id} is not in main's line, though receipt {kept.sequence} of "
            f"chain {chain} says that it was published",
            **kept.where,
            table=name,
            expected=wanted,
        )
