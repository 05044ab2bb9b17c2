"""Uploads: a form is bound to one object, and no name of one leads out of its source."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pytest

from medallion.contracts.model import Lane, Trigger
from medallion.control.items import ObjectClaim, Run, RunKind, RunStatus, Source
from medallion.errors import InvalidUpload, UnknownObject, UnknownSource
from medallion.layout import Zone
from medallion.steps.uploads import LARGEST, TERM, Arrival, landed, named, offer
from tests.unit.control.waiting import LAYOUT, NOW, InMemory


@dataclass(frozen=True)
class Landing(InMemory):
    """A tenant's platform with versions of objects in Landing: (key, version), newest first of each key."""

    versions: list[tuple[str, str]] = field(default_factory=list, kw_only=True)

    @cached_property
    def s3(self) -> Any:
        return self

    def list_object_versions(self, Bucket: str, Prefix: str, MaxKeys: int) -> dict[str, Any]:  # noqa: N803  # S3's own names
        assert Bucket == self.layout.bucket(Zone.LANDING)
        found = [{"Key": key, "VersionId": version} for key, version in self.versions if key.startswith(Prefix)]
        return {"Versions": [{**one, "Size": 3, "LastModified": NOW} for one in found[:MaxKeys]]}


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Landing:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    made = Landing.at()
    assert isinstance(made, Landing)
    about: dict[str, Any] = {"contract_version": "1.0.0", "ruleset": "r", "approval": "automatic"}
    orders = Source(name="orders", trigger=Trigger.ON_ARRIVAL, lane=Lane.AUTO, **about)
    assert made.control.activate(orders, None, None)
    return made


def form(platform: Landing, name: str = "2026/orders.csv", **how: Any) -> dict[str, Any]:
    """The policy of a form for the object."""
    upload = offer(platform, "orders", name, **{"size": 3, "content_type": "text/csv", **how})
    policy: dict[str, Any] = json.loads(base64.b64decode(upload.fields["policy"]))
    return {"upload": upload, "conditions": policy["conditions"]}


def test_a_form_is_bound_to_key_size_type_and_checksum(platform: Landing) -> None:
    made = form(platform, sha256="ab" * 32)
    spelt = base64.b64encode(bytes.fromhex("ab" * 32)).decode()
    for bound in (
        {"bucket": LAYOUT.bucket(Zone.LANDING)},
        {"key": "orders/2026/orders.csv"},
        {"Content-Type": "text/csv"},
        {"x-amz-checksum-algorithm": "SHA256"},
        {"x-amz-checksum-sha256": spelt},
        ["content-length-range", 3, 3],
    ):
        assert bound in made["conditions"]
    assert made["upload"].expires_at == NOW + TERM
    assert not [one for one in made["upload"].fields if "encryption" in one], "the bucket's own encryption holds"


def test_a_form_goes_to_the_buckets_own_region(platform: Landing) -> None:
    assert form(platform)["upload"].url == f"https://{LAYOUT.bucket(Zone.LANDING)}.s3.{LAYOUT.region}.amazonaws.com/"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/a.csv",
        "a//b.csv",
        "a/",
        "../customers/a.csv",
        "a/../../b.csv",
        "./a.csv",
        "a\\b.csv",
        "${filename}",
        "a\n.csv",
        "a\x00.csv",
        "a\u202e.csv",
        "x" * 1024,
        "ü" * 510,
    ],
)
def test_a_name_is_refused_when_it_is_no_plain_path(platform: Landing, name: str) -> None:
    with pytest.raises(InvalidUpload, match=r"name"):
        form(platform, name)


@pytest.mark.parametrize("name", ["a.csv", "2026/11/ä b+c.csv", "x" * (1024 - len("orders/"))])
def test_a_name_is_taken_when_s3_can_hold_it(platform: Landing, name: str) -> None:
    assert form(platform, name)["upload"].key == f"orders/{name}"


@pytest.mark.parametrize(
    "how",
    [
        {"size": 0},
        {"size": LARGEST + 1},
        {"size": 11, "largest": 10},
        {"content_type": "csv"},
        {"content_type": "text/csv\r\nx: y"},
        {"sha256": "abc"},
        {"sha256": "AB" * 32},
    ],
)
def test_a_form_is_refused_when_size_type_or_checksum_cannot_be(platform: Landing, how: dict[str, Any]) -> None:
    with pytest.raises(InvalidUpload):
        form(platform, **how)


def test_a_form_is_refused_when_nobody_knows_the_source(platform: Landing) -> None:
    with pytest.raises(UnknownSource):
        offer(platform, "nope", "a.csv", size=1, content_type="text/csv")


def claim(platform: Landing, version: str, run_id: str | None = None) -> ObjectClaim:
    identity = LAYOUT.landed("orders", "a.csv", version)
    about: dict[str, Any] = {"source": "orders", "key": "orders/a.csv", "size": 3, "arrived_at": NOW}
    made = ObjectClaim(source_file_id=identity, version=version, **about)
    if run_id is None:
        assert platform.control.batches.claim(made)
        return made
    assert platform.control.batches.claim(made)
    run = Run(run_id=run_id, kind=RunKind.INGEST, subject="orders", created_at=NOW, status=RunStatus.PROMOTED)
    assert platform.control.batches.run_alone(run, made)
    return made


def test_it_is_told_what_became_of_each_version(platform: Landing) -> None:
    platform.versions.extend(("orders/a.csv", version) for version in "321")
    platform.versions.append(("orders/a.csv.gz", "9"))
    claim(platform, "1", "r1")
    claim(platform, "2")
    found = landed(platform, "orders", "a.csv")
    assert [(one.version, one.state, one.run_id, one.run_status) for one in found] == [
        ("3", Arrival.LANDED, None, None),
        ("2", Arrival.WAITING, None, None),
        ("1", Arrival.TAKEN, "r1", RunStatus.PROMOTED),
    ]
    [one] = landed(platform, "orders", "a.csv", "3")
    assert one.state is Arrival.LANDED


def test_it_is_told_what_became_of_an_object_when_retention_has_removed_it(platform: Landing) -> None:
    claim(platform, "1", "r1")
    name, version = named(platform, "orders", LAYOUT.landed("orders", "a.csv", "1"))
    [one] = landed(platform, "orders", name, version)
    assert (one.state, one.run_status) == (Arrival.TAKEN, RunStatus.PROMOTED)


def test_an_object_is_unknown_when_it_never_came(platform: Landing) -> None:
    platform.versions.append(("orders/a.csv", "1"))
    for name, version in (("b.csv", ""), ("a.csv", "2"), ("a", "")):
        with pytest.raises(UnknownObject):
            landed(platform, "orders", name, version)


@pytest.mark.parametrize(
    "identity", ["a.csv", "s3://elsewhere/orders/a.csv?version=1", LAYOUT.landed("customers", "a.csv", "1")]
)
def test_an_identity_is_unknown_when_it_is_of_another_source(platform: Landing, identity: str) -> None:
    with pytest.raises(UnknownObject, match="is no object of source orders"):
        named(platform, "orders", identity)
