"""What every item of the control table is: a frozen model that knows its key."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict


class Key(NamedTuple):
    """Partition and sort key.

    IAM conditions on leading keys hold because every `pk` is TENANT#<id> or begins with TENANT#<id>#.
    """

    pk: str
    sk: str


class Item(BaseModel):
    """The base of all items: frozen, tolerant of attributes that a newer version wrote.

    `PARTITION` is a class's partition key: there is one for each `{name}` (of a source or model), `{subject}`
    (`silver#orders`) or `{run_id}` that it names. Where it is `EVIDENCE`, it says who decided what, and outlives its
    tenant.
    """

    PARTITION: ClassVar[str] = ""
    EVIDENCE: ClassVar[bool] = False

    model_config = ConfigDict(frozen=True, extra="ignore")
