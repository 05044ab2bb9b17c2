"""A source's settings → its dialect; and whether its columns can be found in objects of that format."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError

from medallion.contracts.findings import Findings
from medallion.contracts.model import Column, Dialect, Format
from medallion.contracts.paths import InvalidPath, document_path, record_path
from medallion.contracts.settings import SourceSettings

_TEXT_FORMATS = (Format.CSV, Format.JSONL, Format.JSON)
_APPLY_TO = {
    "csv_delimiter": (Format.CSV,),
    "csv_quote": (Format.CSV,),
    "encoding": _TEXT_FORMATS,
    "compression": _TEXT_FORMATS,
    "records_path": (Format.JSON,),
}
"""Which formats a setting says something about; the others of a source say the same in every format."""


def read_dialect(settings: SourceSettings, findings: Findings) -> Dialect | None:
    """The dialect, or None and findings."""
    for field, formats in _APPLY_TO.items():
        if field in settings.model_fields_set and settings.format not in formats:
            findings.add(
                f"customProperties: {SourceSettings.model_fields[field].alias}",
                f"says nothing about objects of format {settings.format}",
                "remove it",
            )
    try:
        document_path(settings.records_path)
    except InvalidPath as problem:
        findings.add("customProperties: recordsPath", str(problem), "write it as in $.data.items")
    try:
        return Dialect(
            format=settings.format,
            delimiter=settings.csv_delimiter,
            quote=settings.csv_quote,
            encoding=settings.encoding,
            compression=settings.compression,
            records_path=settings.records_path,
            null_values=settings.null_values,
        )
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_input=False):
            said, _, remedy = fault["msg"].removeprefix("Value error, ").partition("; ")
            findings.add("customProperties: csvDelimiter, csvQuote", said, remedy)
        return None


def check_paths(dialect: Dialect, columns: Sequence[Column], findings: Findings) -> None:
    """In JSON a column's physicalName is a path."""
    if dialect.format not in (Format.JSONL, Format.JSON):
        return
    for index, column in enumerate(columns):
        try:
            record_path(column.header)
        except InvalidPath as problem:
            findings.add(
                f"schema[0].properties[{index}].physicalName",
                str(problem),
                "write it as in customer.address.city or items[0].sku",
            )
