"""Gold models: their texts, and their builds."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Path, Response
from pydantic import BaseModel, ConfigDict, Field

from lambdas.api.caller import Caller, Engineer, Viewer
from lambdas.api.operations import ASKED, OperationView, Reason, Wait, asked_for
from lambdas.api.pages import Cursor, Limit, Page, place_of
from lambdas.api.pages import cursor as cursor_to
from lambdas.api.routes.sources import LastRun, ReasonRequest
from lambdas.api.routing import router
from medallion.control.items import GoldModel
from medallion.control.models import ModelVersion
from medallion.steps import models
from medallion.steps.operations import OperationKind

routes = router("models", "Gold models: SQL over Silver and over other models.")
_LIST, _VERSIONS = "models", "model versions"

ModelName = Annotated[str, Path(max_length=63, pattern=r"^[a-z][a-z0-9_]*$", description="The model.")]
ModelText = Annotated[
    str, Field(min_length=1, max_length=100_000, description="A header, /* medallion … */ with YAML, and one SELECT.")
]
Revision = Annotated[int, Path(ge=1, le=10**9, description="Which of the model's texts, counted from 1.")]


class ModelView(BaseModel):
    """A Gold model as it stands."""

    name: str
    description: str
    inputs: Annotated[list[str], Field(description="The tables that it reads.", examples=[["silver.orders"]])]
    keys: Annotated[list[str], Field(description="What identifies a row of it.")]
    revision: Annotated[int, Field(description="How many texts it had; 0: it was registered before they were kept.")]
    set_by: Annotated[str, Field(description="Who set this text; empty: it came with the tenant's folder.")]
    pending_run_id: Annotated[
        str | None, Field(description="The build that is asked for and has not begun to read; null if there is none.")
    ]
    last_build: LastRun | None


class ModelWithText(ModelView):
    """A Gold model, with its text."""

    text: ModelText


class ModelVersionView(BaseModel):
    """A text that a model has or had."""

    name: str
    revision: int
    inputs: list[str]
    set_by: str
    set_at: datetime
    reason: str


class ModelVersionText(ModelVersionView):
    """A text that a model has or had, itself."""

    text: ModelText


class ModelRequest(BaseModel):
    """What the model is to be, and why."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "text": "/* medallion\ndescription: What each customer spent.\nkeys: [customer_id]\n*/\n"
                    "SELECT customer_id, SUM(amount) AS spent FROM silver.orders GROUP BY customer_id\n",
                    "reason": "asked for by sales",
                }
            ]
        },
    )

    text: ModelText
    replaces: Annotated[
        int | None,
        Field(ge=0, description="Set it only if this is its revision, 0: it is new; null: whatever it is."),
    ] = None
    reason: Reason


@routes.get("/models", operation_id="list_models")
def list_models(caller: Viewer, limit: Limit = 50, cursor: Cursor = None) -> Page[ModelView]:
    """List the tenant's models by name, each with its last build."""
    [after] = place_of(cursor, _LIST) or ("",)
    found = caller.platform.control.page_of_models(limit + 1, after)
    beyond = found[limit - 1].name if len(found) > limit else ""
    return Page(items=[_view(caller, one) for one in found[:limit]], next=cursor_to(_LIST, beyond))


@routes.get("/models/{model}", operation_id="get_model")
def get_model(caller: Viewer, model: ModelName) -> ModelWithText:
    """Show a model, with its text."""
    return _text(caller, models.model_of(caller.platform, model))


@routes.put("/models/{model}", operation_id="set_model")
def set_model(caller: Engineer, model: ModelName, body: ModelRequest) -> ModelWithText:
    """Set a model's text, of a new one or of one that is known. Its next build goes by it; no build is asked for."""
    person = caller.person(body.reason)
    return _text(caller, models.set_model(caller.platform, model, body.text, person, body.replaces))


@routes.get("/models/{model}/versions", operation_id="list_model_versions")
def list_model_versions(
    caller: Viewer, model: ModelName, limit: Limit = 50, cursor: Cursor = None
) -> Page[ModelVersionView]:
    """List the texts that a model has and had, the newest first."""
    [before] = place_of(cursor, _VERSIONS) or ("0",)
    name = models.model_of(caller.platform, model).name
    page = caller.platform.control.model_versions.page(name, limit, int(before))
    items = [ModelVersionView.model_validate(_told(one, ModelVersionView)) for one in page.versions]
    return Page(items=items, next=cursor_to(_VERSIONS, str(page.before) if page.before else ""))


@routes.get("/models/{model}/versions/{revision}", operation_id="get_model_version")
def get_model_version(caller: Viewer, model: ModelName, revision: Revision) -> ModelVersionText:
    """Show a text that a model has or had."""
    found = models.model_version(caller.platform, model, revision)
    return ModelVersionText.model_validate(_told(found, ModelVersionText))


@routes.post("/models/{model}/builds", operation_id="build_model", status_code=202, responses=ASKED)
def build_model(
    caller: Engineer, model: ModelName, body: ReasonRequest, wait: Wait, response: Response
) -> OperationView:
    """Have a model built from what is published now, by an operation whose result names the build."""
    name = models.model_of(caller.platform, model).name
    return asked_for(caller, OperationKind.BUILD_MODEL, name, {}, body.reason, wait, response)


def _view(caller: Caller, model: GoldModel) -> ModelView:
    header, newest = models.header_of(model), models.last_build(caller.platform, model.name)
    last = None if newest is None else LastRun.model_validate(newest.model_dump())
    told = _told(model, ModelView)
    return ModelView(**told, description=header.description, keys=list(header.keys), last_build=last)


def _text(caller: Caller, model: GoldModel) -> ModelWithText:
    return ModelWithText(**_view(caller, model).model_dump(), text=model.text)


def _told(item: GoldModel | ModelVersion, shown: type[BaseModel]) -> dict[str, Any]:
    return item.model_dump(include=set(shown.model_fields))
