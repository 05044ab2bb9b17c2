"""The items of the control table.

Each knows its key; a tenant's items all stand under keys that begin with the tenant. All are named here, so that
whoever goes through the kinds of items meets every one.
"""

from medallion.control.items.anchors import Anchor
from medallion.control.items.base import Item, Key
from medallion.control.items.breakers import Breaker, ClosedBreaker, SeenRun
from medallion.control.items.leases import Lease, Waiter
from medallion.control.items.models import GoldModel
from medallion.control.items.objects import BatchPart, Gathering, NewestSnapshot, ObjectClaim
from medallion.control.items.run_indexes import EndedRun, EndedRunOf, OpenRun, RunOf
from medallion.control.items.runs import INLINE, Approval, Cancellation, Run, RunKind, RunStatus
from medallion.control.items.sources import ContractVersion, Pause, Source
from medallion.control.items.tenants import Tenant

__all__ = [
    "INLINE",
    "Anchor",
    "Approval",
    "BatchPart",
    "Breaker",
    "Cancellation",
    "ClosedBreaker",
    "ContractVersion",
    "EndedRun",
    "EndedRunOf",
    "Gathering",
    "GoldModel",
    "Item",
    "Key",
    "Lease",
    "NewestSnapshot",
    "ObjectClaim",
    "OpenRun",
    "Pause",
    "Run",
    "RunKind",
    "RunOf",
    "RunStatus",
    "SeenRun",
    "Source",
    "Tenant",
    "Waiter",
]
