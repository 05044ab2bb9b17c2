"""CloudFormation's bucket properties as the S3 API's documents."""

from __future__ import annotations

from typing import Any

import pytest

from local.properties import encryption_xml, lifecycle_xml, object_lock_xml

RULE = {"Status": "Enabled"}


@pytest.mark.parametrize(
    ("rule", "parts"),
    [
        ({"ExpirationInDays": 5}, ["<Expiration><Days>5</Days></Expiration>"]),
        ({"ExpiredObjectDeleteMarker": True}, ["<ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker>"]),
        ({"Prefix": "a&b/"}, ["<Filter><Prefix>a&amp;b/</Prefix></Filter>"]),
        (
            {"TagFilters": [{"Key": "k", "Value": "v"}]},
            ["<And><Prefix></Prefix><Tag><Key>k</Key><Value>v</Value></Tag></And>"],
        ),
        (
            {"NoncurrentVersionTransitions": [{"StorageClass": "GLACIER", "TransitionInDays": 3}]},
            ["<NoncurrentDays>3</NoncurrentDays><StorageClass>GLACIER</StorageClass>"],
        ),
        (
            {"NoncurrentVersionExpiration": {"NoncurrentDays": 9, "NewerNoncurrentVersions": 2}},
            ["<NewerNoncurrentVersions>2</NewerNoncurrentVersions>"],
        ),
    ],
)
def test_lifecycle_rule_keeps_what_it_says(rule: dict[str, Any], parts: list[str]) -> None:
    document = lifecycle_xml({"Rules": [{**RULE, **rule}]}).decode()
    assert all(part in document for part in parts), document


def test_managed_key_is_named_when_encryption_names_none() -> None:
    rule = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    assert "alias/aws/s3" in encryption_xml({"ServerSideEncryptionConfiguration": [rule]}).decode()


def test_lock_keeps_mode_and_days_when_receipts_are_locked() -> None:
    retention = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 90}}
    document = object_lock_xml({"ObjectLockEnabled": "Enabled", "Rule": retention}).decode()
    assert "<Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Days>90</Days></DefaultRetention></Rule>" in document
