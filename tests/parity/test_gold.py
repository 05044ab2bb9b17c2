"""Both engines build the same Gold: every model that ships, and what a model may say beside."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from demo.files import prepare as prepare_files
from demo.files import waves
from medallion.contracts.model import Lane
from medallion.control.items import RunStatus
from medallion.engines.commits import Commit
from medallion.engines.duckdb.build import Prepared, execute, hand_over, prepare
from medallion.engines.duckdb.session import open_session
from medallion.engines.model import Attempt, Built
from medallion.engines.spark.build import build
from medallion.layout import branch
from medallion.plan.gold import Model, parse_model
from medallion.plan.model import Field
from medallion.steps.build import BUILT, JOB
from medallion.tenants import load_tenant
from stacks.settings import ROOT
from tests.integration.steps.workbench import Workbench

TENANTS = {name: load_tenant(ROOT / "tenants" / name) for name in ("acme", "skyline")}
SHIPPED = [one.name for tenant in TENANTS.values() for one in tenant.models]
HEADER = "/* medallion\ndescription: What a model may say.\nkeys: [{keys}]\n*/\n"

FIELDS = {
    "id": "long", "n": "long", "d": "decimal(18, 2)", "x": "double", "t": "string", "yes": "boolean", "day": "date",
    "moment": "timestamptz", "clock": "timestamp",
}  # fmt: skip
MADE = """
    SELECT i AS id, CASE WHEN i % 11 <> 0 THEN (i * 7919) % 41 - 20 END AS n,
        CASE WHEN i % 13 <> 0 THEN CAST((i * 104729) % 20001 - 10000 AS DECIMAL(18, 2)) / 100 END::DECIMAL(18, 2) AS d,
        CASE WHEN i % 17 <> 0 THEN ((i * 15485863) % 4000001 - 2000000) / 1000 END AS x,
        CASE WHEN i % 19 <> 0 THEN ['a', 'ab', 'ä', 'B', '', 'b 😀'][1 + i % 6] END AS t, i % 3 = 0 AS yes,
        DATE '2019-12-30' + CAST((i * 31) % 900 AS INTEGER) AS day,
        TIMESTAMPTZ '2020-03-28 21:30:00+00' + to_minutes((i * 977) % 500000) AS moment,
        TIMESTAMP '2020-02-28 23:59:59.123456' + to_seconds((i * 977) % 50000000) AS clock
    FROM range(1, 3001) AS made(i)
