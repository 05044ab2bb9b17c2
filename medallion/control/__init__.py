"""The control table: the truth about tenants, sources, contracts, models, objects, runs and leases."""
