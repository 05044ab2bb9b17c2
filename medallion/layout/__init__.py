"""The only place where a bucket, key, table or resource name is formed.

The stacks name resources with it, the Lambdas and the command find them with it. Account and region may be CDK tokens:
every name is formed by plain string formatting.
"""

from medallion.layout.checks import checked_name, checked_source, checked_tenant
from medallion.layout.environment import API_STAGE, EnvironmentLayout
from medallion.layout.identities import execution, source_file_id
from medallion.layout.parts import SHARED_STACKS, TABLE_ZONES, TENANT_STACKS, Api, Environment, Job, Machine, Task, Zone
from medallion.layout.tables import CURRENT, TableLayout, beside, branch, run_of
from medallion.layout.tenant import TenantLayout

__all__ = [
    "API_STAGE",
    "CURRENT",
    "SHARED_STACKS",
    "TABLE_ZONES",
    "TENANT_STACKS",
    "Api",
    "Environment",
    "EnvironmentLayout",
    "Job",
    "Machine",
    "TableLayout",
    "Task",
    "TenantLayout",
    "Zone",
    "beside",
    "branch",
    "checked_name",
    "checked_source",
    "checked_tenant",
    "execution",
    "run_of",
    "source_file_id",
]
