"""How what arrives meets what Silver holds: appended, latest version of a key, whole state of a source."""

from __future__ import annotations

from medallion.control.items import RunStatus
from tests.integration.steps.workbench import Workbench, outcomes


def contract(source: str, *settings: str, version: str = "1.0.0") -> str:
    listed = "".join(f"\n  - {one}" for one in settings)
    return f"""
apiVersion: v3.1.0
kind: DataContract
id: bench-{source}
version: "{version}"
status: active
customProperties:{listed if settings else " []"}
schema:
  - name: {source}
    properties:
      - name: id
        logicalType: integer
        required: true
        primaryKey: true
        primaryKeyPosition: 1
      - name: seen
        logicalType: integer
      - name: name
        logicalType: string
        logicalTypeOptions: {{maxLength: 5}}
"""


def silver(bench: Workbench, source: str) -> list[tuple[object, ...]]:
    return bench.rows(bench.platform.layout.silver(source), "id, seen, name")


def history(bench: Workbench, source: str) -> list[tuple[object, ...]]:
    return bench.rows(bench.platform.layout.history(source), "id, seen, name, reason, replaced_by_row")


UPSERT = ("{property: load, value: upsert}", "{property: orderBy, value: seen}")


def test_latest_version_of_a_key_stands_when_a_source_upserts(bench: Workbench) -> None:
    bench.register(contract("people", *UPSERT))
    first = bench.ingest("people", "id,seen,name\n1,10,Ada\n2,10,Grace\n3,10,Edsge\n")
    assert (first.status, outcomes(first)) == (RunStatus.PROMOTED, {"rows_in": 3, "inserted": 3})
    body = "id,seen,name\n1,20,Adele\n1,15,Adam\n2,5,Old\n3,10,Edsge\n4,1,New\n"
    second = bench.ingest("people", body)
    assert (second.status, outcomes(second)) == (
        RunStatus.PROMOTED,
        {"rows_in": 5, "inserted": 1, "updated": 1, "duplicates": 3},
    )
    assert silver(bench, "people") == [(1, 20, "Adele"), (2, 10, "Grace"), (3, 10, "Edsge"), (4, 1, "New")]
    assert history(bench, "people") == [(1, 10, "Ada", "updated", 1)]
    held = bench.rows(bench.platform.layout.duplicates("people"), "source_row, held_by")
    assert held == [(2, "superseded"), (3, "superseded"), (4, "silver")]


def test_order_of_arrival_does_not_matter_when_a_source_upserts(bench: Workbench) -> None:
    bodies = [f"id,seen,name\n1,{seen},v{seen}\n" for seen in (3, 1, 2)]
    bench.register(contract("late", *UPSERT))
    for body in bodies:
        bench.ingest("late", body)
    assert silver(bench, "late") == [(1, 3, "v3")]


def test_absent_keys_are_deleted_and_kept_as_history_when_a_source_sends_its_whole_state(bench: Workbench) -> None:
    bench.register(contract("state", "{property: load, value: snapshot}"))
    bench.ingest("state", "id,seen,name\n" + "".join(f"{n},1,a\n" for n in range(40)))
    body = "id,seen,name\n" + "".join(f"{n},1,{'b' if n == 1 else 'a'}\n" for n in range(39)) + "50,1,new\n"
    run = bench.ingest("state", body)
    assert outcomes(run) == {"rows_in": 40, "inserted": 1, "updated": 1, "duplicates": 38}
    assert history(bench, "state") == [(1, 1, "a", "updated", 2), (39, 1, "a", "deleted", None)]
    assert [row[0] for row in silver(bench, "state")] == [*range(39), 50]


def test_nothing_is_deleted_when_a_state_holds_a_record_whose_key_cannot_be_read(bench: Workbench) -> None:
    bench.register(contract("damaged", "{property: load, value: snapshot}"))
    bench.ingest("damaged", "id,seen,name\n" + "".join(f"{n},1,a\n" for n in range(40)))
    run = bench.ingest("damaged", "id,seen,name\n" + "".join(f"{n},1,a\n" for n in range(38)) + "x,1,a\n")
    assert outcomes(run) == {"rows_in": 39, "duplicates": 38, "quarantined": 1}
    assert len(silver(bench, "damaged")) == 40


def test_an_older_state_changes_nothing_when_it_arrives_late(bench: Workbench) -> None:
    bench.register(contract("tardy", "{property: load, value: snapshot}"))
    older = bench.put("tardy", "id,seen,name\n1,1,old\n2,1,old\n", "older.csv")
    newer = bench.put("tardy", "id,seen,name\n1,2,new\n", "newer.csv")
    bench.walk(bench.arrive("tardy", newer))
    run = bench.walk(bench.arrive("tardy", older))
    assert outcomes(run) == {"rows_in": 2, "duplicates": 2}
    assert silver(bench, "tardy") == [(1, 2, "new")]
