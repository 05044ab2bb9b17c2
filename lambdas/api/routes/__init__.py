"""One module for each kind of thing that the API tells of: parse the request, call one function, answer."""

from lambdas.api.routes import (
    approvals,
    audit,
    backfills,
    breaker,
    health,
    keys,
    ledger,
    operations,
    quarantine,
    queries,
    rollbacks,
    runs,
    tables,
    tenants,
    uploads,
    usage,
)

ROUTERS = (
    health.routes,
    tenants.routes,
    uploads.routes,
    runs.routes,
    approvals.routes,
    quarantine.routes,
    backfills.routes,
    breaker.routes,
    rollbacks.routes,
    tables.routes,
    queries.routes,
    ledger.routes,
    usage.routes,
    operations.routes,
    keys.routes,
    audit.routes,
)
"""In the order in which the documentation tells of them."""
