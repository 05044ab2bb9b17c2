"""Which engine a run goes to: as its source says, or by what it has to read."""

from __future__ import annotations

from medallion.contracts.model import Lane
from medallion.engines.inputs import Inputs
from medallion.errors import LaneNotAvailable
from medallion.layout import TenantLayout

GIB = 1024**3
SMALL = 4 * GIB
"""Up to so many bytes a run stays in the Lambda lane, where its state has room and fifteen minutes are enough."""
LARGE = 500 * GIB
"""From so many bytes on a run goes to EMR Serverless, whose workers are larger."""


def bytes_to_read(objects: int, inputs: Inputs) -> int:
    """All that a run must read: its `objects` bytes, and what its records are resolved against."""
    return objects + inputs.silver.bytes + sum(one.bytes for one in inputs.references.values())


def choose_lane(layout: TenantLayout, source: str, asked: Lane, available: frozenset[Lane], size: int) -> Lane:
    """The lane of a run that reads `size` bytes.

    LaneNotAvailable where the source asks for one that the environment has not; one that is chosen by size is the
    largest that there is.
    """
    if asked is not Lane.AUTO:
        if asked not in available:
            raise LaneNotAvailable(
                f"source {source} of tenant {layout.tenant} asks for lane {asked}, which this deployment does not "
                f"have; use one of {', '.join(sorted(available))}, or auto"
            )
        return asked
    wanted = [Lane.LAMBDA, *([Lane.GLUE] if size > SMALL else []), *([Lane.EMR] if size > LARGE else [])]
    return next((lane for lane in reversed(wanted) if lane in available), Lane.LAMBDA)
