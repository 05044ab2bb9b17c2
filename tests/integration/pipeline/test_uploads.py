"""A form takes one object into Landing, and nothing else; what became of it can be asked."""

from __future__ import annotations

import time
from datetime import timedelta
from hashlib import sha256

import pytest
import urllib3

from medallion.control.items import RunStatus
from medallion.errors import UnknownObject
from medallion.layout import Zone
from medallion.steps import uploads
from medallion.steps.uploads import Arrival, Upload, landed, named, offer
from tests.integration.pipeline.deployed import Deployed, eventually

BODY = b"id,name\n70,Barbara\n71,Donald\n"


def form(trial: Deployed, name: str, body: bytes = BODY) -> Upload:
    digest = sha256(body).hexdigest()
    return offer(trial.platform, "customers", name, size=len(body), content_type="text/csv", sha256=digest)


def post(upload: Upload, changed: dict[str, str] | None = None, body: bytes = BODY) -> urllib3.BaseHTTPResponse:
    """What S3 answers to the form, some of its fields changed."""
    fields: dict[str, str | bytes | tuple[str, str | bytes] | tuple[str, str | bytes, str]] = {}
    fields |= {**upload.fields, **(changed or {})}
    fields["file"] = ("any.csv", body, "text/csv")
    return urllib3.request("POST", upload.url, fields=fields, retries=False)


def test_an_object_becomes_a_run_when_its_form_is_sent(trial: Deployed) -> None:
    upload = form(trial, "sent/by form.csv")
    answer = post(upload)
    assert answer.status == 201, answer.data.decode()
    version = answer.headers["x-amz-version-id"]

    def taken() -> uploads.Landed | None:
        [one] = landed(trial.platform, "customers", "sent/by form.csv", version)
        return one if one.run_status is RunStatus.PROMOTED else None

    found = eventually(taken)
    assert (found.state, found.size) == (Arrival.TAKEN, len(BODY))
    assert trial.control.run(str(found.run_id)).total("inserted") == 2
    assert named(trial.platform, "customers", found.source_file_id) == ("sent/by form.csv", version)
    stored = trial.client("s3").head_object(Bucket=trial.layout.bucket(Zone.LANDING), Key=upload.key)
    assert stored["ServerSideEncryption"] == "aws:kms"
    key = trial.client("kms").describe_key(KeyId=trial.layout.key_alias)["KeyMetadata"]["Arn"]
    assert stored["SSEKMSKeyId"] == key


@pytest.mark.parametrize(
    ("body", "changed", "code"),
    [
        (BODY + b"72,x\n", {}, "EntityTooLarge"),
        (BODY[:-1], {}, "EntityTooSmall"),
        (BODY.upper(), {}, "BadDigest"),
        (BODY, {"key": "customers/other.csv"}, "AccessDenied"),
        (BODY, {"key": "orders/refused.csv"}, "AccessDenied"),
        (BODY, {"Content-Type": "text/html"}, "AccessDenied"),
        (BODY, {"x-amz-server-side-encryption": "AES256"}, "AccessDenied"),
        (BODY, {"x-amz-meta-more": "1"}, "AccessDenied"),
        (BODY, {"policy": "e30="}, "SignatureDoesNotMatch"),
        (BODY, {"x-amz-signature": "0" * 64}, "SignatureDoesNotMatch"),
    ],
)
def test_nothing_is_stored_when_a_form_is_sent_with_something_else(
    trial: Deployed, body: bytes, changed: dict[str, str], code: str
) -> None:
    answer = post(form(trial, "refused.csv"), changed, body)
    assert answer.status in (400, 403)
    assert f"<Code>{code}</Code>" in answer.data.decode()
    for name in ("refused.csv", "other.csv"):
        with pytest.raises(UnknownObject):
            landed(trial.platform, "customers", name)


def test_nothing_is_stored_when_the_form_has_expired(trial: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "TERM", timedelta(seconds=1))
    upload = form(trial, "late.csv")
    time.sleep(1.5)
    answer = post(upload)
    assert (answer.status, "Policy expired" in answer.data.decode()) == (403, True)


def test_a_form_is_refused_when_nobody_knows_its_signer(trial: Deployed) -> None:
    upload = form(trial, "stranger.csv")
    scope = upload.fields["x-amz-credential"].partition("/")[2]
    answer = post(upload, {"x-amz-credential": f"AKIAIOSFODNN7EXAMPLE/{scope}"})
    assert answer.status == 403
