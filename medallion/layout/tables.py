"""An Iceberg table's place, and the names of its tag and branches."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TableLayout:
    """Where an Iceberg table stands: its Glue database, its name, and its location in S3."""

    database: str
    name: str
    location: str

    @property
    def identifier(self) -> tuple[str, str]:
        return (self.database, self.name)

    @property
    def qualified(self) -> str:
        return f"{self.database}.{self.name}"

    @property
    def bucket(self) -> str:
        return self.location.removeprefix("s3://").partition("/")[0]

    def data_file(self, run_id: str, attempt: int, name: str) -> str:
        """A data file's address.

        It carries the attempt, and `name` is of one write alone: nothing is ever overwritten.
        """
        return f"{self.location}/data/run={run_id}/attempt={attempt}/{name}.parquet"


CURRENT = "current"
"""The Iceberg tag of what a table has published: it moves with main, in one commit."""


_BRANCH = "run_"


def branch(run_id: str) -> str:
    """The Iceberg branch on which a run writes before it is published."""
    return f"{_BRANCH}{run_id}"


def beside(name: str) -> str:
    """The Iceberg branch on which a job leaves the files that are to take others' place. It is no run's."""
    return f"maintain_{name}"


def run_of(branch: str) -> str | None:
    """The run that writes on the branch, or on one beside it (`run_<id>_aside`, a Spark job's); None for others."""
    return branch.removeprefix(_BRANCH).partition("_")[0] if branch.startswith(_BRANCH) else None
