"""What records should read, as a person says it: on the command line for many, in a file for single ones."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.errors import BadArgument
from cli.port import Correction
from medallion.plan.sql import literal

Texts = dict[str, str | None]

Constants = Annotated[
    list[str] | None, typer.Option("--set", metavar="COLUMN=VALUE", help="Give the column this text. Repeatable.")
]
Expressions = Annotated[
    list[str] | None,
    typer.Option(
        "--expr", metavar="COLUMN=SQL", help="Give the column what SQL makes of the record's texts. Repeatable."
    ),
]
FromFile = Annotated[
    Path | None,
    typer.Option(
        "--from",
        exists=True,
        dir_okay=False,
        help="Corrections of single records: .csv or .jsonl with source_file_id, source_row and columns.",
    ),
]

_PLACE = ("source_file_id", "source_row")


def asked(constants: Constants, expressions: Expressions, file: Path | None) -> Correction:
    """What the options say together; BadArgument where they cannot be used."""
    by_column: dict[str, str] = {}
    for option, given in (("--set", constants), ("--expr", expressions)):
        for one in given or ():
            column, equals, value = one.partition("=")
            if not equals or not column.strip():
                raise BadArgument(f"{option} {one}: write COLUMN={'VALUE' if option == '--set' else 'SQL'}")
            if column.strip() in by_column:
                raise BadArgument(f"{option} {one}: column {column.strip()} is given twice")
            by_column[column.strip()] = literal(value) if option == "--set" else value
    return Correction(by_column, {} if file is None else read_records(file))


def read_records(file: Path) -> dict[tuple[str, int], Texts]:
    """The corrections in a file. BadArgument says which line cannot be used, and why.

    In CSV an empty cell leaves the column as it stands. In JSON lines a column that is left out stays, and null
    empties it.
    """
    read = {".csv": _csv, ".jsonl": _json_lines}.get(file.suffix.lower())
    if read is None:
        raise BadArgument(f"--from {file}: corrections come as .csv or .jsonl")
    found: dict[tuple[str, int], Texts] = {}
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            for number, given in read(lines):
                _add(found, f"--from {file}, line {number}", given)
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadArgument(f"--from {file}: it cannot be read: {error}") from error
    if not found:
        raise BadArgument(f"--from {file}: it holds no correction")
    return found


def _add(found: dict[tuple[str, int], Texts], where: str, given: dict[str, str | None]) -> None:
    one, row = (given.pop(name, None) for name in _PLACE)
    if not one or not row or not row.isascii() or not row.isdigit():
        raise BadArgument(f"{where}: it names no record; source_file_id and source_row (from 1) say which one is meant")
    if not given:
        raise BadArgument(f"{where}: it says nothing of the record; give at least one column")
    if (one, int(row)) in found:
        raise BadArgument(f"{where}: record {row} of {one} is corrected twice in this file")
    found[one, int(row)] = given


def _csv(lines: Iterable[str]) -> Iterator[tuple[int, Texts]]:
    reader = csv.DictReader(lines, strict=True)
    for given in reader:
        if None in given or None in given.values():
            raise csv.Error(f"line {reader.line_num} has not as many fields as the header")
        yield reader.line_num, {name: text for name, text in given.items() if text}


def _json_lines(lines: Iterable[str]) -> Iterator[tuple[int, Texts]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            # A number keeps the text that it was written with.
            given = json.loads(line, parse_int=str, parse_float=str, parse_constant=str)
        except ValueError as error:
            raise csv.Error(f"line {number} is no JSON ({error})") from error
        if not isinstance(given, dict):
            raise csv.Error(f"line {number} is no JSON object")
        yield number, {name: _text(number, name, value) for name, value in given.items()}


def _text(number: int, name: str, value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or isinstance(value, str):
        return value
    raise csv.Error(f"line {number}: {name} holds more than one value")
