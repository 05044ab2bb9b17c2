"""Bank transactions for the demo: deterministic, streamed, and about three in a hundred wrong in every way there is.

    python -m demo.transactions --records 20000 --seed 7 > transactions.csv
    python -m demo.transactions --records 20000 --expected

One record of every 32 is wrong, each kind in turn; the last record has a quote that never closes. So the counts follow
from the number of records alone, and whoever ingests the file can be held to them. Only the standard library is used.
"""

from __future__ import annotations

import argparse
import json
import struct
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path

HEADER = b"TransactionID,CustomerID,TransactionAmount,Currency,TransactionTimestamp\n"
CURRENCIES = ("CHF", "EUR", "GBP", "USD")
RECORDS, SEED = 20_000, 7
"""The demo's own file."""
BEGIN = datetime(2023, 1, 1, tzinfo=UTC)
DAYS = 1096  # the years 2023 to 2025
BLOCK = 32
"""One record of so many is wrong: 3.1 percent."""


@dataclass(frozen=True)
class Transaction:
    """One record as text, field by field."""

    id: str
    customer: str
    amount: str
    currency: str
    time: str

    @property
    def line(self) -> bytes:
        return f"{self.id},{self.customer},{self.amount},{self.currency},{self.time}\n".encode()


@dataclass(frozen=True)
class Kind:
    """A way to be wrong: `spoil` makes the record's line of a good record and the good one before it.

    `outcome` is what becomes of the record, `codes` are its errors, sorted.
    """

    name: str
    spoil: Callable[[Transaction, Transaction], bytes]
    codes: tuple[str, ...] = ()
    outcome: str = "quarantined"


def _field(name: str, change: dict[str, str], *codes: str) -> Kind:
    """A kind whose fault is in the text of fields."""
    return Kind(name, lambda good, _: replace(good, **change).line, codes)


def _line(name: str, spoil: Callable[[bytes], bytes]) -> Kind:
    """A kind whose fault is in the line itself, so that it is malformed."""
    return Kind(name, lambda good, _: spoil(good.line), ("MALFORMED_RECORD",))


def _other_amount(good: Transaction) -> Transaction:
    return replace(good, amount="0.02" if good.amount == "0.01" else "0.01")


UNBALANCED = _line("unbalanced_quote", lambda line: b'"' + line)
"""Takes up all that follows, and so comes only last."""

KINDS = (
    _field("missing_id", {"id": ""}, "NULL_VALUE_ERROR"),
    _field("missing_customer", {"customer": ""}, "NULL_VALUE_ERROR"),
    _field("empty_amount", {"amount": ""}, "NULL_VALUE_ERROR"),
    _field("missing_currency", {"currency": ""}, "NULL_VALUE_ERROR"),
    _field("missing_time", {"time": ""}, "NULL_VALUE_ERROR"),
    _field("id_of_another_form", {"id": "TX-17"}, "PATTERN_ERROR"),
    _field("customer_of_another_form", {"customer": "c000017"}, "PATTERN_ERROR"),
    _field("amount_is_no_number", {"amount": "twelve"}, "TYPE_ERROR"),
    _field("amount_with_three_decimals", {"amount": "12.345"}, "TYPE_ERROR"),
    _field("amount_with_decimal_comma", {"amount": '"1,5"'}, "TYPE_ERROR"),
    _field("amount_too_large_for_any_type", {"amount": "1e400"}, "TYPE_ERROR"),
    _field("amount_is_nan", {"amount": "NaN"}, "TYPE_ERROR"),
    _field("amount_out_of_range", {"amount": "10000000.01"}, "RANGE_ERROR"),
    _field("amount_of_nothing", {"amount": "0.00"}, "RULE_ERROR"),
    _field("unknown_currency", {"currency": "XAU"}, "CURRENCY_ERROR"),
    _field("currency_in_small_letters", {"currency": "eur"}, "CURRENCY_ERROR"),
    _field("time_that_never_was", {"time": "2024-02-31T12:00:00Z"}, "TIMESTAMP_ERROR"),
    _field("time_of_another_form", {"time": "31/01/2024 12:00"}, "TIMESTAMP_ERROR"),
    _field("time_out_of_range", {"time": "1999-12-31T23:59:59Z"}, "RANGE_ERROR"),
    _field("two_faults", {"customer": "", "currency": "???"}, "CURRENCY_ERROR", "NULL_VALUE_ERROR"),
    Kind("same_id_other_amount", lambda _, before: _other_amount(before).line, ("DUPLICATE_KEY",)),
    Kind("same_record_again", lambda _, before: before.line, outcome="duplicates"),
    _line("field_too_few", lambda line: line.rpartition(b",")[0] + b"\n"),
    _line("field_too_many", lambda line: line.replace(b"\n", b",\n")),
    _line("text_after_quote", lambda line: b'"T"' + line[1:]),
    _line("bytes_that_are_no_text", lambda line: line.replace(b",C", b",\xff", 1)),
)


