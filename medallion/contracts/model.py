"""A contract as the platform reads it: normalised, frozen, free of the document's many ways to say one thing."""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

METADATA_COLUMNS = (
    "row_hash",
    "source_file_id",
    "source_row",
    "attempt_count",
    "ingestion_timestamp",
    "run_id",
    "contract_version",
)
"""Columns that every record carries from Bronze on; a contract may not use their names."""


class Frozen(BaseModel):
    """The one frozen base: no unknown field, no assignment after construction."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ErrorCode(StrEnum):
    """Why a record failed. A rule may name a code of its own beside these."""

    MALFORMED_RECORD = "MALFORMED_RECORD"
    SCHEMA_ERROR = "SCHEMA_ERROR"
    NULL_VALUE_ERROR = "NULL_VALUE_ERROR"
    TYPE_ERROR = "TYPE_ERROR"
    TIMESTAMP_ERROR = "TIMESTAMP_ERROR"
    DOMAIN_ERROR = "DOMAIN_ERROR"
    RANGE_ERROR = "RANGE_ERROR"
    PATTERN_ERROR = "PATTERN_ERROR"
    REFERENCE_ERROR = "REFERENCE_ERROR"
    RULE_ERROR = "RULE_ERROR"
    DUPLICATE_KEY = "DUPLICATE_KEY"
    DUPLICATE_FAILURE = "DUPLICATE_FAILURE"
    MAX_ATTEMPTS = "MAX_ATTEMPTS"
    UNREADABLE_OBJECT = "UNREADABLE_OBJECT"


# --- types


class StringType(Frozen):
    kind: Literal["string"] = "string"


class IntegerType(Frozen):
    """A 64-bit signed integer."""

    kind: Literal["integer"] = "integer"


class DecimalType(Frozen):
    """An exact number: at most `precision` digits (1 to 38), `scale` of them after the point."""

    kind: Literal["decimal"] = "decimal"
    precision: int = Field(ge=1, le=38)
    scale: int = Field(ge=0, le=38)


class DoubleType(Frozen):
    """A 64-bit binary floating-point number; NaN and infinities are type errors."""

    kind: Literal["double"] = "double"


class BooleanType(Frozen):
    kind: Literal["boolean"] = "boolean"


class DateType(Frozen):
    """A calendar date. `formats` are DateTimeFormatter patterns, tried in order."""

    kind: Literal["date"] = "date"
    formats: tuple[str, ...] = ("yyyy-MM-dd",)


class TimestampType(Frozen):
    """A point in time, microseconds. With a zone in the pattern (`X`, `XXX`, `'Z'`) the value is an instant in UTC."""

    kind: Literal["timestamp"] = "timestamp"
    formats: tuple[str, ...] = ("yyyy-MM-dd'T'HH:mm:ssX",)


ColumnType = Annotated[
    StringType | IntegerType | DecimalType | DoubleType | BooleanType | DateType | TimestampType,
    Field(discriminator="kind"),
]


# --- rules beside required and type


class ValidValues(Frozen):
    """The value, as text, is one of `values`."""

    kind: Literal["valid_values"] = "valid_values"
    values: tuple[str, ...]
    code: str = ErrorCode.DOMAIN_ERROR


class Range(Frozen):
    """The typed value lies within the bounds; each bound is a literal of the column's type, as text."""

    kind: Literal["range"] = "range"
    minimum: str | None = None
    maximum: str | None = None
    exclusive_minimum: str | None = None
    exclusive_maximum: str | None = None
    code: str = ErrorCode.RANGE_ERROR


class Pattern(Frozen):
    """The whole text matches `regex`, in the subset that RE2 and Java share."""

    kind: Literal["pattern"] = "pattern"
    regex: str
    code: str = ErrorCode.PATTERN_ERROR


class Length(Frozen):
    """The text has between `minimum` and `maximum` characters (code points)."""

    kind: Literal["length"] = "length"
    minimum: int | None = None
    maximum: int | None = None
    code: str = ErrorCode.RANGE_ERROR


class Reference(Frozen):
    """The typed value exists in column `column` of source `source`'s published Silver."""

    kind: Literal["reference"] = "reference"
    source: str
    column: str
    code: str = ErrorCode.REFERENCE_ERROR


Rule = Annotated[ValidValues | Range | Pattern | Length | Reference, Field(discriminator="kind")]


