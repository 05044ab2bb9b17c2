"""`medallion login`, `logout` and `whoami`: a key kept on this machine, forgotten, and whose it is."""

from __future__ import annotations

import getpass
import sys

import typer

from cli.engines import remote
from cli.errors import BadArgument
from cli.options import Options, Tenant, options, port
from cli.output import Json, print_facts, print_json, progress, say
from cli.profiles import Profile, credentials_file, forget_profile, keep_profile
from medallion.control.keys import OPERATORS


def login(context: typer.Context, tenant: Tenant, as_json: Json = False) -> None:
    """Keep an API key on this machine, once it is proved. It is asked for and not shown.

    Where standard input is no terminal, its first line is the key.
    """
    chosen = options(context)
    url = remote.checked_url(chosen.api or typer.prompt("The API's address (https://…/v1)", err=True))
    key = getpass.getpass("The key: ") if sys.stdin.isatty() else sys.stdin.readline()
    access, file = remote.Access.checked(url, key), credentials_file(chosen.variables)
    if access.token.owner == OPERATORS and not tenant:
        raise BadArgument("The key is an operator's: name a tenant to prove it with, --tenant T")
    with progress("proving the key"):
        proved = remote.Remote.at(access, tenant, chosen.ways.transport)
        context.call_on_close(proved.close)
        me = proved.people.me()
    keep_profile(chosen.profile, Profile(access.url, key.strip()), file)
    if as_json:
        print_json({**me.plain(), "profile": chosen.profile, "file": str(file)})
    else:
        print_facts([("tenant", me.tenant), ("role", me.role), ("recorded as", me.name), ("profile", chosen.profile)])
        say(f"The key is kept in {file}.")


def logout(context: typer.Context) -> None:
    """Forget the key that is kept here. It goes on opening elsewhere: `medallion key revoke` ends it."""
    chosen = options(context)
    if forget_profile(chosen.profile, credentials_file(chosen.variables)):
        say(f"Profile {chosen.profile} is forgotten. Its key still opens elsewhere: medallion key revoke ends it.")
    else:
        say(f"No profile {chosen.profile} is kept here.")


def whoami(context: typer.Context, tenant: Tenant, as_json: Json = False) -> None:
    """Say as whom commands are done, by which way, for which tenant."""
    chosen = options(context)
    me = port(context, tenant).people.me()
    way = _way(chosen)
    if as_json:
        print_json({**me.plain(), **way})
    else:
        print_facts([("tenant", me.tenant), ("role", me.role), ("recorded as", me.name), *way.items()])


def _way(chosen: Options) -> dict[str, str]:
    if chosen.by_api:
        return {"target": "api", "at": chosen.access().url}
    found = chosen.target()
    return {"target": found.where, "at": found.endpoint or f"{found.layout.account}, {found.layout.region}"}
