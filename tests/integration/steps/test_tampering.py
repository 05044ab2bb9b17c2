"""What the ledger says is compared with the tables themselves: a value that somebody changed is found."""

from __future__ import annotations

import pyarrow as pa

from tests.integration.steps.test_loads import contract
from tests.integration.steps.workbench import Workbench, places_of
from verifier import verify


def test_record_is_named_when_its_value_was_changed_in_silver(bench: Workbench) -> None:
    bench.register(contract("changed"))
    run = bench.ingest("changed", "id,seen,name\n" + "".join(f"{number},1,ok\n" for number in range(20)))
    assert verify(places_of(bench), only=["changed"]).clean
    table = bench.platform.lake.load(bench.platform.layout.silver("changed"))
    row = table.scan(row_filter="id = 7").to_arrow().cast(table.schema().as_arrow())
    forged = row.set_column(1, row.schema.field("seen"), pa.array([2], row.schema.field("seen").type))
    table.overwrite(forged, overwrite_filter="id = 7")
    [altered] = [one for one in verify(places_of(bench), only=["changed"]).problems if one.kind == "record altered"]
    assert (altered.source_file_id, altered.source_row) == (run.objects[0], 8)
