"""The named points at which a run is hit, as data: which call of which Lambda, and what happens to it there.

`{source}` stands for the scenario's source: several scenarios run at once, and a rule must meet its own alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from local.faults import Fault, Rule

_CLAIM = '(?s)^(?!.*#RUNS")(?=.*#OBJECTS#{source}")'
_RUN_OF_OBJECTS = '(?s)(?=.*#RUNS")(?=.*#OBJECTS#{source}")'
_CHUNK = '(?s)(?=.*#BATCH#)(?=.*#OBJECTS#{source}")'
_BATCH_MADE = '(?s)(?=.*#RUNS")(?=.*#QUEUE#{source}")(?=.*"GATHERING")'
_LEASE = '#LEASE#silver#{source}"'
_RECEIPTS = "*-ledger-*/receipts/silver/{source}/*"
_LEASE_ITSELF = '(?s)(?=.*#LEASE#silver#{source}")(?=.*"LEASE")'
_SPELT_INSIDE_JSON = r'\\"{source}\\"'


def _table(zone: str) -> str:
    """A Glue request about the source's table in the zone's database."""
    return f'(?s)(?=.*_{zone}")(?=.*"Name": ?"{{source}}")'


_GOLD = '(?s)(?=.*_gold")(?=.*"Name": ?"sum_of_{source}")'


@dataclass(frozen=True)
class Point:
    """A place in a run where one thing goes wrong, in the Lambda of a task, or in a command where there is none."""

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
            caller=f"*-{self.task}" if self.task else "",
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


BEFORE_CLAIM = before("before claim", "before the object is claimed", "trigger", "dynamodb:[PT]*Item*", _CLAIM)
AFTER_CLAIM = after("after claim", "once the object is claimed", "trigger", "dynamodb:[PT]*Item*", _CLAIM)
RUN_CREATED = after(
    "run created", "once the run stands in the table", "trigger", "dynamodb:TransactWriteItems", _RUN_OF_OBJECTS
)
CHUNK_GATHERED = after(
    "chunk gathered", "once a batch has taken objects", "trigger", "dynamodb:TransactWriteItems", _CHUNK
)
BATCH_MADE = after("batch made", "once the batch is a run", "trigger", "dynamodb:TransactWriteItems", _BATCH_MADE)
STARTED = after(
    "execution started", "once the execution is started", "trigger", "states:StartExecution", _SPELT_INSIDE_JSON
)
IN_QUEUE = after("in the queue", "once the run waits for its lease", "acquire", "dynamodb:PutItem", _LEASE)
LEASE_TAKEN = after("lease taken", "once the lease is the run's", "acquire", "dynamodb:[TPU]*Item*", _LEASE_ITSELF)
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
PUBLISHED = after("published", "once main has moved", "promote", "glue:UpdateTable", _table("silver"))
NO_RECEIPT = before("published, ledger not written", "before the receipt", "settle", "s3:PutObject", resource=_RECEIPTS)
RECEIPT_WRITTEN = after(
    "receipt written, not anchored", "once the receipt stands", "settle", "s3:PutObject", resource=_RECEIPTS
)
ANCHORED = after(
    "ledger written, event not acknowledged",
    "once the receipt is anchored",
    "settle",
    "dynamodb:TransactWriteItems",
    'CHAIN#silver#{source}"',
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

BUILD_ASKED = after(
    "build asked for", "once the model's build is asked for", "coalesce", "dynamodb:UpdateItem", "MODEL#sum_of_{source}"
)
BUILD_WRITES = before(
    "build's write", "while Gold's file is written", "build", "s3:PutObject", resource="*-gold-*/sum_of_{source}/data/*"
)
BUILD_COMMITTED = after("build committed", "once the build is on its branch", "build", "glue:UpdateTable", _GOLD)
GOLD_PUBLISHED = after("Gold published", "once Gold's main has moved", "promote", "glue:UpdateTable", _GOLD)


def refused(name: str, says: str, task: str, call: str, code: str, status: int, times: int, **where: str) -> Point:
    """A service that says no, that many times: the first tries are the AWS client's own."""
    service, _, operation = call.partition(":")
    more = (("code", code), ("status", status), ("times", times))
    return Point(name, says, Fault.REFUSE, service, operation, task, more=more, **where)


_THROTTLED, _BUSY = "ProvisionedThroughputExceededException", "ThrottlingException"
CLAIM_THROTTLED = refused(
    "DynamoDB throttles the claim", "refused 4 times", "trigger", "dynamodb:[PT]*Item*", _THROTTLED, 400, 4,
    body=_CLAIM,
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
    "S3 is down", "InternalError 28 times", "refine", "s3:PutObject", "InternalError", 500, 28,
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


CLAIM_UNHEARD = lost("claim unheard", "after the claim", "trigger", "dynamodb:[PT]*Item*", _CLAIM)
RUN_UNHEARD = lost(
    "run's creation unheard", "after the run's creation", "trigger", "dynamodb:TransactWriteItems", _RUN_OF_OBJECTS
)
START_UNHEARD = lost("start unheard", "after the start", "trigger", "states:StartExecution", _SPELT_INSIDE_JSON)
LEASE_UNHEARD = lost("lease unheard", "after the lease", "acquire", "dynamodb:[TPU]*Item*", _LEASE_ITSELF)
BRONZE_UNHEARD = lost(
    "Bronze's commit unheard", "after Bronze's commit", "refine", "glue:UpdateTable", _table("bronze")
)
BRANCH_UNHEARD = lost(
    "branch's commit unheard", "after the branch's commit", "refine", "glue:UpdateTable", _table("silver")
)
RECEIPT_UNHEARD = lost("receipt unheard", "after the receipt", "settle", "s3:PutObject", resource=_RECEIPTS)
ANCHOR_UNHEARD = lost(
    "anchor unheard", "after the anchor", "settle", "dynamodb:TransactWriteItems", 'CHAIN#silver#{source}"'
)
PUBLISH_UNHEARD = lost("publication unheard", "after main moved", "promote", "glue:UpdateTable", _table("silver"))
RELEASE_UNHEARD = lost("lease's return unheard", "after the lease's return", "settle", "dynamodb:UpdateItem", _LEASE)


def by_a_person(point: Point) -> Point:
    """The same call, made by a command instead of a Lambda."""
    return replace(point, name=f"command's {point.name}", task="")


MOVING_BACK_UNHEARD = by_a_person(replace(PUBLISH_UNHEARD, name="moving back unheard", says="answer lost"))
MOVING_BACK_REFUSED = by_a_person(replace(GLUE_THROTTLES_PUBLISH, name="moving back refused"))

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

COMPACTION_WRITTEN = before(
    "compaction written, not committed",
    "before the compaction's commit",
    "housekeep",
    "glue:UpdateTable",
    _table("silver"),
)
COMPACTION_COMMITTED = after(
    "compaction committed", "once the compaction stands", "housekeep", "glue:UpdateTable", _table("silver")
)
BRONZE_COMPACTED = after(
    "Bronze compacted", "once Bronze's compaction stands", "housekeep", "glue:UpdateTable", _table("bronze")
)
