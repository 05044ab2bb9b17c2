"""Fifty clients at once for two minutes, at a stated rate: nothing fails, nothing is lost, nothing is done twice."""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from uuid import uuid4

import httpx2
import pytest

from local.settings import Settings
from medallion.control.items import RunStatus
from medallion.control.keys import Role
from tests.integration.local.conftest import free_port
from tests.integration.pipeline.calling import address, key
from tests.integration.pipeline.conftest import TENANTS, with_customers
from tests.integration.pipeline.deployed import Deployed, deployment, eventually

CLIENTS = 50
SECONDS = float(os.environ.get("MEDALLION_LOAD_SECONDS", "120"))
RATE = float(os.environ.get("MEDALLION_LOAD_RATE", "8"))
"""Requests a second, of all clients together: some two thirds of what two cores serve, on which the API, its
authorizer, the runs that the uploads start and the clients themselves all work.
"""
LOOKS = ("/runs", "/runs?source=customers", "/sources", "/sources/customers", "/operations", "/me", "/audit", "/usage")
UPLOAD_EVERY = 40
"""One request in so many puts a file into Landing: its run takes seconds of the same two cores."""


@dataclass
class Load:
    """What the clients sent and were answered."""

    base: str
    token: str
    answers: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    uploaded: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    async def client(self, at: int, until: float) -> None:
        """One client: a request, then a pause, so that all together keep the rate."""
        pause = CLIENTS / RATE
        async with httpx2.AsyncClient(timeout=60) as http:
            await asyncio.sleep(pause * at / CLIENTS)
            while time.monotonic() < until:
                began = time.monotonic()
                number = next(self.numbers)
                if number % UPLOAD_EVERY == 0:
                    await self._upload(http, number)
                else:
                    await self._look(http, LOOKS[number % len(LOOKS)])
                await asyncio.sleep(max(0.0, pause - (time.monotonic() - began)))

    async def _look(self, http: httpx2.AsyncClient, path: str) -> None:
        await self._ask(http, "GET", path, {})

    async def _upload(self, http: httpx2.AsyncClient, number: int) -> None:
        """A file, whose form is asked for until it is given; its bytes are sent twice, as who heard no answer does."""
        body = f"id,name\n{1000 + number},client\n".encode()
        name = f"load-{number}.csv"
        asked = {"name": name, "size": len(body), "content_type": "text/csv"}
        form = None
        while form is None:
            answer = await self._ask(
                http, "POST", "/sources/customers/uploads", asked, **{"Idempotency-Key": str(uuid4())}
            )
            form = answer.json() if answer.status_code == 201 else None
            await asyncio.sleep(0 if form else 1)
        files = {name: (None, value) for name, value in form["fields"].items()} | {"file": ("part.csv", body)}
        answer = await http.post(form["url"], files=files)
        if answer.status_code not in (200, 201, 204):
            self.wrong.append(f"S3 {answer.status_code}: {answer.text[:200]}")
        self.uploaded.append(name)

    async def _ask(
        self, http: httpx2.AsyncClient, method: str, path: str, body: dict[str, object], **headers: str
    ) -> httpx2.Response:
        began = time.monotonic()
        sent = {"Authorization": f"Bearer {self.token}", **headers}
        answer = await http.request(method, f"{self.base}{path}", json=body or None, headers=sent)
        self.seconds.append(time.monotonic() - began)
        self.answers[answer.status_code] += 1
        if answer.status_code >= 300 and answer.status_code != 429:
            self.wrong.append(f"{method} {path} {answer.status_code}: {answer.text[:200]}")
        return answer


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    settings = Settings(state_dir=tmp_path_factory.mktemp("load"), port=free_port())
    with deployment(settings, TENANTS):
        yield settings


def test_nothing_fails_or_is_done_twice_when_fifty_clients_ask_at_once(embedded: Settings) -> None:
    trial: Deployed = with_customers(embedded)
    load = Load(address(trial, embedded), key(trial, Role.ENGINEER))

    async def all_of_them() -> None:
        until = time.monotonic() + SECONDS
        await asyncio.gather(*(load.client(at, until) for at in range(CLIENTS)))

    asyncio.run(all_of_them())
    asked = sum(load.answers.values())
    spent = sorted(load.seconds)
    told = (
        f"{asked} requests in {SECONDS:.0f} s ({asked / SECONDS:.1f}/s of {RATE}/s): {dict(load.answers)}; "
        f"p50 {spent[len(spent) // 2] * 1000:.0f} ms, p95 {spent[len(spent) * 95 // 100] * 1000:.0f} ms; "
        f"{len(load.uploaded)} files"
    )
    assert load.wrong == [], told
    assert load.answers[429] < 0.05 * asked, told
    assert asked > 0.5 * SECONDS * RATE, told
    _check_runs(trial, load)


def _check_runs(trial: Deployed, load: Load) -> None:
    """Each file has one run that is published, and no file has two."""
    names = {trial.layout.landing_key("customers", name) for name in load.uploaded}

    def claimed() -> dict[str, str] | None:
        found = {one.key: one.run_id for one in trial.control.claims("customers") if one.key in names and one.run_id}
        return found if len(found) == len(names) else None

    runs = eventually(claimed, 300)
    for run_id in runs.values():
        assert eventually(partial(_ended, trial, run_id), 300) is RunStatus.PROMOTED
    assert len(names) == len(load.uploaded) == len(set(runs.values())) > 0
    assert trial.count("{silver}.customers", "name = 'client'") == len(names)


def _ended(trial: Deployed, run_id: str) -> RunStatus | None:
    status = trial.control.run(run_id).status
    return status if status.ended else None
