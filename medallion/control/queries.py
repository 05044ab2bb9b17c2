"""Queries that were asked through the API: who asked, how it ended, what it scanned. Athena keeps the text itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, NamedTuple

from boto3.dynamodb.conditions import Attr

from medallion.control.items import Item, Key
from medallion.control.table import ABSENT, ControlTable, Delete, Put, Update
from medallion.control.usage import Used, used
from medallion.errors import UnknownQuery
from medallion.layout import Zone

KEPT = timedelta(days=30)
"""How long a query can be asked about: Athena keeps its own history for 45 days."""


class QueryState(StrEnum):
    """Where a query stands, in Athena's words. The last three are its end."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        return self not in (QueryState.QUEUED, QueryState.RUNNING)


class QueryRun(Item):
    """A query, by whom and when it was asked, and what came of it.

    `execution_id` is Athena's. Of the text stand its SHA-256 and its length here. `rows` is how many rows its asker
    wants at most. `scanned_bytes`, `seconds` and `reason` are as they were when it ended. DynamoDB removes it after
    `expires_at`, in seconds since 1970.
    """

    SK: ClassVar[str] = "QUERY#"
    PARTITION: ClassVar[str] = "TENANT#{tenant}#QUERIES"
    query_id: str
    execution_id: str
    sha256: str
    length: int
    zone: Zone
    rows: int
    asked_by: str
    asked_at: datetime
    state: QueryState = QueryState.QUEUED
    reason: str = ""
    scanned_bytes: int = 0
    seconds: float = 0
    ended_at: datetime | None = None
    expires_at: int

    @staticmethod
    def key_of(tenant: str, query_id: str) -> Key:
        return Key(f"TENANT#{tenant}#QUERIES", f"{QueryRun.SK}{query_id}")


class OpenQuery(Item):
    """That nobody has seen yet how a query ended: it is not counted so far. It stays as long as the query does."""

    SK: ClassVar[str] = "OPEN#"
    PARTITION: ClassVar[str] = "TENANT#{tenant}#QUERIES"
    query_id: str
    expires_at: int

    @staticmethod
    def key_of(tenant: str, query_id: str) -> Key:
        return Key(f"TENANT#{tenant}#QUERIES", f"{OpenQuery.SK}{query_id}")


class QueryPage(NamedTuple):
    """Queries, newest first. `before` is where the next page begins, or nothing if there is no more."""

    queries: list[QueryRun]
    before: str


class Queries:
    """One tenant's queries. Their ids sort by the moment that they were asked."""

    def __init__(self, table: ControlTable, tenant: str) -> None:
        self._table = table
        self._tenant = tenant

    def create(self, query: QueryRun) -> bool:
        """Keep a new query; False if one of that id stands already."""
        opened = OpenQuery(query_id=query.query_id, expires_at=query.expires_at)
        return self._table.transact(
            [
                Put(query, QueryRun.key_of(self._tenant, query.query_id), ABSENT),
                Put(opened, OpenQuery.key_of(self._tenant, query.query_id)),
            ]
        )

    def query(self, query_id: str) -> QueryRun:
        found = self._table.get(QueryRun, QueryRun.key_of(self._tenant, query_id))
        if found is None:
            raise UnknownQuery(
                f"query {query_id!r} does not exist, or was asked over {KEPT.days} days ago; ask it again"
            )
        return found

    def page(self, limit: int, before: str = "") -> QueryPage:
        """The newest queries, `limit` at most; those before the one of id `before`."""
        pk = QueryRun.key_of(self._tenant, "").pk
        beyond = f"{QueryRun.SK}{before}" if before else ""
        found = self._table.query(QueryRun, pk, QueryRun.SK, limit=limit + 1, newest_first=True, beyond=beyond)
        shown = found[:limit]
        return QueryPage(shown, shown[-1].query_id if len(found) > limit else "")

    def uncounted(self, limit: int) -> list[QueryRun]:
        """The oldest queries of which nobody has seen yet how they ended, `limit` at most."""
        pk = OpenQuery.key_of(self._tenant, "").pk
        named = self._table.query(OpenQuery, pk, OpenQuery.SK, limit=limit)
        return self._table.get_many(QueryRun, [QueryRun.key_of(self._tenant, one.query_id) for one in named])

    def end(self, ended: QueryRun) -> bool:
        """Note how the query ended, and count it; False if that is done."""
        key = QueryRun.key_of(self._tenant, ended.query_id)
        said = {"state", "reason", "scanned_bytes", "seconds", "ended_at"}
        goes_on = Attr("state").is_in([state for state in QueryState if not state.ended])
        day = (ended.ended_at or ended.asked_at).date()
        return self._table.transact(
            [
                Update(key, ended.model_dump(mode="json", include=said), goes_on),
                Delete(OpenQuery.key_of(self._tenant, ended.query_id), None),
                used(self._tenant, day, Used.QUERY, ended.state, by=ended.query_id, read=ended.scanned_bytes),
            ]
        )
