"""What a statement says that is checked by its text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from medallion.layout import Zone
from tests.least_privilege.statements import LAYOUT

Conditions = Mapping[str, Mapping[str, str | list[str]]]

KEY = "encryption at rest is a label on the embedded AWS: no bytes are encrypted, so no key is asked for"


@dataclass(frozen=True)
class Unjudged:
    """What a statement must say, to the letter, since nothing but its text can be checked."""

    reason: str
    actions: tuple[str, ...]
    resource: Callable[[str], object]
    """By the ARN of the tenant's key."""
    conditions: Conditions = field(default_factory=dict)

    def statement(self, sid: str, key_arn: str) -> dict[str, Any]:
        action = list(self.actions) if len(self.actions) > 1 else self.actions[0]
        said: dict[str, Any] = {"Sid": sid, "Effect": "Allow", "Action": action, "Resource": self.resource(key_arn)}
        return {**said, "Condition": self.conditions} if self.conditions else said


def key_by_way_of(*services: str) -> Unjudged:
    via = [f"{service}.{LAYOUT.region}.amazonaws.com" for service in services]
    return Unjudged(
        KEY,
        ("kms:Decrypt", "kms:GenerateDataKey"),
        lambda key_arn: key_arn,
        {"StringEquals": {"kms:ViaService": via}},
    )


def bucket(zone: Zone) -> str:
    return f"arn:aws:s3:::mdl-dev-trial-{zone}-{LAYOUT.account}-{LAYOUT.region}"


def tables(zone: Zone) -> list[str]:
    """The zone's tables in the catalogue, and what they stand in."""
    within = f"arn:aws:glue:{LAYOUT.region}:{LAYOUT.account}"
    return [f"{within}:catalog", f"{within}:database/dev_trial_{zone}", f"{within}:table/dev_trial_{zone}/*"]
