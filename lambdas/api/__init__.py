"""The platform's API: one FastAPI app for an environment, which works for a tenant in that tenant's own role."""
