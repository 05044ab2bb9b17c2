"""One tenant, through the API."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import httpx2

from cli.remote.access import Access
from cli.remote.client import Client, connect
from cli.remote.ledger import RemoteLedger
from cli.remote.people import RemotePeople
from cli.remote.quarantine import RemoteQuarantine
from cli.remote.reading import RemoteReading
from cli.remote.runs import RemoteRuns
from cli.remote.sources import RemoteSources


@dataclass(frozen=True)
class Remote:
    tenant: str
    client: Client

    @classmethod
    def at(cls, access: Access, tenant: str, transport: httpx2.BaseTransport | None = None) -> Remote:
        """The key's own tenant, or the one that an operator names."""
        named = access.for_tenant(tenant)
        return cls(named or access.token.owner, connect(access, named, transport))

    @property
    def pause(self) -> float:
        return 2.0

    def close(self) -> None:
        self.client.http.close()

    @cached_property
    def runs(self) -> RemoteRuns:
        return RemoteRuns(self.client)

    @cached_property
    def quarantine(self) -> RemoteQuarantine:
        return RemoteQuarantine(self.client)

    @cached_property
    def reading(self) -> RemoteReading:
        return RemoteReading(self.client)

    @cached_property
    def sources(self) -> RemoteSources:
        return RemoteSources(self.client)

    @cached_property
    def ledger(self) -> RemoteLedger:
        return RemoteLedger(self.client)

    @cached_property
    def people(self) -> RemotePeople:
        return RemotePeople(self.client)
