"""Which rows differ: two states of a set of rows, compared row by row, and named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any

import pyarrow as pa

from verifier.digest import column_text, row_texts
from verifier.report import NAMED, Report

Place = tuple[str, int]
"""A record's identity: its object and its number there."""
Rows = dict[Place, list[bytes]]
"""The fingerprints of the rows of each record."""


def fingerprints(parts: Iterable[pa.RecordBatch], columns: Sequence[str]) -> Rows:
    """Each record's rows, by a hash of their text in these columns: 32 bytes for a row, whatever it holds."""
    found: Rows = defaultdict(list)
    for part in parts:
        places = zip(part.column("source_file_id").to_pylist(), part.column("source_row").to_pylist(), strict=True)
        for place, text in zip(places, row_texts(part, columns), strict=True):
            found[place].append(sha256(text).digest())
    return found


def name_differences(
    report: Report, table: str, expected: Rows, found: Rows, about: dict[str, Any], by: str
) -> list[Place]:
    """Report what was dropped, doubled, put in and altered; return the places of what was altered."""
    kinds: dict[str, list[Place]] = {"dropped": [], "doubled": [], "put in": [], "altered": []}
    for place in sorted({*expected, *found}):
        wanted, there = sorted(expected.get(place, [])), sorted(found.get(place, []))
        if wanted == there:
            continue
        if len(there) < len(wanted):
            kinds["dropped"].append(place)
        elif not wanted:
            kinds["put in"].append(place)
        elif len(there) > len(wanted):
            kinds["doubled"].append(place)
        else:
            kinds["altered"].append(place)
    for kind, places in kinds.items():
        for place in places[:NAMED]:
            before, now = len(expected.get(place, [])), len(found.get(place, []))
            told = "" if kind == "altered" else f": {before} expected, {now} found"
            report.problem(
                f"record {kind}",
                f"{table}: row {place[1]} of {place[0]} was {kind}{told} ({by})",
                table=table,
                **{**about, "source_file_id": place[0]},
                source_row=place[1],
                expected=str(before),
                found=str(now),
            )
        if len(places) > NAMED:
            report.problem(
                f"record {kind}", f"{table}: {len(places) - NAMED} more rows were {kind} ({by})", table=table, **about
            )
    return kinds["altered"]


def altered_columns(
    before: Iterable[pa.RecordBatch], after: Iterable[pa.RecordBatch], columns: Sequence[str], places: Sequence[Place]
) -> dict[Place, list[str]]:
    """The columns in which those records differ. Their values stay untold."""
    then, now = _texts(before, columns, set(places)), _texts(after, columns, set(places))
    return {
        place: [name for name, one, other in zip(columns, then[place], now[place], strict=True) if one != other]
        for place in places
        if place in then and place in now
    }


def _texts(parts: Iterable[pa.RecordBatch], columns: Sequence[str], places: set[Place]) -> dict[Place, list[str]]:
    found: dict[Place, list[str]] = {}
    for part in parts:
        origins, numbers = part.column("source_file_id").to_pylist(), part.column("source_row").to_pylist()
        for position, place in enumerate(zip(origins, numbers, strict=True)):
            if place in places:
                row = part.slice(position, 1)
                found[place] = [
                    str(column_text(row.column(name) if name in row.schema.names else None, 1)[0]) for name in columns
                ]
    return found
