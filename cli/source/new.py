"""`medallion source new`: the draft of a contract, from a file as the source sends it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.engines import operations
from cli.errors import BadArgument
from cli.folders import DEFAULT, Folder, contract_file, tenant_folder
from cli.options import Tenant
from cli.output import Json, print_facts, print_json, print_table, progress, say
from medallion.contracts.model import Load
from medallion.layout import checked_source, checked_tenant

if TYPE_CHECKING:
    from medallion.contracts.model import Column
    from medallion.steps.draft import Draft

Source = Annotated[str, typer.Argument(metavar="SOURCE", help="The source's name: lower-case letters, digits and _.")]


def new(
    source: Source,
    tenant: Tenant,
    sample: Annotated[
        Path,
        typer.Option("--from", exists=True, dir_okay=False, readable=True, help="A file: CSV, JSON lines or Parquet."),
    ],
    key: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="A column of the key; repeatable. Default: found.")
    ] = None,
    load: Annotated[Load, typer.Option(help="What a file says of the source.")] = Load.APPEND,
    order_by: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="With --load upsert: which version of a key is the later.")
    ] = None,
    has_header: Annotated[
        bool, typer.Option("--has-header", help="The first line holds names, as odd as it is.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Where the draft goes; default: the tenant's folder.")] = None,
    folder: Folder = DEFAULT,
    as_json: Json = False,
) -> None:
    """Draft a contract for SOURCE from a file, with what was seen beside each rule. A person reads and approves it."""
    checked_source(source)
    target = out or contract_file(tenant_folder(folder, checked_tenant(tenant)), source)
    if target.exists():
        raise BadArgument(f"{target} is there already, and is not overwritten; remove it, or say --out")
    with progress(f"reading {sample.name}"):
        drafted = operations.draft_contract(
            sample, tenant, source, key=key or (), load=load, order_by=order_by, header_is_sure=has_header
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(drafted.text, encoding="utf-8")
    if as_json:
        print_json(_document(target, drafted))
    else:
        _show(target, drafted, tenant, source)


def _document(target: Path, drafted: Draft) -> dict[str, Any]:
    profile, contract = drafted.profile, drafted.contract
    return {
        "contract": str(target),
        "records": profile.records,
        "malformed": profile.malformed,
        "valid": drafted.valid,
        "seen": profile.seen,
        "key": contract.key,
        "load": contract.load,
        "columns": [
            {"name": one.name, "header": one.header, "type": one.type.kind, "required": one.required, "rules": rules}
            for one, rules in ((one, _rules(one)) for one in contract.columns)
        ],
    }


def _show(target: Path, drafted: Draft, tenant: str, source: str) -> None:
    profile, contract = drafted.profile, drafted.contract
    print_table(
        ("column", "type", "required", "rules"),
        ((one.name, one.type.kind, "yes" if one.required else "", _rules(one)) for one in contract.columns),
    )
    typer.echo()
    print_facts(
        [
            ("records", profile.records),
            ("that the draft takes", drafted.valid),
            ("malformed", profile.malformed or ""),
            ("key", ", ".join(contract.key) or "none: name one with --key if a record has one"),
            *(("seen", sentence) for sentence in profile.seen),
            ("draft", target),
        ]
    )
    say("Read the draft: what each column means, and where the source is wider than this sample. Then make it live:")
    say(f"medallion source add {source} --tenant {tenant}")


def _rules(column: Column) -> str:
    return ", ".join(rule.kind.replace("_", " ") for rule in column.rules)
