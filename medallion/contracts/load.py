"""A contract's file or text → the normalised Contract, or one error that lists everything wrong with it."""

from __future__ import annotations

import re
from pathlib import Path

from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject, Team

from medallion.contracts.columns import ColumnReader, Columns
from medallion.contracts.dialects import check_paths, read_dialect
from medallion.contracts.document import read_document
from medallion.contracts.findings import STANDARD, Findings
from medallion.contracts.model import Batch, Contract, Guard, Load, Trigger
from medallion.contracts.quality import QualityReader
from medallion.contracts.settings import CustomProperties, SourceSettings
from medallion.errors import InvalidContract, InvalidName
from medallion.layout import checked_source

API_VERSION = "v3.1.0"
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")


def load_contract(path: Path) -> Contract:
    """The contract in the file; InvalidContract lists every finding."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise InvalidContract(f"{path}: there is no such file; name a contract that exists") from error
    except UnicodeDecodeError as error:
        raise InvalidContract(f"{path}: the file is not UTF-8; save it as UTF-8") from error
    return parse_contract(text, str(path))


def parse_contract(text: str, where: str) -> Contract:
    """The contract in `text`; `where` is what people know it by. InvalidContract lists every finding."""
    findings = Findings(where)
    document = read_document(text, findings)
    contract = _normalised(document, findings) if document else None
    if findings or contract is None:
        raise findings.error()
    return contract


def _normalised(document: OpenDataContractStandard, findings: Findings) -> Contract | None:
    if document.apiVersion and document.apiVersion != API_VERSION:
        findings.add("apiVersion", f"{document.apiVersion} is another version of the standard", f"write {API_VERSION}")
    if document.version and not _VERSION.fullmatch(document.version):
        findings.add("version", f"{document.version!r} has not three numbers", 'write it as in version: "1.0.0"')
    if not document.schema_ or len(document.schema_) != 1:
        findings.add("schema", f"has {len(document.schema_ or ())} objects", "describe exactly one: the source")
        return None
    source = document.schema_[0]
    _check_source(source, findings)
    settings = CustomProperties(findings).read(
        SourceSettings, ("", document.customProperties), ("schema[0].", source.customProperties)
    )
    quality = QualityReader(findings, {one.name or "" for one in source.properties or ()})
    columns = ColumnReader(findings, quality).read(source.properties or ())
    quality.read(source.quality, "schema[0]", None)
    quality.check_rounding({column.name for column in columns.columns if column.type.kind == "double"})
    dialect = read_dialect(settings, findings)
    if dialect is not None:
        check_paths(dialect, columns.columns, findings)
    _check_load(settings, columns, findings)
    batch = _batch(settings, findings)
    if findings or dialect is None:
        return None
    about = document.description
    return Contract(
        id=document.id or "",
        version=document.version or "",
        source=source.name or "",
        description=source.description or (about and (about.purpose or about.usage)) or "",
        owner=_owner(document),
        dialect=dialect,
        columns=columns.columns,
        key=columns.key,
        checks=tuple(quality.checks),
        duplicates=settings.duplicates,
        load=settings.load,
        order_by=settings.order_by,
        max_attempts=settings.max_attempts,
        trigger=settings.trigger,
        batch=batch,
        guard=Guard(**{name: getattr(settings, name) for name in Guard.model_fields}),
        lane=settings.lane,
        approval=settings.approval,
    )


def _owner(document: OpenDataContractStandard) -> str:
    """The team that the contract names, or the member of it whose role is owner; empty where it names neither."""
    team = document.team
    members = team if isinstance(team, list) else (team.members if team else None) or []
    if isinstance(team, Team) and team.name:
        return team.name
    owners = [one.name or one.username or "" for one in members if (one.role or "").lower() == "owner"]
    return next(filter(None, owners), "")


def _check_source(source: SchemaObject, findings: Findings) -> None:
    try:
        checked_source(source.name or "")
    except InvalidName as error:
        findings.add("schema[0].name", f"{source.name!r} cannot name a source", str(error).partition(": ")[2])
    if source.relationships:
        findings.add(
            "schema[0].relationships", "is not checked by this platform", "write it on the property that refers"
        )
    if not source.properties:
        findings.add("schema[0].properties", f"a source has columns, and the {STANDARD} lists them here", "list them")


def _check_load(settings: SourceSettings, columns: Columns, findings: Findings) -> None:
    """What replaces a record must know which one: by its key, and by a column that says which version is the later."""
    where = "customProperties"
    if settings.load is not Load.APPEND and not columns.key:
        findings.add(where, f"load {settings.load} needs a key to know a record by", "mark it with primaryKey")
    if settings.load is Load.UPSERT and settings.order_by is None:
        findings.add(where, "load upsert needs a column that orders versions", "name it in orderBy")
    if settings.load is not Load.UPSERT and settings.order_by is not None:
        findings.add(where, "orderBy orders versions, which only load upsert has", "set load to upsert, or remove it")
    if settings.order_by is not None and settings.order_by not in {column.name for column in columns.columns}:
        findings.add(where, f"orderBy names {settings.order_by}, which is no column", "name a column of the contract")


def _batch(settings: SourceSettings, findings: Findings) -> Batch:
    batch = Batch(minutes=settings.batch_minutes, bytes=settings.batch_bytes, count=settings.batch_count)
    if settings.trigger is Trigger.SCHEDULE and not batch.at_once:
        findings.add(
            "customProperties: batchMinutes, batchBytes, batchCount",
            "a source that runs by schedule makes its batches then",
            "set trigger to on_arrival, or remove them",
        )
    if settings.load is Load.SNAPSHOT and not batch.at_once:
        findings.add(
            "customProperties: batchMinutes, batchBytes, batchCount",
            "each object of load snapshot is the whole state, and a run of its own",
            "remove them",
        )
    return batch
