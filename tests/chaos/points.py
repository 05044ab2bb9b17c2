"""The named points at which a run is hit, as data: which call of which Lambda, and what happens to it there.

`{source}` stands for the scenario's source: several scenarios run at once, and a rule must meet its own alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from local.faults import Fault, Rule

_ITEM_OF_OBJECT = '#OBJECTS#{source}"'
_LEASE = '#LEASE#silver#{source}"'
_SPELT_INSIDE_JSON = r'\\"{source}\\"'


def _table(zone: str) -> str:
    """A Glue request about the source's table in the zone's database."""
    return f'(?s)(?=.*_{zone}")(?=.*"Name": ?"{{source}}")'


@dataclass(frozen=True)
class Point:
    """A place in a run where one thing goes wrong. `says` completes "the process is killed …" or "…"."""

    name: str
    says: str
    fault: Fault
    service: str
    operation: str
    task: str
    body: str = ""
    resource: str = "*"
    more: tuple[tuple[str, Any], ...] = ()

    def rule(self, source: str) -> Rule:
        """The rule that hits this source here."""
        return Rule(
            name=f"{source}:{self.name}",
            service=self.service,
            operation=self.operation,
            fault=self.fault,
            caller=f"*-{self.task}",
            body=self.body.replace("{source}", source),
            resource=self.resource.replace("{source}", source),
            **dict(self.more),
        )

    def times(self, number: int) -> Point:
        """The same, that many times in a row."""
        return replace(self, more=(*self.more, ("times", number)))

    def later(self, number: int) -> Point:
        """The same, but for the first calls that it matches."""
        return replace(self, more=(*self.more, ("skip", number)))


def _killed(when: Fault, name: str, says: str, task: str, call: str, body: str = "", resource: str = "*") -> Point:
    service, _, operation = call.partition(":")
    return Point(name, f"killed {says}", when, service, operation, task, body, resource)


def before(name: str, says: str, task: str, call: str, body: str = "", resource: str = "*") -> Point:
    return _killed(Fault.KILL_BEFORE, name, says, task, call, body, resource)


def after(name: str, says: str, task: str, call: str, body: str = "", resource: str = "*") -> Point:
    return _killed(Fault.KILL_AFTER, name, says, task, call, body, resource)


BEFORE_CLAIM = before("before claim", "before the object is claimed", "trigger", "dynamodb:PutItem", _ITEM_OF_OBJECT)
AFTER_CLAIM = after("after claim", "once the object is claimed", "trigger", "dynamodb:PutItem", _ITEM_OF_OBJECT)
RUN_CREATED = after(
    "run created", "once the run stands in the table", "trigger", "dynamodb:TransactWriteItems", _ITEM_OF_OBJECT
)
STARTED = after(
    "execution started", "once the execution is started", "trigger", "states:StartExecution", _SPELT_INSIDE_JSON
)
IN_QUEUE = after("in the queue", "once the run waits for its lease", "acquire", "dynamodb:PutItem", _LEASE)
LEASE_TAKEN = after("lease taken", "once the lease is the run's", "acquire", "dynamodb:[TPU]*Item*", _LEASE).later(1)
BRONZE_COMMITTED = after("bronze committed", "once Bronze is committed", "refine", "glue:UpdateTable", _table("bronze"))
MID_WRITE = before(
    "mid-write", "while Silver's file is written", "refine", "s3:PutObject", resource="*-silver-*/{source}/data/*"
)
FILES_WRITTEN = before(
    "files written, not committed", "before the branch's commit", "refine", "glue:UpdateTable", _table("silver")
)
ON_BRANCH = after(
    "committed to branch", "once the branch holds the run", "refine", "glue:UpdateTable", _table("silver")
)
QUARANTINE_WRITTEN = after(
    "quarantine committed", "once the log holds the entries", "refine", "glue:UpdateTable", _table("quarantine")
)
REFINED = after(
    "refined", "once Refine's document is written", "refine", "s3:PutObject", "/{source}/", "*/refined.json"
)
JUDGED = after("judged", "once the gate noted its finding", "gate", "dynamodb:UpdateItem", "/{source}/")
BEFORE_PUBLISH = before("before publish", "before main moves", "promote", "glue:UpdateTable", _table("silver"))
PUBLISHED = after(
    "published, ledger not written", "once main has moved", "promote", "glue:UpdateTable", _table("silver")
)
HALF_TOLD = before(
    "_SUCCESS written, _LATEST not", "between the two", "promote", "s3:PutObject", resource="*/{source}/_LATEST.json"
)
LATEST_TOLD = after(
    "_LATEST written", "once readers are told", "promote", "s3:PutObject", resource="*/{source}/_LATEST.json"
)
EVENT_SENT = after("event sent", "once the event is on the bus", "promote", "events:PutEvents", _SPELT_INSIDE_JSON)
LEASE_HELD_AT_END = before(
    "ended, lease not given back", "with the lease in its hand", "settle", "dynamodb:*Item", _LEASE
)
HELD = before("held, lease not given back", "once the run is held", "hold", "dynamodb:*Item", _LEASE)
TAKEN_BACK = before("failure half told", "while the run is taken back", "fail", "events:PutEvents", _SPELT_INSIDE_JSON)
WITHDRAWN = after("withdrawn", "once the entries are withdrawn", "fail", "glue:UpdateTable", _table("quarantine"))


def refused(name: str, says: str, task: str, call: str, code: str, status: int, times: int, **where: str) -> Point:
    """A service that says no, that many times: the first tries are the AWS client's own."""
    service, _, operation = call.partition(":")
    more = (("code", code), ("status", status), ("times", times))
    return Point(name, says, Fault.REFUSE, service, operation, task, more=more, **where)


