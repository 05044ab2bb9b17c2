"""Athena on the embedded AWS: Iceberg tables by the Glue catalog, results as Athena gives them, failures with
reasons."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.catalog import load_catalog
from pyiceberg.table import Table
from pyiceberg.types import IntegerType

from local.settings import Settings
from tests.integration.local import pipeline
from tests.integration.local.conftest import Clients, eventually

Ask = Callable[..., Any]
BUCKET = "lake"


@pytest.fixture(scope="module")
def lake(settings: Settings, aws: Clients, outputs: dict[str, str]) -> Iterator[Any]:
    aws("s3").create_bucket(Bucket=BUCKET)
    catalog = load_catalog(
        "glue",
        **{
            "type": "glue",
            "glue.endpoint": settings.endpoint,
            "glue.region": settings.region,
            "glue.access-key-id": settings.account,
            "glue.secret-access-key": "local",
            "s3.endpoint": settings.endpoint,
            "s3.region": settings.region,
            "s3.access-key-id": settings.account,
            "s3.secret-access-key": "local",
        },
    )
    yield catalog
    catalog.close()


@pytest.fixture(scope="module")
def orders(lake: Any) -> Table:
    rows = pa.table(
        {
            "id": pa.array([1, 2, 3], pa.int64()),
            "amount": pa.array([Decimal("1.01"), Decimal("1.00"), None], pa.decimal128(10, 2)),
            "day": pa.array([date(2025, 1, 31), date(2025, 2, 28), None], pa.date32()),
            "at": pa.array([datetime(2025, 1, 31, 23, 30, tzinfo=UTC), None, None], pa.timestamp("us", tz="UTC")),
            "name": pa.array(["a", 'b "quoted"', None]),
        }
    )
    table: Table = lake.create_table("pipeline.orders", rows.schema, location=f"s3://{BUCKET}/orders")
    table.append(rows)
    return table


@pytest.fixture(scope="module")
def ask(aws: Clients, orders: Table) -> Ask:
    """Run a query in the pipeline's workgroup; its execution and its rows, as dictionaries."""
    athena = aws("athena")

    def run(sql: str) -> tuple[dict[str, Any], list[dict[str, str | None]]]:
        started = athena.start_query_execution(
            QueryString=sql,
            WorkGroup="pipeline",
            QueryExecutionContext={"Database": "pipeline"},
            ResultConfiguration={"OutputLocation": "s3://elsewhere/"},
        )
        query = started["QueryExecutionId"]

        def ended() -> Any:
            execution = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]
            return execution if execution["Status"]["State"] not in ("QUEUED", "RUNNING") else None

        execution = eventually(ended)
        if execution["Status"]["State"] != "SUCCEEDED":
            return execution, []
        header, *rows = athena.get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"]
        names = [cell["VarCharValue"] for cell in header["Data"]]
        cells = [[cell.get("VarCharValue") for cell in row["Data"]] for row in rows]
        return execution, [dict(zip(names, row, strict=True)) for row in cells]

    return run


def test_values_are_athena_text_when_a_row_holds_every_type(ask: Ask) -> None:
    _, rows = ask("SELECT * FROM orders ORDER BY id")
    assert rows[0] == {
        "id": "1",
        "amount": "1.01",
        "day": "2025-01-31",
        "at": "2025-01-31 23:30:00.000000 UTC",
        "name": "a",
    }
    assert rows[2] == {"id": "3", "amount": None, "day": None, "at": None, "name": None}


def test_result_file_is_in_the_enforced_location_when_a_request_names_another(ask: Ask, aws: Clients) -> None:
    execution, _ = ask("SELECT id, name FROM orders ORDER BY id")
    location = execution["ResultConfiguration"]["OutputLocation"]
    assert location == f"s3://{pipeline.CODE_BUCKET}/athena/{execution['QueryExecutionId']}.csv"
    body = aws("s3").get_object(Bucket=pipeline.CODE_BUCKET, Key=location.split("/", 3)[3])["Body"].read()
    assert body.decode() == '"id","name"\n"1","a"\n"2","b ""quoted"""\n"3",\n'


def test_result_is_trinos_when_duckdbs_would_differ(ask: Ask) -> None:
    _, [row] = ask(
        "SELECT count(*) / 2 AS whole, avg(amount) AS average, sum(amount) / 3 AS third, "
        "max(date_add('day', 1, day)) AS next, max(date_trunc('month', day)) AS month FROM pipeline.orders"
    )
    assert row == {"whole": "1", "average": "1.01", "third": "0.67", "next": "2025-03-01", "month": "2025-02-01"}


