"""Batches: objects that wait are gathered into one run, chunk by chunk, so that no crash puts one in two runs or none.

An object that waits stands in its source's queue. A batch that is gathered takes objects out of the queue and gives
their claims to its run, a chunk in each transaction. Sealed, it grows no more; then its run is made and the batch goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from boto3.dynamodb.conditions import Attr, ConditionBase

from medallion.control.items import BatchPart, Gathering, ObjectClaim, Run
from medallion.control.runs import new_run
from medallion.control.table import ABSENT, ControlTable, Delete, Put, Update, Write

CHUNK = 49
"""Objects that one transaction takes: two writes for each, two for the batch, of 100 that DynamoDB allows."""
KEPT = timedelta(days=30)
"""How long the parts of a sealed batch stay."""


class Batches:
    """The waiting objects of one tenant's sources, and the batches that are gathered of them."""

    def __init__(self, table: ControlTable, tenant: str) -> None:
        self._table = table
        self._tenant = tenant

    def claim(self, claim: ObjectClaim) -> bool:
        """Claim the object and let it wait; False if it was claimed before."""
        return self._table.transact(
            [
                Put(claim, ObjectClaim.key_of(self._tenant, claim.source, claim.source_file_id), ABSENT),
                Put(claim, claim.waiting_key(self._tenant)),
            ]
        )

    def waiting(self, source: str, limit: int) -> list[ObjectClaim]:
        """The objects that have no run yet, in the order of their arrival, `limit` at most."""
        return self._table.query(
            ObjectClaim, ObjectClaim.queue_of(self._tenant, source), ObjectClaim.WAITING, limit=limit
        )

    def run_alone(self, run: Run, claim: ObjectClaim, *beside: Write) -> bool:
        """Make a run of the one object. False if the run stands already, or the object has a run."""
        return self._table.transact([*new_run(self._tenant, run), *self._assign(run.run_id, [claim]), *beside])

    def gathering(self, source: str) -> Gathering | None:
        """The source's batch that is gathered now."""
        return self._table.get(Gathering, Gathering.key_of(self._tenant, source))

    def open(self, batch: Gathering) -> Gathering:
        """Begin to gather; the batch that stands is returned, which is another's if there was one."""
        if self._table.put(batch, Gathering.key_of(self._tenant, batch.source), ABSENT):
            return batch
        return self.gathering(batch.source) or batch

    def grow(self, batch: Gathering, claims: Sequence[ObjectClaim], now: datetime) -> bool:
        """Give these waiting objects to the batch's run, CHUNK at most. False if batch or queue moved meanwhile."""
        part = BatchPart(objects=tuple(claims), expires_at=int((now + KEPT).timestamp()))
        grown = {
            "parts": batch.parts + 1,
            "objects": batch.objects + len(claims),
            "bytes": batch.bytes + sum(one.size for one in claims),
        }
        return self._table.transact(
            [
                Update(Gathering.key_of(self._tenant, batch.source), grown, _as_read(batch)),
                Put(part, BatchPart.key_of(self._tenant, batch.run_id, batch.parts), ABSENT),
                *self._assign(batch.run_id, claims),
            ]
        )

    def seal(self, batch: Gathering) -> bool:
        """Let the batch grow no more. False if it grew meanwhile."""
        key = Gathering.key_of(self._tenant, batch.source)
        return batch.sealed or self._table.update(key, {"sealed": True}, _as_read(batch))

    def objects(self, batch: Gathering) -> list[ObjectClaim]:
        """What a sealed batch holds."""
        pk = BatchPart.key_of(self._tenant, batch.run_id, 0).pk
        return [claim for part in self._table.query(BatchPart, pk, BatchPart.SK) for claim in part.objects]

    def close(self, batch: Gathering, run: Run | None) -> bool:
        """Make the sealed batch's run, or none of an empty one, and let the next be gathered. False if that is done."""
        mine = Attr("run_id").eq(batch.run_id)
        made = [] if run is None else new_run(self._tenant, run)
        return self._table.transact([*made, Delete(Gathering.key_of(self._tenant, batch.source), mine)])

    def _assign(self, run_id: str, claims: Sequence[ObjectClaim]) -> list[Write]:
        free = Attr("run_id").eq(None)
        writes: list[Write] = []
        for one in claims:
            key = ObjectClaim.key_of(self._tenant, one.source, one.source_file_id)
            writes += [Update(key, {"run_id": run_id}, free), Delete(one.waiting_key(self._tenant))]
        return writes


def _as_read(batch: Gathering) -> ConditionBase:
    return Attr("run_id").eq(batch.run_id) & Attr("parts").eq(batch.parts) & Attr("sealed").eq(batch.sealed)
