"""Which engine a run goes to: as its source says, or its environment, or by what it has to read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from medallion.contracts.model import Frozen, Lane
from medallion.errors import LaneNotAvailable

if TYPE_CHECKING:
    from medallion.engines.inputs import Inputs

GIB = 1024**3
SMALL = 4 * GIB
"""Up to so many bytes a run stays in the Lambda lane, where its state has room and fifteen minutes are enough."""
LARGE = 500 * GIB
"""From so many bytes on a run goes to EMR Serverless, whose workers are larger."""


class Handover(Frozen):
    """Who goes on: the step is done in the Lambda lane, or the lane's job is to be started with this order."""

    lane: Lane = Lane.LAMBDA
    job: str = ""


@dataclass(frozen=True)
class Lanes:
    """The lanes that a deployment has, and the one that its sources and models take which leave it open."""

    available: frozenset[Lane] = frozenset({Lane.LAMBDA})
    usual: Lane = Lane.AUTO
    zoned_only: frozenset[Lane] = frozenset()
    """Those whose Spark knows no time without a zone: Glue 4.0's, which is 3.3."""

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> Lanes:
        """The lanes that a Lambda's environment variables name."""
        available = frozenset(Lane(one) for one in variables.get("MEDALLION_LANES", Lane.LAMBDA).split(","))
        old = variables.get("MEDALLION_GLUE_VERSION") == "4.0"
        zoned_only = frozenset({Lane.GLUE} if old else ())
        return cls(available, Lane(variables.get("MEDALLION_LANE", Lane.AUTO)), zoned_only)

    def able(self, types: Iterable[str]) -> frozenset[Lane]:
        """The lanes that know all these types of columns, named as Iceberg names them."""
        return self.available - self.zoned_only if "timestamp" in types else self.available

    def choose(self, subject: str, asked: Lane, size: int, types: Iterable[str] = ()) -> Lane:
        """The lane of a run of `subject`, a source or a model, that reads `size` bytes in columns of these types.

        LaneNotAvailable where one is asked for that is not deployed, or not able; one that is chosen by size is the
        largest that there is.
        """
        fixed, able = self.usual if asked is Lane.AUTO else asked, self.able(types)
        if fixed is not Lane.AUTO:
            if fixed not in able:
                why = "this deployment does not have"
                if fixed in self.available:
                    why = "has no type for its times without a zone on Glue 4.0 (Spark 3.3)"
                raise LaneNotAvailable(
                    f"{subject} asks for lane {fixed}, which {why}; use {', '.join(sorted(able))} or auto"
                )
            return fixed
        wanted = [Lane.LAMBDA, *([Lane.GLUE] if size > SMALL else []), *([Lane.EMR] if size > LARGE else [])]
        return next((lane for lane in reversed(wanted) if lane in able), Lane.LAMBDA)


def bytes_to_read(objects: int, inputs: Inputs) -> int:
    """All that a run must read: its `objects` bytes, and what its records are resolved against."""
    return objects + inputs.silver.bytes + sum(one.bytes for one in inputs.references.values())
