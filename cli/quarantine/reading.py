"""Entries of quarantine, as Athena reads them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3

from medallion.layout import TenantLayout, Zone, checked_source
from medallion.plan.quarantine import current_entries
from medallion.steps.query import ask

ERROR_PARTS = ("column", "rule", "code", "message")
_SEPARATOR = "\x1f"
"""Joins what a query's cell holds several of; records of text have no such character."""


def entries(
    session: boto3.Session,
    layout: TenantLayout,
    source: str,
    where: str = "TRUE",
    *,
    content: bool = False,
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """Quarantined records of a source as the condition chooses them; with `content`, what each record says."""
    columns = ["run_id", "attempt", "source_file_id", "source_row", "state", "corrected", "row_hash", "attempt_count"]
    columns += ["CAST(ingestion_timestamp AS varchar) AS ingestion_timestamp", "contract_version"]
    columns += [_joined(f"transform(errors, e -> coalesce(e.{part}, ''))", f"error_{part}") for part in ERROR_PARTS]
    if content:
        columns += ["to_hex(raw) AS raw", _joined("map_keys(record)", "record_names")]
        columns.append(_joined("transform(map_values(record), v -> coalesce(v, ''))", "record_values"))
    bound = "" if limit is None else f" LIMIT {limit}"
    sql = (
        f"SELECT {', '.join(columns)} FROM ({view(layout, source)}) AS entry WHERE {where} "  # noqa: S608  # names are checked, values literals
        f"ORDER BY run_id DESC, source_file_id, source_row{bound}"
    )
    answer = ask(session, layout, sql, zone=Zone.QUARANTINE)
    return [{"source": source} | _entry(one) for one in answer.records()]


def view(layout: TenantLayout, source: str) -> str:
    """The query of a source's current entries, in Athena's SQL."""
    return current_entries(f'"{layout.database(Zone.QUARANTINE)}"."{checked_source(source)}"')


def _joined(array: str, name: str) -> str:
    return f"array_join({array}, chr({ord(_SEPARATOR)})) AS {name}"


def _entry(row: dict[str, Any]) -> dict[str, Any]:
    """A result's row with its errors, and its content where that was asked for, taken apart."""
    parts = [_split(row.pop(f"error_{part}")) for part in ERROR_PARTS]
    row["errors"] = [dict(zip(ERROR_PARTS, error, strict=True)) for error in zip(*parts, strict=True)]
    if "raw" in row:
        row["raw"] = bytes.fromhex(row["raw"] or "").decode("utf-8", "backslashreplace")
        row["record"] = dict(zip(_split(row.pop("record_names")), _split(row.pop("record_values")), strict=True))
    return row


def _split(joined: str | None) -> Iterator[str]:
    return iter(() if joined is None else joined.split(_SEPARATOR))
