"""Commands by both ways, with nothing of this machine's in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.calling import Command


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command, where neither an AWS nor a key is at hand; tenants acme and skyline."""
    monkeypatch.setenv("MEDALLION_LOCAL_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("AWS_ENDPOINT_URL", "MEDALLION_TENANT", "MEDALLION_TARGET", "MEDALLION_API", "MEDALLION_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    return Command(monkeypatch, capsys, "acme", "skyline")
