"""Files in, rows and their origins out, through the API. A file's bytes go to S3 alone."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx2

from cli.documents.reading import Cost, Used
from cli.errors import BadArgument, Unreachable
from cli.port import Tell
from cli.remote.asking import part
from cli.remote.client import Client
from medallion.errors import QueryFailed, SecretAlreadyTold
from medallion.layout import Zone

_UPLOAD = httpx2.Timeout(60, read=300)
_CHUNK = 1 << 20


@dataclass(frozen=True)
class RemoteReading:
    client: Client

    def ingest(self, source: str, name: str, file: Path, tell: Tell) -> str:
        tell("reading it")
        digest, size = _digest(file)
        if not size:
            raise BadArgument(f"{file} is empty: the API makes no form for an object without a byte")
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        wanted = {"name": name, "size": size, "content_type": kind, "sha256": digest}
        form = self._form(source, wanted)
        tell(f"sending {size:,} bytes")
        version = _send(form["url"], form["fields"], file)
        found = self.client.get(f"/sources/{part(source)}/objects", {"name": name, "version": version})
        return str(found["items"][0]["source_file_id"])

    def _form(self, source: str, wanted: Mapping[str, Any]) -> Any:
        path = f"/sources/{part(source)}/uploads"
        try:
            return self.client.post(path, wanted)
        except SecretAlreadyTold:
            # The first answer was lost on its way. A form that nobody has does no harm: ask for another.
            return self.client.post(path, wanted)

    def query(self, sql: str, zone: Zone, limit: int, tell: Tell) -> dict[str, Any]:
        query = self.client.post("/queries", {"sql": sql, "zone": zone, "rows": limit}, wait=True)
        while query["ended_at"] is None:
            tell(query["state"])
            query = self.client.get(f"/queries/{query['query_id']}", wait=True)
        if query["state"] != "succeeded":
            raise QueryFailed(f"Athena did not run query {query['query_id']} ({query['state']}): {query['reason']}")
        columns: list[dict[str, str]] = []
        rows: list[list[Any]] = []
        cursor, cut = None, False
        while cursor is not None or not columns:
            page = self.client.get(f"/queries/{query['query_id']}/results", {"cursor": cursor})
            columns, cursor, cut = page["columns"], page["next"], page["cut"]
            rows += page["items"]
            if cursor is None:
                break
        names = [one["name"] for one in columns]
        return {
            "query_id": query["query_id"],
            "scanned_bytes": query["scanned_bytes"],
            "complete": not cut,
            "columns": columns,
            "rows": [dict(zip(names, row, strict=True)) for row in rows],
        }

    def explain(self, zone: Zone, name: str, key: Mapping[str, str], limit: int) -> dict[str, Any]:
        return self.client.operate(f"/tables/{zone}/{part(name)}/rows/lineage", {"key": dict(key), "limit": limit})

    def usage(self, first: date | None, last: date | None) -> Used:
        days = {"from": first and first.isoformat(), "to": last and last.isoformat()}
        return Used.model_validate(self.client.get("/usage", days))

    def cost(self, month: date | None) -> Cost:
        return Cost.model_validate(self.client.get("/cost", {"month": month and f"{month:%Y-%m}"}))


def _digest(file: Path) -> tuple[str, int]:
    """The file's SHA-256 in hexadecimal, and its size in bytes."""
    found, size = hashlib.sha256(), 0
    with file.open("rb") as content:
        while chunk := content.read(_CHUNK):
            found.update(chunk)
            size += len(chunk)
    return found.hexdigest(), size


def _send(url: str, fields: Mapping[str, str], file: Path) -> str:
    """Post the form with the file to S3: the version that it became there. The key is never sent there."""
    try:
        with file.open("rb") as content:
            answer = httpx2.post(url, data=dict(fields), files={"file": (file.name, content)}, timeout=_UPLOAD)
    except httpx2.TransportError as failed:
        raise Unreachable(
            f"S3 did not take {file.name} ({str(failed) or type(failed).__name__}); send it again"
        ) from failed
    if not answer.is_success:
        raise Unreachable(f"S3 did not take {file.name} (HTTP {answer.status_code}): {answer.text[:300]}")
    return answer.headers["x-amz-version-id"]
