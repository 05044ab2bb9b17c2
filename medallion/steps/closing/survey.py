"""What a tenant has, by asking AWS itself: everything that carries its name or its tag, whoever made it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from medallion.layout import Zone
from medallion.steps.closing.model import Found, Kind, Survey
from medallion.steps.closing.stacks import owned, stacks_of
from medallion.steps.platform import Platform


def survey(platform: Platform) -> Survey:
    """Ask every service that can hold something of the tenant, in this region."""
    stores, services = (_stacks, _buckets, _catalogue), (_compute, applications, _schedules, _logs, _messages)
    parts = (*stores, *services, _queries, _identities, _parameters)
    found = tuple(one for part in parts for one in part(platform))
    return Survey(found=found, tagged=tuple(_tagged(platform)), owned=owned(platform))


def buckets(platform: Platform) -> Iterator[str]:
    """The names of the tenant's buckets in this region."""
    layout, s3 = platform.layout, platform.s3
    for bucket in s3.list_buckets()["Buckets"]:
        name = bucket["Name"]
        if not name.startswith(layout.bucket_prefix):
            continue
        # Of a bucket in us-east-1 there is no constraint.
        region: str | None = s3.get_bucket_location(Bucket=name).get("LocationConstraint")
        if (region or "us-east-1") == layout.region:
            yield name


def landing_names(platform: Platform) -> list[str]:
    """The first parts of what lies in Landing: the names of sources, known or not. None where Landing is gone."""
    landing = platform.layout.bucket(Zone.LANDING)
    if landing not in buckets(platform):
        return []
    pages = platform.s3.get_paginator("list_object_versions").paginate(Bucket=landing, Delimiter="/")
    return [one["Prefix"].rstrip("/") for page in pages for one in page.get("CommonPrefixes", [])]


def workgroups(platform: Platform) -> Iterator[Found]:
    listed = _listed(platform, "athena", "list_work_groups", "WorkGroups")
    return _own(platform, Kind.WORKGROUP, ((one["Name"], "") for one in listed))


def applications(platform: Platform) -> Iterator[Found]:
    """The tenant's EMR applications, by their ids."""
    for one in _listed(platform, "emr-serverless", "list_applications", "applications"):
        if one.get("name") == platform.layout.emr_application and one["state"] != "TERMINATED":
            yield Found(kind=Kind.APPLICATION, name=one["id"], at=one["arn"])


def saved_queries(platform: Platform) -> list[tuple[str, str]]:
    """Name and SQL of every query in the tenant's workgroup."""
    athena = platform.session.client("athena")
    ids = [one.name for one in _queries(platform) if one.kind is Kind.QUERY]
    found = [athena.get_named_query(NamedQueryId=one)["NamedQuery"] for one in ids]
    return sorted((one["Name"], one["QueryString"]) for one in found)


def _stacks(platform: Platform) -> Iterator[Found]:
    return (Found(kind=Kind.STACK, name=stack) for stack in stacks_of(platform))


def _buckets(platform: Platform) -> Iterator[Found]:
    """The buckets, with every version and delete marker in them."""
    for name in buckets(platform):
        items, size = 0, 0
        for page in platform.s3.get_paginator("list_object_versions").paginate(Bucket=name):
            versions = page.get("Versions", [])
            items += len(versions) + len(page.get("DeleteMarkers", []))
            size += sum(one["Size"] for one in versions)
        yield Found(kind=Kind.BUCKET, name=name, items=items, bytes=size)


def _catalogue(platform: Platform) -> Iterator[Found]:
    """The tenant's databases with their tables, and any other table that stands in a bucket of the tenant."""
    layout = platform.layout
    for database in _listed(platform, "glue", "get_databases", "DatabaseList"):
        own = database["Name"].startswith(layout.database_prefix)
        if own:
            yield Found(kind=Kind.DATABASE, name=database["Name"])
        for table in _listed(platform, "glue", "get_tables", "TableList", DatabaseName=database["Name"]):
            at = table.get("StorageDescriptor", {}).get("Location", "")
            if own or at.startswith(f"s3://{layout.bucket_prefix}"):
                yield Found(kind=Kind.TABLE, name=f"{database['Name']}.{table['Name']}", at=at)


def _compute(platform: Platform) -> Iterator[Found]:
    functions = _listed(platform, "lambda", "list_functions", "Functions")
    yield from _own(platform, Kind.FUNCTION, ((one["FunctionName"], one["FunctionArn"]) for one in functions))
    machines = _listed(platform, "stepfunctions", "list_state_machines", "stateMachines")
    yield from _own(platform, Kind.MACHINE, ((one["name"], one["stateMachineArn"]) for one in machines))
    jobs = _listed(platform, "glue", "get_jobs", "Jobs")
    yield from _own(platform, Kind.JOB, ((one["Name"], "") for one in jobs))
    security = _listed(platform, "glue", "get_security_configurations", "SecurityConfigurations")
    yield from _own(platform, Kind.SECURITY, ((one["Name"], "") for one in security))
    rules = _listed(platform, "events", "list_rules", "Rules", NamePrefix=platform.layout.prefix)
    yield from _own(platform, Kind.RULE, ((one["Name"], "") for one in rules))


