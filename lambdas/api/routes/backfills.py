"""Backfills: every record of published objects goes through the active contract once more."""

from __future__ import annotations

from typing import Annotated

from fastapi import Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from lambdas.api.caller import Caller, Engineer
from lambdas.api.entries import SourceName
from lambdas.api.operations import ASKED, OperationView, Reason, Wait, asked_for
from lambdas.api.routing import router
from medallion.steps.asked import BackfillAsked
from medallion.steps.operations import OperationKind

routes = router("backfills", "Backfills: all records of published objects are taken up once more, from Bronze.")


class BackfillRequest(BaseModel):
    """Which published objects, and why: by name, or by when they arrived."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"since": "2026-03-01T00:00:00Z", "reason": "a rule was wrong in March"}]},
    )

    objects: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=1500)]],
        Field(max_length=100, description="By their `source_file_id`."),
    ] = []
    since: Annotated[AwareDatetime | None, Field(description="Those that arrived then or later.")] = None
    until: Annotated[AwareDatetime | None, Field(description="Those that arrived before then.")] = None
    reason: Reason

    @model_validator(mode="after")
    def _says_which(self) -> BackfillRequest:
        if bool(self.objects) == bool(self.since or self.until):
            raise ValueError("say what to do again: either objects, or when they arrived: since, until")
        return self


@routes.post("/sources/{source}/backfills", operation_id="backfill_source", status_code=202, responses=ASKED)
def backfill_source(
    caller: Engineer, source: SourceName, asked: BackfillRequest, wait: Wait, response: Response
) -> OperationView:
    """Take every record of published objects through the active contract once more. Silver changes where a record fares
    otherwise.

    `result.run_id` is the run; null where no object arrived in that time.
    """
    return _ask(caller, OperationKind.BACKFILL, source, asked, wait, response)


@routes.post("/sources/{source}/backfills/dry-run", operation_id="foresee_backfill", status_code=202, responses=ASKED)
def foresee_backfill(
    caller: Engineer, source: SourceName, asked: BackfillRequest, wait: Wait, response: Response
) -> OperationView:
    """Tell what would become of every record of the objects. Nothing is written.

    `result` counts the `records` of the `objects` by outcome, and those that fail `by_code`.
    """
    return _ask(caller, OperationKind.FORESEE_BACKFILL, source, asked, wait, response)


def _ask(
    caller: Caller, kind: OperationKind, source: str, asked: BackfillRequest, wait: int, response: Response
) -> OperationView:
    name = caller.platform.control.source(source).name
    said = BackfillAsked.model_validate(asked.model_dump(exclude={"reason"})).model_dump(mode="json")
    return asked_for(caller, kind, name, said, asked.reason, wait, response)