def test_metadata_table_lists_snapshots_when_it_is_named_with_a_dollar(ask: Ask, orders: Table) -> None:
    _, rows = ask('SELECT snapshot_id, operation FROM "orders$snapshots" ORDER BY committed_at')
    assert rows[0] == {"snapshot_id": str(orders.metadata.snapshots[0].snapshot_id), "operation": "append"}


def test_old_rows_are_read_when_a_version_or_a_time_is_named(ask: Ask, lake: Any, orders: Table) -> None:
    table = lake.load_table("pipeline.orders")
    before = table.current_snapshot()
    time.sleep(0.05)
    moment = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    time.sleep(0.05)
    table.append(table.scan().to_arrow().slice(0, 1))
    table.manage_snapshots().create_tag(before.snapshot_id, "before").commit()
    counted = {
        clause: ask(f"SELECT count(*) AS n FROM orders {clause}")[1][0]["n"]
        for clause in (
            "",
            f"FOR VERSION AS OF {before.snapshot_id}",
            "FOR VERSION AS OF 'before'",
            f"FOR TIMESTAMP AS OF TIMESTAMP '{moment} UTC'",
        )
    }
    table = lake.load_table("pipeline.orders")
    table.manage_snapshots().rollback_to_snapshot(before.snapshot_id).commit()
    assert list(counted.values()) == ["4", "3", "3", "3"]


def test_renamed_column_keeps_its_values_when_files_hold_the_old_name(ask: Ask, lake: Any) -> None:
    schema = pa.schema([("a", pa.int32()), ("b", pa.string())])
    table = lake.create_table("pipeline.renamed", schema, location=f"s3://{BUCKET}/renamed")
    table.append(pa.table({"a": [1], "b": ["old"]}, schema=schema))
    with table.update_schema() as update:
        update.rename_column("b", "c")
    with table.update_schema() as update:
        update.delete_column("a")
    with table.update_schema() as update:
        update.add_column("a", IntegerType())
    _, rows = ask("SELECT a, c FROM renamed")
    assert rows == [{"a": None, "c": "old"}]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT 1/0", "DIVISION_BY_ZERO"),
        ("SELECT missing FROM orders", "COLUMN_NOT_FOUND: Column 'missing'"),
        ("SELECT 1 FROM nowhere", "TABLE_NOT_FOUND: Table 'awsdatacatalog.pipeline.nowhere'"),
        ("SELECT 1 FROM nowhere.orders", "SCHEMA_NOT_FOUND: Schema 'nowhere'"),
        ("SELEC 1", "SYNTAX_ERROR: line 1:7"),
        ("DELETE FROM orders", "NOT_SUPPORTED: the embedded Athena runs queries only"),
        ("SELECT 1 FROM orders FOR VERSION AS OF 42", "snapshot or reference does not exist: 42"),
    ],
)
def test_query_fails_with_its_reason_when_it_cannot_be_answered(ask: Ask, sql: str, reason: str) -> None:
    execution, _ = ask(sql)
    assert execution["Status"]["State"] == "FAILED"
    assert reason in execution["Status"]["StateChangeReason"]


def test_query_is_cancelled_when_it_would_scan_more_than_the_workgroup_allows(ask: Ask, lake: Any) -> None:
    # The workgroup allows the least that Athena accepts, 10 MB; noise does not compress.
    rows = pa.table({"noise": [os.urandom(1_000) for _ in range(12_000)]})
    lake.create_table("pipeline.noise", rows.schema, location=f"s3://{BUCKET}/noise").append(rows)
    execution, _ = ask("SELECT count(noise) FROM noise")
    assert execution["Status"]["State"] == "CANCELLED"
    assert "Bytes scanned limit was exceeded" in execution["Status"]["StateChangeReason"]


def test_join_and_window_answer_within_a_second_when_the_table_has_300000_rows(ask: Ask, lake: Any) -> None:
    n = 300_000
    rows = pa.table(
        {
            "id": pa.array(range(n), pa.int64()),
            "carrier": pa.array([f"C{i % 16}" for i in range(n)]),
            "delay": pa.array([float(i % 97) for i in range(n)]),
        }
    )
    lake.create_table("pipeline.flights", rows.schema, location=f"s3://{BUCKET}/flights").append(rows)
    sql = (
        "WITH late AS (SELECT carrier, avg(delay) AS mean, count(*) AS n FROM flights GROUP BY carrier) "
        "SELECT f.carrier, late.n, late.mean, rank() OVER (ORDER BY late.mean DESC) AS r "
        "FROM flights AS f JOIN late ON late.carrier = f.carrier WHERE f.id < 16 ORDER BY f.carrier"
    )
    ask(sql)
    execution, rows_out = ask(sql)
    assert len(rows_out) == 16
    assert execution["Statistics"]["EngineExecutionTimeInMillis"] < 1000
