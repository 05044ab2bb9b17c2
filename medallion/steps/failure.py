"""What a state machine says of a run that did not end well."""

from __future__ import annotations

import json
from typing import Literal

from medallion.contracts.model import Frozen
from medallion.control.items import Run, RunStatus


class Failure(Frozen):
    """Why the run ends: an error that a state caught (its name and cause), or a rejection by the gate or a person."""

    status: Literal[RunStatus.FAILED, RunStatus.REJECTED]
    error: str = ""
    cause: str = ""

    def said(self, run: Run) -> str:
        """The reason as a sentence for the run's record."""
        if self.status is RunStatus.REJECTED:
            if run.approval is not None and not run.approval.approved:
                return f"rejected by {run.approval.by}: {run.approval.reason}"
            return run.reason or "rejected by the gate"
        return f"{self.error}: {_message(self.cause)}"


def _message(cause: str) -> str:
    """What a Lambda's error says, without its stack trace; any other cause as it is."""
    try:
        told = json.loads(cause)
    except ValueError:
        return cause
    return str(told.get("errorMessage", cause)) if isinstance(told, dict) else cause
