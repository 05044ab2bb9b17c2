"""A tenant's CloudFormation stacks: which there are, what they own, and their deletion."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from medallion.errors import NotClosable
from medallion.steps.platform import Platform

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

FOUNDATION, PIPELINE, ANALYTICS = "foundation", "pipeline", "analytics"
_PAUSE = 1.0
_PATIENCE = 1800.0
"""Seconds that a stack's deletion may take."""


def known_stacks(platform: Platform) -> list[str]:
    """The names of the stacks that a deployment makes, in the order in which they can go."""
    return [platform.layout.stack(one) for one in (PIPELINE, ANALYTICS, FOUNDATION)]


def stacks_of(platform: Platform) -> list[str]:
    """Every stack that carries the tenant's name and is there."""
    pages = _client(platform).get_paginator("describe_stacks").paginate()
    found = (one for page in pages for one in page["Stacks"] if one["StackStatus"] != "DELETE_COMPLETE")
    return sorted(one["StackName"] for one in found if one["StackName"].startswith(f"{platform.layout.prefix}-"))


def owned(platform: Platform) -> frozenset[str]:
    """The physical ids of what the tenant's own stacks hold."""
    there = stacks_of(platform)
    client, found = _client(platform), set[str]()
    for stack in filter(there.__contains__, known_stacks(platform)):
        for page in client.get_paginator("list_stack_resources").paginate(StackName=stack):
            held = (one for one in page["StackResourceSummaries"] if one["ResourceStatus"] != "DELETE_COMPLETE")
            found.update(one["PhysicalResourceId"] for one in held if "PhysicalResourceId" in one)
    return frozenset(found)


def delete(platform: Platform, names: Sequence[str]) -> None:
    """Delete the stacks, one after the other, and wait for it; one that is gone is left alone.

    What their templates say is to be retained stays. NotClosable, with CloudFormation's reason, where one cannot go.
    """
    client = _client(platform)
    for name in names:
        if name not in stacks_of(platform):
            continue
        # The protection is against accidents; this is asked for, typed out, and in prod approved by a second person.
        client.update_termination_protection(StackName=name, EnableTerminationProtection=False)
        client.delete_stack(StackName=name)
        _wait(client, name)


def _wait(client: CloudFormationClient, name: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        try:
            stack = client.describe_stacks(StackName=name)["Stacks"][0]
        except client.exceptions.ClientError as gone:
            if gone.response["Error"]["Code"] == "ValidationError":
                return
            raise
        if stack["StackStatus"] == "DELETE_COMPLETE":
            return
        if stack["StackStatus"] == "DELETE_FAILED":
            raise NotClosable(
                f"CloudFormation could not delete {name}: {stack.get('StackStatusReason', '')} See to it, then say the "
                "same again: it goes on here"
            )
        time.sleep(_PAUSE)
    raise NotClosable(f"{name} is still being deleted after {_PATIENCE / 60:.0f} minutes: say the same again later")


def _client(platform: Platform) -> CloudFormationClient:
    return platform.session.client("cloudformation")
