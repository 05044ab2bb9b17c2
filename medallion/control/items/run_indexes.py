"""By what runs are found: those that have not ended, those of a subject, those of a status."""

from __future__ import annotations

from typing import ClassVar

from medallion.control.items.base import Item, Key


class OpenRun(Item):
    """That a run has not ended: the sweep looks after those."""

    PARTITION: ClassVar[str] = "TENANT#{tenant}#OPEN"
    SK: ClassVar[str] = "RUN#"
    run_id: str

    @staticmethod
    def key_of(tenant: str, run_id: str) -> Key:
        return Key(f"TENANT#{tenant}#OPEN", f"{OpenRun.SK}{run_id}")


class RunOf(Item):
    """That a run is of this subject: a source's runs, or a model's, are found without those of others."""

    PARTITION: ClassVar[str] = "TENANT#{tenant}#RUNS#{name}"
    SK: ClassVar[str] = "RUN#"
    run_id: str

    @staticmethod
    def key_of(tenant: str, subject: str, run_id: str) -> Key:
        return Key(f"TENANT#{tenant}#RUNS#{subject}", f"{RunOf.SK}{run_id}")


class EndedRun(Item):
    """That a run ended so: the runs of a status are found without those of others. One that is done again has none
    until it ends.
    """

    PARTITION: ClassVar[str] = "TENANT#{tenant}#ENDED"
    SK: ClassVar[str] = "STATUS#"
    run_id: str

    @staticmethod
    def key_of(tenant: str, status: str, run_id: str) -> Key:
        return Key(f"TENANT#{tenant}#ENDED", f"{EndedRun.SK}{status}#{run_id}")


class EndedRunOf(Item):
    """That a run of this subject ended so."""

    PARTITION: ClassVar[str] = "TENANT#{tenant}#ENDED#{name}"
    SK: ClassVar[str] = "STATUS#"
    run_id: str

    @staticmethod
    def key_of(tenant: str, subject: str, status: str, run_id: str) -> Key:
        return Key(f"TENANT#{tenant}#ENDED#{subject}", f"{EndedRunOf.SK}{status}#{run_id}")
