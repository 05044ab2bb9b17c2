"""The app: its routes, how errors are told, what its documentation says."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from lambdas.api.caller import Tenancy
from lambdas.api.counting import count
from lambdas.api.problems import answer, internal_problem, problem_of
from lambdas.api.routes import ROUTERS
from lambdas.api.routing import TAGS
from lambdas.api.runtime import logger
from medallion.errors import MedallionError
from medallion.layout import API_STAGE

_ABOUT = """\
What a tenant's people and programs ask of their lakehouse: sources, contracts, runs, quarantine, queries, the ledger.

Send a key with each request: `Authorization: Bearer mdl_…`. The tenant is the key's own; an operator, who has a key
of the environment or signs with IAM below `/iam`, names one in `Medallion-Tenant`. A POST carries an
`Idempotency-Key`: sent again with the same key, it is done once. Errors are problem details (RFC 9457). Lists come in
pages: `next` of one is the `cursor` of the next. What takes longer than an answer may is an operation: 202, and its
address in `Location`."""


def make_app(tenancy: Tenancy) -> FastAPI:
    """The app, at work in that tenancy."""
    app = FastAPI(
        title="Medallion",
        version="1",
        description=_ABOUT,
        servers=[{"url": f"/{API_STAGE}"}],
        openapi_tags=TAGS,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # One spelling of each path: what API Gateway does not know never comes here.
        redirect_slashes=False,
    )
    app.state.tenancy = tenancy
    app.middleware("http")(count)
    for router in ROUTERS:
        app.include_router(router)
    for kind in (MedallionError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _tell)
    app.add_exception_handler(Exception, _tell)
    return app


def _tell(request: Request, error: Exception) -> Response:
    problem = problem_of(error)
    if problem is None:
        logger.exception("failed", exc_info=error)
        problem = internal_problem()
    return answer(request, problem)
