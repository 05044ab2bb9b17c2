"""The Gold models that ship, held against the same question answered another way."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medallion.plan.gold import parse_model
from medallion.tenants import load_tenant

TENANTS = Path(__file__).parents[3] / "tenants"
Movement = tuple[str, str, Decimal, datetime]


def _query(tenant: str, name: str) -> str:
    (model,) = [model for model in load_tenant(TENANTS / tenant).models if model.name == name]
    return parse_model(model.name, model.text, model.name).query


@pytest.fixture(scope="module", name="session")
def _session() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as session:
        session.execute("SET TimeZone = 'Asia/Tokyo'")  # a month's end is in UTC, wherever the engine stands
        yield session


def _rows(session: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    found = session.execute(query)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _month_end(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


def _balances(movements: list[Movement]) -> dict[tuple[str, str, date], tuple[int, Decimal, Decimal]]:
    """Month by month and account by account, from the first movement on."""
    last = max(when.year * 12 + when.month - 1 for *_, when in movements)
    ends = [_month_end(month // 12, month % 12 + 1) for month in range(last - 11, last + 1)]
    balances = {}
    for customer, currency in {(customer, currency) for customer, currency, *_ in movements}:
        own = [(amount, when.date()) for who, what, amount, when in movements if (who, what) == (customer, currency)]
        for end in ends:
            until = [amount for amount, day in own if day <= end]
            within = [amount for amount, day in own if (day.year, day.month) == (end.year, end.month)]
            if until:
                balances[customer, currency, end] = (len(within), sum(within, Decimal(0)), sum(until, Decimal(0)))
    return balances


FROM, UNTIL = datetime.fromisoformat("2023-11-01"), datetime.fromisoformat("2026-02-28")
movement_lists = st.lists(
    st.tuples(
        st.sampled_from(["C1", "C2"]),
        st.sampled_from(["EUR", "USD"]),
        st.decimals(-1000, 1000, places=2),
        st.datetimes(FROM, UNTIL, timezones=st.just(UTC)),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=40)
@given(movements=movement_lists)
def test_balances_are_carried_forward_when_months_have_no_movement(
    session: duckdb.DuckDBPyConnection, movements: list[Movement]
) -> None:
    session.execute(
        "CREATE OR REPLACE TABLE silver__transactions"
        " (customer_id VARCHAR, currency VARCHAR, amount DECIMAL(18, 2), transaction_time TIMESTAMPTZ)"
    )
    session.executemany("INSERT INTO silver__transactions VALUES (?, ?, ?, ?)", movements)
    found = {
        (row["customer_id"], row["currency"], row["month_end"]): (row["movements"], row["net_movement"], row["balance"])
        for row in _rows(session, _query("acme", "month_end_balance"))
    }
    assert found == _balances(movements)


@pytest.fixture(name="flights")
def _flights(session: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    session.execute(
        """
        CREATE OR REPLACE TABLE silver__airlines AS FROM (VALUES
            ('AA', 'American'),
            ('UA', 'United')
        ) AS t (carrier, name);
        CREATE OR REPLACE TABLE silver__planes AS FROM (VALUES
            ('N1', 2003),
            ('N2', 2010),
            ('N3', NULL)
        ) AS t (tailnum, year);
        CREATE OR REPLACE TABLE silver__weather AS FROM (VALUES
            ('JFK', TIMESTAMPTZ '2013-01-01 10:00:00Z', 1.0, 0.5, 30.0),
            ('JFK', TIMESTAMPTZ '2013-01-01 11:00:00Z', 10.0, 0.5, 30.0),
            ('JFK', TIMESTAMPTZ '2013-01-01 12:00:00Z', 10.0, 0.0, 25.0),
            ('JFK', TIMESTAMPTZ '2013-01-01 13:00:00Z', 3.0, 0.0, 24.9)
        ) AS t (origin, time_hour, visib, precip, wind_speed);
        CREATE OR REPLACE TABLE silver__flights AS FROM (VALUES
            ('UA', 2013, 1, 'JFK', TIMESTAMPTZ '2013-01-01 10:00:00Z', 'N1', 1000, 20, 14),
            ('UA', 2013, 1, 'JFK', TIMESTAMPTZ '2013-01-01 11:00:00Z', 'N1', 1100, 14, 15),
            ('UA', 2013, 1, 'JFK', TIMESTAMPTZ '2013-01-01 12:00:00Z', 'N2', 1200, 15, NULL),
            ('UA', 2013, 1, 'JFK', TIMESTAMPTZ '2013-01-01 13:00:00Z', 'N3', NULL, NULL, NULL),
            ('UA', 2013, 2, 'LGA', TIMESTAMPTZ '2013-02-01 13:00:00Z', NULL, NULL, NULL, NULL),
            ('AA', 2013, 1, 'JFK', TIMESTAMPTZ '2013-01-01 13:00:00Z', 'FLEET7', 1301, -5, -20)
        ) AS t (carrier, year, month, origin, time_hour, tailnum, dep_time, dep_delay, arr_delay);
        """
    )
    return session


def test_punctuality_counts_arrivals_when_flights_were_cancelled(flights: duckdb.DuckDBPyConnection) -> None:
    rows = _rows(flights, _query("skyline", "on_time_performance"))
    found = {(row.pop("carrier"), row.pop("year"), row.pop("month")): row for row in rows}
    assert found["UA", 2013, 1] == {
        "carrier_name": "United",
        "scheduled": 4,
        "cancelled": 1,
        "arrived": 2,
        "on_time": 1,
        "on_time_percent": 50.0,
        "average_arrival_delay_minutes": 14.5,
        "longest_arrival_delay_minutes": 15,
    }
    assert found["UA", 2013, 2]["on_time_percent"] is None
    assert found["AA", 2013, 1]["on_time_percent"] == 100.0
    assert len(found) == 3


def test_the_worst_condition_counts_when_there_are_several(flights: duckdb.DuckDBPyConnection) -> None:
    rows = _rows(flights, _query("skyline", "delay_by_weather"))
    found = {(row["origin"], row["condition"]): row for row in rows}
    assert {place: (row["scheduled"], row["cancelled"], row["delayed"]) for place, row in found.items()} == {
        ("JFK", "low visibility"): (1, 0, 1),
        ("JFK", "precipitation"): (1, 0, 0),
        ("JFK", "strong wind"): (1, 0, 1),
        ("JFK", "fair"): (2, 1, 0),
        ("LGA", "unknown"): (1, 1, 0),
    }
    assert found["JFK", "fair"]["cancelled_percent"] == 50.0
    assert found["JFK", "fair"]["average_departure_delay_minutes"] == -5.0


def test_a_plane_counts_once_when_it_flew_often(flights: duckdb.DuckDBPyConnection) -> None:
    rows = _rows(flights, _query("skyline", "fleet_age_by_carrier"))
    assert {row["carrier"]: tuple(row.values())[2:] for row in rows} == {
        "UA": (3, 2, 6.5, 3, 10),
        "AA": (1, 0, None, None, None),
    }