@dataclass(frozen=True)
class Expected:
    """What becomes of a file: records by outcome, quarantined records by code (one may have several), and by kind."""

    rows_in: int
    inserted: int
    duplicates: int
    quarantined: int
    codes: dict[str, int]
    kinds: dict[str, int]


def expected(records: int = RECORDS) -> Expected:
    """What becomes of a file of so many records, whatever its seed."""
    kinds = Counter(kind.name for number in range(records) if (kind := _kind(number, records)))
    outcomes: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    for kind in (*KINDS, UNBALANCED):
        outcomes[kind.outcome] += kinds[kind.name]
        for code in kind.codes:
            codes[code] += kinds[kind.name]
    return Expected(
        rows_in=records,
        inserted=records - kinds.total(),
        duplicates=outcomes["duplicates"],
        quarantined=outcomes["quarantined"],
        codes={code: count for code, count in sorted(codes.items()) if count},
        kinds=dict(kinds),
    )


def transactions(records: int, seed: int) -> Iterator[bytes]:
    """The file, line by line, the header first."""
    yield HEADER
    before: Transaction | None = None
    for number in range(records):
        good, quoted = _good(number, records, seed)
        kind = _kind(number, records)
        if kind and before:
            yield kind.spoil(good, before)
        else:
            yield _quoted(good.line) if quoted else good.line
            before = good


def intended(records: int, seed: int) -> Iterator[tuple[Transaction, Kind | None]]:
    """What each record of the file was to say, and how it is wrong instead."""
    for number in range(records):
        yield _good(number, records, seed)[0], _kind(number, records)


def write_transactions(path: Path, records: int = RECORDS, seed: int = SEED) -> None:
    """Write the file to `path`, line by line."""
    with path.open("wb") as stream:
        stream.writelines(transactions(records, seed))


def _kind(number: int, records: int) -> Kind | None:
    """How the record of that number, from 0, is wrong; None if it is good. The first record is always good."""
    if number and number == records - 1:
        return UNBALANCED
    block, within = divmod(number, BLOCK)
    return KINDS[block % len(KINDS)] if within == BLOCK - 1 else None


def _good(number: int, records: int, seed: int) -> tuple[Transaction, bool]:
    """A good record, and whether its fields are to be quoted: the same for the same number and seed, on any machine."""
    draws = struct.unpack("<8Q", blake2b(b"%d/%d" % (seed, number)).digest())
    customer = draws[0] % max(1, records // 25)
    cents = draws[1] % 500_000 + 1
    sign = "-" if draws[2] % 5 < 2 else ""
    time = BEGIN + timedelta(seconds=draws[3] % (DAYS * 86_400))
    form = "%Y-%m-%d %H:%M:%SZ" if draws[4] % 10 == 0 else "%Y-%m-%dT%H:%M:%SZ"
    record = Transaction(
        id=f"T{number:010d}",
        customer=f"C{customer:06d}",
        amount=f"{sign}{cents // 100}.{cents % 100:02d}",
        currency=CURRENCIES[(customer + draws[5] % 2) % len(CURRENCIES)],
        time=time.strftime(form),
    )
    return record, draws[6] % 20 == 0


def _quoted(line: bytes) -> bytes:
    return b'"' + line.strip().replace(b",", b'","') + b'"\n'


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the file, or with --expected what becomes of it as JSON, to standard output."""
    parser = argparse.ArgumentParser(prog="python -m demo.transactions", description="Bank transactions, some wrong.")
    parser.add_argument("--records", type=int, default=RECORDS, help="how many records (default %(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, help="which file of that size (default %(default)s)")
    parser.add_argument("--expected", action="store_true", help="what becomes of the records, as JSON")
    given = parser.parse_args(arguments)
    if given.expected:
        sys.stdout.write(json.dumps(asdict(expected(given.records)), indent=2) + "\n")
    else:
        sys.stdout.buffer.writelines(transactions(given.records, given.seed))


if __name__ == "__main__":
    main()
