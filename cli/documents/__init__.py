"""What the command prints: documents with the attributes that the API gives them, whichever way they came.

`--json` prints them as they are, and tables are made of them. A test holds each to the API's own document.
"""

from __future__ import annotations

from typing import Any, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict

T = TypeVar("T")


class Document(BaseModel):
    """The base of all: what a newer API says beyond it is left out."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    @classmethod
    def of(cls, item: BaseModel, **more: Any) -> Self:
        """The document of the platform's own item: what both have, and what is said beside it."""
        return cls.model_validate(item.model_dump(include=set(cls.model_fields)) | more)

    def plain(self) -> dict[str, Any]:
        """As JSON says it."""
        return self.model_dump(mode="json")


class Page(Document, Generic[T]):
    """Some of a list. `next` is where it goes on, in the words of who gave it; None at its end."""

    items: list[T]
    next: str | None = None
