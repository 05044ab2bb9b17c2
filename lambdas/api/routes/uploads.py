"""Uploads into Landing, and what became of an object."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Annotated

from fastapi import Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from lambdas.api.caller import Engineer, Viewer
from lambdas.api.pages import Page
from lambdas.api.routing import TOLD_ONCE, router
from medallion.control.items import RunStatus
from medallion.errors import UnknownObject
from medallion.steps.uploads import LARGEST, Arrival, Upload, landed, named, offer

routes = router("uploads", "Uploads: files into Landing, and what became of them.")
_LARGEST = int(os.environ.get("MEDALLION_UPLOAD_MIB", LARGEST >> 20)) << 20

SourceName = Annotated[str, Path(max_length=57, pattern=r"^[a-z][a-z0-9_]*$", description="The source.")]


class UploadRequest(BaseModel):
    """What is to be uploaded. S3 takes this and nothing else."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"name": "2026/03/transactions-01.csv", "size": 1048576, "content_type": "text/csv"}]
        },
    )

    name: Annotated[
        str, Field(min_length=1, max_length=1000, description="Its name below the source: parts with / between them.")
    ]
    size: Annotated[int, Field(ge=1, le=LARGEST, description="Its size in bytes, exactly; 5 GiB at most.")]
    content_type: Annotated[str, Field(min_length=3, max_length=200, examples=["text/csv"])]
    sha256: Annotated[
        str,
        Field(pattern=r"^([0-9a-f]{64})?$", description="Its SHA-256 in hexadecimal: S3 refuses another content."),
    ] = ""


class UploadView(BaseModel):
    """A form: post `fields`, and then the file as the field `file`, to `url` as multipart/form-data."""

    url: str
    fields: Annotated[dict[str, str], Field(description="Every one as it is, before the file. They are a secret.")]
    key: Annotated[str, Field(description="Where it will stand in Landing.", examples=["transactions/2026/03/a.csv"])]
    size: int
    content_type: str
    expires_at: Annotated[datetime, Field(description="Until when S3 takes it.")]


class LandedView(BaseModel):
    """An object version in Landing, and what became of it."""

    source_file_id: Annotated[str, Field(description="Its identity, as every record of it carries it.")]
    key: str
    version: Annotated[str, Field(description="As the upload's answer names it: x-amz-version-id.")]
    size: int
    arrived_at: datetime
    state: Annotated[
        Arrival,
        Field(description="landed: its event is on its way; waiting: for its batch or source; taken: by a run."),
    ]
    run_id: Annotated[str | None, Field(description="The one run that it belongs to, for ever.")]
    run_status: RunStatus | None
    reason: Annotated[str, Field(description="Why the run stands so, where there is more to say.")]


@routes.post("/sources/{source}/uploads", operation_id="create_upload", status_code=201)
def create_upload(caller: Engineer, source: SourceName, asked: UploadRequest, response: Response) -> UploadView:
    """Make a form that takes one object into Landing, once or more, for 15 minutes. Its run starts by itself, as its
    source says.
    """
    upload = offer(
        caller.platform,
        source,
        asked.name,
        size=asked.size,
        content_type=asked.content_type,
        sha256=asked.sha256,
        largest=_LARGEST,
    )
    response.headers["Cache-Control"] = TOLD_ONCE
    return _form(upload)


@routes.get("/sources/{source}/objects", operation_id="find_objects")
def find_objects(
    caller: Viewer,
    source: SourceName,
    name: Annotated[str | None, Query(max_length=1000, description="The object's name below the source.")] = None,
    version: Annotated[str | None, Query(max_length=1024, description="One version; without, the newest 20.")] = None,
    source_file_id: Annotated[str | None, Query(max_length=3000, description="In place of name and version.")] = None,
) -> Page[LandedView]:
    """Tell what became of an object: of each of its versions, newest first."""
    if source_file_id is not None:
        name, version = named(caller.platform, source, source_file_id)
    if not name:
        raise UnknownObject("Say which object: by name (and version), or by source_file_id")
    found = landed(caller.platform, source, name, version or "")
    return Page(items=[LandedView.model_validate(one.model_dump()) for one in found])


def _form(upload: Upload) -> UploadView:
    return UploadView.model_validate(upload.model_dump(include=set(UploadView.model_fields)))
