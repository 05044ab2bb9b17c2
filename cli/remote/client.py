"""Requests to the API: sent again where that is safe, patient where it says so, and its problems as errors.

A POST carries an idempotency key of this invocation of the command: sent again, it is done once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from importlib.metadata import version
from itertools import count
from typing import Any
from uuid import uuid4

import httpx2
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from cli.errors import Unreachable, WaitedEnough
from cli.remote.access import Access
from cli.remote.problems import error_of, named
from medallion.errors import MedallionError

PAGE = 200
"""How much of a list is asked for at once at most."""
_TRIES = 6
_LONGEST_WAIT = 60.0
"""Seconds that an answer's Retry-After is followed; one that asks for more ends the command."""
_ANSWER_SECONDS = 35.0
"""API Gateway gives up after 29."""
_PREFER = {"Prefer": "wait=20"}
_PATIENCE = 3600.0
"""Seconds that an operation is waited for: the longest Lambda, as often as it is begun."""
_AGAIN = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
_IN_PROGRESS = "/problems/still-in-progress"
_backoff = wait_exponential_jitter(multiplier=0.3, max=8)


class _Again(Exception):
    """A request may be sent again, after so many seconds where the answer says so; `error` is what it ends with."""

    def __init__(self, error: MedallionError, after: float | None = None) -> None:
        super().__init__(str(error))
        self.error, self.after = error, after


def connect(access: Access, tenant: str, transport: httpx2.BaseTransport | None = None) -> Client:
    """A client with that key, at work for the tenant that an operator names."""
    headers = {"Authorization": f"Bearer {access.token}", "User-Agent": f"medallion/{version('medallion')}"}
    if tenant:
        headers["Medallion-Tenant"] = tenant
    timeout = httpx2.Timeout(_ANSWER_SECONDS, connect=10)
    return Client(httpx2.Client(base_url=access.url, headers=headers, timeout=timeout, transport=transport))


@dataclass(frozen=True)
class Client:
    """The API, asked as JSON."""

    http: httpx2.Client
    sleep: Callable[[float], None] = time.sleep
    _invocation: str = field(default_factory=lambda: str(uuid4()))
    _numbers: Iterator[int] = field(default_factory=count)

    def get(self, path: str, params: Mapping[str, Any] | None = None, *, wait: bool = False) -> Any:
        return self._ask("GET", path, params=_said(params), headers=_PREFER if wait else {})

    def post(self, path: str, body: Mapping[str, Any], *, wait: bool = False) -> Any:
        # One invocation may post more than once: each is a request of its own.
        headers = {"Idempotency-Key": f"{self._invocation}-{next(self._numbers)}", **(_PREFER if wait else {})}
        return self._ask("POST", path, json=body, headers=headers)

    def put(self, path: str, body: Mapping[str, Any], *, wait: bool = False) -> Any:
        return self._ask("PUT", path, json=body, headers=_PREFER if wait else {})

    def delete(self, path: str) -> Any:
        return self._ask("DELETE", path)

    def pages(
        self, path: str, params: Mapping[str, Any] | None = None, *, limit: int | None = None, cursor: str = ""
    ) -> tuple[list[Any], str | None]:
        """Items of a list, `limit` at most (None: all), and the cursor of what follows."""
        items: list[Any] = []
        following: str | None = cursor or None
        while True:
            wanted = PAGE if limit is None else min(PAGE, limit - len(items))
            page = self.get(path, {**(params or {}), "limit": wanted, "cursor": following})
            items += page["items"]
            following = page["next"]
            if following is None or (limit is not None and len(items) >= limit):
                return items, following

    def operate(self, path: str, body: Mapping[str, Any], *, method: str = "POST") -> dict[str, Any]:
        """Have an operation done, and wait for its end: its result, or the error that it failed with."""
        operation = (self.put if method == "PUT" else self.post)(path, body, wait=True)
        deadline = time.monotonic() + _PATIENCE
        while operation["ended_at"] is None:
            if time.monotonic() > deadline:
                raise WaitedEnough(
                    f"The operation goes on. Look again: medallion operations show {operation['operation_id']}"
                )
            operation = self.get(f"/operations/{operation['operation_id']}", wait=True)
        if operation["status"] == "failed":
            raise named(str(operation["problem_kind"]), str(operation["problem"]))
        result: dict[str, Any] = operation["result"] or {}
        return result

    def _ask(self, method: str, path: str, **how: Any) -> Any:
        tries = Retrying(
            retry=retry_if_exception_type(_Again),
            stop=stop_after_attempt(_TRIES),
            wait=_pause,
            sleep=self.sleep,
            reraise=True,
        )
        try:
            return tries(self._once, method, path, **how)
        except _Again as last:
            raise last.error from last.__cause__

    def _once(self, method: str, path: str, **how: Any) -> Any:
        try:
            response = self.http.request(method, path, **how)
        except httpx2.TransportError as failed:
            raise _Again(
                Unreachable(
                    f"The API at {self.http.base_url} does not answer ({str(failed) or type(failed).__name__}). "
                    "Check its address and the network: medallion whoami"
                )
            ) from failed
        if response.is_success and response.headers.get("content-type", "").startswith("application/json"):
            return response.json()
        error = error_of(response)
        if response.status_code in _AGAIN or _still_in_progress(response):
            after = _retry_after(response)
            if after is None or after <= _LONGEST_WAIT:
                raise _Again(error, after)
        raise error


def _said(params: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (params or {}).items() if value is not None}


def _still_in_progress(response: httpx2.Response) -> bool:
    """An earlier try of this very request is being worked on: its answer comes."""
    return response.status_code == HTTPStatus.CONFLICT and _IN_PROGRESS in response.text


def _retry_after(response: httpx2.Response) -> float | None:
    said = response.headers.get("retry-after", "")
    return float(said) if said.isdigit() else None


def _pause(state: RetryCallState) -> float:
    failed = state.outcome.exception() if state.outcome is not None else None
    after = failed.after if isinstance(failed, _Again) else None
    return _backoff(state) if after is None else after
