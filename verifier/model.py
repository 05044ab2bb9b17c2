"""A Gold model: what its newest published build holds, against its receipt."""

from __future__ import annotations

from collections.abc import Sequence

from verifier.chains import Kept, standing
from verifier.digest import Digest, row_texts
from verifier.lineage import check_line
from verifier.places import Places
from verifier.report import Report
from verifier.tables import Lake, batches, summary_of


def check_model(places: Places, lake: Lake, report: Report, name: str, receipts: Sequence[Kept]) -> None:
    """A build replaces the one before it: only the newest is in the table. Those before it stand in the chain alone."""
    published = standing(receipts)
    newest = next(reversed(list(published.values())), None)
    table = lake.table(places.gold, name)
    if newest is None:
        return
    if table is None:
        report.problem("table missing", f"gold {name}: there is no such table", **newest.where, table=f"gold {name}")
        return
    check_line(report, table, f"gold#{name}", "gold", published)
    found = Digest()
    columns = [column for column, _ in newest.document["contents"]["columns"].get("gold", [])]
    for batch in batches(table):
        found.add_texts(row_texts(batch, columns))
    report.checked["gold rows"] += found.count
    held = [one["digest"] for one in newest.document["contents"]["holdings"] if one["table"] == "gold"]
    wanted = Digest.read(held[0]) if held else Digest()
    if wanted != found:
        report.problem(
            "contents changed",
            f"gold {name}: the table is not what run {newest.run_id} built, as receipt {newest.sequence} of chain "
            f"{newest.chain} says: {wanted.count} rows expected, {found.count} found",
            **newest.where,
            table=f"gold {name}",
            expected=str(wanted),
            found=str(found),
        )
    snapshot = table.metadata.snapshot_by_id(int(newest.document["snapshots"]["gold"]))
    if snapshot is not None and summary_of(snapshot).get("medallion.model", "") != newest.document["model"]:
        report.problem(
            "model changed",
            f"gold {name}: its snapshot names another model's text than receipt {newest.sequence} of {newest.chain}",
            **newest.where,
            table=f"gold {name}",
        )