_THROTTLED, _BUSY = "ProvisionedThroughputExceededException", "ThrottlingException"
CLAIM_THROTTLED = refused(
    "DynamoDB throttles the claim", "refused 4 times", "trigger", "dynamodb:PutItem", _THROTTLED, 400, 4,
    body=_ITEM_OF_OBJECT,
)  # fmt: skip
LEASE_THROTTLED = refused(
    "DynamoDB throttles the lease", "refused 30 times", "acquire", "dynamodb:*", _THROTTLED, 400, 30, body=_LEASE
)
SETTLE_THROTTLED = refused(
    "DynamoDB throttles the end", "refused 30 times", "settle", "dynamodb:*", _THROTTLED, 400, 30, body=_LEASE
)
S3_SLOW = refused(
    "S3 says SlowDown", "refused 3 times", "refine", "s3:PutObject", "SlowDown", 503, 3,
    resource="*-silver-*/{source}/data/*",
)  # fmt: skip
S3_FAILS = refused(
    "S3 fails", "InternalError 12 times", "refine", "s3:PutObject", "InternalError", 500, 12,
    resource="*-bronze-*/{source}/data/*",
)  # fmt: skip
S3_DOWN = refused(
    "S3 is down", "InternalError 200 times", "refine", "s3:*", "InternalError", 500, 200,
    resource="*-silver-*/{source}/data/*",
)  # fmt: skip
LANDING_FAILS = refused(
    "S3 fails to read", "InternalError 8 times", "refine", "s3:GetObject", "InternalError", 500, 8,
    resource="*-landing-*/{source}/*",
)  # fmt: skip
GLUE_THROTTLES_PUBLISH = refused(
    "Glue throttles the publication", "refused 12 times", "promote", "glue:UpdateTable", _BUSY, 400, 12,
    body=_table("silver"),
)  # fmt: skip
EVENTS_FAIL = refused(
    "EventBridge fails", "InternalException 12 times", "promote", "events:PutEvents", "InternalException", 500, 12,
    body=_SPELT_INSIDE_JSON,
)  # fmt: skip


def lost(name: str, says: str, task: str, call: str, body: str = "", resource: str = "*") -> Point:
    """A call that takes effect, and whose answer never comes."""
    service, _, operation = call.partition(":")
    return Point(name, f"answer lost {says}", Fault.LOSE, service, operation, task, body, resource)


CLAIM_UNHEARD = lost("claim unheard", "after the claim", "trigger", "dynamodb:PutItem", _ITEM_OF_OBJECT)
RUN_UNHEARD = lost(
    "run's creation unheard", "after the run's creation", "trigger", "dynamodb:TransactWriteItems", _ITEM_OF_OBJECT
)
START_UNHEARD = lost("start unheard", "after the start", "trigger", "states:StartExecution", _SPELT_INSIDE_JSON)
LEASE_UNHEARD = lost("lease unheard", "after the lease", "acquire", "dynamodb:*Item", _LEASE)
BRONZE_UNHEARD = lost(
    "Bronze's commit unheard", "after Bronze's commit", "refine", "glue:UpdateTable", _table("bronze")
)
BRANCH_UNHEARD = lost(
    "branch's commit unheard", "after the branch's commit", "refine", "glue:UpdateTable", _table("silver")
)
PUBLISH_UNHEARD = lost("publication unheard", "after main moved", "promote", "glue:UpdateTable", _table("silver"))
RELEASE_UNHEARD = lost("lease's return unheard", "after the lease's return", "settle", "dynamodb:UpdateItem", _LEASE)

LATE_COMMIT = Point(
    "the function times out at its commit",
    "the call takes effect when nobody waits for it",
    Fault.DELAY,
    "glue",
    "UpdateTable",
    "refine",
    _table("silver"),
    more=(("seconds", 14.0),),
)
LATE_PUBLISH = Point(
    "the function times out at publication",
    "main moves when nobody waits for it",
    Fault.DELAY,
    "glue",
    "UpdateTable",
    "promote",
    _table("silver"),
    more=(("seconds", 14.0),),
)
