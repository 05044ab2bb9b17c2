"""What a tenant, a source or a model may be called."""

from __future__ import annotations

import re

from medallion.errors import InvalidName

_TENANT = re.compile(r"[a-z][a-z0-9]{1,11}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_LONGEST_SOURCE = 57
_RESERVED = frozenset({"api", "operators", "shared"})
"""What the environment calls its own."""


def checked_tenant(tenant: str) -> str:
    """Return `tenant`, or raise InvalidName: 2 to 12 lower-case letters and digits, a letter first.

    The bound comes from S3: a bucket's name has 63 characters, and environment, zone, account and region need the rest.
    """
    if not _TENANT.fullmatch(tenant):
        raise InvalidName(
            f"tenant {tenant!r}: a tenant's id is 2 to 12 lower-case letters and digits, a letter first; choose another"
        )
    if tenant in _RESERVED:
        raise InvalidName(f"tenant {tenant!r}: the platform calls a part of its own so; choose another id")
    return tenant


def checked_name(kind: str, name: str) -> str:
    """Return `name`, or raise InvalidName: lower-case letters, digits and underscores, a letter first, 63 at most."""
    if not _NAME.fullmatch(name):
        raise InvalidName(
            f"{kind} {name!r}: use lower-case letters, digits and underscores, a letter first, 63 characters at most"
        )
    return name


def checked_source(name: str) -> str:
    """Return `name`, or raise InvalidName: as any name, but 57 at most.

    The bound comes from EventBridge Scheduler: a schedule's name has 64 characters, and `-window` needs the rest.
    """
    if len(checked_name("source", name)) > _LONGEST_SOURCE:
        raise InvalidName(
            f"source {name!r}: use {_LONGEST_SOURCE} characters at most: its schedules are named after it"
        )
    return name
