"""What a person may ask: one statement that reads, of the tenant's own databases."""

from __future__ import annotations

import logging

import pytest

from medallion.errors import InvalidQuery
from medallion.plan.reading import LONGEST, check_reads

OWN = ("dev_acme_silver", "dev_acme_gold")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "select 1 ;; ",
        "-- first\nselect ';' /* ; */ -- ;",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "(SELECT 1) UNION ALL (SELECT 2)",
        'SELECT * FROM dev_acme_silver."orders$snapshots"',
        "SELECT * FROM AwsDataCatalog.DEV_ACME_GOLD.spend",
        "SELECT * FROM orders FOR VERSION AS OF 3",
        "SELECT table_name FROM information_schema.tables",
        "SHOW TABLES",
        "SHOW TABLES IN dev_acme_gold 's*'",
        "SHOW COLUMNS IN orders IN dev_acme_silver",
        "show create table dev_acme_gold.spend",
        "DESCRIBE orders",
        "DESC dev_acme_silver.orders",
        "EXPLAIN SELECT 1",
        "EXPLAIN ANALYZE SELECT 1",
        "EXPLAIN (TYPE DISTRIBUTED, FORMAT JSON) WITH a AS (SELECT 1) SELECT * FROM a",
    ],
)
def test_a_query_is_taken_when_it_reads(sql: str) -> None:
    check_reads(sql, OWN)


@pytest.mark.parametrize(
    "sql",
    [
        "",
        " ; ",
        "-- nothing",
        "SELECT 1; DROP TABLE orders",
        "SHOW TABLES; DROP TABLE orders",
        "INSERT INTO orders SELECT * FROM orders",
        "CREATE TABLE mine AS SELECT 1",
        "/* SELECT */ DROP TABLE orders",
        "DELETE FROM orders",
        "MERGE INTO orders USING spend ON true WHEN MATCHED THEN DELETE",
        "UNLOAD (SELECT 1) TO 's3://elsewhere/' WITH (format = 'PARQUET')",
        "EXPLAIN DELETE FROM orders",
        "EXPLAIN ANALYZE INSERT INTO orders SELECT 1",
        "EXPLAIN",
        "SHOW DATABASES",
        "SHOW",
        "EXECUTE prepared",
        "PREPARE a FROM SELECT 1",
        "MSCK REPAIR TABLE orders",
        "OPTIMIZE orders REWRITE DATA USING BIN_PACK",
        "VACUUM orders",
        "CALL system.drop()",
        "SELECT * INTO mine FROM orders",
        "SELECT 'open",
        "SELECT a, FROM",
        "(" * 5000 + "SELECT 1" + ")" * 5000,
        "SELECT '" + "x" * LONGEST + "'",
    ],
)
def test_a_query_is_refused_when_it_is_another_statement(sql: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(InvalidQuery):
        check_reads(sql, OWN)
    assert not caplog.records, "what a person asks is in no log"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM dev_other_gold.spend",
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM dev_other_gold.spend)",
        "WITH a AS (SELECT * FROM dev_other_gold.spend) SELECT 1",
        'SELECT * FROM "dev_other_gold"."spend"',
        "EXPLAIN SELECT * FROM dev_other_gold.spend",
        "SHOW TABLES IN dev_other_gold",
        "SHOW TABLES FROM dev_other_gold",
        "SHOW COLUMNS IN spend IN dev_other_gold",
        "SHOW PARTITIONS dev_other_gold.spend",
        "DESCRIBE dev_other_gold.spend",
    ],
)
def test_a_query_is_refused_when_it_names_another_tenants_database(sql: str) -> None:
    with pytest.raises(InvalidQuery, match="database 'dev_other_gold' is not this tenant's; there are dev_acme_gold"):
        check_reads(sql, OWN)


def test_a_query_is_refused_when_it_names_another_catalog() -> None:
    with pytest.raises(InvalidQuery, match="catalog 'lambda:mine' is not this tenant's"):
        check_reads('SELECT * FROM "lambda:mine".a.b', OWN)
