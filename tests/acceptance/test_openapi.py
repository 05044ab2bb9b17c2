"""The running API against its own document: whatever is asked, no answer is a fault and none is undocumented."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from local.settings import Settings
from tests.integration.pipeline.calling import operator
from tests.integration.pipeline.deployed import PROJECT, Deployed

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 12
"""Requests of each operation, beside the document's own examples."""
LONGEST_URL = 8_000
"""API Gateway takes 10,240 characters of request line and headers together: what is longer never comes to the API."""

schema = schemathesis.openapi.from_dict(json.loads((PROJECT / "docs" / "openapi.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def known(trial: Deployed, embedded: Settings) -> tuple[str, dict[str, str]]:
    """Where the API answers, and an operator's headers: it may ask for everything."""
    ada = operator(trial, embedded)
    return ada.base, {"Authorization": f"Bearer {ada.token}", "Medallion-Tenant": ada.tenant}


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_documented_whatever_is_asked(case: Any, known: tuple[str, dict[str, str]]) -> None:
    base, headers = known
    assume(len(case.as_transport_kwargs(base_url=base)["url"]) + len(str(case.query)) < LONGEST_URL)
    if case.method == "POST":
        # One of its own for each request: a second answer to the first one's would say nothing new.
        headers = {**headers, "Idempotency-Key": str(uuid4())}
    case.call_and_validate(base_url=base, headers=headers, checks=CHECKS, timeout=60)
