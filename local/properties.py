"""CloudFormation properties that the emulator's resource handlers drop: set here, as the service's own API would set
them.

Also resource types that the emulator serves by API but not by CloudFormation: Athena's named queries, Glue's security
configurations.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from local.seams import seam
from local.settings import Settings

_HANDLERS = seam("services.cloudformation.provisioners", "_RESOURCE_HANDLERS")
_BUCKET_CONFIGURATIONS = seam("services.cloudformation.provisioners", "_S3_BUCKET_CONFIGURATIONS")
_ACCOUNT = seam("core.responses", "get_account_id")
_REGION = seam("core.responses", "get_region")
_PUT_ENCRYPTION = seam("services.s3", "_put_bucket_encryption", "name", "body")
_DELETE_ENCRYPTION = seam("services.s3", "_delete_bucket_encryption", "name")
_PUT_LIFECYCLE = seam("services.s3", "_put_bucket_lifecycle", "name", "body")
_DELETE_LIFECYCLE = seam("services.s3", "_delete_bucket_lifecycle", "name")
_PUT_LOGGING = seam("services.s3", "_put_bucket_logging", "name", "body")
_PUT_OWNERSHIP = seam("services.s3", "_put_bucket_ownership_controls", "name", "body")
_DELETE_OWNERSHIP = seam("services.s3", "_delete_bucket_ownership_controls", "name")
_PUT_OBJECT_LOCK = seam("services.s3", "_put_object_lock_configuration", "bucket_name", "body")
_UPDATE_TABLE = seam("services.dynamodb", "_update_table", "data")
_UPDATE_BACKUPS = seam("services.dynamodb", "_update_continuous_backups", "data")
_UPDATE_TTL = seam("services.dynamodb", "_update_ttl", "data")
_TOPICS = seam("services.sns", "_topics")
_FUNCTIONS = seam("services.lambda_svc", "_functions")
_APIS = seam("services.apigateway_v1", "_rest_apis")
_CREATE_NAMED_QUERY = seam("services.athena", "_create_named_query", "data")
_DELETE_NAMED_QUERY = seam("services.athena", "_delete_named_query", "data")
_NAMED_QUERIES = seam("services.athena", "_named_queries")
_CREATE_SECURITY = seam("services.glue", "_create_security_configuration", "data")
_DELETE_SECURITY = seam("services.glue", "_delete_security_configuration", "data")

Properties = dict[str, Any]


def install(settings: Settings) -> None:
    """Wrap the handlers, for creation and for update."""
    _configure_buckets()
    _then("AWS::DynamoDB::Table", _configure_table)
    _then("AWS::Lambda::Function", _configure_function)
    _then("AWS::SNS::Topic", _configure_topic)
    _then("AWS::ApiGateway::RestApi", _configure_api)
    _HANDLERS.get()["AWS::Athena::NamedQuery"] = {
        "create": _create_named_query,
        "update": _update_named_query,
        "delete": lambda physical_id, properties: _DELETE_NAMED_QUERY.get()({"NamedQueryId": physical_id}),
    }
    _HANDLERS.get()["AWS::Glue::SecurityConfiguration"] = {
        "create": _create_security,
        "update": _update_security,
        "delete": lambda physical_id, properties: _DELETE_SECURITY.get()({"Name": physical_id}),
    }


def _then(resource_type: str, configure: Callable[[str, Properties], None]) -> None:
    """Have `configure` run after the type's own create and update, with the physical id and the new properties."""
    handler = _HANDLERS.get()[resource_type]
    if handler.get("configured"):
        return
    create, update = handler["create"], handler["update"]

    def created(logical_id: str, properties: Properties, stack_name: str) -> Any:
        outcome = create(logical_id, properties, stack_name)
        configure(outcome[0], properties)
        return outcome

    def updated(physical_id: str, old: Properties, new: Properties, *rest: Any) -> Any:
        outcome = update(physical_id, old, new, *rest)
        configure(outcome[0], new)
        return outcome

    handler.update(create=created, update=updated, configured=True)


# --- S3


