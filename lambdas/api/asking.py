"""What is asked for and not waited for: 202, and where its answer will be."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from medallion.control.operations import Operation, OperationStatus
from medallion.layout import API_STAGE

Reason = Annotated[str, Field(min_length=1, max_length=500, description="Why, for those who read it later.")]


class ReasonRequest(BaseModel):
    """Why it is to be done."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "agreed with the harbour"}]})

    reason: Reason


class Asked(BaseModel):
    """An operation that was asked for. `GET /operations/{operation_id}` tells what came of it."""

    operation_id: str
    kind: Annotated[str, Field(examples=["activate_contract"])]
    subject: Annotated[str, Field(description="What it is about: a source's or a model's name.")]
    status: OperationStatus
    created_at: datetime


def asked(operation: Operation, response: Response) -> Asked:
    """The answer that names the operation, and where to ask about it."""
    response.headers["Location"] = f"/{API_STAGE}/operations/{operation.operation_id}"
    return Asked(**operation.model_dump(include=set(Asked.model_fields)))


ACCEPTED: dict[str, Any] = {"status_code": 202, "response_model": Asked}
"""How a route that asks for an operation answers."""
