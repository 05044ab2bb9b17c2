"""The generator's file is what it says it is: judged here by rules written a second time, in plain Python."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pytest

from demo.transactions import BLOCK, KINDS, expected, main, transactions, write_transactions
from medallion.records import open_records
from medallion.tenants import load_tenant

RECORDS = 2000
ACME = load_tenant(Path(__file__).parents[3] / "tenants" / "acme")


def _file(records: int = RECORDS, seed: int = 7) -> bytes:
    return b"".join(transactions(records, seed))


def _faults(row: list[str]) -> set[str]:
    """The codes that one well-formed record deserves."""
    number, customer, amount, currency, time = row
    found = set()
    if not all(row):
        found.add("NULL_VALUE_ERROR")
    if (number and not re.fullmatch("T[0-9]{10}", number)) or (customer and not re.fullmatch("C[0-9]{6}", customer)):
        found.add("PATTERN_ERROR")
    if currency and currency not in ("CHF", "EUR", "GBP", "USD"):
        found.add("CURRENCY_ERROR")
    return found | _amount_faults(amount) | _time_faults(time)


def _amount_faults(text: str) -> set[str]:
    try:
        amount = Decimal(text or "1")
    except InvalidOperation:
        return {"TYPE_ERROR"}
    exponent = amount.as_tuple().exponent
    if not isinstance(exponent, int) or not -2 <= exponent <= 0:
        return {"TYPE_ERROR"}
    if amount == 0:
        return {"RULE_ERROR"}
    return set() if abs(amount) <= 10_000_000 else {"RANGE_ERROR"}


def _time_faults(text: str) -> set[str]:
    try:
        time = datetime.strptime((text or "2024-01-01T00:00:00Z").replace(" ", "T"), "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        return {"TIMESTAMP_ERROR"}
    return set() if time.year >= 2000 else {"RANGE_ERROR"}


def test_counts_are_those_expected_when_the_file_is_judged() -> None:
    held: dict[str, list[str]] = {}
    codes: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    (contract,) = ACME.contracts
    stream = open_records(io.BytesIO(_file()), contract.contract.dialect)
    for batch in stream:
        for _, _, malformed, *values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            row = [value or "" for value in values]
            faults = {"MALFORMED_RECORD"} if malformed else _faults(row)
            if not faults and row[0] in held:
                faults = {"DUPLICATE_KEY"} if held[row[0]] != row else set()
                outcomes["quarantined" if faults else "duplicates"] += 1
            else:
                outcomes["quarantined" if faults else "inserted"] += 1
                if not faults:
                    held[row[0]] = row
            codes.update(faults)
    told = expected(RECORDS)
    assert outcomes == {"inserted": told.inserted, "duplicates": told.duplicates, "quarantined": told.quarantined}
    assert codes == told.codes
    assert sum(outcomes.values()) == told.rows_in == stream.rows


def test_csv_counts_the_same_records_when_it_reads_the_file() -> None:
    rows = list(csv.reader(io.StringIO(_file().decode("latin-1"), newline="")))
    assert len(rows) - 1 == RECORDS


def test_every_kind_occurs_when_the_file_is_long_enough() -> None:
    kinds = expected(BLOCK * (len(KINDS) + 1)).kinds
    assert len(kinds) == len(KINDS) + 1
    assert sum(kinds.values()) / (BLOCK * (len(KINDS) + 1)) < 0.04
    assert 0.02 < sum(expected(20_000).kinds.values()) / 20_000 < 0.04


def test_the_file_is_the_same_when_records_and_seed_are() -> None:
    assert _file() == _file()
    assert _file(seed=8) != _file()


def test_the_file_holds_all_lines_when_it_is_written(tmp_path: Path) -> None:
    write_transactions(tmp_path / "some.csv", RECORDS, 7)
    assert (tmp_path / "some.csv").read_bytes() == _file()


@pytest.mark.parametrize("records", [0, 1, 2, 31, 32])
def test_the_sum_holds_when_the_file_is_short(records: int) -> None:
    told = expected(records)
    assert told.rows_in == records == told.inserted + told.duplicates + told.quarantined
    assert len(list(transactions(records, 1))) == records + 1


def test_some_accounts_rest_for_a_month_when_the_file_is_long() -> None:
    """Carrying balances forward is what the demo shows: without such months it would show nothing."""
    moved: dict[tuple[str, str], set[str]] = {}
    for line in transactions(20_000, 7):
        fields = line.decode("latin-1").strip().split(",")
        if len(fields) == 5 and re.fullmatch(r"C\d{6}", fields[1]) and fields[4][:2] == "20":
            moved.setdefault((fields[1], fields[3]), set()).add(fields[4][:7])
    resting = [months for months in moved.values() if not {f"2025-{month:02d}" for month in range(1, 13)} <= months]
    before = [months for months in moved.values() if min(months) < "2025"]
    assert len(resting) > 100
    assert len(before) > 100


def test_the_expectation_is_json_when_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--records", "2000", "--expected"])
    assert json.loads(capsys.readouterr().out)["rows_in"] == 2000
