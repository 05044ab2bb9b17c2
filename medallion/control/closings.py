"""Closings: that a tenant is to leave, who asked and who approved, and how far it is. One closing for a tenant.

Each stage is noted once it is done, on condition that the one before it stands: whoever is interrupted goes on there.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from boto3.dynamodb.conditions import Attr
from pydantic import Field

from medallion.control.items import Item, Key
from medallion.control.table import ABSENT, ControlTable, Delete, Put


class Stage(StrEnum):
    """What was done last. Until `stopped` nothing is gone, and a person can reopen the tenant."""

    ASKED = "asked"
    FROZEN = "frozen"
    EXPORTED = "exported"
    RETAINED = "retained"
    STOPPED = "stopped"
    REMOVED = "removed"
    CLOSED = "closed"

    @property
    def reversible(self) -> bool:
        return self in (Stage.ASKED, Stage.FROZEN, Stage.EXPORTED, Stage.RETAINED)


class Tally(Item):
    """How much of one kind a tenant had: how many, and what they held (objects, rows, items) in how many bytes."""

    kind: str
    count: int
    items: int = 0
    bytes: int = 0


class Closing(Item):
    """A tenant's closing.

    `asked_as` and `approved_as` are the ARNs of the callers, `export` is the address that was named. `schedules` were
    enabled when it was frozen. `export_hash` and `retained_hash` are the SHA-256 of the manifests of what was exported
    and retained. `belongings` is what the tenant had before anything was removed, `key` the id of its KMS key. The
    `certificate` is a JSON text, `certificate_hash` its SHA-256.
    """

    PARTITION: ClassVar[str] = "TENANT#{tenant}"
    stage: Stage = Stage.ASKED
    asked_by: str
    asked_as: str
    asked_at: datetime
    reason: str
    export: str
    abandon_open: bool = False
    needs_approval: bool = False
    approved_by: str = ""
    approved_as: str = ""
    approved_at: datetime | None = None
    ended: dict[str, datetime] = Field(default_factory=dict)
    schedules: tuple[str, ...] = ()
    export_hash: str = ""
    retained_hash: str = ""
    belongings: tuple[Tally, ...] = ()
    key: str = ""
    certificate: str = ""
    certificate_hash: str = ""

    @property
    def approved(self) -> bool:
        return not self.needs_approval or self.approved_at is not None

    @staticmethod
    def key_of(tenant: str) -> Key:
        return Key(f"TENANT#{tenant}", "CLOSING")


class PastClosing(Closing):
    """A closing that a person took back, or of a tenant whose id was given anew: by whom, why and when. It is kept."""

    SK: ClassVar[str] = "PAST#"
    reopened_by: str
    reopened_at: datetime
    reopened_reason: str

    @staticmethod
    def key_of(tenant: str, asked_at: str) -> Key:  # type: ignore[override]  # one for each time
        return Key(f"TENANT#{tenant}", f"{PastClosing.SK}{asked_at}")


class Closings:
    """The closings of one tenant: the one that stands, and those before it."""

    def __init__(self, table: ControlTable, tenant: str) -> None:
        self._table = table
        self._tenant = tenant
        self._key = Closing.key_of(tenant)

    def current(self) -> Closing | None:
        """The closing as it stands; None if nobody asked for one."""
        return self._table.get(Closing, self._key)

    def ask(self, closing: Closing) -> Closing:
        """Ask for it; the closing that stands is returned, which is another's if there was one."""
        if self._table.put(closing, self._key, ABSENT):
            return closing
        return self.current() or closing

    def approve(self, by: str, caller: str, at: datetime) -> bool:
        """A second caller agrees. False if there is nothing to approve, or the caller is the one who asked."""
        undecided = Attr("stage").eq(Stage.ASKED) & Attr("approved_at").eq(None) & Attr("asked_as").ne(caller)
        changes = {"approved_by": by, "approved_as": caller, "approved_at": at.isoformat()}
        return self._table.update(self._key, changes, undecided)

    def note(self, stage: Stage, changes: Mapping[str, Any]) -> bool:
        """Set attributes of the closing while that stage is the last one done. False if it is not."""
        return self._table.update(self._key, changes, Attr("stage").eq(stage))

    def advance(self, closing: Closing, to: Stage, at: datetime, changes: Mapping[str, Any]) -> Closing:
        """`to` is done now. The closing as it stands then, which another process may have moved on."""
        ended = {**{stage: moment.isoformat() for stage, moment in closing.ended.items()}, to: at.isoformat()}
        self.note(closing.stage, {**changes, "stage": to, "ended": ended})
        return self.current() or closing

    def withdraw(self, closing: Closing, by: str, reason: str, at: datetime) -> bool:
        """It stands no more; that it did is kept. False if it has gone on meanwhile."""
        past = PastClosing(**closing.model_dump(), reopened_by=by, reopened_reason=reason, reopened_at=at)
        as_read = Attr("stage").eq(closing.stage) & Attr("asked_at").eq(_text(closing.asked_at))
        return self._table.transact(
            [
                Put(past, PastClosing.key_of(self._tenant, _text(closing.asked_at)), ABSENT),
                Delete(self._key, as_read),
            ]
        )

    def past(self) -> list[PastClosing]:
        """Those that stand no more, the oldest first."""
        return self._table.query(PastClosing, self._key.pk, PastClosing.SK)


def _text(moment: datetime) -> str:
    """A moment as an item holds it."""
    return moment.isoformat().replace("+00:00", "Z")
