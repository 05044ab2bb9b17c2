"""Where a tenant's data lies, and how it is protected."""

from __future__ import annotations

import pytest

from medallion.layout import TABLE_ZONES, Zone
from tests.infrastructure.synthesis import Resource, Synthesis, flat

BUCKETS = [zone for zone in Zone if zone is not Zone.LOGS]


def bucket(synthesis: Synthesis, zone: Zone) -> Resource:
    found = [
        resource["Properties"]
        for resource in synthesis.resources("AWS::S3::Bucket", "acme-foundation").values()
        if f"-{zone}-" in flat(resource["Properties"]["BucketName"])
    ]
    assert len(found) == 1
    return dict(found[0])


def lifecycle(synthesis: Synthesis, zone: Zone) -> dict[str, Resource]:
    return {rule["Id"]: rule for rule in bucket(synthesis, zone)["LifecycleConfiguration"]["Rules"]}


@pytest.mark.parametrize("zone", BUCKETS)
def test_objects_are_encrypted_with_the_tenants_key_when_they_are_written(dev: Synthesis, zone: Zone) -> None:
    (rule,) = bucket(dev, zone)["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    (key,) = dev.resources("AWS::KMS::Key", "acme-foundation")
    assert rule["BucketKeyEnabled"] is True
    assert rule["ServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": "aws:kms",
        "KMSMasterKeyID": {"Fn::GetAtt": [key, "Arn"]},
    }


@pytest.mark.parametrize("zone", Zone)
def test_a_bucket_is_closed_versioned_and_tidied(dev: Synthesis, zone: Zone) -> None:
    properties = bucket(dev, zone)
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert properties["PublicAccessBlockConfiguration"] == dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
    )
    assert properties["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert any("AbortIncompleteMultipartUpload" in rule for rule in lifecycle(dev, zone).values())


def test_plain_http_and_old_tls_are_refused_when_a_bucket_is_asked(dev: Synthesis) -> None:
    buckets = dev.resources("AWS::S3::Bucket", "acme-foundation")
    refused = {
        (policy["Properties"]["Bucket"]["Ref"], condition)
        for policy in dev.resources("AWS::S3::BucketPolicy", "acme-foundation").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny" and statement["Principal"] == {"AWS": "*"}
        for condition in (str(statement["Condition"]),)
    }
    for name in buckets:
        assert (name, "{'Bool': {'aws:SecureTransport': 'false'}}") in refused
        assert (name, "{'NumericLessThan': {'s3:TlsVersion': 1.2}}") in refused


@pytest.mark.parametrize("zone", BUCKETS)
def test_access_is_logged_under_the_zones_prefix(dev: Synthesis, zone: Zone) -> None:
    logging = bucket(dev, zone)["LoggingConfiguration"]
    assert logging["LogFilePrefix"] == f"{zone}/"
    target = dev.templates["medallion-dev-acme-foundation"]["Resources"][logging["DestinationBucketName"]["Ref"]]
    assert target["Properties"]["BucketName"] == bucket(dev, Zone.LOGS)["BucketName"]


def test_arrivals_reach_the_event_bus_from_landing_alone(dev: Synthesis) -> None:
    telling = [zone for zone in Zone if "NotificationConfiguration" in bucket(dev, zone)]
    assert telling == [Zone.LANDING]
    assert bucket(dev, Zone.LANDING)["NotificationConfiguration"] == {
        "EventBridgeConfiguration": {"EventBridgeEnabled": True}
    }


def test_a_landed_version_is_kept_as_long_as_a_current_one_when_it_is_overwritten(prod: Synthesis) -> None:
    rule = lifecycle(prod, Zone.LANDING)["ExpireLanded"]
    assert rule["ExpirationInDays"] == rule["NoncurrentVersionExpiration"]["NoncurrentDays"] == 365


@pytest.mark.parametrize("zone", TABLE_ZONES)
def test_no_current_file_expires_when_it_belongs_to_a_table(prod: Synthesis, zone: Zone) -> None:
    for rule in lifecycle(prod, zone).values():
        assert "ExpirationInDays" not in rule


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_quarantine_is_kept_seven_years_when_its_files_are_removed(
    request: pytest.FixtureRequest, environment: str
) -> None:
    rules = lifecycle(request.getfixturevalue(environment), Zone.QUARANTINE)
    expiring = [name for name, rule in rules.items() if "NoncurrentVersionExpiration" in rule]
    assert expiring == ["KeepSevenYears"]
    assert rules["KeepSevenYears"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 2557}


def test_query_results_expire_and_run_documents_stay(prod: Synthesis) -> None:
    expiring = [rule for rule in lifecycle(prod, Zone.ARTIFACTS).values() if "ExpirationInDays" in rule]
    assert [(rule["Prefix"], rule["ExpirationInDays"]) for rule in expiring] == [("athena/", 30)]


def test_receipts_are_locked_as_long_as_the_environment_says(dev: Synthesis, prod: Synthesis) -> None:
    assert "ObjectLockConfiguration" not in bucket(dev, Zone.LEDGER), "a dev environment can be destroyed"
    lock = bucket(prod, Zone.LEDGER)["ObjectLockConfiguration"]
    assert lock["Rule"]["DefaultRetention"] == {"Mode": "COMPLIANCE", "Days": 2557}
    for synthesis in (dev, prod):
        for rule in lifecycle(synthesis, Zone.LEDGER).values():
            assert not {"ExpirationInDays", "NoncurrentVersionExpiration"} & set(rule)


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_a_receipt_is_not_written_over_nor_hidden_when_policies_hold(
    request: pytest.FixtureRequest, environment: str
) -> None:
    synthesis = request.getfixturevalue(environment)
    refused = {
        statement["Sid"]: statement
        for policy in synthesis.resources("AWS::S3::BucketPolicy", "acme-foundation").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement.get("Sid", "").startswith("Refuse")
    }
    assert refused["RefuseOverwriting"]["Principal"] == {"AWS": "*"}
    assert refused["RefuseOverwriting"]["Condition"] == {
        "Null": {"s3:if-none-match": "true"},
        "Bool": {"s3:ObjectCreationOperation": "true"},
    }
    assert ("RefuseDeleting" in refused) is (environment == "prod")


def test_the_key_rotates_and_separates_administration_from_use(dev: Synthesis) -> None:
    key = dev.one("AWS::KMS::Key", "acme-foundation")
    assert key["EnableKeyRotation"] is True
    statements = {each["Sid"]: each for each in key["KeyPolicy"]["Statement"]}
    use = {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:CreateGrant"}
    assert not use & set(statements["AdministerByIam"]["Action"])
    via = statements["UseByIamThroughServices"]["Condition"]["StringEquals"]["kms:ViaService"]
    assert {flat(each).partition(".")[0] for each in via} == {"s3", "sqs", "sns"}


@pytest.mark.parametrize("zone", TABLE_ZONES)
def test_a_database_stands_in_its_zones_bucket(dev: Synthesis, zone: Zone) -> None:
    databases = [
        resource["Properties"]["DatabaseInput"]
        for resource in dev.resources("AWS::Glue::Database", "acme-foundation").values()
    ]
    (database,) = [each for each in databases if each["Name"] == f"dev_acme_{zone}"]
    assert flat(database["LocationUri"]) == f"s3://{flat(bucket(dev, zone)['BucketName'])}/"
