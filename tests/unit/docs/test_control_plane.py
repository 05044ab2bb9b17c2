"""What docs/control-plane.md says is so: every item with its key, and every question."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from inspect import isfunction, signature
from pathlib import Path

import pytest

from medallion.control.audit import AuditTrail
from medallion.control.batches import Batches
from medallion.control.breakers import Breakers
from medallion.control.closings import Closings
from medallion.control.estate import Estate
from medallion.control.items import Item, Key, SeenRun
from medallion.control.keys import ApiKeys
from medallion.control.leases import Leases
from medallion.control.models import ModelVersions
from medallion.control.once import Requests
from medallion.control.operations import Operations
from medallion.control.plane import ControlPlane
from medallion.control.proposals import Proposals
from medallion.control.queries import Queries
from medallion.control.rollbacks import Rollbacks
from medallion.control.run_lists import RunLists
from medallion.control.schedules import Schedules
from medallion.control.table import ControlTable
from medallion.control.upkeep import Upkeeps
from medallion.control.usage import Usages

PAGE = (Path(__file__).parents[3] / "docs" / "control-plane.md").read_text(encoding="utf-8")
ROWS = {
    name: Key(partition, sort)
    for name, partition, sort in re.findall(r"^\| (\w+) \| `(TENANT#[^`]*)` \| `([^`]*)` \|", PAGE, re.MULTILINE)
}
REPOSITORIES = (
    ControlPlane,
    ApiKeys,
    AuditTrail,
    Batches,
    Breakers,
    Closings,
    Estate,
    Leases,
    ModelVersions,
    Operations,
    Proposals,
    Queries,
    Requests,
    Rollbacks,
    RunLists,
    Schedules,
    Upkeeps,
    Usages,
)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
SEEN = SeenRun(
    source="orders", run_id="r", attempt=1, at=NOW, rows=0, by_code={}, promoted=True, approved=False, expires_at=0
)
GIVEN = {"seen": SEEN, "opened_at": NOW, "number": 1, "revision": 1}
"""What a key is made of, where that is no text."""


def kept(kind: type[Item] = Item) -> list[type[Item]]:
    """Every class of items that has a key."""
    found = [one for each in kind.__subclasses__() for one in kept(each)]
    return [*found, kind] if "key_of" in vars(kind) else found


def key_of(kind: type[Item]) -> Key:
    made = vars(kind)["key_of"].__func__
    found: Key = made(*(GIVEN.get(name, "…") for name in signature(made).parameters))
    return found


@pytest.mark.parametrize("kind", kept(), ids=lambda kind: kind.__name__)
def test_an_item_stands_where_the_page_says(kind: type[Item]) -> None:
    told, found = ROWS[kind.__name__], key_of(kind)
    for said, key in zip(told, found, strict=True):
        assert re.fullmatch(re.escape(said).replace("…", ".+"), key)
        # As many parts as it says: `…` is no way to be vague.
        assert said.count("#") == key.count("#") or key.startswith(("SEEN#", "CLOSED#"))


@pytest.mark.parametrize("kind", kept(), ids=lambda kind: kind.__name__)
def test_an_item_is_found_when_its_tenant_leaves(kind: type[Item]) -> None:
    assert re.sub(r"\{\w+\}", "…", kind.PARTITION) == ROWS[kind.__name__].pk


def test_the_page_tells_of_no_item_that_is_gone() -> None:
    assert set(ROWS) == {kind.__name__ for kind in kept()}


@pytest.mark.parametrize("repository", REPOSITORIES, ids=lambda one: one.__name__)
def test_every_question_is_told(repository: type) -> None:
    questions = PAGE[PAGE.index("## Questions") :]
    told = {name for row in re.findall(rf"`{repository.__name__}\.[^|]*\|", questions) for name in words(row)}
    asked = {name for name, one in vars(repository).items() if isfunction(one) and not name.startswith("_")}
    assert told - {repository.__name__} == asked


def words(row: str) -> set[str]:
    """The names in backquotes."""
    return {part for said in re.findall(r"`([\w.]+)`", row) for part in said.split(".")}


def test_nothing_can_scan_the_table() -> None:
    assert not [name for name in vars(ControlTable) if "scan" in name.lower()]
