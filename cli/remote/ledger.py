"""The ledger, through the API: the verification runs in the tenant's function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cli.documents.reading import Receipt
from cli.port import Tell
from cli.remote.asking import part
from cli.remote.client import Client


@dataclass(frozen=True)
class RemoteLedger:
    client: Client

    def receipts(self, chain: str | None, limit: int, tell: Tell) -> list[Receipt]:
        found: list[Receipt] = []
        for one in self.client.pages("/ledger")[0]:
            named = f"{one['zone']}#{one['name']}"
            if chain in (None, named):
                tell(named)
                items, _ = self.client.pages(f"{_path(named)}/receipts", limit=limit)
                found += [Receipt.model_validate({"chain": named, **each}) for each in items]
        return found

    def receipt(self, chain: str, sequence: int) -> dict[str, Any]:
        told: dict[str, Any] = self.client.get(f"{_path(chain)}/receipts/{sequence}")["receipt"]
        return told

    def verify(self, only: Sequence[str], tell: Tell) -> dict[str, Any]:
        tell("the tenant's function does it")
        asked = {"only": list(only), "reason": "asked for by the command"}
        return self.client.operate("/ledger/verification", asked)


def _path(chain: str) -> str:
    zone, _, name = chain.partition("#")
    return f"/ledger/{part(zone)}/{part(name)}"
