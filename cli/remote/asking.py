"""What requests have in common."""

from __future__ import annotations

from urllib.parse import quote

from cli.errors import BadArgument
from cli.port import Said


def reason(said: Said) -> dict[str, str]:
    """Why, for a request's body. Who is the key's to say: BadArgument where a person does."""
    if said.by:
        raise BadArgument("The API records the key's own name: leave --by out, and say in --reason what more there is")
    return {"reason": said.reason}


def part(text: str) -> str:
    """A part of a path."""
    return quote(text, safe="")
