"""Athena, as far as one list needs it: it remembers what it was asked, and answers with the rows that a test gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

TYPES = {"attempt": "integer", "source_row": "bigint", "attempt_count": "integer", "corrected": "boolean"}


class Athena:
    """A session whose one client answers every query with the same `rows`, but for the `answers` that come first."""

    def __init__(self) -> None:
        self.rows: list[Mapping[str, str | None]] = []
        self.answers: list[Sequence[Mapping[str, str | None]]] = []
        self.asked: list[str] = []

    def client(self, service: str) -> Athena:
        assert service == "athena"
        return self

    def start_query_execution(self, **request: Any) -> dict[str, str]:
        self.asked.append(request["QueryString"])
        return {"QueryExecutionId": str(len(self.asked))}

    def get_query_execution(self, **request: Any) -> dict[str, Any]:
        return {"QueryExecution": {"Status": {"State": "SUCCEEDED"}}}

    def get_query_results(self, **request: Any) -> dict[str, Any]:
        rows = self.answers.pop(0) if self.answers else self.rows
        names = list(rows[0]) if rows else []
        cells = [dict(zip(names, names, strict=True)), *rows]
        return {
            "ResultSet": {
                "ResultSetMetadata": {"ColumnInfo": [{"Name": n, "Type": TYPES.get(n, "varchar")} for n in names]},
                "Rows": [
                    {"Data": [{} if row[n] is None else {"VarCharValue": row[n]} for n in names]} for row in cells
                ],
            }
        }

    def get_paginator(self, operation: str) -> Athena:
        return self

    def paginate(self, **request: Any) -> list[dict[str, Any]]:
        return [self.get_query_results()]
