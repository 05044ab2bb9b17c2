"""Bronze: its rows against the receipts, its texts against its row hashes, and both against the objects in Landing."""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.compute as pc
from botocore.exceptions import ClientError

from verifier.chains import Kept
from verifier.digest import Digest, row_texts
from verifier.landing import CannotRead, Reading, records
from verifier.places import Places
from verifier.report import NAMED, Report
from verifier.tables import Lake, batches, groups, rows_where

IDENTITY = ("source_file_id", "source_row", "row_hash")
_TEXT = pa.large_string()
_GONE = {"NoSuchKey", "NoSuchVersion", "404", "MethodNotAllowed"}


class Bronze:
    """The check of one source's Bronze. `identities` is what it found, by run and object."""

    def __init__(self, places: Places, lake: Lake, report: Report, source: str, receipts: Mapping[str, Kept]) -> None:
        """`receipts` is the newest of each run: Bronze is written once for a run, whichever attempt did it."""
        self._places, self._report, self._source, self._receipts = places, report, source, receipts
        self._table = lake.table(places.bronze, source)
        self.identities: dict[tuple[str, str], Digest] = defaultdict(Digest)
        self._plans: dict[str, dict[str, Any] | None] = {}

    def check(self) -> None:
        if self._table is None:
            return
        found: dict[tuple[str, str], Digest] = defaultdict(Digest)
        for batch in batches(self._table):
            for (run_id, origin), part in groups(batch, ("run_id", "source_file_id")):
                self._report.checked["bronze rows"] += part.num_rows
                self.identities[run_id, origin].add_texts(row_texts(part, IDENTITY))
                receipt = self._receipts.get(run_id)
                if receipt is None:
                    self._note_stranger(run_id, origin)
                    continue
                found[run_id, origin].add_texts(row_texts(part, self._columns(receipt)))
                self._check_hashes(receipt, origin, part)
        for receipt in self._receipts.values():
            held = {
                one["source_file_id"]: Digest.read(one["digest"])
                for one in receipt.document["contents"]["holdings"]
                if one["table"] == "bronze"
            }
            origins = {key[1] for key in found if key[0] == receipt.run_id}
            for origin in sorted({*held, *origins}):
                wanted, there = held.get(origin, Digest()), found.get((receipt.run_id, origin), Digest())
                if wanted != there:
                    self._report.problem(
                        "contents changed",
                        f"bronze of {self._source}: {origin} is not what receipt {receipt.sequence} of chain "
                        f"{receipt.chain} says: {wanted.count} records expected, {there.count} found",
                        **receipt.where,
                        table=f"bronze of {self._source}",
                        source_file_id=origin,
                        expected=str(wanted),
                        found=str(there),
                    )
            if receipt.document["kind"] == "ingest":
                self._check_landing(receipt)

    def _columns(self, receipt: Kept) -> list[str]:
        return [name for name, _ in receipt.document["contents"]["columns"].get("bronze", [])]

    def _note_stranger(self, run_id: str, origin: str) -> None:
        run = self._places.runs.get(run_id)
        if run is not None and (run["status"] in ("pending", "running", "held") or not run.get("receipt")):
            self._report.remark(f"bronze of {self._source}: run {run_id} is {run['status']} and has no receipt yet")
            return
        message = f"bronze of {self._source} holds rows of run {run_id}, which no receipt tells of"
        if not any(one.message == message for one in self._report.problems):
            self._report.problem(
                "rows without receipt", message, table=f"bronze of {self._source}", run_id=run_id, source_file_id=origin
            )

    # --- texts against hashes

    def _check_hashes(self, receipt: Kept, origin: str, part: pa.RecordBatch) -> None:
        plan = self._plan(receipt)
        if plan is None or plan["dialect"].get("format") != "csv":
            return
        headers = {column["header"]: column["name"] for column in plan["columns"]}
        texts = _pair_texts(part, headers)
        malformed, raws = part.column("malformed").to_pylist(), part.column("raw").to_pylist()
        hashes, rows = part.column("row_hash").to_pylist(), part.column("source_row").to_pylist()
        wrong = []
        for text, flaw, raw, said, row in zip(texts, malformed, raws, hashes, rows, strict=True):
            if sha256(text if flaw is None else raw or b"").hexdigest() != said:
                wrong.append(row)
        for row in wrong[:NAMED]:
            self._report.problem(
                "record altered",
                f"bronze of {self._source}: the text of row {row} of {origin} does not give its row_hash",
                **receipt.where,
                table=f"bronze of {self._source}",
                source_file_id=origin,
                source_row=row,
            )
        if len(wrong) > NAMED:
            self._report.problem(
                "record altered",
                f"bronze of {self._source}: {len(wrong) - NAMED} more rows of {origin} do not give their row_hash",
                **receipt.where,
                source_file_id=origin,
            )

    def _plan(self, receipt: Kept) -> dict[str, Any] | None:
        """The plan that was pinned to the run, if it is the one that the receipt names."""
        if receipt.run_id not in self._plans:
            self._plans[receipt.run_id] = self._read_plan(receipt)
        return self._plans[receipt.run_id]

    def _read_plan(self, receipt: Kept) -> dict[str, Any] | None:
        wanted = receipt.document.get("plan")
        if not wanted:
            return None
        key = f"runs/{receipt.run_id}/attempt={receipt.attempt}/plan.json"
        try:
            content = self._places.s3.get_object(Bucket=self._places.artifacts_bucket, Key=key)["Body"].read()
        except ClientError as refused:
            if refused.response["Error"]["Code"] not in _GONE:
                raise
            content = b""
        if sha256(content).hexdigest() != wanted:
            self._report.problem(
                "plan changed",
                f"run {receipt.run_id}: its pinned plan {key} is {'missing' if not content else 'changed'}",
                **receipt.where,
                expected=wanted,
                found=sha256(content).hexdigest() if content else "nothing",
            )
            return None
        found: dict[str, Any] = json.loads(content)
        return found

    # --- objects against Bronze

    def _check_landing(self, receipt: Kept) -> None:
        plan = self._plan(receipt)
        for one in receipt.document["objects"]:
            origin, rows_in = one["source_file_id"], one["rows_in"]
            if one.get("unreadable") or rows_in is None or plan is None:
                continue
            came = Digest()
            try:
                for batch in _texts_of(origin, self._read(origin, plan)):
                    came.add_texts(batch)
            except (CannotRead, UnicodeDecodeError, zlib.error) as reason:
                self._report.remark(f"{self._source}: {origin} was not read again: {reason}; it is verified by Bronze")
                continue
            except ClientError as refused:
                if refused.response["Error"]["Code"] not in _GONE:
                    raise
                self._report.remark(f"{self._source}: {origin} is no longer in Landing; it is verified by Bronze")
                continue
            self._report.checked["landing records"] += came.count
            if came != self.identities.get((receipt.run_id, origin), Digest()) or came.count != rows_in:
                self._name_differences(receipt, origin, plan, came.count)

    def _read(self, origin: str, plan: dict[str, Any]) -> Iterator[tuple[int, str]]:
        reading = Reading.of(plan["dialect"])
        address = urlsplit(origin)
        key, _, version = origin.partition("://")[2].partition("/")[2].rpartition("?version=")
        body = self._places.s3.get_object(Bucket=address.netloc, Key=key, VersionId=version)["Body"]
        return records(body.read, reading)

    def _name_differences(self, receipt: Kept, origin: str, plan: dict[str, Any], came: int) -> None:
        """Compare the object's records with Bronze's, one by one: an object at a time is in memory."""
        stands: dict[int, list[str]] = defaultdict(list)
        table = self._table
        if table is None:
            return
        for batch in batches(table, where=rows_where("source_file_id", origin)):
            for (run_id,), part in groups(batch, ("run_id",)):
                if run_id == receipt.run_id:
                    pairs = zip(part.column("source_row").to_pylist(), part.column("row_hash").to_pylist(), strict=True)
                    for row, row_hash in pairs:
                        stands[row].append(row_hash)
        named = 0
        there = sum(map(len, stands.values()))
        for row, row_hash in self._read(origin, plan):
            found = stands.pop(row, [])
            if found == [row_hash]:
                continue
            named += 1
            if named <= NAMED:
                kind = "dropped" if not found else "doubled" if len(found) > 1 else "altered"
                self._difference(receipt, origin, row, kind)
        for row in sorted(stands)[:NAMED]:
            self._difference(receipt, origin, row, "put in")
        self._report.problem(
            "object and Bronze differ",
            f"{self._source}: {origin} holds {came} records, Bronze {there}; "
            f"{named + len(stands)} differ, receipt {receipt.sequence} says {_rows_in(receipt, origin)}",
            **receipt.where,
            source_file_id=origin,
            expected=str(came),
            found=str(there),
        )

    def _difference(self, receipt: Kept, origin: str, row: int, kind: str) -> None:
        self._report.problem(
            f"record {kind}",
            f"bronze of {self._source}: row {row} of {origin} was {kind}, compared with the object in Landing",
            **receipt.where,
            table=f"bronze of {self._source}",
            source_file_id=origin,
            source_row=row,
        )


