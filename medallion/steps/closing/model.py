"""What a closing speaks of: what a tenant has, what is left over, what is kept and until when."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from medallion.contracts.model import Frozen


class Kind(StrEnum):
    """What AWS can hold of a tenant."""

    STACK = "stack"
    BUCKET = "bucket"
    DATABASE = "database"
    TABLE = "table"
    FUNCTION = "function"
    MACHINE = "state machine"
    JOB = "Glue job"
    RULE = "event rule"
    SCHEDULE_GROUP = "schedule group"
    SCHEDULE = "schedule"
    LOG_GROUP = "log group"
    QUEUE = "queue"
    TOPIC = "topic"
    ALARM = "alarm"
    WORKGROUP = "workgroup"
    QUERY = "named query"
    ROLE = "role"
    ALIAS = "key alias"
    SECURITY = "security configuration"
    APPLICATION = "EMR application"
    PARAMETER = "parameter"
    USAGE_KEY = "usage key"
    TAGGED = "tagged resource"
    ITEMS = "control items"


class Found(Frozen):
    """One thing of the tenant's, by the name that AWS calls it by; what it holds (versions, items) in how many bytes.

    `at` is where it stands or what it refers to: a table's location, an alias's key.
    """

    kind: Kind
    name: str
    items: int = 0
    bytes: int = 0
    at: str = ""


class Leftover(Frozen):
    """Something that a person must see to before the tenant can be closed: what and where it is, and what to do."""

    what: str
    where: str
    remedy: str


class Kept(Frozen):
    """What stays when the tenant is gone, where, why, and until when (None: for ever). `items` is how many, or 0 where
    that is not known yet.
    """

    what: str
    where: str
    why: str
    until: datetime | None = None
    items: int = 0
    bytes: int = 0


class Survey(Frozen):
    """What AWS says: what carries the tenant's name or tag, and what its stacks know by physical id."""

    found: tuple[Found, ...]
    tagged: tuple[str, ...]
    owned: frozenset[str]

    def of(self, *kinds: Kind) -> list[Found]:
        return [one for one in self.found if one.kind in kinds]


class Order(Frozen):
    """Who asks that a tenant be closed, why, and where its export goes. With `abandon_open`, open entries of quarantine
    are given up. Who goes on with a closing may leave out `export`.
    """

    by: str
    reason: str
    export: str = ""
    abandon_open: bool = False


class Plan(Frozen):
    """What a closing would remove and what it would keep. With a leftover it does nothing."""

    tenant: str
    environment: str
    belongings: tuple[Found, ...]
    retained: tuple[Kept, ...]
    leftovers: tuple[Leftover, ...]
