"""Export: everything of the tenant as plain files, each with its hash, read back before it counts.

Begun again, it writes the same files once more: the tenant is frozen, so they say the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from medallion.control.partitions import key_of
from medallion.engines.leaving import contents, rows_of, write_parts
from medallion.errors import ClosingUnsafe, NotClosable
from medallion.layout import Zone, source_file_id
from medallion.steps.closing.destination import Destination, digest_of
from medallion.steps.closing.manifest import MANIFEST, File, Manifest, hash_of
from medallion.steps.closing.state import items_of, partitions_of, state_of, tables_of, versions
from medallion.steps.closing.survey import saved_queries
from medallion.steps.closing.verification import Verification
from medallion.steps.platform import Platform

Tell = Callable[[str], None]


@dataclass
class Writer:
    """Writes files to a destination by way of a folder of this machine, and keeps the list of them."""

    to: Destination
    folder: Path
    files: list[File] = field(default_factory=list)

    def add(self, path: str, content: bytes, *, items: int = 0, of: str = "") -> None:
        local = self.folder / "content"
        local.write_bytes(content)
        self.add_file(path, local, items=items, of=of)

    def add_file(self, path: str, local: Path, *, items: int = 0, of: str = "") -> None:
        """Hand over a file of this machine, which is gone afterwards."""
        self.files.append(
            File(path=path, sha256=digest_of(local), bytes=local.stat().st_size, items=items, of=of),
        )
        self.to.put(path, local)
        local.unlink()

    def check(self) -> None:
        """Read everything back; ClosingUnsafe where something is not what was written."""
        for one in self.files:
            if self.to.hash(one.path) != one.sha256:
                raise ClosingUnsafe(f"{one.path}: what was read back is not what was written; export again")


def export(platform: Platform, to: Destination, verification: Verification, tell: Tell) -> str:
    """Write everything, check it, and write the manifest. Its hash.

    NotClosable if the ledger is not clean, or another tenant's export stands there.
    """
    if not verification.clean:
        raise NotClosable(
            f"the ledger of tenant {platform.layout.tenant} is not clean ({verification.problems} problems): what "
            "would be exported is not what the receipts say. See `medallion ledger verify`, mend it, then close again"
        )
    _refuse_another(platform, to)
    state = state_of(platform)
    with TemporaryDirectory(prefix="medallion-") as folder:
        writer = Writer(to, Path(folder))
        writer.add("verification.json", verification.document.encode())
        for part in (_tables, _objects, _receipts, _items, _texts, _queries):
            tell(f"exporting{part.__name__.replace('_', ' ')}")
            part(platform, writer)
        tell("reading the export back")
        writer.check()
        manifest = Manifest(
            environment=platform.layout.environment,
            tenant=platform.layout.tenant,
            at=platform.clock(),
            files=tuple(writer.files),
            state=state,
        )
        listed = Writer(to, Path(folder))
        listed.add(MANIFEST, manifest.content)
        listed.check()
    return hash_of(manifest.content)


def exported(to: Destination, expected: str) -> Manifest:
    """The manifest of an export; ClosingUnsafe if what stands there is another."""
    content = to.read(MANIFEST)
    if content is None or hash_of(content) != expected:
        raise ClosingUnsafe("the export's manifest is not the one that was written: reopen, and close again")
    return Manifest.model_validate_json(content)


def _refuse_another(platform: Platform, to: Destination) -> None:
    content = to.read(MANIFEST)
    if content is None:
        return
    stands = Manifest.model_validate_json(content)
    if (stands.environment, stands.tenant) != (platform.layout.environment, platform.layout.tenant):
        raise NotClosable(
            f"there stands the export of tenant {stands.tenant} of {stands.environment}: name another place"
        )


def _tables(platform: Platform, writer: Writer) -> None:
    """Each table's published rows as Parquet, with its schema as Iceberg spells it."""
    for table in tables_of(platform):
        found = contents(platform.lake, table)
        path = f"tables/{table.database.rpartition('_')[2]}/{table.name}"
        writer.add(f"{path}/schema.json", found.schema.encode(), of=table.qualified)
        rows = 0
        for part in write_parts(platform.lake, table, found.snapshot, writer.folder):
            if rows_of(part.file) != part.rows:
                raise ClosingUnsafe(f"{table.qualified}: {part.file.name} holds other rows than were written")
            rows += part.rows
            writer.add_file(f"{path}/{part.file.name}", part.file, items=part.rows, of=table.qualified)
        if rows != found.rows:
            raise ClosingUnsafe(f"{table.qualified}: {rows} rows were exported, and its snapshot says {found.rows}")


def _objects(platform: Platform, writer: Writer) -> None:
    """Every version in Landing. A key may be anything: a file is named by a digest, and the manifest says of what."""
    landing, s3 = platform.layout.bucket(Zone.LANDING), platform.s3
    for key, version, _ in versions(platform, Zone.LANDING):
        identity = source_file_id(landing, key, version)
        local = writer.folder / "object"
        with local.open("wb") as content:
            s3.download_fileobj(landing, key, content, ExtraArgs={"VersionId": version})
        writer.add_file(f"landing/{safe_name(key, identity)}", local, items=1, of=identity)


def safe_name(key: str, identity: str) -> str:
    """A file's name for an object: no two are the same, and none leaves its folder."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", PurePosixPath(key).name)[-100:]
    return f"{sha256(identity.encode()).hexdigest()[:24]}-{plain}"


def _receipts(platform: Platform, writer: Writer) -> None:
    for key, content in receipts(platform):
        writer.add(f"ledger/{key}", content, items=1)


def receipts(platform: Platform) -> Iterator[tuple[str, bytes]]:
    """Every receipt of every chain that the control table names, by its key in the ledger bucket."""
    layout, bucket = platform.layout, platform.layout.bucket(Zone.LEDGER)
    for anchor in platform.control.anchors():
        for sequence in range(1, anchor.sequence + 1):
            key = layout.receipt_key(anchor.chain, sequence)
            yield key, platform.s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def _items(platform: Platform, writer: Writer) -> None:
    for partition in partitions_of(platform):
        items = items_of(platform, partition)
        if items:
            writer.add(f"control/{file_of(partition)}", lines(items), items=len(items), of=partition)


def lines(items: list[dict[str, object]]) -> bytes:
    """Items as JSON lines, by their sort keys."""
    return b"".join(json.dumps(one, sort_keys=True).encode() + b"\n" for one in sorted(items, key=key_of))


def file_of(partition: str) -> str:
    """A partition's file: names in it are letters, digits, underscores, or what an object's key began with."""
    plain = re.sub(r"[^A-Za-z0-9_#-]", "_", partition.partition("#")[2])[:100].replace("#", ".")
    return f"{plain}-{sha256(partition.encode()).hexdigest()[:8]}.jsonl"


def _texts(platform: Platform, writer: Writer) -> None:
    """Contracts, every version, and models, as they were written."""
    control = platform.control
    for source in control.sources():
        for one in control.contracts(source.name):
            writer.add(f"contracts/{source.name}/{one.version}.odcs.yaml", one.text.encode(), items=1)
    for model in control.models():
        writer.add(f"models/{model.name}.sql", model.text.encode(), items=1)


def _queries(platform: Platform, writer: Writer) -> None:
    """What stands in the tenant's Athena workgroup."""
    for number, (name, sql) in enumerate(saved_queries(platform)):
        writer.add(f"queries/{number:03d}.sql", f"-- {name}\n{sql}\n".encode(), items=1, of=name)