def _rows_in(receipt: Kept, origin: str) -> object:
    return next((one["rows_in"] for one in receipt.document["objects"] if one["source_file_id"] == origin), None)


def _texts_of(origin: str, read: Iterator[tuple[int, str]]) -> Iterator[list[bytes]]:
    """Records as the texts of Bronze's identities, so that both give one digest."""
    prefix = f"{len(origin.encode())}:{origin};"
    held: list[bytes] = []
    for number, row_hash in read:
        held.append(f"{prefix}{number};{len(row_hash)}:{row_hash};".encode())
        if len(held) == 65_536:
            yield held
            held = []
    yield held


def _pair_texts(part: pa.RecordBatch, headers: Mapping[str, str]) -> Sequence[bytes]:
    """The text that a record's row_hash is of: name and value of each that is not null, by name, with their lengths."""
    extra = part.column("extra").to_pylist() if _has_entries(part.column("extra")) else None
    if extra is not None and any(extra):
        return _slow_pair_texts(part, headers, extra)
    pieces = []
    for header in sorted(headers):
        value = part.column(headers[header]).cast(_TEXT) if headers[header] in part.schema.names else None
        if value is None:
            continue
        length = pc.binary_length(value).cast(_TEXT)
        prefix = pa.scalar(f"{len(header.encode())}:{header}", _TEXT)
        piece = pc.binary_join_element_wise(prefix, length, pa.scalar(":", _TEXT), value, pa.scalar("", _TEXT))
        pieces.append(pc.fill_null(piece, ""))
    joined = pc.binary_join_element_wise(*pieces, pa.scalar("", _TEXT))
    texts: list[bytes] = joined.cast(pa.large_binary()).to_pylist()
    return texts


def _has_entries(extra: pa.Array) -> bool:
    return bool(extra.null_count < len(extra))


def _slow_pair_texts(
    part: pa.RecordBatch, headers: Mapping[str, str], extra: Sequence[Sequence[tuple[str, str | None]] | None]
) -> list[bytes]:
    columns = {header: part.column(name).to_pylist() for header, name in headers.items() if name in part.schema.names}
    found = []
    for position, more in enumerate(extra):
        values = {header: column[position] for header, column in columns.items()} | dict(more or [])
        pairs = (
            f"{len(name.encode())}:{name}{len(value.encode())}:{value}"
            for name in sorted(values)
            if (value := values[name]) is not None
        )
        found.append("".join(pairs).encode())
    return found
