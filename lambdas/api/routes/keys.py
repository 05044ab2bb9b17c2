"""Keys: made and ended by operators; its holder may replace one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from lambdas.api.caller import Operator
from lambdas.api.pages import Cursor, Limit, Page, place_of
from lambdas.api.pages import cursor as cursor_to
from lambdas.api.routing import TOLD_ONCE, router
from medallion.control.keys import ApiKey, Role, Token
from medallion.layout import API_STAGE

routes = router("keys", "Keys: who may ask this API for what.")
_LIST = "keys"
_PLAIN = r"^[^\x00-\x1f\x7f]+$"

KeyId = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$", description="The key's id, the middle of its text.")]


class KeyView(BaseModel):
    """A key, without its secret."""

    key_id: Annotated[str, Field(examples=["1f2e3d4c5b6a"])]
    name: Annotated[str, Field(description="What it is for, as who made it says.")]
    holder: Annotated[
        str, Field(description="The person or program that it was made for: all its keys count as one person.")
    ]
    role: Role
    created_at: datetime
    created_by: str
    valid_until: Annotated[datetime | None, Field(description="From when on it opens nothing; null: it stays.")]
    revoked_at: datetime | None
    revoked_by: str
    successor: Annotated[str, Field(description="The key that took its place, if one did.")]


class NewKey(KeyView):
    """A key that was just made."""

    key: Annotated[
        str, Field(description="The key itself, to be sent as `Authorization: Bearer …`. It is told this once.")
    ]


class KeyRequest(BaseModel):
    """What the key is to be."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "ada's laptop", "holder": "Ada", "role": "engineer"}]}
    )

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=_PLAIN)]
    holder: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=100,
            pattern=_PLAIN,
            description="The person or program that it is for: where another has to approve what somebody proposed, "
            "all keys of one holder are one person's. Unsaid, its name.",
        ),
    ] = None
    role: Literal[Role.VIEWER, Role.STEWARD, Role.ENGINEER]
    days: Annotated[int | None, Field(ge=1, le=3650, description="How long it opens; null: until it is revoked.")] = (
        None
    )


class RotationRequest(BaseModel):
    """How long the old key opens beside the new one."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"overlap_hours": 24}]})

    overlap_hours: Annotated[int, Field(ge=0, le=24 * 30)] = 24


@routes.get("/keys", operation_id="list_keys")
def list_keys(caller: Operator, limit: Limit = 50, cursor: Cursor = None) -> Page[KeyView]:
    """List the tenant's keys, ended ones too, by id."""
    [after] = place_of(cursor, _LIST) or ("",)
    page = caller.platform.control.keys.page(limit, after)
    return Page(items=[_view(one) for one in page.keys], next=cursor_to(_LIST, page.after))


@routes.post("/keys", operation_id="create_key", status_code=201)
def create_key(caller: Operator, asked: KeyRequest, response: Response) -> NewKey:
    """Make a key. Its text is told in this answer and never again."""
    caller.platform.control.refuse_if_frozen()
    now = caller.platform.clock()
    until = None if asked.days is None else now + timedelta(days=asked.days)
    made = caller.platform.control.keys.create(
        asked.name, Role(asked.role), by=caller.name, now=now, valid_until=until, holder=asked.holder or ""
    )
    return _told(made, response)


@routes.get("/keys/{key_id}", operation_id="get_key")
def get_key(caller: Operator, key_id: KeyId) -> KeyView:
    """Show a key."""
    return _view(caller.platform.control.keys.key(key_id))


@routes.post("/keys/{key_id}/rotation", operation_id="rotate_key", status_code=201)
def rotate_key(caller: Operator, key_id: KeyId, asked: RotationRequest, response: Response) -> NewKey:
    """Make a key that takes this one's place, which opens beside it for a while."""
    caller.platform.control.refuse_if_frozen()
    now = caller.platform.clock()
    until = now + timedelta(hours=asked.overlap_hours)
    return _told(caller.platform.control.keys.rotate(key_id, by=caller.name, now=now, until=until), response)


@routes.delete("/keys/{key_id}", operation_id="revoke_key")
def revoke_key(caller: Operator, key_id: KeyId) -> KeyView:
    """End a key: it opens nothing from the next request on."""
    return _view(caller.platform.control.keys.revoke(key_id, by=caller.name, now=caller.platform.clock()))


def _view(key: ApiKey) -> KeyView:
    return KeyView.model_validate({**key.model_dump(), "holder": key.held_by})


def _told(made: tuple[ApiKey, Token], response: Response) -> NewKey:
    key, token = made
    response.headers["Location"] = f"/{API_STAGE}/keys/{key.key_id}"
    response.headers["Cache-Control"] = TOLD_ONCE
    return NewKey(**_view(key).model_dump(), key=str(token))