def _schedules(platform: Platform) -> Iterator[Found]:
    group = platform.layout.schedule_group
    groups = _listed(platform, "scheduler", "list_schedule_groups", "ScheduleGroups", NamePrefix=group)
    # One that is being deleted is shown for a while.
    standing = ((one["Name"], one["Arn"]) for one in groups if one.get("State") != "DELETING")
    for found in _own(platform, Kind.SCHEDULE_GROUP, standing):
        yield found
        for one in _listed(platform, "scheduler", "list_schedules", "Schedules", GroupName=found.name):
            yield Found(kind=Kind.SCHEDULE, name=f"{found.name}/{one['Name']}", at=one["State"])


def _logs(platform: Platform) -> Iterator[Found]:
    for prefix in platform.layout.log_prefixes:
        for one in _listed(platform, "logs", "describe_log_groups", "logGroups", logGroupNamePrefix=prefix):
            yield Found(kind=Kind.LOG_GROUP, name=one["logGroupName"], bytes=one.get("storedBytes", 0))


def _messages(platform: Platform) -> Iterator[Found]:
    prefix = platform.layout.prefix
    queues = _listed(platform, "sqs", "list_queues", "QueueUrls", QueueNamePrefix=prefix)
    yield from _own(platform, Kind.QUEUE, ((address.rpartition("/")[2], address) for address in queues))
    topics = [one["TopicArn"] for one in _listed(platform, "sns", "list_topics", "Topics")]
    yield from _own(platform, Kind.TOPIC, ((arn.rpartition(":")[2], arn) for arn in topics))
    alarms = _listed(platform, "cloudwatch", "describe_alarms", "MetricAlarms", AlarmNamePrefix=prefix)
    yield from _own(platform, Kind.ALARM, ((one["AlarmName"], one["AlarmArn"]) for one in alarms))


def _queries(platform: Platform) -> Iterator[Found]:
    for found in workgroups(platform):
        yield found
        for query in _listed(platform, "athena", "list_named_queries", "NamedQueryIds", WorkGroup=found.name):
            yield Found(kind=Kind.QUERY, name=query, at=found.name)


def _identities(platform: Platform) -> Iterator[Found]:
    """The roles of this region, and the aliases of the tenant's keys with the key's id."""
    layout = platform.layout
    roles = (one["RoleName"] for one in _listed(platform, "iam", "list_roles", "Roles"))
    own = (name for name in roles if name.endswith(f"-{layout.region}"))
    yield from _own(platform, Kind.ROLE, ((name, "") for name in own))
    for one in _listed(platform, "kms", "list_aliases", "Aliases"):
        if one["AliasName"] == layout.key_alias or one["AliasName"].startswith(f"{layout.key_alias}-"):
            yield Found(kind=Kind.ALIAS, name=one["AliasName"], at=one.get("TargetKeyId", ""))


def _parameters(platform: Platform) -> Iterator[Found]:
    """What says that the tenant is there, whatever stands below its name, and what its requests are counted by."""
    layout = platform.layout
    for path in (layout.shared.tenants_path, layout.parameter_path):
        for one in _listed(platform, "ssm", "get_parameters_by_path", "Parameters", Path=path, Recursive=True):
            if one["Name"] == layout.tenant_parameter or path == layout.parameter_path:
                yield Found(kind=Kind.PARAMETER, name=one["Name"])
    keys = _listed(platform, "apigateway", "get_api_keys", "items", nameQuery=layout.prefix)
    yield from _own(platform, Kind.USAGE_KEY, ((one["name"], one["id"]) for one in keys))


def _tagged(platform: Platform) -> Iterator[str]:
    """What carries the tenant's tag, and not another environment's."""
    layout = platform.layout
    wanted = [{"Key": "tenant", "Values": [layout.tenant]}]
    service, asked = "resourcegroupstaggingapi", "ResourceTagMappingList"
    for one in _listed(platform, service, "get_resources", asked, TagFilters=wanted):
        tags = {tag["Key"]: tag["Value"] for tag in one["Tags"]}
        arn: str = one["ResourceARN"]
        if tags.get("environment", layout.environment) == layout.environment and not _leaves_already(platform, arn):
            yield arn


def _leaves_already(platform: Platform, arn: str) -> bool:
    """Whether it is a key that waits for its deletion: of a tenant of that id that was closed before."""
    if ":key/" not in arn:
        return False
    key = platform.session.client("kms").describe_key(KeyId=arn)["KeyMetadata"]
    return key.get("KeyState") == "PendingDeletion"


def _own(platform: Platform, kind: Kind, named: Iterable[tuple[str, str]]) -> Iterator[Found]:
    """Those that carry the tenant's name."""
    prefix = platform.layout.prefix
    return (Found(kind=kind, name=name, at=at) for name, at in named if name == prefix or name.startswith(f"{prefix}-"))


def _listed(platform: Platform, service: str, operation: str, key: str, **arguments: Any) -> Iterator[Any]:
    """Everything that an operation lists under `key`, page by page."""
    client: Any = platform.session.client(service)  # type: ignore[call-overload]  # the stubs know each name alone
    if client.can_paginate(operation):
        for page in client.get_paginator(operation).paginate(**arguments):
            yield from page.get(key, [])
        return
    while True:
        page = getattr(client, operation)(**arguments)
        yield from page.get(key, [])
        if not page.get("NextToken"):
            return
        arguments["NextToken"] = page["NextToken"]
