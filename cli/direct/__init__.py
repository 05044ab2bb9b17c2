"""The direct way: this process does it, with the person's own AWS permissions."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property

from cli.direct.acting import Acting
from cli.direct.ledger import DirectLedger
from cli.direct.people import DirectPeople
from cli.direct.quarantine import DirectQuarantine
from cli.direct.reading import DirectReading
from cli.direct.runs import DirectRuns
from cli.direct.sources import DirectSources
from cli.target import Target
from medallion.engines.resources import Resources
from medallion.steps.platform import Platform


@dataclass(frozen=True)
class Direct:
    """One tenant, reached directly."""

    acting: Acting

    @classmethod
    def at(cls, target: Target, tenant: str) -> Direct:
        """The tenant in that AWS; UnknownTenant if it does not exist there."""
        # The engines find AWS as every AWS client does: by the process's environment.
        os.environ.update(target.variables())
        platform = Platform(target.tenant(tenant), target.session, Resources(region=target.layout.region))
        return cls.on(platform, target.endpoint)

    @classmethod
    def on(cls, platform: Platform, endpoint: str | None = None) -> Direct:
        platform.control.tenant()
        return cls(Acting(platform, endpoint))

    @property
    def tenant(self) -> str:
        return self.acting.platform.layout.tenant

    @property
    def pause(self) -> float:
        return 0.5

    def close(self) -> None:
        return None

    @cached_property
    def runs(self) -> DirectRuns:
        return DirectRuns(self.acting)

    @cached_property
    def quarantine(self) -> DirectQuarantine:
        return DirectQuarantine(self.acting)

    @cached_property
    def reading(self) -> DirectReading:
        return DirectReading(self.acting)

    @cached_property
    def sources(self) -> DirectSources:
        return DirectSources(self.acting)

    @cached_property
    def ledger(self) -> DirectLedger:
        return DirectLedger(self.acting)

    @cached_property
    def people(self) -> DirectPeople:
        return DirectPeople(self.acting)
