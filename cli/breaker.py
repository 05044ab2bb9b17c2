"""`medallion breaker`: whether a source is stopped because too much of it failed, and how it goes on."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.deciding import By, Reason, checked_person
from cli.engines import operations
from cli.options import Tenant, options
from cli.output import Json, moment, print_facts, print_json, print_table
from medallion.control.items import Breaker, ClosedBreaker

app = typer.Typer(
    name="breaker", help="What stops a source when too many of its records fail alike.", no_args_is_help=True
)

Source = Annotated[str, typer.Option("--source", "-s", help="The source.")]
_CLOSINGS = 20


@app.command()
def show(context: typer.Context, tenant: Tenant, source: Source, as_json: Json = False) -> None:
    """Say whether the source's breaker is open, why it opened, and who closed it before."""
    plane = options(context).target().control(tenant)
    name = plane.source(source).name
    found, closings = plane.breakers.of(name), plane.breakers.closings(name, _CLOSINGS)
    if as_json:
        print_json(
            {
                "source": name,
                "open": found is not None and found.open,
                "breaker": None if found is None else found.model_dump(mode="json"),
                "closings": [one.model_dump(mode="json") for one in closings],
            }
        )
        return
    _print(name, found)
    if closings:
        typer.echo()
        print_table(("opened (UTC)", "run", "closed (UTC)", "by", "why"), (_row(one) for one in closings))


@app.command()
def close(
    context: typer.Context, tenant: Tenant, source: Source, by: By, reason: Reason, as_json: Json = False
) -> None:
    """Close the source's breaker: the runs that wait go on, one after the other."""
    who, why = checked_person(by, reason)
    target = options(context).target()
    target.control(tenant)
    closed = operations.close_breaker(target, tenant, source, by=who, reason=why)
    if as_json:
        print_json(closed.model_dump(mode="json"))
    else:
        _print(source, closed)


def _print(source: str, found: Breaker | None) -> None:
    print_facts(
        [
            ("source", source),
            ("breaker", "open" if found is not None and found.open else "closed"),
            ("why", found and found.said),
            ("run", found and found.run_id),
            ("opened (UTC)", found and moment(found.opened_at)),
            ("closed (UTC)", found and moment(found.closed_at)),
            ("closed by", found and found.closed_by and f"{found.closed_by}: {found.reason}"),
        ]
    )


def _row(one: ClosedBreaker) -> tuple[object, ...]:
    return (moment(one.opened_at), one.run_id, moment(one.closed_at), one.closed_by, one.reason)
