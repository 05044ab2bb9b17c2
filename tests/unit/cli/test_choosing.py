"""Filters of quarantine: one meaning, in DuckDB's SQL and in Athena's."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlglot

from cli.choosing import choose, moment_of
from cli.errors import BadArgument
from medallion.plan.quarantine import State
from medallion.steps.quarantine import Standing, condition


def test_condition_is_trinos_when_athena_is_asked() -> None:
    chosen = choose(["TYPE_ERROR"], ["it's"], ["s3://a"], ["r1"], "2026-01-31", "2026-02-01T01:00:00+01:00", [3])
    assert condition(chosen, State.OPEN) == (
        "TRUE AND source_file_id IN ('s3://a') AND run_id IN ('r1') "
        "AND (CONTAINS(TRANSFORM(errors, e -> e.\"code\"), 'TYPE_ERROR')) "
        "AND (CONTAINS(TRANSFORM(errors, e -> e.\"column\"), 'it''s')) "
        "AND ((source_file_id = 's3://a' AND source_row = 3)) "
        "AND ingestion_timestamp >= CAST('2026-01-31 00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE) "
        "AND ingestion_timestamp < CAST('2026-02-01 00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE) AND state = 'open'"
    )
    sqlglot.parse_one(condition(chosen), read="athena")


def test_everything_is_meant_when_no_filter_is_given() -> None:
    assert condition(choose(), Standing.ALL.state) == "TRUE"


def test_moment_is_utc_when_it_says_nothing_else() -> None:
    assert moment_of("2026-01-31T06:00", "--since") == datetime(2026, 1, 31, 6, tzinfo=UTC)
    with pytest.raises(BadArgument, match="--since yesterday"):
        moment_of("yesterday", "--since")


@pytest.mark.parametrize("objects", [None, ["a", "b"]])
def test_row_is_refused_when_it_counts_in_no_single_object(objects: list[str] | None) -> None:
    with pytest.raises(BadArgument, match="one --object"):
        choose(objects=objects, rows=[1])
