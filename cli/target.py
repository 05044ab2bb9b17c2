"""Which AWS the command speaks to: the embedded one on this machine, LocalStack, or an account."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import boto3
from localstack_client.session import Session as LocalSession

from cli.errors import BadArgument, Unreachable
from medallion.control.plane import ControlPlane
from medallion.layout import Environment, EnvironmentLayout, TenantLayout

STATE_FILE = "local.json"
"""What the embedded AWS keeps in its state folder while it runs."""
_DEFAULT_REGION = "us-east-1"
_PROJECT_MARKS = ("cdk.json", "pyproject.toml")


class Where(StrEnum):
    LOCAL = "local"
    AWS = "aws"
    API = "api"


@dataclass(frozen=True)
class Embedded:
    """A running embedded AWS, as its state file tells."""

    endpoint: str
    account: str
    region: str


@dataclass(frozen=True)
class Target:
    """An account and region, an environment in it, and a session that reaches it."""

    where: Where
    layout: EnvironmentLayout
    session: boto3.Session
    endpoint: str | None = None

    def tenant(self, tenant: str) -> TenantLayout:
        """The tenant's names; InvalidName if it cannot be one."""
        return TenantLayout.of(self.layout, tenant)

    def control(self, tenant: str) -> ControlPlane:
        """The tenant's items in the control table; UnknownTenant if the tenant does not exist here."""
        plane = ControlPlane.of(self.tenant(tenant), self.session)
        plane.tenant()
        return plane

    def variables(self) -> dict[str, str]:
        """The environment variables by which another program reaches the same AWS."""
        region = {"AWS_REGION": self.layout.region, "AWS_DEFAULT_REGION": self.layout.region}
        cdk = {"CDK_DEFAULT_ACCOUNT": self.layout.account, "CDK_DEFAULT_REGION": self.layout.region}
        if self.endpoint is None:
            return region | cdk
        keys = {"AWS_ACCESS_KEY_ID": self.layout.account, "AWS_SECRET_ACCESS_KEY": "local"}
        endpoints = {"AWS_ENDPOINT_URL": self.endpoint, "AWS_ENDPOINT_URL_S3": self.endpoint}
        return region | cdk | keys | endpoints


def find_target(
    wanted: Where | None, environment: Environment, state_dir: Path, variables: Mapping[str, str] = os.environ
) -> Target:
    """The AWS that was asked for; unasked, the embedded one where it runs, else the account that the credentials name.

    An endpoint in AWS_ENDPOINT_URL counts as local, and goes before the embedded one. Raises Unreachable where a local
    one was asked for and none runs.
    """
    found = None if wanted is Where.AWS else _local(state_dir, variables)
    if wanted is Where.AWS or (wanted is None and found is None):
        return _account(environment)
    if found is None:
        raise Unreachable(
            f"No embedded AWS runs (none is recorded in {state_dir}). Start one: medallion local up. "
            "For LocalStack set AWS_ENDPOINT_URL; for an AWS account say --target aws"
        )
    session = LocalSession(
        aws_access_key_id=found.account,
        aws_secret_access_key="local",  # noqa: S106  # a word that the embedded AWS takes from everybody
        region_name=found.region,
        localstack_host=urlsplit(found.endpoint).netloc,
    )
    layout = EnvironmentLayout(environment, found.account, found.region)
    # It offers client() and resource() as boto3's session does, and is no subclass of it.
    return Target(Where.LOCAL, layout, cast("boto3.Session", session), found.endpoint)


def running_embedded(state_dir: Path) -> Embedded | None:
    """The embedded AWS whose state folder this is, if something listens where it says."""
    try:
        settings = json.loads((state_dir / STATE_FILE).read_text(encoding="utf-8"))["settings"]
        found = Embedded(f"http://127.0.0.1:{int(settings['port'])}", str(settings["account"]), str(settings["region"]))
        with socket.create_connection(("127.0.0.1", int(settings["port"])), timeout=1):
            return found
    except (OSError, ValueError, KeyError, TypeError):
        return None


def project_root(start: Path | None = None) -> Path:
    """The nearest folder at or above `start` (here) that holds the app; BadArgument if none does."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "cdk.json").exists():
            return folder
    raise BadArgument(
        f"{here} is not in the project: no cdk.json here or above. Run the command in the project's folder"
    )


def default_state_dir(variables: Mapping[str, str] = os.environ) -> Path:
    """Where this project's embedded AWS keeps its state."""
    named = variables.get("MEDALLION_LOCAL_STATE")
    if named:
        return Path(named)
    here = Path.cwd()
    marked = (folder for folder in (here, *here.parents) if any((folder / mark).exists() for mark in _PROJECT_MARKS))
    return next(marked, here) / ".medallion"


def _local(state_dir: Path, variables: Mapping[str, str]) -> Embedded | None:
    embedded, named = running_embedded(state_dir), _named_by(variables)
    same = embedded is not None and named is not None and embedded.endpoint == named.endpoint
    return embedded if same else named or embedded


def _named_by(variables: Mapping[str, str]) -> Embedded | None:
    """The AWS-like endpoint that the environment names: LocalStack, or an embedded AWS of another project."""
    endpoint = variables.get("AWS_ENDPOINT_URL")
    if not endpoint:
        return None
    key = variables.get("AWS_ACCESS_KEY_ID", "")
    account = key if len(key) == 12 and key.isdigit() else "000000000000"
    region = variables.get("AWS_REGION") or variables.get("AWS_DEFAULT_REGION") or _DEFAULT_REGION
    return Embedded(endpoint.rstrip("/"), account, region)


def _account(environment: Environment) -> Target:
    session = boto3.Session()
    if session.region_name is None:
        raise Unreachable(
            "No AWS region is set. Set AWS_REGION or a profile with a region; for the embedded AWS: medallion local up"
        )
    account = session.client("sts").get_caller_identity()["Account"]
    return Target(Where.AWS, EnvironmentLayout(environment, account, session.region_name), session)