def _configure_buckets() -> None:
    configurations = _BUCKET_CONFIGURATIONS.get()
    if any(name == "BucketEncryption" for name, *_ in configurations):
        return
    ours = (
        ("BucketEncryption", encryption_xml, _checked(_PUT_ENCRYPTION.get()), _DELETE_ENCRYPTION.get()),
        ("LifecycleConfiguration", lifecycle_xml, _checked(_PUT_LIFECYCLE.get()), _DELETE_LIFECYCLE.get()),
        ("LoggingConfiguration", logging_xml, _checked(_PUT_LOGGING.get()), lambda name: None),
        ("OwnershipControls", ownership_xml, _checked(_PUT_OWNERSHIP.get()), _DELETE_OWNERSHIP.get()),
        # As on AWS, a lock is never taken off again.
        ("ObjectLockConfiguration", object_lock_xml, _checked(_PUT_OBJECT_LOCK.get()), lambda name: None),
    )
    _BUCKET_CONFIGURATIONS.put((*configurations, *ours))


def _checked(put: Callable[[str, bytes], Any]) -> Callable[[str, bytes], None]:
    def apply(name: str, body: bytes) -> None:
        status, _, answer = put(name, body)
        if status >= 300:
            raise ValueError(f"bucket {name}: {bytes(answer).decode('utf-8', 'replace')}")

    return apply


def _xml(tag: str, value: Any) -> str:
    if isinstance(value, dict):
        return f"<{tag}>" + "".join(_xml(name, inner) for name, inner in value.items()) + f"</{tag}>"
    if isinstance(value, list):
        return "".join(_xml(tag, item) for item in value)
    return f"<{tag}>{escape(str(value).lower() if isinstance(value, bool) else str(value))}</{tag}>"


