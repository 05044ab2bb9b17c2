"""What runs is gone before what is there is compared with what was exported."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from medallion.control.closings import Closing, Stage
from medallion.control.plane import ControlPlane
from medallion.errors import NotClosable
from medallion.layout import Environment, EnvironmentLayout, TenantLayout
from medallion.steps.closing import stop as stop_module
from medallion.steps.closing.manifest import Manifest
from medallion.steps.closing.stop import differences, stop
from medallion.steps.platform import Platform
from tests.unit.control.memory import MemoryTable

NOW = datetime(2026, 11, 28, tzinfo=UTC)
LAYOUT = TenantLayout.of(EnvironmentLayout(Environment.PROD, "123456789012", "eu-west-1"), "acme")
ASKED = Closing(stage=Stage.RETAINED, asked_by="Ada", asked_as="arn", asked_at=NOW, reason="", export="/x")
EXPORTED = Manifest(environment="prod", tenant="acme", at=NOW, files=(), state={"landing": "1", "silver.orders": "7"})


@pytest.fixture
def deleted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(stop_module, "delete", lambda platform, names: found.extend(names))
    monkeypatch.setattr(stop_module, "workgroups", lambda platform: [])
    monkeypatch.setattr(stop_module, "applications", lambda platform: [])
    return found


@pytest.fixture
def platform() -> Platform:
    control = ControlPlane(MemoryTable(), LAYOUT)
    control.closings.ask(ASKED)
    return cast("Platform", SimpleNamespace(layout=LAYOUT, control=control, session=None))


def stands(monkeypatch: pytest.MonkeyPatch, deleted: list[str], **state: str) -> None:
    """What is there when it is asked for: only once nothing runs any more."""

    def look(platform: Any) -> dict[str, str]:
        assert deleted == ["medallion-prod-acme-pipeline", "medallion-prod-acme-analytics"]
        return {name.replace("_", "."): digest for name, digest in state.items()}

    monkeypatch.setattr(stop_module, "state_of", look)


def test_closing_goes_on_when_nothing_moved(
    platform: Platform, deleted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stands(monkeypatch, deleted, landing="1", silver_orders="7")
    stop(platform, ASKED, EXPORTED)
    assert platform.control.closings.current() == ASKED


def test_it_is_exported_anew_when_something_moved_since(
    platform: Platform, deleted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stands(monkeypatch, deleted, landing="2", silver_orders="7")
    with pytest.raises(NotClosable, match=r"landing moved since the export.*exported anew"):
        stop(platform, ASKED, EXPORTED)
    found = platform.control.closings.current()
    assert found is not None
    assert found.stage is Stage.FROZEN


def test_what_came_what_went_and_what_changed_are_told() -> None:
    before, now = {"same": "1", "changed": "1", "went": "1"}, {"same": "1", "changed": "2", "came": "1"}
    assert differences(before, now) == ["came", "changed", "went"]
