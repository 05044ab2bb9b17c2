"""Faults on demand: rules that name an AWS call and what is to go wrong with it. For tests, and off unless asked for.

They apply at the embedded AWS's front door (`local.front_door`), so that the product's code holds no hook. A Lambda's
clock can be shifted too: what it sees is what `local.worker` was told when its process started.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated, Any
from urllib.parse import parse_qs

from pydantic import BaseModel, ConfigDict, Field

from local.seams import seam

CLOCK_SHIFT = "MEDALLION_LOCAL_CLOCK_SHIFT"
"""The environment variable, in seconds, that only `local.worker` reads."""

_SESSIONS = seam("services.sts", "_sessions")
_CREDENTIAL = re.compile(r"Credential=(?P<key>[^/]+)/[^/]+/[^/]+/(?P<service>[^/]+)/aws4_request")
_S3_OBJECT_POSTS = {
    "uploads": "CreateMultipartUpload",
    "uploadId": "CompleteMultipartUpload",
    "delete": "DeleteObjects",
}
_S3_METHODS = {"GET": "GetObject", "HEAD": "HeadObject", "PUT": "PutObject", "DELETE": "DeleteObject"}


class Fault(StrEnum):
    """What goes wrong. Only a Lambda's process is ever killed: the one at the other end of the connection."""

    KILL_BEFORE = "kill before"
    KILL_AFTER = "kill after"
    REFUSE = "refuse"
    LOSE = "lose the answer"
    DELAY = "delay"


class Rule(BaseModel):
    """Which calls, and what happens to them: of those that match, `skip` pass, then `times` meet the fault.

    `service` is the name that requests are signed for (dynamodb, s3, glue, states, events); `operation`, `resource`
    (S3's bucket/key) and `caller` (the Lambda's name; nobody else's calls match `?*`) are shell patterns; `body` is a
    regular expression that is looked for in the request's body.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    service: str
    operation: str
    fault: Fault
    resource: str = "*"
    caller: str = "?*"
    body: str = ""
    skip: int = Field(default=0, ge=0)
    times: int = Field(default=1, ge=1)
    status: int = 400
    """Of a refusal: 400 for throttling by most services, 503 for S3's SlowDown, 500 for an internal error."""
    code: str = "ThrottlingException"
    seconds: float = Field(default=0.0, ge=0)
    """How long a delayed call waits before it takes effect, even if its caller is gone by then."""


class Plan(BaseModel):
    """What a test asks for: more rules, and the clocks of Lambdas (by a pattern of their names) in seconds off."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rules: tuple[Rule, ...] = ()
    clocks: dict[str, Annotated[float, Field(ge=-86_400, le=86_400)]] = {}


@dataclass(frozen=True)
class Call:
    """An AWS call as it comes in, before anything is done about it."""

    service: str
    operation: str
    resource: str
    caller: str

    @classmethod
    def of(cls, method: str, path: str, query: str, headers: dict[str, str]) -> Call:
        """The call that an HTTP request makes; its service is empty where it is not signed."""
        credential = _CREDENTIAL.search(headers.get("authorization", ""))
        if credential is None:
            return cls("", "", "", "")
        service, caller = credential["service"], _function_of(credential["key"])
        if service == "s3":
            return cls(
                service, _s3_operation(method, path, parse_qs(query, keep_blank_values=True), headers), path[1:], caller
            )
        return cls(service, headers.get("x-amz-target", "").rpartition(".")[2], "", caller)


def _function_of(access_key: str) -> str:
    """The Lambda whose role's session signed: its name is the session's."""
    arn = str(_SESSIONS.get().get(access_key, {}).get("Arn", ""))
    return arn.rpartition("/")[2] if ":assumed-role/" in arn else ""


def _s3_operation(method: str, path: str, query: dict[str, list[str]], headers: dict[str, str]) -> str:
    _, _, key = path[1:].partition("/")
    if method == "POST":
        return next((name for mark, name in _S3_OBJECT_POSTS.items() if mark in query), "PostObject")
    if not key:
        return {"GET": "ListObjectVersions" if "versions" in query else "ListObjectsV2"}.get(method, f"{method} bucket")
    if method == "PUT" and "partNumber" in query:
        return "UploadPart"
    if method == "PUT" and "x-amz-copy-source" in headers:
        return "CopyObject"
    return _S3_METHODS.get(method, method)


@dataclass
class Armed:
    """A rule at work: how many calls it matched, and how many of those met the fault."""

    rule: Rule
    matched: int = 0
    fired: int = 0

    def concerns(self, call: Call) -> bool:
        """Whether the rule may mean the call; only a rule with a `body` still depends on that."""
        rule = self.rule
        return (
            self.fired < rule.times
            and call.service == rule.service
            and fnmatchcase(call.operation, rule.operation)
            and fnmatchcase(call.resource, rule.resource)
            and fnmatchcase(call.caller, rule.caller)
        )

    def fires(self) -> bool:
        """Count one match; whether this one meets the fault."""
        self.matched += 1
        if self.matched <= self.rule.skip:
            return False
        self.fired += 1
        return True

    def told(self) -> dict[str, Any]:
        return {"name": self.rule.name, "matched": self.matched, "fired": self.fired}


@dataclass
class Faults:
    """The rules and clocks in force. Asked by the server's loop, and by the threads that start Lambdas."""

    _armed: list[Armed] = field(default_factory=list)
    _clocks: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, plan: Plan) -> None:
        with self._lock:
            self._armed += [Armed(rule) for rule in plan.rules]
            self._clocks |= plan.clocks

    def remove(self, name: str) -> None:
        """Forget the rules whose names match the pattern, and every clock whose pattern is `name`; "*" forgets all."""
        with self._lock:
            self._armed = [one for one in self._armed if not fnmatchcase(one.rule.name, name)]
            self._clocks = {} if name == "*" else {key: s for key, s in self._clocks.items() if key != name}

    def told(self) -> list[dict[str, Any]]:
        with self._lock:
            return [one.told() for one in self._armed]

    def needs_body(self, call: Call) -> bool:
        with self._lock:
            return any(one.rule.body and one.concerns(call) for one in self._armed)

    def meet(self, call: Call, body: bytes) -> Rule | None:
        """The first rule that makes this call fail; the match is counted."""
        with self._lock:
            for one in self._armed:
                found = not one.rule.body or re.search(one.rule.body.encode(), body)
                if found and one.concerns(call) and one.fires():
                    return one.rule
        return None

    def clock_of(self, function: str) -> float:
        """How many seconds the clock of this Lambda is off."""
        with self._lock:
            return next((s for pattern, s in self._clocks.items() if fnmatchcase(function, pattern)), 0.0)


FAULTS = Faults()
"""Those of this process's embedded AWS."""
