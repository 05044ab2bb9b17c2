"""A problem (RFC 9457) that the API answers with, as the error of its name: it ends the command the same way."""

from __future__ import annotations

from typing import Any

import httpx2

from cli.errors import BadArgument, Unreachable
from medallion import errors
from medallion.errors import MedallionError

_PROBLEMS = "/problems/"
_OF_THE_COMMAND: dict[str, type[MedallionError]] = {"InvalidRequest": BadArgument, "TooManyRequests": Unreachable}


def error_of(response: httpx2.Response) -> MedallionError:
    """The error that the answer is."""
    told = _document(response)
    kind = str(told.get("type", ""))
    if not kind.startswith(_PROBLEMS):
        return Unreachable(
            f"{response.url} does not answer as this API does (HTTP {response.status_code}). Check its address: "
            "medallion whoami"
        )
    name = "".join(word.capitalize() for word in kind.removeprefix(_PROBLEMS).split("-"))
    said = str(told.get("detail") or told.get("title") or name)
    if response.status_code >= 500 and told.get("request_id"):
        said = f"{said} (request {told['request_id']})"
    return named(name, said)


def named(name: str, said: str) -> MedallionError:
    """The platform's error of that class name, or the root of all where it has none."""
    kind = _OF_THE_COMMAND.get(name) or getattr(errors, name, MedallionError)
    if not (isinstance(kind, type) and issubclass(kind, MedallionError)):
        kind = MedallionError
    return kind(said)


def _document(response: httpx2.Response) -> dict[str, Any]:
    try:
        told = response.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
