"""`medallion breaker`: whether a source is stopped because too much of it failed, and how it goes on."""

from __future__ import annotations

import typer

from cli.deciding import By, Reason, said
from cli.documents.quarantine import Breaker, Opening
from cli.options import Source, Tenant, port
from cli.output import Json, moment, print_facts, print_json, print_table

app = typer.Typer(
    name="breaker", help="What stops a source when too many of its records fail alike.", no_args_is_help=True
)


@app.command()
def show(context: typer.Context, tenant: Tenant, source: Source, as_json: Json = False) -> None:
    """Say whether the source's breaker is open, why it opened, and who closed it before."""
    _print(port(context, tenant).quarantine.breaker(source), as_json=as_json)


@app.command()
def close(
    context: typer.Context, tenant: Tenant, source: Source, by: By, reason: Reason, as_json: Json = False
) -> None:
    """Close the source's breaker: the runs that wait go on, one after the other."""
    chosen, words = port(context, tenant), said(by, reason)
    _print(chosen.quarantine.close_breaker(source, words), as_json=as_json)


def _print(breaker: Breaker, *, as_json: bool) -> None:
    if as_json:
        print_json(breaker.plain())
        return
    last = breaker.last
    print_facts(
        [
            ("source", breaker.source),
            ("breaker", "open" if breaker.open else "closed"),
            ("why", last and f"{last.failures} of {last.rows} records failed with {last.code}"),
            ("run", last and last.run_id),
            ("opened (UTC)", last and moment(last.opened_at)),
            ("closed (UTC)", last and moment(last.closed_at)),
            ("closed by", last and last.closed_by and f"{last.closed_by}: {last.reason}"),
        ]
    )
    if breaker.closings:
        typer.echo()
        columns = ("opened (UTC)", "run", "closed (UTC)", "by", "why")
        print_table(columns, map(_row, breaker.closings), whole=("run",))


def _row(one: Opening) -> tuple[object, ...]:
    return (moment(one.opened_at), one.run_id, moment(one.closed_at), one.closed_by, one.reason)