class Check(Frozen):
    """A custom rule over the record: a SQL boolean expression on its typed columns; false fails, null passes."""

    name: str
    expression: str
    message: str
    code: str = ErrorCode.RULE_ERROR
    column: str | None = None


class Column(Frozen):
    """A column of the source: `name` in our tables, `header` in the source's objects; in JSON that is a path."""

    name: str
    header: str
    type: ColumnType
    required: bool = False
    optional_in_header: bool = False
    rules: tuple[Rule, ...] = ()
    description: str = ""


# --- how objects are read


class Encoding(StrEnum):
    """How an object's bytes spell characters. `utf-16` needs a byte order mark; `-le`, `-be` name the order."""

    UTF_8 = "utf-8"
    UTF_16 = "utf-16"
    UTF_16_LE = "utf-16-le"
    UTF_16_BE = "utf-16-be"
    ISO_8859_1 = "iso-8859-1"
    WINDOWS_1252 = "windows-1252"


class Format(StrEnum):
    """What a source's objects are: RFC 4180 text, a JSON object on each line, a list in a JSON document, or Parquet."""

    CSV = "csv"
    JSONL = "jsonl"
    JSON = "json"
    PARQUET = "parquet"


Compression = Literal["none", "gzip", "zstd"]


class Dialect(Frozen):
    """How a source's objects spell records. `delimiter` and `quote` are CSV's, `encoding` and `compression` text's.

    `records_path` says where a JSON document has the list of its records.
    """

    format: Format = Format.CSV
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    quote: str = Field(default='"', min_length=1, max_length=1)
    encoding: Encoding = Encoding.UTF_8
    compression: Compression = "none"
    records_path: str = "$"
    null_values: tuple[str, ...] = ("",)

    @model_validator(mode="after")
    def _tell_marks_apart(self) -> Self:
        """Delimiter and quote differ, and neither is a line end, a letter or a digit."""
        for mark in (self.delimiter, self.quote):
            if mark in "\r\n\0" or mark.isalnum() or unicodedata.category(mark) == "Cs":
                raise ValueError(f"{mark!r} cannot be a delimiter or a quote; use a punctuation mark or a tab")
        if self.delimiter == self.quote:
            raise ValueError("delimiter and quote are the same character; choose two")
        return self


class Trigger(StrEnum):
    """When a batch is due: as each object arrives, or at the source's daily schedule."""

    ON_ARRIVAL = "on_arrival"
    SCHEDULE = "schedule"


class Load(StrEnum):
    """What an object says of Silver: new records; the latest version of each key; or the whole state of the source."""

    APPEND = "append"
    UPSERT = "upsert"
    SNAPSHOT = "snapshot"


class Lane(StrEnum):
    """Which engine runs a plan."""

    AUTO = "auto"
    LAMBDA = "lambda"
    GLUE = "glue"
    EMR = "emr"


class Batch(Frozen):
    """When the objects of a source that runs on arrival are due together: `minutes` after one another, or as soon as
    `bytes` or `count` objects wait. Nothing set: each at once.
    """

    minutes: int | None = None
    bytes: int | None = None
    count: int | None = None

    @property
    def at_once(self) -> bool:
        return self.minutes is None and self.bytes is None and self.count is None


class Guard(Frozen):
    """When the gate stops a source's runs.

    Its breaker opens where more than `breaker_failures` records fail with one code within `breaker_minutes`, and more
    than `breaker_percent` of those seen then. A run whose rows are `row_count_factor` times more or fewer than lately
    is promoted with a warning, or held.
    """

    breaker_failures: int = 100
    breaker_percent: Decimal = Decimal(5)
    breaker_minutes: int = 60
    row_count: Literal["warn", "hold"] = "warn"
    row_count_factor: int = 10


class Contract(Frozen):
    """What one source promises, and how the platform reads it."""

    id: str
    version: str
    source: str
    description: str = ""
    owner: str = ""
    dialect: Dialect = Dialect()
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    duplicates: Literal["keep", "drop"] = "keep"
    load: Load = Load.APPEND
    order_by: str | None = None
    max_attempts: int = 3
    trigger: Trigger = Trigger.ON_ARRIVAL
    batch: Batch = Batch()
    guard: Guard = Guard()
    lane: Lane = Lane.AUTO
    approval: Literal["automatic", "manual"] = "automatic"

    def column(self, name: str) -> Column:
        """The column of that name; KeyError if there is none."""
        return {column.name: column for column in self.columns}[name]
