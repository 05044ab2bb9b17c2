"""What is shared, what is queried, and how environments differ."""

from __future__ import annotations

from pathlib import Path

import pytest
from aws_cdk import App

from medallion.errors import InvalidContract, InvalidTenant
from medallion.layout import Environment
from stacks.settings import ENVIRONMENTS, DeploymentSettings, InvalidSettings
from tests.infrastructure.synthesis import Synthesis, context, flat, write_tenant

STATEFUL = (
    "AWS::S3::Bucket",
    "AWS::KMS::Key",
    "AWS::DynamoDB::Table",
    "AWS::Glue::Database",
    "AWS::SQS::Queue",
    "AWS::Logs::LogGroup",
)


def test_the_control_table_is_recoverable_encrypted_and_forgets_what_expires(dev: Synthesis) -> None:
    table = dev.one("AWS::DynamoDB::Table", "shared")
    assert table["TableName"] == "medallion-dev-control"
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert table["SSESpecification"]["SSEType"] == "KMS"
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert [(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]] == [("pk", "HASH"), ("sk", "RANGE")]


def test_the_control_tables_key_is_used_through_dynamodb_only(dev: Synthesis) -> None:
    key = dev.one("AWS::KMS::Key", "shared", Description="Encrypts the control table of dev")
    assert key["EnableKeyRotation"] is True
    statements = {each["Sid"]: each for each in key["KeyPolicy"]["Statement"]}
    condition = statements["UseThroughDynamoDb"]["Condition"]["StringEquals"]
    assert flat(condition["kms:ViaService"]) == "dynamodb.<AWS::Region>.amazonaws.com"
    assert flat(condition["kms:CallerAccount"]) == "<AWS::AccountId>"


def test_tenants_read_the_newest_layer_from_its_parameter(dev: Synthesis) -> None:
    parameter = dev.one("AWS::SSM::Parameter", "shared")
    for stack in ("acme-pipeline", "skyline-pipeline"):
        given = dev.templates[f"medallion-dev-{stack}"]["Parameters"]["DependencyLayer"]
        assert given["Type"] == "AWS::SSM::Parameter::Value<String>"
        assert given["Default"] == parameter["Name"]


def test_a_layer_version_outlives_its_successor(dev: Synthesis) -> None:
    (layer,) = dev.resources("AWS::Lambda::LayerVersion").values()
    assert layer["UpdateReplacePolicy"] == "Retain"


def test_queries_are_limited_encrypted_and_land_in_the_tenants_bucket(dev: Synthesis) -> None:
    workgroup = dev.one("AWS::Athena::WorkGroup", "acme-analytics")
    assert workgroup["Name"] == "medallion-dev-acme"
    configuration = workgroup["WorkGroupConfiguration"]
    assert configuration["EngineVersion"] == {"SelectedEngineVersion": "Athena engine version 3"}
    assert configuration["EnforceWorkGroupConfiguration"] is True
    assert configuration["PublishCloudWatchMetricsEnabled"] is True
    assert configuration["BytesScannedCutoffPerQuery"] == 10 * 1024**3
    results = configuration["ResultConfiguration"]
    assert flat(results["OutputLocation"]) == "s3://mdl-dev-acme-artifacts-<AWS::AccountId>-<AWS::Region>/athena/"
    assert results["EncryptionConfiguration"]["EncryptionOption"] == "SSE_KMS"
    assert "TenantKey" in flat(results["EncryptionConfiguration"]["KmsKey"])


def test_what_holds_data_is_kept_in_prod_and_goes_with_its_stack_in_dev(dev: Synthesis, prod: Synthesis) -> None:
    for resource_type in STATEFUL:
        for synthesis, policy in ((dev, "Delete"), (prod, "RetainExceptOnCreate")):
            found = synthesis.resources(resource_type)
            assert found
            assert {resource["DeletionPolicy"] for resource in found.values()} == {policy}


def test_the_control_table_is_protected_when_the_environment_is_not_dev(dev: Synthesis, prod: Synthesis) -> None:
    assert dev.one("AWS::DynamoDB::Table", "shared")["DeletionProtectionEnabled"] is False
    table = prod.one("AWS::DynamoDB::Table", "shared")
    assert table["DeletionProtectionEnabled"] is True
    assert table["PointInTimeRecoverySpecification"]["RecoveryPeriodInDays"] == 35


