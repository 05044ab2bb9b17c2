"""Files in, rows and their origins out, directly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import boto3

from cli.direct.acting import Acting
from cli.documents.reading import Cost, DayUsed, Used
from cli.port import Said, Tell
from medallion.control.usage import DAYS, by_day
from medallion.layout import TenantLayout, Zone, source_file_id
from medallion.steps.asked import ExplainAsked
from medallion.steps.cost import cost_of, usage_between
from medallion.steps.operations import OperationKind
from medallion.steps.queries import json_value
from medallion.steps.query import ask


@dataclass(frozen=True)
class DirectReading:
    acting: Acting

    def ingest(self, source: str, name: str, file: Path, tell: Tell) -> str:
        platform = self.acting.platform
        key = platform.layout.landing_key(platform.control.source(source).name, name)
        return upload(platform.session, platform.layout, file, key, tell)

    def query(self, sql: str, zone: Zone, limit: int, tell: Tell) -> dict[str, Any]:
        platform = self.acting.platform
        answer = ask(platform.session, platform.layout, sql, zone=zone, limit=limit, tell=tell)
        return {
            "query_id": answer.query_id,
            "scanned_bytes": answer.scanned_bytes,
            "complete": answer.complete,
            "columns": [{"name": one.name, "type": one.type} for one in answer.columns],
            "rows": [{name: json_value(value) for name, value in row.items()} for row in answer.records()],
        }

    def explain(self, zone: Zone, name: str, key: Mapping[str, str], limit: int) -> dict[str, Any]:
        asked = ExplainAsked(zone=zone, name=name, key=dict(key), limit=limit)
        return self.acting.do(OperationKind.EXPLAIN, f"{zone}.{name}", asked, Said(""))

    def usage(self, first: date | None, last: date | None) -> Used:
        platform = self.acting.platform
        last = last or platform.clock().date()
        first = first or last - DAYS
        days = by_day(usage_between(platform, first, last))
        return Used(first=first, last=last, days=[DayUsed.model_validate(one.model_dump()) for one in days])

    def cost(self, month: date | None) -> Cost:
        of = month or self.acting.platform.clock().date()
        return Cost.of(cost_of(self.acting.platform, of))


def upload(session: boto3.Session, layout: TenantLayout, file: Path, key: str, tell: Tell) -> str:
    """Put the file at `key` in Landing, and return the identity of the object version that it became."""
    bucket, size, sent = layout.bucket(Zone.LANDING), max(file.stat().st_size, 1), 0

    def count(more: int) -> None:
        nonlocal sent
        sent += more
        tell(f"{sent / size:.0%}")

    s3 = session.client("s3")
    s3.upload_file(str(file), bucket, key, Callback=count)
    return source_file_id(bucket, key, s3.head_object(Bucket=bucket, Key=key)["VersionId"])
