"""Verification of sources whose rows move: what a later run replaced or removed is still accounted for."""

from __future__ import annotations

from medallion.control.items import RunStatus
from medallion.layout import Zone
from medallion.plan.quarantine import Chosen
from medallion.steps.entries import correct
from medallion.steps.replay import reprocess
from medallion.steps.rollback import rollback
from tests.integration.steps.test_loads import UPSERT, contract
from tests.integration.steps.test_replay import ADA
from tests.integration.steps.workbench import Workbench, outcomes, places_of
from verifier import verify


def test_ledger_is_clean_when_rows_were_updated_deleted_and_rolled_back(bench: Workbench) -> None:
    bench.register(contract("moving", *UPSERT))
    bench.register(contract("whole", "{property: load, value: snapshot}"))
    bench.ingest("moving", "id,seen,name\n1,1,a\n2,1,b\n3,1,c\n")
    kept = bench.ingest("moving", "id,seen,name\n1,2,aa\n1,1,old\n4,1,d\n")
    bench.ingest("moving", "id,seen,name\n2,3,bb\n4,2,dd\n")
    bench.ingest("whole", "id,seen,name\n" + "".join(f"{n},1,a\n" for n in range(40)))
    bench.ingest("whole", "id,seen,name\n" + "".join(f"{n},1,{n % 2}\n" for n in range(1, 39)))
    places = places_of(bench)
    report = verify(places, only=["moving", "whole"])
    assert report.problems == []
    assert report.checked["history rows"] == 3 + 40
    rollback(bench.platform, Zone.SILVER, "moving", kept.run_id, by="Ada", reason="too early")
    again = verify(places, only=["moving"])
    assert again.problems == []
    assert again.checked["history rows"] == 1


def test_row_is_named_when_it_is_taken_out_of_history(bench: Workbench) -> None:
    bench.register(contract("forgotten", *UPSERT))
    first = bench.ingest("forgotten", "id,seen,name\n1,1,a\n2,1,b\n")
    second = bench.ingest("forgotten", "id,seen,name\n1,2,aa\n2,2,bb\n")
    places = places_of(bench)
    places.catalog.load_table((places.silver, "forgotten__history")).delete("id = 1")
    report = verify(places, only=["forgotten"])
    [dropped] = [one for one in report.problems if one.kind == "record dropped" and one.table.startswith("silver")]
    assert (dropped.run_id, dropped.source_file_id, dropped.source_row) == (first.run_id, first.objects[0], 1)
    assert {one.run_id for one in report.problems if one.table.startswith("history")} == {second.run_id}


def test_receipt_is_written_when_a_run_holds_nothing(bench: Workbench) -> None:
    bench.register(contract("empty"))
    run = bench.ingest("empty", "id,seen,name\n")
    assert (run.status, run.receipt is not None) == (RunStatus.PROMOTED, True)
    assert verify(places_of(bench), only=["empty"]).problems == []


def test_ledger_is_clean_when_records_failed_again_or_were_seen_again(bench: Workbench) -> None:
    bench.register(contract("retried"))
    body = "id,seen,name\n" + "".join(f"{n},1,ok\n" for n in range(100, 150)) + "1,x,a\n2,y,b\n"
    bench.ingest("retried", body)
    bench.ingest("retried", body)
    correct(bench.platform, "retried", Chosen(), {"seen": "CASE WHEN name = 'a' THEN '7' ELSE 'z' END"}, ADA)
    asked = reprocess(bench.platform, "retried", Chosen(), ADA)
    assert asked is not None
    run = bench.walk(asked)
    assert outcomes(run) == {"rows_in": 2, "inserted": 1, "quarantined": 1}
    report = verify(places_of(bench), only=["retried"])
    assert report.problems == []
    assert report.checked["quarantine rows"] == 2 + 2 + 2