def test_staging_is_protected_like_production() -> None:
    staging, production = ENVIRONMENTS[Environment.STAGING], ENVIRONMENTS[Environment.PROD]
    assert staging.removal_policy is production.removal_policy
    assert staging.deletion_protection
    assert staging.alarms


def test_names_carry_environment_account_and_region(prod: Synthesis) -> None:
    names = {flat(bucket["Properties"]["BucketName"]) for bucket in prod.resources("AWS::S3::Bucket").values()}
    assert "mdl-prod-acme-landing-123456789012-ap-southeast-1" in names
    assert set(prod.templates) == {
        "medallion-prod-shared",
        "medallion-prod-api",
        "medallion-prod-acme-foundation",
        "medallion-prod-acme-pipeline",
        "medallion-prod-acme-analytics",
    }


def test_resources_are_tagged_with_application_environment_and_tenant(dev: Synthesis) -> None:
    for bucket in dev.resources("AWS::S3::Bucket", "skyline-foundation").values():
        tags = {tag["Key"]: tag["Value"] for tag in bucket["Properties"]["Tags"]}
        assert tags == {"application": "medallion", "environment": "dev", "tenant": "skyline"}


def settings(**given: object) -> DeploymentSettings:
    return DeploymentSettings.of(App(context=context(**given)).node)


def test_a_setting_is_changed_by_context_as_an_object_or_as_text() -> None:
    for given in ({"emr": True, "job_workers": 3}, '{"emr": true, "job_workers": 3}'):
        changed = settings(settings=given).environment
        assert (changed.emr, changed.job_workers) == (True, 3)
        assert changed.model_copy(update={"emr": False, "job_workers": 4}) == ENVIRONMENTS[Environment.DEV]


@pytest.mark.parametrize(
    ("environment", "given", "said"),
    [
        ("dev", '{"workers": 3}', "workers Extra inputs"),
        ("dev", "workers=3", "give a JSON object of settings by name"),
        ("dev", "[1]", "give a JSON object of settings by name"),
        ("dev", {"job_workers": 1}, "job_workers .*greater than or equal to 2"),
        ("dev", {"glue_version": "4.0"}, "glue_version 4.0 needs glue_jars"),
        ("dev", {"glue_jars": ["s3://jars/a.jar"]}, "5.1 brings its own Iceberg"),
        ("dev", {"glue_version": "4.0", "glue_jars": ["s3://jars/*"]}, "the address of one jar"),
        ("prod", {"job_class": "FLEX"}, "for dev only"),
        ("prod", {"emr_subnets": ["subnet-1"]}, "go together"),
    ],
)
def test_settings_that_cannot_be_are_refused_with_the_reason(environment: str, given: object, said: str) -> None:
    with pytest.raises(InvalidSettings, match=rf"context settings.*{said}"):
        settings(environment=environment, settings=given)


def test_an_unknown_environment_is_refused_with_those_that_exist() -> None:
    with pytest.raises(InvalidSettings, match=r"environment=live: .* use one of dev, staging, prod"):
        settings(environment="live")


def test_a_missing_tenants_folder_is_refused_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(InvalidTenant, match="no such folder; create it"):
        settings(tenants=f"{tmp_path}/none")


def test_a_broken_contract_is_refused_before_anything_is_synthesized(tmp_path: Path) -> None:
    write_tenant(tmp_path, "acme", "transactions")
    contract = tmp_path / "acme" / "contracts" / "transactions.odcs.yaml"
    contract.write_text(contract.read_text().replace("logicalType: string", "logicalType: nonsense"))
    with pytest.raises(InvalidContract, match=r"transactions\.odcs\.yaml"):
        settings(tenants=str(tmp_path))


def test_two_folders_of_one_tenant_are_refused(tmp_path: Path) -> None:
    write_tenant(tmp_path, "acme", "transactions")
    write_tenant(tmp_path, "zenith", "transactions")
    (tmp_path / "zenith" / "tenant.yaml").write_text("id: acme\nname: Acme\n")
    with pytest.raises(InvalidTenant, match="tenant acme stands in"):
        settings(tenants=str(tmp_path))
