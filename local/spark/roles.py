"""A job run acts in its job's role: the temporary credentials that the service would hand it, and clients with them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from local import iam
from local.seams import seam
from local.settings import SIGNING, Settings

_REGISTER = seam("services.sts", "register_session", "access_key", "session")


@dataclass(frozen=True)
class Actor:
    """Who a job run is to the embedded AWS."""

    settings: Settings
    account: str
    region: str
    access_key: str
    secret_key: str
    token: str | None

    def environment(self) -> dict[str, str]:
        """The variables by which every AWS SDK finds credentials, region and endpoint."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            **({"AWS_SESSION_TOKEN": self.token} if self.token else {}),
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ENDPOINT_URL": self.settings.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, service: str) -> Any:
        """A client that acts in the role."""
        return boto3.client(
            service,  # type: ignore[call-overload]  # the name is a variable
            endpoint_url=self.settings.endpoint,
            region_name=self.region,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            aws_session_token=self.token,
            config=Config(retries={"max_attempts": 3, "mode": "standard"}, s3={"addressing_style": "path"}),
        )


def role_arn(role: str, account: str) -> str:
    """The ARN of a role that is given by ARN or by name."""
    return role if role.startswith("arn:") else f"arn:aws:iam::{account}:role/{role}"


def refuse(role: str, service: str, settings: Settings) -> str | None:
    """Why the service ("glue.amazonaws.com") cannot act in the role; None where it can, or where IAM is not
    enforced."""
    return iam.refuse_role(role, service) if settings.enforce_iam else None


def assume(role: str, session_name: str, account: str, region: str, settings: Settings) -> Actor:
    """The service assumes the role for one run. Where IAM is not enforced, the run is the account's administrator."""
    if not settings.enforce_iam:
        return Actor(settings, account, region, account, SIGNING, None)
    name = role.rpartition("/")[2]
    actor = Actor(
        settings=settings,
        account=account,
        region=region,
        access_key=f"ASIA{secrets.token_hex(8).upper()}",
        secret_key=secrets.token_hex(20),
        token=secrets.token_hex(32),
    )
    _REGISTER.get()(
        actor.access_key,
        {
            "Arn": f"arn:aws:sts::{role.split(':')[4]}:assumed-role/{name}/{session_name}",
            "UserId": f"{name}:{session_name}",
            "SecretAccessKey": actor.secret_key,
            "SessionToken": actor.token,
        },
    )
    return actor
