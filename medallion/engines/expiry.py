"""What a table forgets: old snapshots, and files that nothing refers to. Nothing that stays loses what it refers to."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING

from pyiceberg.io import FileIO
from pyiceberg.manifest import ManifestFile
from pyiceberg.table import Table
from pyiceberg.table.update import (
    AssertRefSnapshotId,
    AssertTableUUID,
    RemoveSnapshotsUpdate,
    SetPropertiesUpdate,
)

from medallion.contracts.model import Frozen
from medallion.engines.commits import FORGOTTEN, lineage, notes_of
from medallion.engines.iceberg import Lake
from medallion.engines.mainline import conflicts
from medallion.layout import TableLayout

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

_FOLDERS = ("data", "metadata")
"""Below a table's location: all that a table writes. What readers go by stands beside them and is no litter."""
_AT_ONCE = 1000
_READERS = 8


class Litter(Frozen):
    """A file that nothing refers to."""

    key: str
    bytes: int


def outdated(table: Table, older_than: datetime, keep: Collection[int]) -> list[int]:
    """The snapshots that nobody needs: made before `older_than`, and not one of `keep`.

    What a branch or tag holds stays, every snapshot between one that stays and the newest, and the one before those,
    which is the table as it stood at `older_than`: a line is only cut at its old end.
    """
    moment = int(older_than.timestamp() * 1000)
    needed = {one.snapshot_id for one in table.snapshots() if one.timestamp_ms >= moment or one.snapshot_id in keep}
    kept = set(needed)
    told: set[str] = set()
    for one in lineage(table, table.current_snapshot()):
        # What a run noted for those after it is looked for along main's line: the newest that says it stays.
        if notes := set(notes_of(one)) - told:
            told |= notes
            needed.add(one.snapshot_id)
    for ref in table.metadata.refs.values():
        line = list(lineage(table, table.metadata.snapshot_by_id(ref.snapshot_id)))
        oldest = max((number for number, one in enumerate(line) if one.snapshot_id in needed), default=0)
        kept |= {one.snapshot_id for one in line[: oldest + 2]}
    return sorted({one.snapshot_id for one in table.snapshots()} - kept)


def expire(lake: Lake, layout: TableLayout, older_than: datetime, keep: Collection[int]) -> int:
    """Let the table forget its outdated snapshots; how many those were. Their files stay until they are removed.

    Refused and looked at again where a branch or tag moved meanwhile: none is left without its snapshot. The table
    notes that its history has an end, so that who looks for an old commit in it knows where else to look.
    """
    for attempt in conflicts():
        with attempt:
            table = lake.load(layout)
            gone = outdated(table, older_than, keep)
            if gone:
                table.catalog.commit_table(
                    table,
                    (
                        AssertTableUUID(uuid=table.metadata.table_uuid),
                        *(
                            AssertRefSnapshotId(ref=name, snapshot_id=ref.snapshot_id)
                            for name, ref in table.metadata.refs.items()
                        ),
                    ),
                    (
                        RemoveSnapshotsUpdate.model_validate({"snapshot-ids": gone}),
                        SetPropertiesUpdate(updates={FORGOTTEN: older_than.isoformat()}),
                    ),
                )
            return len(gone)
    return 0


def litter(lake: Lake, layout: TableLayout, s3: S3Client, older_than: datetime) -> list[Litter]:
    """The table's files that no snapshot, no ref and no metadata that it remembers refers to.

    Only those written before `older_than`, to the second as S3 tells: younger ones may yet be committed.
    """
    # Listed first: what is committed meanwhile is referred to by the metadata that is read after.
    listed = list(_listed(s3, layout, older_than.replace(microsecond=0)))
    if not listed:
        return []
    referred = _referred(lake.load(layout))
    return [one for one in listed if f"s3://{layout.bucket}/{one.key}" not in referred]


def remove(s3: S3Client, layout: TableLayout, found: Collection[Litter]) -> None:
    """Remove the files. The bucket keeps what was removed for as long as its noncurrent versions stay."""
    keys: list[ObjectIdentifierTypeDef] = [{"Key": one.key} for one in found]
    for start in range(0, len(keys), _AT_ONCE):
        answer = s3.delete_objects(
            Bucket=layout.bucket, Delete={"Objects": keys[start : start + _AT_ONCE], "Quiet": True}
        )
        if refused := answer.get("Errors"):
            raise PermissionError(
                f"{layout.qualified}: S3 refused to remove {len(refused)} files, the first with "
                f"{refused[0].get('Code')}: {refused[0].get('Message')}"
            )


def _listed(s3: S3Client, layout: TableLayout, older_than: datetime) -> Iterator[Litter]:
    prefix = layout.location.removeprefix(f"s3://{layout.bucket}/")
    for folder in _FOLDERS:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=layout.bucket, Prefix=f"{prefix}/{folder}/")
        for page in pages:
            for one in page.get("Contents", []):
                if one["LastModified"] < older_than:
                    yield Litter(key=one["Key"], bytes=one["Size"])


def _referred(table: Table) -> set[str]:
    metadata = table.metadata
    found = {table.metadata_location, *(entry.metadata_file for entry in metadata.metadata_log)}
    found |= {one.statistics_path for one in (*metadata.statistics, *metadata.partition_statistics)}
    found |= {one.manifest_list for one in metadata.snapshots}
    with ThreadPoolExecutor(_READERS) as pool:
        manifests: dict[str, ManifestFile] = {}
        for listed in pool.map(lambda one: one.manifests(table.io), metadata.snapshots):
            manifests |= {one.manifest_path: one for one in listed}
        for files in pool.map(lambda one: _files(table.io, one), manifests.values()):
            found |= files
    return found | set(manifests)


def _files(io: FileIO, manifest: ManifestFile) -> set[str]:
    return {entry.data_file.file_path for entry in manifest.fetch_manifest_entry(io, discard_deleted=True)}
