"""A sample of a source, measured: its records are parsed once into a file of columns, which are measured one after the
other.

A type is a column's if the plan's own cast takes every value, and a draft is judged by the plan that it compiles to: a
contract that is drafted from this cannot refuse a record that it was drafted from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import PurePath

from medallion.contracts.model import (
    BooleanType,
    ColumnType,
    DateType,
    DecimalType,
    DoubleType,
    IntegerType,
    StringType,
)
from medallion.contracts.profile import ColumnProfile, Profile
from medallion.engines.duckdb.session import Session, open_session
from medallion.engines.duckdb.shapes import code_pattern, codes, temporal_types
from medallion.engines.duckdb.staging import spooled
from medallion.engines.duckdb.values import Values, X, whole
from medallion.engines.resources import Resources
from medallion.plan.model import Plan
from medallion.plan.sql import literal, quoted
from medallion.plan.types import cast_expression
from medallion.records import RecordStream
from medallion.records.batches import value_column
from medallion.records.sniffing import Sniffed

TOKENS = ("NA", "N/A", "n/a", "NULL", "null", "None", "none", "NaN", "nan", "nil", r"\N", "-", "--", "?", ".")
"""Texts that stand for null in many files. One is taken for null only where it stands among nothing but numbers, dates
and times."""

_WHOLE = "[+-]?[0-9]+"
_EXACT = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
_NUMBER = rf"{_EXACT}(?:[eE][+-]?[0-9]{{1,4}})?"
_DECIMAL_COMMA = "[+-]?[0-9]{1,3}(?:[.][0-9]{3})*,[0-9]+"
_CODED = r"\+.*|[+-]?0[0-9].*"
"""A plus sign or a leading zero is part of a text: of a telephone's number, of a postcode."""
_TIME = r"[0-9]{2,4}[-/.][0-9]{2}[-/.][0-9]{2,4}(?:[T ][0-9]{2}:.{2,24})?"
_COMPACT_DATE = r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
_SAYS_DATE = re.compile(r"date|day|datum|jour|fecha", re.IGNORECASE)
_MOST_DIGITS = 38
_MOST_EXACT = 9
_AS_BINARY = "more than nine digits after the point, as binary numbers have them when they are written out"


class Sample:
    """A sample's records, as a relation of their texts."""

    def __init__(self, session: Session, name: str, records: RecordStream, sniffed: Sniffed) -> None:
        self._connection = session.connection
        self._name = name
        self._sniffed = sniffed
        self._header = records.header
        columns = "".join(f", {value_column(at)}" for at in range(len(records.header)))
        file = spooled(session, records, f"SELECT source_row, malformed{columns} FROM incoming")
        self._connection.execute(f"CREATE VIEW sample AS SELECT * FROM read_parquet({literal(file)})")

    def profile(self) -> Profile:
        """Every column's type, extremes and forms, and what was seen of the whole."""
        dialect, tokens = self._sniffed.dialect, self._tokens()
        known = ("", *tokens)
        columns = tuple(
            _column(Values(self._connection, value_column(at), known), header) for at, header in enumerate(self._header)
        )
        listed = ", ".join(value_column(at) for at in range(len(self._header)))
        well_formed, repeated = self._one(
            f"SELECT COUNT(*), COUNT(*) - COUNT(DISTINCT hash({listed or 0})) FROM sample WHERE malformed IS NULL"
        )
        faults = self._connection.execute(
            "SELECT malformed, COUNT(*) FROM sample WHERE malformed IS NOT NULL GROUP BY ALL ORDER BY 2 DESC, 1 LIMIT 9"
        ).fetchall()
        return Profile(
            sample=PurePath(self._name).name,
            dialect=dialect.model_copy(update={"null_values": known}),
            seen=self._sniffed.seen,
            records=well_formed,
            faults=dict(faults),
            repeated=repeated,
            tokens=tokens,
            columns=columns,
        )

    def distinct(self, profile: Profile, columns: Sequence[int]) -> int:
        """How many different values the columns at these places have together, in records that have them all."""
        tokens = ", ".join(literal(token) for token in profile.dialect.null_values)
        typed = [
            cast_expression(
                profile.columns[at].type,
                f"CASE WHEN {value_column(at)} IN ({tokens}) THEN NULL ELSE {value_column(at)} END",
            )
            for at in columns
        ]
        present = " AND ".join(f"{one} IS NOT NULL" for one in typed)
        [found] = self._one(
            f"SELECT COUNT(*) FROM (SELECT DISTINCT {', '.join(typed)} FROM sample "
            f"WHERE malformed IS NULL AND {present})"
        )
        return int(found)

    def failing(self, plan: Plan) -> dict[str, int]:
        """How many well-formed records of the sample fail each rule of the plan, by column and rule."""
        place = {header: value_column(at) for at, header in enumerate(self._header)}
        texts = ", ".join(
            f"{place.get(column.header, 'CAST(NULL AS VARCHAR)')} AS {quoted(f'{column.name}__text')}"
            for column in plan.columns
        )
        self._connection.execute(
            "CREATE OR REPLACE VIEW staged AS SELECT 0 AS object_number, source_row, '' AS row_hash, "
            f"0 AS attempt_count, FALSE AS entered, malformed, {texts} FROM sample WHERE malformed IS NULL"
        )
        counts = ", ".join(f"COUNT_IF((verdict_{rule.word} & {rule.bit}) <> 0)" for rule in plan.rules)
        judged = plan.statements["duckdb"].relations["judged"]
        found = self._one(f"SELECT {counts} FROM ({judged})")
        named = (f"{rule.column or 'the record'}: {rule.rule}" for rule in plan.rules)
        return {name: count for name, count in zip(named, found, strict=True) if count}

    def _tokens(self) -> dict[str, int]:
        """The texts that mean null, as far as the columns of numbers and times tell, with their number there."""
        listed = ", ".join(literal(token) for token in TOKENS)
        found: dict[str, int] = {}
        for at in range(len(self._header)):
            values = Values(self._connection, value_column(at), ("",))
            if not values.values:
                continue
            others = f"{X} NOT IN ({listed})"
            count, numbers, times = values.ask(
                f"COUNT({X})", f"COUNT_IF({whole(_NUMBER)})", f"COUNT_IF({whole(_TIME)})", where=others
            )
            if count and count < values.values and count in (numbers, times):
                for token, number in values.counts(X, len(TOKENS), f"{X} IN ({listed})").items():
                    found[token] = found.get(token, 0) + number
        return found

    def _one(self, statement: str) -> tuple[int, ...]:
        return self._connection.execute(statement).fetchone() or ()


