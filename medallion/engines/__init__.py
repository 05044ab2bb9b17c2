"""Execute a compiled plan and commit to Iceberg."""
