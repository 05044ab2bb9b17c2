"""Findings of the security checks that are meant: acknowledged one by one, with a reason, beside their construct."""

from __future__ import annotations

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def acknowledge(construct: IConstruct, finding: str, reason: str) -> None:
    """Accept the one `finding` ("AwsSolutions-S1") on `construct`, for `reason`."""
    Validations.of(construct).acknowledge(Acknowledgment(id=finding, reason=reason))
