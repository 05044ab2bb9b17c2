"""The options that every command shares, and the way that they choose: an AWS, or the API."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.completing import complete_source, complete_tenant
from cli.direct import Direct
from cli.engines import remote
from cli.errors import BadArgument, OnlyDirect
from cli.port import Port
from cli.profiles import DEFAULT, Profile, credentials_file, read_profile
from cli.target import Target, Where, find_target, running_embedded
from medallion.layout import Environment

if TYPE_CHECKING:
    import httpx2

    from cli.remote import Access


@dataclass(frozen=True)
class Ways:
    """How each way is opened. Tests open them in memory."""

    direct: Callable[[Target, str], Port] = Direct.at
    find: Callable[[Where | None, Environment, Path], Target] = find_target
    transport: httpx2.BaseTransport | None = None


@dataclass(frozen=True)
class Options:
    """What was said before the command's name."""

    where: Where | None
    environment: Environment
    state_dir: Path
    api: str = ""
    profile: str = DEFAULT
    ways: Ways = field(default_factory=Ways)
    variables: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def target(self) -> Target:
        """The AWS that the command works with. OnlyDirect where the API is asked instead."""
        if self.by_api:
            raise OnlyDirect(
                "The API does not do this: it takes your own AWS permissions. Say --target aws before the command's "
                "name, or --target local for the embedded AWS"
            )
        return self.ways.find(self.where, self.environment, self.state_dir)

    def port(self, tenant: str) -> Port:
        """The tenant, by the way that was chosen."""
        if self.by_api:
            return remote.Remote.at(self.access(), tenant, self.ways.transport)
        if not tenant:
            raise BadArgument("Say which tenant: --tenant T, or MEDALLION_TENANT")
        return self.ways.direct(self.target(), tenant)

    @property
    def by_api(self) -> bool:
        """Whether the API is asked: where that was said; unsaid, with a key in the environment, or with one that is
        kept where no AWS is at hand that the environment names.
        """
        if self.where is not None:
            return self.where is Where.API
        if self.variables.get(KEY):
            return True
        if self.variables.get("AWS_ENDPOINT_URL") or running_embedded(self.state_dir) is not None:
            return False
        return self.kept is not None

    @property
    def kept(self) -> Profile | None:
        """The profile that is kept on this machine."""
        return read_profile(self.profile, credentials_file(self.variables))

    def access(self) -> Access:
        """The API's address and the key: from the environment, or else from the profile."""
        key = self.variables.get(KEY, "")
        if not key:
            if self.kept is None:
                raise BadArgument(
                    f"No key is at hand for the API. Set {KEY} and MEDALLION_API, or keep one: medallion login"
                )
            return remote.Access.checked(self.api or self.kept.api, self.kept.key)
        url = self.api or (self.kept.api if self.kept is not None else "")
        if not url:
            raise BadArgument("Say where the API answers: --api https://…/v1, or MEDALLION_API")
        return remote.Access.checked(url, key)


KEY = "MEDALLION_API_KEY"
"""The variable that holds a key. It is no option: it would stand in the shell's history."""


def options(context: typer.Context) -> Options:
    """The shared options of this call."""
    found: Options = context.find_root().obj
    return found


def port(context: typer.Context, tenant: str) -> Port:
    """The tenant, by the way that this call chose. It is closed when the call ends."""
    found = options(context).port(tenant)
    context.call_on_close(found.close)
    return found


Tenant = Annotated[
    str,
    typer.Option(
        "--tenant",
        "-t",
        envvar="MEDALLION_TENANT",
        default_factory=lambda: "",
        show_default=False,
        autocompletion=complete_tenant,
        help="The tenant's id. A tenant's own API key names it by itself.",
    ),
]
Source = Annotated[str, typer.Option("--source", "-s", autocompletion=complete_source, help="The source.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="At most this many.")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until the run has ended, or is held.")]
Timeout = Annotated[float, typer.Option("--timeout", min=1, help="With --wait: seconds to wait at most.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and write nothing.")]
RunId = Annotated[str, typer.Argument(metavar="RUN_ID", help="The run's id, as `medallion runs` shows it.")]
