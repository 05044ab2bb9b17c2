"""One module for each kind of thing that the API tells of: parse the request, call one function, answer."""

from lambdas.api.routes import audit, contracts, health, keys, models, schedules, sources, tenants

ROUTERS = (
    health.routes,
    tenants.routes,
    keys.routes,
    audit.routes,
    sources.routes,
    contracts.routes,
    schedules.routes,
    models.routes,
)
"""In the order in which the documentation tells of them."""
