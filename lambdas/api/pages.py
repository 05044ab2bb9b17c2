"""Lists page by page: how many at most, and where the next page begins."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

from medallion.errors import InvalidCursor

T = TypeVar("T")

Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
Cursor = Annotated[
    str | None, Query(max_length=2000, description="Where the page begins: `next` of the page before. Opaque.")
]


class Page(BaseModel, Generic[T]):
    """Some of a list, and where it goes on."""

    items: list[T]
    next: Annotated[str | None, Field(description="The cursor of the next page; null on the last.")] = None


def cursor(of: str, *place: str) -> str | None:
    """A cursor to that place of the list `of`; None where the place is empty: there is no more."""
    if not any(place):
        return None
    return base64.urlsafe_b64encode(json.dumps([of, *place]).encode()).decode().rstrip("=")


def place_of(text: str | None, of: str) -> tuple[str, ...]:
    """The place that the cursor names; nothing where none is given. InvalidCursor if it is not one of this list."""
    if text is None:
        return ()
    try:
        found = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        found = None
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found) or found[:1] != [of]:
        raise InvalidCursor("This cursor is none that a page of this list gave: begin without one")
    return tuple(found[1:])
