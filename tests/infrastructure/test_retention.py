"""Where stands what outlives its tenant."""

from __future__ import annotations

import pytest

from tests.infrastructure.synthesis import Resource, Synthesis, flat

KEY = "Encrypts what outlives its tenant in {environment}"


def store(synthesis: Synthesis) -> Resource:
    found = synthesis.resources("AWS::S3::Bucket", "shared").values()
    (bucket,) = [one["Properties"] for one in found if "-retention-" in flat(one["Properties"]["BucketName"])]
    return dict(bucket)


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_what_is_retained_is_encrypted_with_a_key_of_its_own(request: pytest.FixtureRequest, environment: str) -> None:
    synthesis: Synthesis = request.getfixturevalue(environment)
    (rule,) = store(synthesis)["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    used = flat(rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"])
    (own,) = [
        name
        for name, key in synthesis.resources("AWS::KMS::Key", "shared").items()
        if key["Properties"]["Description"] == KEY.format(environment=environment)
    ]
    assert used == f"<{own}.Arn>"
    statements = synthesis.one("AWS::KMS::Key", "shared", Description=KEY.format(environment=environment))["KeyPolicy"]
    by_sid = {one["Sid"]: one for one in statements["Statement"]}
    assert set(by_sid) == {"AdministerByIam", "UseByIamThroughServices"}
    (via,) = by_sid["UseByIamThroughServices"]["Condition"]["StringEquals"]["kms:ViaService"]
    assert flat(via).startswith("s3.")


def test_what_is_retained_is_locked_as_receipts_are(dev: Synthesis, prod: Synthesis) -> None:
    assert "ObjectLockConfiguration" not in store(dev), "a dev environment can be destroyed"
    assert store(prod)["ObjectLockConfiguration"]["Rule"]["DefaultRetention"] == {"Mode": "COMPLIANCE", "Days": 2557}
    refused = [one for one in prod.statements() if one.sid == "RefuseDeleting" and one.stack.endswith("-shared")]
    assert [(one.effect, sorted(one.actions)) for one in refused] == [
        ("Deny", ["s3:DeleteObject", "s3:DeleteObjectVersion"])
    ]


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_what_is_retained_goes_after_seven_years(request: pytest.FixtureRequest, environment: str) -> None:
    (rule,) = store(request.getfixturevalue(environment))["LifecycleConfiguration"]["Rules"]
    assert rule["ExpirationInDays"] == rule["NoncurrentVersionExpiration"]["NoncurrentDays"] == 2557


def test_no_tenants_role_knows_the_retention_store(dev: Synthesis, prod: Synthesis) -> None:
    for synthesis in (dev, prod):
        for statement in synthesis.statements():
            if statement.kind == "identity":
                assert not [one for one in statement.resources if "retention" in one]