"""
"""Rows on which engines like to differ: halves in the last place, nothing, blanks, ends of months."""

SAYINGS = {
    "rounds": (
        "id",
        """
        SELECT id, ROUND(x, 2) AS two, ROUND(x, 1) AS one, ROUND(x) AS zero, ROUND(d, 1) AS tenths, n % 7 AS rest,
        ROUND(d * 1.05, 2) AS taxed, ROUND(n / 8, 2) AS eighths, n / (n % 2) AS endless, d / NULLIF(n, 0) AS each,
        -d AS against, ABS(x) AS size, FLOOR(d) AS below, CEIL(d) AS above, d * d AS square, n + d - 0.5 AS mixed,
        100.0 * n / 3 AS percent FROM silver.odd
        """,
    ),
    "sums": (
        "t, 'yes'",
        """
        SELECT t, yes, COUNT(*) AS rows, COUNT(n) AS known, COUNT(DISTINCT n) AS different, SUM(n) AS n, SUM(d) AS
        d, SUM(x) AS x, AVG(n) AS average_n, AVG(d) AS average_d, AVG(x) AS average_x, ROUND(AVG(d), 3) AS rounded,
        AVG(d) FILTER (WHERE n > 3) AS some, SUM(d) FILTER (WHERE n > 100) AS none, MIN(t) AS least, MAX(x) AS most,
        MAX(day) AS last, SUM(d) / COUNT(*) AS share FROM silver.odd GROUP BY ALL HAVING COUNT(*) > 1
        """,
    ),
    "windows": (
        "id",
        """
        SELECT id, ROW_NUMBER() OVER (PARTITION BY t ORDER BY id) AS place, RANK() OVER (ORDER BY n) AS rank,
        DENSE_RANK() OVER (ORDER BY d DESC) AS dense, LAG(d) OVER (PARTITION BY yes ORDER BY id) AS before, LEAD(n,
        2) OVER (ORDER BY id) AS after, SUM(d) OVER (PARTITION BY t ORDER BY id) AS so_far, SUM(n) OVER (ORDER BY id
        ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS three, AVG(d) OVER (PARTITION BY t) AS usual FROM silver.odd
        """,
    ),
    "times": (
        "id",
        """
        SELECT id, DATE_TRUNC('month', day) AS month, DATE_TRUNC('week', clock) AS week, DATE_TRUNC('hour', moment)
        AS hour, YEAR(day) AS year, MONTH(moment) AS month_of, DAY(clock) AS day_of, LAST_DAY(day) AS last, moment
        AT TIME ZONE 'Europe/Zurich' AS there, CAST(moment AT TIME ZONE 'America/New_York' AS DATE) AS their_day,
        CAST(day + INTERVAL 1 MONTH AS DATE) AS next, moment - INTERVAL 3 HOUR AS earlier, clock + INTERVAL 2 DAY AS
        later, CAST(clock AS DATE) AS on_day, CAST(day AS TIMESTAMP) AS midnight, day > DATE '2020-02-29' AS late
        FROM silver.odd WHERE day BETWEEN DATE '2019-12-31' AND DATE '2021-12-31'
        """,
    ),
    "texts": (
        "id",
        """
        SELECT id, t || '!' AS loud, LENGTH(t) AS length, t LIKE 'a%' AS with_a, t IN ('a', 'B') AS known, CASE WHEN
        yes THEN t WHEN n > 0 THEN 'more' ELSE 'less' END AS told, COALESCE(t, '-') AS shown, NULLIF(t, '') AS some,
        CAST(n AS VARCHAR) AS number, CAST(day AS VARCHAR) AS date, CAST(yes AS VARCHAR) AS said, CAST(n AS DOUBLE)
        AS double, CAST(d AS DECIMAL(38, 1)) AS shorter, GREATEST(n, d) AS more, LEAST(n, 3) AS less, t > 'a' AS
        after, NOT yes OR n IS NULL AS either, n IS NOT DISTINCT FROM 3 AS three FROM silver.odd
        """,
    ),
    "sets": (
        "name, step",
        """
        WITH few AS (SELECT id, t, n FROM silver.odd WHERE n > 10), names AS (SELECT DISTINCT t FROM few UNION
        SELECT t FROM silver.odd WHERE yes EXCEPT SELECT 'a'), steps AS (SELECT UNNEST(GENERATE_SERIES(MIN(n),
        MAX(n), 7)) AS step, MAX(n) AS most FROM few), days AS (SELECT CAST(UNNEST(GENERATE_SERIES(DATE
        '2020-01-01', MAX(day), INTERVAL 1 MONTH)) AS DATE) AS month FROM silver.odd), none AS (SELECT
        UNNEST(GENERATE_SERIES(5, 1)) AS nothing) SELECT names.t AS name, steps.step, steps.most, (SELECT COUNT(*)
        FROM days) AS months, (SELECT COUNT(*) FROM none) AS nothing, COUNT(few.id) AS found FROM names CROSS JOIN
        steps LEFT JOIN few ON few.t IS NOT DISTINCT FROM names.t AND few.n < steps.step WHERE EXISTS (SELECT 1 FROM
        few AS f WHERE f.n = steps.step) OR names.t IN (SELECT t FROM few) GROUP BY ALL
        """,
    ),
}
"""Each with the keys of its rows."""


@pytest.fixture(scope="module")
def published(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """A bench whose Silver holds what the demo's files hold, and the odd rows."""
    lane, bench.lane = bench.lane, Lane.LAMBDA
    files = {one.source: one.path for one in prepare_files(tmp_path_factory.mktemp("files"))}
    for tenant in TENANTS.values():
        contracts = {one.contract.source: one for one in tenant.contracts}
        for source in (name for wave in waves([one.contract for one in contracts.values()]) for name in wave):
            bench.register(contracts[source].text)
            run = bench.walk(bench.arrive(source, bench.put(source, Path(files[source]).read_bytes())))
            assert run.status is RunStatus.PROMOTED, run.reason
    odd, commit = bench.platform.layout.silver("odd"), Commit("odd", 1)
    bench.platform.lake.ensure(odd, [Field(name=name, type=kind) for name, kind in FIELDS.items()])
    with open_session(bench.platform.resources) as session:
        bench.platform.lake.append(odd, commit, lambda table: session.write(MADE, table, odd, commit))
    yield bench
    bench.lane = lane


def both(bench: Workbench, spark: SparkSession, model: Model) -> tuple[Built, Built]:
    """What each engine built of the model, from the same snapshots."""
    platform, layout = bench.platform, bench.platform.layout
    inputs = {one.relation: layout.table(one.zone, one.name) for one in model.inputs}

    def attempt(run_id: str) -> Attempt:
        return Attempt(Commit(run_id, 1), branch(run_id), bench.now())

    def prepared(run_id: str) -> Prepared:
        return prepare(platform.lake, model, inputs, layout.gold(model.name), attempt(run_id), platform.resources)

    here, there = f"{model.name}_duckdb", f"{model.name}_spark"
    first = execute(platform.lake, prepared(here), platform.resources)
    order = hand_over(prepared(there), platform.document_address(there, 1, BUILT))
    platform.write_document(there, 1, JOB, order)
    for _ in range(2):
        build(spark, platform.document_address(there, 1, JOB))
    second = platform.read_document(Built, there, 1, BUILT)
    assert second is not None
    return first, second


def rows(bench: Workbench, model: Model, built: Built) -> list[tuple[object, ...]]:
    planned = bench.platform.lake.plan(bench.platform.layout.gold(model.name), snapshot_id=built.snapshot)
    with open_session(bench.platform.resources) as session:
        session.read("found", planned)
        found = session.connection.execute(f"SELECT * FROM found ORDER BY {', '.join(model.keys)}").to_arrow_table()
    return [tuple(row.values()) for row in found.to_pylist()]


def differing(ours: Sequence[tuple[object, ...]], theirs: Sequence[tuple[object, ...]]) -> list[object]:
    """The rows that are not the same: decimals to the digit, doubles within 1e-9."""
    return [pair for pair in zip(ours, theirs, strict=True) if not all(map(_same, *pair))]


def _same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9) or (math.isnan(one) and math.isnan(other))
    if isinstance(one, Decimal) and isinstance(other, Decimal):
        return one.as_tuple() == other.as_tuple()
    return one == other and type(one) is type(other)


