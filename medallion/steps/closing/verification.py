"""What the verifier found: it is handed in, since the platform and its verifier know nothing of each other."""

from __future__ import annotations

from collections.abc import Callable

from medallion.contracts.model import Frozen


class Verification(Frozen):
    """How many problems there are, and the report as JSON."""

    problems: int
    document: str

    @property
    def clean(self) -> bool:
        return self.problems == 0


Verify = Callable[[], Verification]