def encryption_xml(properties: Properties) -> bytes:
    """The S3 API's document for CloudFormation's BucketEncryption."""
    rules = []
    for rule in properties["ServerSideEncryptionConfiguration"]:
        default = dict(rule.get("ServerSideEncryptionByDefault", {}))
        if default.get("SSEAlgorithm", "").startswith("aws:kms"):
            managed = f"arn:aws:kms:{_REGION.get()()}:{_ACCOUNT.get()()}:alias/aws/s3"
            default.setdefault("KMSMasterKeyID", managed)
        rules.append(
            {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": rule.get("BucketKeyEnabled", False)}
        )
    return _xml("ServerSideEncryptionConfiguration", {"Rule": rules}).encode()


def lifecycle_xml(properties: Properties) -> bytes:
    """The S3 API's document for CloudFormation's LifecycleConfiguration."""
    return _xml("LifecycleConfiguration", {"Rule": [_lifecycle_rule(rule) for rule in properties["Rules"]]}).encode()


def _lifecycle_rule(rule: Properties) -> Properties:
    document: Properties = {
        "ID": rule.get("Id", "rule"),
        "Status": rule["Status"],
        "Filter": _lifecycle_filter(rule),
    }
    transitions = rule.get("Transitions") or ([rule["Transition"]] if "Transition" in rule else [])
    if transitions:
        document["Transition"] = [
            {"Days": each.get("TransitionInDays"), "StorageClass": each["StorageClass"]} for each in transitions
        ]
    expiration = {
        name: rule[given]
        for name, given in (
            ("Days", "ExpirationInDays"),
            ("Date", "ExpirationDate"),
            ("ExpiredObjectDeleteMarker", "ExpiredObjectDeleteMarker"),
        )
        if given in rule
    }
    if expiration:
        document["Expiration"] = expiration
    noncurrent = rule.get("NoncurrentVersionExpiration")
    if noncurrent is None and "NoncurrentVersionExpirationInDays" in rule:
        noncurrent = {"NoncurrentDays": rule["NoncurrentVersionExpirationInDays"]}
    if noncurrent:
        document["NoncurrentVersionExpiration"] = noncurrent
    older = [
        {"NoncurrentDays": each["TransitionInDays"], "StorageClass": each["StorageClass"]}
        for each in rule.get("NoncurrentVersionTransitions") or []
    ]
    if older:
        document["NoncurrentVersionTransition"] = older
    if "AbortIncompleteMultipartUpload" in rule:
        document["AbortIncompleteMultipartUpload"] = rule["AbortIncompleteMultipartUpload"]
    return document


def _lifecycle_filter(rule: Properties) -> Properties:
    tags = rule.get("TagFilters") or []
    if not tags:
        return {"Prefix": rule.get("Prefix", "")}
    return {"And": {"Prefix": rule.get("Prefix", ""), "Tag": tags}}


def logging_xml(properties: Properties) -> bytes:
    """The S3 API's document for CloudFormation's LoggingConfiguration."""
    enabled = {
        "TargetBucket": properties.get("DestinationBucketName", ""),
        "TargetPrefix": properties.get("LogFilePrefix", ""),
    }
    return _xml("BucketLoggingStatus", {"LoggingEnabled": enabled}).encode()


def ownership_xml(properties: Properties) -> bytes:
    """The S3 API's document for CloudFormation's OwnershipControls."""
    return _xml("OwnershipControls", {"Rule": properties["Rules"]}).encode()


def object_lock_xml(properties: Properties) -> bytes:
    """The S3 API's document for CloudFormation's ObjectLockConfiguration."""
    document: Properties = {"ObjectLockEnabled": "Enabled"}
    if retention := properties.get("Rule", {}).get("DefaultRetention"):
        document["Rule"] = {"DefaultRetention": {name: retention[name] for name in ("Mode", "Days")}}
    return _xml("ObjectLockConfiguration", document).encode()


# --- DynamoDB, Lambda, SNS, Athena


def _configure_table(name: str, properties: Properties) -> None:
    encryption = properties.get("SSESpecification")
    if encryption:
        given = {key: value for key, value in encryption.items() if key != "SSEEnabled"}
        _call(_UPDATE_TABLE.get(), TableName=name, SSESpecification={"Enabled": encryption["SSEEnabled"], **given})
    recovery = properties.get("PointInTimeRecoverySpecification")
    if recovery:
        _call(_UPDATE_BACKUPS.get(), TableName=name, PointInTimeRecoverySpecification=recovery)
    expiry = properties.get("TimeToLiveSpecification")
    if expiry:
        _call(_UPDATE_TTL.get(), TableName=name, TimeToLiveSpecification=expiry)


def _call(operation: Callable[[Properties], Any], **arguments: Any) -> None:
    status, _, answer = operation(arguments)
    # Setting what is set already (TTL on an update) is refused by the API, and is no failure of the stack.
    if status >= 400 and b"already" not in bytes(answer):
        raise ValueError(f"{arguments.get('TableName')}: {bytes(answer).decode('utf-8', 'replace')}")


def _configure_function(name: str, properties: Properties) -> None:
    config = _FUNCTIONS.get()[name]["config"]
    for given, kept in (("DeadLetterConfig", "DeadLetterConfig"), ("KmsKeyArn", "KMSKeyArn")):
        if given in properties:
            config[kept] = properties[given]
        else:
            config.pop(kept, None)


def _configure_topic(arn: str, properties: Properties) -> None:
    if "KmsMasterKeyId" in properties:
        _TOPICS.get()[arn]["attributes"]["KmsMasterKeyId"] = properties["KmsMasterKeyId"]


def _configure_api(api_id: str, properties: Properties) -> None:
    _APIS.get()[api_id]["apiKeySource"] = properties.get("ApiKeySourceType", "HEADER")


def _create_named_query(logical_id: str, properties: Properties, stack_name: str) -> tuple[str, Properties]:
    _, _, answer = _CREATE_NAMED_QUERY.get()({"Name": f"{stack_name}-{logical_id}", **properties})
    query_id = json.loads(answer)["NamedQueryId"]
    return query_id, {"NamedQueryId": query_id}


def _update_named_query(physical_id: str, old: Properties, new: Properties, stack_name: str) -> tuple[str, Properties]:
    _NAMED_QUERIES.get()[physical_id].update(new)
    return physical_id, {"NamedQueryId": physical_id}


def _create_security(logical_id: str, properties: Properties, stack_name: str) -> tuple[str, Properties]:
    name = properties.get("Name") or f"{stack_name}-{logical_id}"
    status, _, answer = _CREATE_SECURITY.get()({**properties, "Name": name})
    if status >= 400:
        raise ValueError(f"{name}: {bytes(answer).decode('utf-8', 'replace')}")
    return name, {}


def _update_security(physical_id: str, old: Properties, new: Properties, stack_name: str) -> tuple[str, Properties]:
    """There is no change of one in Glue: it is made anew."""
    _DELETE_SECURITY.get()({"Name": physical_id})
    return _create_security(physical_id, {"Name": physical_id, **new}, stack_name)
