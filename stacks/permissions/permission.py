"""A permission, and the reasons for which a resource carries a wildcard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from aws_cdk import aws_iam as iam

Conditions = Mapping[str, Mapping[str, str | list[str]]]

NO_RESOURCE_LEVEL = "the service knows no resource for these actions"
KEYS_AT_RUN_TIME = "keys are formed at run time, below the one bucket or prefix that is named"
TABLES_AT_RUN_TIME = "tables are data (sources and models), below the one database that is named"
STREAMS_AT_RUN_TIME = "Lambda names the log streams of the one log group"
EXECUTIONS_AT_RUN_TIME = "executions are named by run, below the one state machine"
TENANTS_AT_RUN_TIME = "tenants come and go without a change to what they share; each one's role names who may take it"
SCHEDULES_AT_RUN_TIME = "schedules are data (one a source), below the tenant's one group"


@dataclass(frozen=True)
class Permission:
    """One statement that allows `actions` on `resources`; `because` is the reason for a wildcard in a resource."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Conditions = field(default_factory=dict)
    because: str = ""

    @property
    def statement(self) -> iam.PolicyStatement:
        return iam.PolicyStatement(
            sid=self.sid, actions=list(self.actions), resources=list(self.resources), conditions=dict(self.conditions)
        )

    @property
    def wildcards(self) -> tuple[str, ...]:
        """The resources that carry a wildcard."""
        return tuple(resource for resource in self.resources if "*" in resource)


Permissions = tuple[Permission, ...]