def agree(bench: Workbench, spark: SparkSession, model: Model) -> Built:
    first, second = both(bench, spark, model)
    assert not (found := differing(rows(bench, model, first), rows(bench, model, second))), found[:5]
    assert second.model_dump(exclude={"snapshot"}) == first.model_dump(exclude={"snapshot"})
    lake, gold = bench.platform.lake, bench.platform.layout.gold(model.name)
    for name in ("medallion.model", *(f"medallion.input.{one.relation}" for one in model.inputs)):
        assert lake.notes(gold, second.snapshot)[name] == lake.notes(gold, first.snapshot)[name]
    snapshot = lake.load(gold).metadata.snapshot_by_id(second.snapshot)
    assert snapshot is not None
    assert snapshot.parent_snapshot_id == second.base
    lake.publish(gold, Commit(f"{model.name}_spark", 1), branch=branch(f"{model.name}_spark"), base=second.base)
    return second


@pytest.mark.parametrize("name", SHIPPED)
def test_gold_is_the_same_when_a_model_that_ships_is_built(
    published: Workbench, spark: SparkSession, name: str
) -> None:
    (text,) = [one.text for tenant in TENANTS.values() for one in tenant.models if one.name == name]
    built = agree(published, spark, parse_model(name, text, name))
    assert built.rows > 0
    assert (built.null_keys, built.repeated_keys) == (0, 0)


@pytest.mark.parametrize("name", SAYINGS)
def test_gold_is_the_same_when_a_model_says_what_engines_take_differently(
    published: Workbench, spark: SparkSession, name: str
) -> None:
    keys, query = SAYINGS[name]
    assert agree(published, spark, parse_model(name, HEADER.format(keys=keys) + query, name)).rows > 5


def test_rows_that_break_the_keys_are_counted_alike_when_both_engines_build(
    published: Workbench, spark: SparkSession
) -> None:
    model = parse_model("keyed", HEADER.format(keys="t, 'yes'") + "SELECT t, yes, id FROM silver.odd", "keyed")
    first, second = both(published, spark, model)
    assert (second.rows, second.null_keys, second.repeated_keys) == (first.rows, first.null_keys, first.repeated_keys)
    assert second.null_keys > 0
    assert second.repeated_keys > 0
