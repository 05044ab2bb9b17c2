"""The columns of Bronze, Silver, the quarantine log and the duplicates log."""

from __future__ import annotations

from medallion.contracts.model import METADATA_COLUMNS, Contract
from medallion.plan.model import Field, Tables
from medallion.plan.types import iceberg_type

RECORD = "map<string, string>"
ERROR_PARTS = ("column", "rule", "code", "message")
ERRORS = f"list<struct<{', '.join(f'{part}: string' for part in ERROR_PARTS)}>>"

_METADATA_TYPES = {"source_row": "long", "attempt_count": "int", "ingestion_timestamp": "timestamptz"}
METADATA = tuple(Field(name=name, type=_METADATA_TYPES.get(name, "string")) for name in METADATA_COLUMNS)
QUARANTINE = (
    Field(name="event", type="string"),
    Field(name="event_time", type="timestamptz"),
    Field(name="actor", type="string"),
    Field(name="run_id", type="string"),
    Field(name="attempt", type="int"),
    Field(name="source_file_id", type="string"),
    Field(name="source_row", type="long"),
    Field(name="row_hash", type="string"),
    Field(name="raw", type="binary"),
    Field(name="record", type=RECORD),
    Field(name="errors", type=ERRORS),
    Field(name="attempt_count", type="int"),
    Field(name="ingestion_timestamp", type="timestamptz"),
    Field(name="contract_version", type="string"),
    Field(name="ruleset", type="string"),
    Field(name="reason", type="string"),
    Field(name="log_position", type="long"),
)
DUPLICATES = (
    *(field for field in METADATA if field.name != "attempt_count"),
    Field(name="attempt", type="int"),
    Field(name="held_by", type="string"),
)
ENDING = (
    Field(name="ended_by_run", type="string"),
    Field(name="ended_by_attempt", type="int"),
    Field(name="ended_at", type="timestamptz"),
    Field(name="reason", type="string"),
    Field(name="replaced_by_file_id", type="string"),
    Field(name="replaced_by_row", type="long"),
)
"""What history adds to a row that Silver held: which run ended it and why, and the record that took its place."""


def tables(contract: Contract) -> Tables:
    """The columns of a source's tables under `contract`."""
    silver = (*(Field(name=column.name, type=iceberg_type(column.type)) for column in contract.columns), *METADATA)
    return Tables(
        bronze=(
            *(Field(name=column.name, type="string") for column in contract.columns),
            Field(name="extra", type=RECORD),
            Field(name="raw", type="binary"),
            Field(name="malformed", type="string"),
            *METADATA,
        ),
        silver=silver,
        history=(*silver, *ENDING),
        quarantine=QUARANTINE,
        duplicates=DUPLICATES,
    )
