"""Errors as RFC 9457 tells them: one table from each named error to its HTTP status."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from re import sub
from typing import Annotated, Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from medallion import errors

MEDIA_TYPE = "application/problem+json"

_STATUS: Mapping[type[errors.MedallionError], HTTPStatus] = {
    errors.Unauthenticated: HTTPStatus.UNAUTHORIZED,
    errors.NotAllowed: HTTPStatus.FORBIDDEN,
    errors.TenantNotNamed: HTTPStatus.BAD_REQUEST,
    errors.UnknownTenant: HTTPStatus.NOT_FOUND,
    errors.UnknownSource: HTTPStatus.NOT_FOUND,
    errors.UnknownRow: HTTPStatus.NOT_FOUND,
    errors.UnknownRun: HTTPStatus.NOT_FOUND,
    errors.UnknownEntry: HTTPStatus.NOT_FOUND,
    errors.UnknownKey: HTTPStatus.NOT_FOUND,
    errors.UnknownOperation: HTTPStatus.NOT_FOUND,
    errors.UnknownObject: HTTPStatus.NOT_FOUND,
    errors.UnknownQuery: HTTPStatus.NOT_FOUND,
    errors.UnknownReceipt: HTTPStatus.NOT_FOUND,
    errors.UnknownTable: HTTPStatus.NOT_FOUND,
    errors.QueryNotReady: HTTPStatus.CONFLICT,
    errors.NotHeld: HTTPStatus.CONFLICT,
    errors.UnknownModel: HTTPStatus.NOT_FOUND,
    errors.UnknownProposal: HTTPStatus.NOT_FOUND,
    errors.OwnProposal: HTTPStatus.FORBIDDEN,
    errors.ProposalNotOpen: HTTPStatus.CONFLICT,
    errors.ScheduleChanged: HTTPStatus.CONFLICT,
    errors.ModelChanged: HTTPStatus.CONFLICT,
    errors.SourceChanged: HTTPStatus.CONFLICT,
    errors.TenantFrozen: HTTPStatus.CONFLICT,
    errors.NotRepeatable: HTTPStatus.CONFLICT,
    errors.BreakerNotOpen: HTTPStatus.CONFLICT,
    errors.NotReversible: HTTPStatus.CONFLICT,
    errors.SubjectBusy: HTTPStatus.CONFLICT,
    errors.LeaseLost: HTTPStatus.CONFLICT,
    errors.PublishConflict: HTTPStatus.CONFLICT,
    errors.StillInProgress: HTTPStatus.CONFLICT,
    errors.SecretAlreadyTold: HTTPStatus.CONFLICT,
    errors.KeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.InvalidName: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.InvalidCursor: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.InvalidContract: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.InvalidSchedule: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.InvalidModel: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.InvalidCorrection: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.InvalidUpload: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.InvalidQuery: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.InvalidPeriod: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.OperationTooLarge: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.LaneNotAvailable: HTTPStatus.UNPROCESSABLE_ENTITY,
}
"""An error that is not in it, nor a kind of one that is, is a fault of the platform's."""


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    where: Annotated[str, Field(description="The part of the request, such as `body.reason` or `query.limit`.")]
    what: Annotated[str, Field(description="What is wrong with it.")]


class Problem(BaseModel):
    """Why a request was not done (RFC 9457)."""

    type: Annotated[
        str, Field(description="The kind of problem, as a URI reference.", examples=["/problems/unknown-run"])
    ]
    title: Annotated[str, Field(description="The kind of problem, in words.", examples=["Unknown run"])]
    status: Annotated[int, Field(description="The HTTP status.", examples=[404])]
    detail: Annotated[str, Field(description="What happened here, and what to do next.")]
    request_id: Annotated[str, Field(description="By which the platform's logs know this request.")] = ""
    faults: Annotated[
        list[Fault], Field(description="Everything that is wrong with the request, where that is why.")
    ] = []


def problem_of(error: Exception) -> Problem | None:
    """The problem that the error is to a caller; None where it is the platform's own."""
    if isinstance(error, errors.MedallionError):
        kind = next((kind for kind in type(error).__mro__ if kind in _STATUS), None)
        return None if kind is None else _told(kind.__name__, _STATUS[kind], str(error))
    if isinstance(error, RequestValidationError):
        faults = [Fault(where=".".join(map(str, one["loc"])), what=one["msg"]) for one in error.errors()]
        said = "; ".join(f"{one.where}: {one.what}" for one in faults)
        found = _told("InvalidRequest", HTTPStatus.UNPROCESSABLE_ENTITY, said)
        return found.model_copy(update={"faults": faults})
    if isinstance(error, HTTPException):
        status = HTTPStatus(error.status_code)
        return _told("".join(word.capitalize() for word in status.phrase.split()), status, str(error.detail))
    return None


def internal_problem() -> Problem:
    """What a caller learns of a fault of the platform's: nothing but the request's id."""
    detail = "The platform could not do it, and its log says why. Send it again with the same Idempotency-Key"
    return _told("InternalError", HTTPStatus.INTERNAL_SERVER_ERROR, detail)


def answer(request: Request, problem: Problem) -> JSONResponse:
    told = problem.model_copy(update={"request_id": request_id_of(request)})
    body = told.model_dump(mode="json", exclude_defaults=False)
    if not told.faults:
        body.pop("faults")
    return JSONResponse(body, status_code=problem.status, media_type=MEDIA_TYPE)


def request_id_of(request: Request) -> str:
    """API Gateway's id of the request."""
    context: dict[str, Any] = request.scope.get("aws.event", {}).get("requestContext", {})
    return str(context.get("requestId", ""))


def _told(kind: str, status: HTTPStatus, detail: str) -> Problem:
    words = sub(r"(?<=[a-z])(?=[A-Z])", " ", kind)
    slug = words.lower().replace(" ", "-")
    return Problem(type=f"/problems/{slug}", title=words.capitalize(), status=status, detail=detail)


TOLD: tuple[tuple[HTTPStatus, str], ...] = (
    (HTTPStatus.BAD_REQUEST, "The request is not one: a parameter is missing, or the body is no JSON."),
    (HTTPStatus.UNAUTHORIZED, "No key, or one that opens nothing."),
    (HTTPStatus.FORBIDDEN, "The key's role may not do this."),
    (HTTPStatus.NOT_FOUND, "There is no such thing, or it is another tenant's."),
    (HTTPStatus.CONFLICT, "It cannot be done as things stand."),
    (HTTPStatus.UNPROCESSABLE_ENTITY, "The request says something that cannot be: every fault is told."),
    (HTTPStatus.TOO_MANY_REQUESTS, "More requests than the tenant's usage plan admits: try again later."),
)
"""The problems that any route may answer with."""

DOCUMENTED: dict[int | str, dict[str, Any]] = {status.value: {"model": Problem} for status, _ in TOLD}
