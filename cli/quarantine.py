"""`medallion quarantine`: the records that failed, each with all its errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Annotated, Any

import boto3
import typer

from cli.errors import NoSuchEntry
from cli.options import Limit, RunId, Tenant, options
from cli.output import Json, print_facts, print_json, print_table, progress, say
from cli.query import ask
from medallion.layout import TenantLayout, Zone, checked_name
from medallion.plan.quarantine import current_entries
from medallion.plan.sql import literal

app = typer.Typer(name="quarantine", help="The records that failed, each with all its errors.", no_args_is_help=True)

_SEPARATOR = "\x1f"
"""Joins what a query's cell holds several of; records of text have no such character."""
_ERROR_PARTS = ("column", "rule", "code", "message")


class State(StrEnum):
    """Where an entry stands: its run is published, not decided yet, or took it back."""

    OPEN = "open"
    PENDING = "pending"
    WITHDRAWN = "withdrawn"
    ALL = "all"


@app.command(name="ls")
def list_entries(
    context: typer.Context,
    tenant: Tenant,
    source: Annotated[
        str | None, typer.Option("--source", "-s", help="Only this source's; default: every source's.")
    ] = None,
    run_id: Annotated[str | None, typer.Option("--run", help="Only this run's.")] = None,
    code: Annotated[str | None, typer.Option(help="Only those with this error code, such as TYPE_ERROR.")] = None,
    state: Annotated[State, typer.Option(help="Only those that stand so.")] = State.OPEN,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List quarantined records: where each came from and which rules it fails."""
    target = options(context).target()
    plane = target.control(tenant)
    sources = [plane.source(source).name] if source else [one.name for one in plane.sources()]
    found: list[dict[str, Any]] = []
    with progress("Athena reads quarantine") as tell:
        for name in sources:
            tell(name)
            where = _conditions(run_id=run_id, code=code, state=state)
            found += entries(target.session, target.tenant(tenant), name, where, limit=limit + 1)
    if as_json:
        print_json(found[:limit])
        return
    print_table(
        ("source", "run", "row", "state", "codes", "first error"),
        (
            (one["source"], one["run_id"], one["source_row"], one["state"], _codes(one), _first(one))
            for one in found[:limit]
        ),
        right=("row",),
    )
    if len(found) > limit:
        say(f"Only the first {limit} are shown; --limit shows more.")
    elif not found:
        say("No record is in quarantine here.")


@app.command()
def show(
    context: typer.Context,
    run_id: RunId,
    row: Annotated[int, typer.Argument(metavar="ROW", min=1, help="The record's number in its object, from 1.")],
    tenant: Tenant,
    as_json: Json = False,
) -> None:
    """Show a quarantined record: as it was received, as it was parsed, and every rule that it fails."""
    target = options(context).target()
    source = target.control(tenant).run(run_id).subject
    with progress("Athena reads quarantine"):
        where = [*_conditions(run_id=run_id, code=None, state=State.ALL), f"source_row = {row}"]
        found = entries(target.session, target.tenant(tenant), source, where, content=True)
    if not found:
        raise NoSuchEntry(
            f"Record {row} of run {run_id} is not in quarantine of {source}. "
            f"Those that are: medallion quarantine ls --run {run_id}"
        )
    if as_json:
        print_json(found)
        return
    for one in found:
        _show(one)


def entries(
    session: boto3.Session,
    layout: TenantLayout,
    source: str,
    conditions: Sequence[str] = (),
    *,
    content: bool = False,
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """Quarantined records of a source as the conditions choose them; with `content`, what each record says."""
    columns = ["run_id", "attempt", "source_file_id", "source_row", "state", "row_hash", "attempt_count"]
    columns += ["CAST(ingestion_timestamp AS varchar) AS ingestion_timestamp", "contract_version"]
    columns += [_joined(f"transform(errors, e -> coalesce(e.{part}, ''))", f"error_{part}") for part in _ERROR_PARTS]
    if content:
        columns += ["to_hex(raw) AS raw", _joined("map_keys(record)", "record_names")]
        columns.append(_joined("transform(map_values(record), v -> coalesce(v, ''))", "record_values"))
    table = f'"{layout.database(Zone.QUARANTINE)}"."{checked_name("source", source)}"'
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    bound = "" if limit is None else f" LIMIT {limit}"
    sql = (
        f"SELECT {', '.join(columns)} FROM ({current_entries(table)}) AS entry{where} "  # noqa: S608  # names are checked, values literals
        f"ORDER BY run_id DESC, source_file_id, source_row{bound}"
    )
    answer = ask(session, layout, sql, zone=Zone.QUARANTINE)
    return [{"source": source} | _entry(one) for one in answer.records()]


def _conditions(*, run_id: str | None, code: str | None, state: State) -> list[str]:
    chosen = []
    if run_id is not None:
        chosen.append(f"run_id = {literal(run_id)}")
    if code is not None:
        chosen.append(f"contains(transform(errors, e -> e.code), {literal(code)})")
    if state is not State.ALL:
        chosen.append(f"state = {literal(state)}")
    return chosen


def _joined(array: str, name: str) -> str:
    return f"array_join({array}, chr({ord(_SEPARATOR)})) AS {name}"


def _entry(row: dict[str, Any]) -> dict[str, Any]:
    """A result's row with its errors, and its content where that was asked for, taken apart."""
    parts = [_split(row.pop(f"error_{part}")) for part in _ERROR_PARTS]
    row["errors"] = [dict(zip(_ERROR_PARTS, error, strict=True)) for error in zip(*parts, strict=True)]
    if "raw" in row:
        row["raw"] = bytes.fromhex(row["raw"] or "").decode("utf-8", "backslashreplace")
        row["record"] = dict(zip(_split(row.pop("record_names")), _split(row.pop("record_values")), strict=True))
    return row


def _split(joined: str | None) -> Iterator[str]:
    return iter(() if joined is None else joined.split(_SEPARATOR))


def _codes(entry: dict[str, Any]) -> str:
    return ", ".join(dict.fromkeys(error["code"] for error in entry["errors"]))


def _first(entry: dict[str, Any]) -> str:
    return next((error["message"] for error in entry["errors"]), "")


def _show(entry: dict[str, Any]) -> None:
    facts: Iterable[tuple[str, object]] = (
        (name.replace("_", " "), entry[name])
        for name in (
            "source",
            "source_file_id",
            "source_row",
            "state",
            "run_id",
            "attempt_count",
            "ingestion_timestamp",
            "contract_version",
            "row_hash",
            "raw",
        )
    )
    print_facts(facts)
    typer.echo()
    print_table(_ERROR_PARTS, ([error[part] for part in _ERROR_PARTS] for error in entry["errors"]))
    if entry["record"]:
        typer.echo()
        print_table(("column", "value as received"), entry["record"].items())
