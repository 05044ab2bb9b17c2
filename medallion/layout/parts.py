"""What a deployment is made of: zones, stacks, functions, jobs and state machines, each by what it is called."""

from __future__ import annotations

from enum import StrEnum


class Environment(StrEnum):
    """Where a deployment stands: a setting, never a fork in code."""

    DEV = "dev"
    STAGING = "staging"
    PROD = "prod"


class Zone(StrEnum):
    """A tenant's buckets. Bronze, silver, gold and quarantine are Glue databases as well."""

    LANDING = "landing"
    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"
    QUARANTINE = "quarantine"
    ARTIFACTS = "artifacts"
    LEDGER = "ledger"
    LOGS = "logs"


TABLE_ZONES = (Zone.BRONZE, Zone.SILVER, Zone.GOLD, Zone.QUARANTINE)
"""The zones that hold Iceberg tables, each with a Glue database."""


SHARED_STACKS = ("shared", "api")
"""What the stacks of all tenants are called."""
TENANT_STACKS = ("foundation", "pipeline", "analytics")
"""What a tenant's stacks are called, in the order in which they are deployed."""


class Task(StrEnum):
    """The Lambda functions of a tenant, one folder each under lambdas/."""

    SEED = "seed"
    TRIGGER = "trigger"
    SWEEP = "sweep"
    ACQUIRE = "acquire"
    REFINE = "refine"
    GATE = "gate"
    HOLD = "hold"
    PROMOTE = "promote"
    SETTLE = "settle"
    FAIL = "fail"
    COALESCE = "coalesce"
    BUILD = "build"
    HOUSEKEEP = "housekeep"
    OPERATE = "operate"


class Api(StrEnum):
    """The Lambda functions of an environment's API, one folder each under lambdas/."""

    API = "api"
    AUTHORIZE = "authorize"


class Job(StrEnum):
    """The Spark jobs of a tenant's large lanes, one file each under glue_jobs/."""

    REFINE = "refine"
    MODEL = "model"
    MAINTAIN = "maintain"


class Machine(StrEnum):
    """The state machines of a tenant, one file each under state_machines/."""

    INGEST = "ingest"
    MODEL = "model"
