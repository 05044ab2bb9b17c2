"""Permissions as data: each is one IAM statement with a Sid, so that a policy can be read, diffed and tested by name.

A capability is a function that returns permissions, written once. No action carries a wildcard. Where a resource does,
the permission says why.
"""

from stacks.permissions.capabilities import Capabilities
from stacks.permissions.permission import (
    EXECUTIONS_AT_RUN_TIME,
    KEYS_AT_RUN_TIME,
    NO_RESOURCE_LEVEL,
    SCHEDULES_AT_RUN_TIME,
    STREAMS_AT_RUN_TIME,
    TABLES_AT_RUN_TIME,
    TENANTS_AT_RUN_TIME,
    Conditions,
    Permission,
    Permissions,
)
from stacks.permissions.services import DELIVER_LOGS, LOG_GATEWAY, SAMPLE_TRACES, TRACE, read_files

__all__ = [
    "DELIVER_LOGS",
    "EXECUTIONS_AT_RUN_TIME",
    "KEYS_AT_RUN_TIME",
    "LOG_GATEWAY",
    "NO_RESOURCE_LEVEL",
    "SAMPLE_TRACES",
    "SCHEDULES_AT_RUN_TIME",
    "STREAMS_AT_RUN_TIME",
    "TABLES_AT_RUN_TIME",
    "TENANTS_AT_RUN_TIME",
    "TRACE",
    "Capabilities",
    "Conditions",
    "Permission",
    "Permissions",
    "read_files",
]