@contextmanager
def open_sample(name: str, records: RecordStream, sniffed: Sniffed, resources: Resources) -> Iterator[Sample]:
    """The sample that `records` are, gone afterwards. UnreadableObject where they cannot be read to their end."""
    with open_session(resources) as session:
        yield Sample(session, name, records, sniffed)


def _column(values: Values, header: str) -> ColumnProfile:
    """The strictest type that takes every value, and what was measured of it."""
    found = (values.profile(header, kind, remarks) for kind, remarks in _candidates(values, header))
    column = next(one for one in found if one is not None)
    if column.type.kind != "string" or not column.values:
        return column
    listed = codes(values, header, column.distinct)
    pattern = None if listed else code_pattern(values)
    known = {"domain": tuple(listed), "rarest": min(listed.values(), default=0), "pattern": pattern}
    return column.model_copy(update=known)


def _candidates(values: Values, header: str) -> Iterator[tuple[ColumnType, tuple[str, ...]]]:
    """The types that the values' looks allow, the strictest first; a text's at the end, which takes them all."""
    if values.values:
        yield from _typed(values, header)
    yield StringType(), _remarks(values)


def _typed(values: Values, header: str) -> Iterator[tuple[ColumnType, tuple[str, ...]]]:
    wholes, exact, numbers, coded, times, words, yes, no = values.ask(
        *(f"COUNT_IF({whole(one)})" for one in (_WHOLE, _EXACT, _NUMBER, _CODED, _TIME)),
        f"COUNT_IF(LOWER({X}) IN ('true', 'false'))",
        f"COUNT_IF(LOWER({X}) = 't')",
        f"COUNT_IF(LOWER({X}) = 'f')",
    )
    every = values.values
    if words == every or (yes and no and yes + no == every):
        yield BooleanType(), ()
    if times == every:
        yield from _temporal(values)
    if coded:
        return
    if wholes == every and _SAYS_DATE.search(header) and values.all_match(_COMPACT_DATE):
        yield DateType(formats=("yyyyMMdd",)), ("eight digits that are all days, in a column whose name says so",)
    if wholes == every:
        yield IntegerType(), ()
    exactly = _decimal(values) if exact == every else None
    if exactly is not None and exactly.scale <= _MOST_EXACT:
        yield exactly, ()
    if numbers == every:
        yield DoubleType(), (_AS_BINARY,) if exactly is not None else ()


def _temporal(values: Values) -> Iterator[tuple[ColumnType, tuple[str, ...]]]:
    """Types of times. Where day and month could change places in every value, the first says so."""
    types = temporal_types(values)
    taking = [(kind, order) for kind, order in types if values.take(kind) is not None]
    if len(taking) > 1:
        remark = "dd and MM could change places: no day above 12 was seen; ask who sends it"
        yield taking[0][0], (remark,)
    elif taking:
        yield taking[0][0], ()


def _decimal(values: Values) -> DecimalType | None:
    """The narrowest exact type by the digits before and after the point; None if that is more than a decimal has."""
    before, after = values.ask(
        f"MAX(LENGTH(regexp_extract({X}, '^[+-]?([0-9]*)', 1)))", f"MAX(LENGTH(regexp_extract({X}, '[.]([0-9]*)$', 1)))"
    )
    precision = max(before + after, 1)
    return DecimalType(precision=precision, scale=after) if precision <= _MOST_DIGITS else None


def _remarks(values: Values) -> tuple[str, ...]:
    """What a person should know of a column of texts."""
    if not values.values:
        return ("no value was seen, so its type is not known",)
    listed = ", ".join(literal(token) for token in TOKENS)
    padded, commas, documents, coded, tokens = values.ask(
        f"COUNT_IF({X} <> TRIM({X}))",
        f"COUNT_IF({whole(_DECIMAL_COMMA)})",
        f"COUNT_IF(starts_with({X}, '{{') OR starts_with({X}, '['))",
        f"COUNT_IF({whole(_CODED)} AND {whole(_NUMBER)})",
        f"COUNT_IF({X} IN ({listed}))",
    )
    said = [
        (padded, f"{padded:,} values have blanks at an end"),
        (
            commas == values.values,
            "numbers with a decimal comma: no type reads them; ask for a point, or read them in Gold",
        ),
        (documents == values.values, "JSON: name what is in it by paths, as items[0].sku"),
        (tokens, f"{tokens:,} values are texts that often mean null, as NA and -: if so here, add them to nullValues"),
        (coded, f"{coded:,} values have leading zeros or a plus sign: digits that are no number"),
    ]
    return tuple(sentence for holds, sentence in said if holds)
