"""`medallion key`: who may ask the API for what. A key's text is told once, as it is made."""

from __future__ import annotations

from typing import Annotated, Protocol

import typer

from cli.direct.operators import operators_keys
from cli.documents.people import KeyDocument, NewKey
from cli.errors import BadArgument
from cli.options import Tenant, options, port
from cli.output import Json, moment, print_facts, print_json, print_table, say
from medallion.control.keys import Role

app = typer.Typer(name="key", help="Keys of the API: made, listed, replaced and ended.", no_args_is_help=True)

Operators = Annotated[
    bool, typer.Option("--operators", help="The keys of those who operate the environment; only directly.")
]
KeyId = Annotated[str, typer.Argument(metavar="KEY_ID", help="The key's id: the middle of its text.")]


class _Keys(Protocol):
    """The keys of one owner."""

    def keys(self) -> list[KeyDocument]: ...

    def new_key(self, name: str, role: Role, days: int | None, holder: str) -> NewKey: ...

    def rotate_key(self, key_id: str, overlap_hours: int) -> NewKey: ...

    def revoke_key(self, key_id: str) -> KeyDocument: ...


@app.command()
def new(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for; it stands in the audit trail.")],
    tenant: Tenant,
    holder: Annotated[
        str,
        typer.Option(
            "--for",
            metavar="WHO",
            show_default=False,
            help="The person or program that it is for: all its keys count as one person. Unsaid, NAME.",
        ),
    ] = "",
    operators: Operators = False,
    role: Annotated[Role | None, typer.Option(help="What it may do: viewer, steward or engineer.")] = None,
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="How long it opens; default: for good.")] = None,
    as_json: Json = False,
) -> None:
    """Make a key. Its text is told this once; what is kept is its hash."""
    if operators and role not in (None, Role.OPERATOR):
        raise BadArgument("An operators' key has the role operator: leave --role out")
    if not operators and role in (None, Role.OPERATOR):
        raise BadArgument("Say what the key may do: --role viewer, steward or engineer. An operator's: --operators")
    _tell(_owner(context, tenant, operators).new_key(name, role or Role.OPERATOR, days, holder), as_json=as_json)


@app.command(name="ls")
def list_keys(context: typer.Context, tenant: Tenant, operators: Operators = False, as_json: Json = False) -> None:
    """List the keys, ended ones too."""
    found = _owner(context, tenant, operators).keys()
    if as_json:
        print_json([one.plain() for one in found])
        return
    print_table(
        ("key", "name", "for", "role", "made (UTC)", "by", "ends (UTC)"),
        (
            (one.key_id, one.name, one.holder, one.role, moment(one.created_at), one.created_by, _ends(one))
            for one in found
        ),
        whole=("key",),
        spare=("by", "made (UTC)", "for"),
    )
    if not found:
        say("There is no key yet. Make one: medallion key new NAME --role viewer --tenant …")


@app.command()
def rotate(
    context: typer.Context,
    key_id: KeyId,
    tenant: Tenant,
    operators: Operators = False,
    overlap_hours: Annotated[
        int, typer.Option("--overlap-hours", min=0, max=720, help="How long the old key opens beside the new one.")
    ] = 24,
    as_json: Json = False,
) -> None:
    """Make a key that takes this one's place, which opens beside it for a while."""
    _tell(_owner(context, tenant, operators).rotate_key(key_id, overlap_hours), as_json=as_json)


@app.command()
def revoke(
    context: typer.Context, key_id: KeyId, tenant: Tenant, operators: Operators = False, as_json: Json = False
) -> None:
    """End a key: it opens nothing from the next request on."""
    ended = _owner(context, tenant, operators).revoke_key(key_id)
    if as_json:
        print_json(ended.plain())
    else:
        print_facts([("key", ended.key_id), ("name", ended.name), ("revoked (UTC)", moment(ended.revoked_at))])


def _owner(context: typer.Context, tenant: str, operators: bool) -> _Keys:
    if not operators:
        return port(context, tenant).people
    if tenant and "tenant" in _said(context):
        raise BadArgument("Operators' keys are of no tenant: say --tenant or --operators")
    return operators_keys(options(context).target())


def _said(context: typer.Context) -> set[str]:
    """The parameters that stand on the command line itself."""
    return {name for name in context.params if getattr(context.get_parameter_source(name), "name", "") == "COMMANDLINE"}


def _tell(made: NewKey, *, as_json: bool) -> None:
    if as_json:
        print_json(made.plain())
        return
    say(f"Key {made.key_id} ({made.name}, {made.role}). It is told this once:")
    typer.echo(made.key)


def _ends(key: KeyDocument) -> str:
    if key.revoked_at is not None:
        return f"revoked {moment(key.revoked_at)}"
    return moment(key.valid_until)
