"""Who may ask, who must agree, and where an export may go: before anything of the tenant is touched."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from medallion.control.closings import Closing
from medallion.control.items import Tenant
from medallion.control.plane import ControlPlane
from medallion.errors import AwaitsApproval, ClosingUnsafe, NotClosable
from medallion.layout import Environment, EnvironmentLayout, TenantLayout
from medallion.steps.closing import close as closing_module
from medallion.steps.closing.close import approve, close
from medallion.steps.closing.destination import Folder, destination
from medallion.steps.closing.export import Writer, export, exported, file_of, safe_name
from medallion.steps.closing.freeze import reopen
from medallion.steps.closing.manifest import Manifest, hash_of
from medallion.steps.closing.model import Order, Plan
from medallion.steps.closing.verification import Verification
from medallion.steps.platform import Platform
from tests.unit.control.memory import MemoryTable

NOW = datetime(2026, 11, 28, tzinfo=UTC)
LAYOUT = TenantLayout.of(EnvironmentLayout(Environment.PROD, "123456789012", "eu-west-1"), "acme")
ADA, BOB = (f"arn:aws:sts::123456789012:assumed-role/Operators/{name}" for name in ("ada", "bob"))
ORDER = Order(by="Ada", reason="it left", export="/export")


class Callers:
    """A session of AWS that knows who is asking, and nothing else."""

    def __init__(self) -> None:
        self.caller = ADA

    def client(self, service: str) -> Any:
        assert service == "sts"
        return SimpleNamespace(get_caller_identity=lambda: {"Arn": self.caller})


@pytest.fixture
def callers() -> Callers:
    return Callers()


@pytest.fixture
def platform(callers: Callers, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """A platform of a tenant with nothing in the way."""
    control = ControlPlane(MemoryTable(), LAYOUT)
    control.save_tenant(Tenant(id="acme", name="Acme"))
    empty = Plan(tenant="acme", environment="prod", belongings=(), retained=(), leftovers=())
    monkeypatch.setattr(closing_module, "plan", lambda platform, *, abandon_open: empty)
    made = SimpleNamespace(layout=LAYOUT, control=control, session=callers, clock=lambda: NOW)
    return cast("Platform", made)


def verified() -> Verification:
    raise AssertionError("nothing is to be verified yet")


def test_closing_waits_when_prod_has_not_agreed(platform: Platform) -> None:
    for _ in range(2):
        with pytest.raises(AwaitsApproval, match=r"asked for by Ada.*medallion tenant approve-close acme --by NAME"):
            close(platform, ORDER, verified)
    platform.control.refuse_if_frozen()


def test_closing_is_not_approved_when_the_same_caller_does_under_another_name(
    platform: Platform, callers: Callers
) -> None:
    with pytest.raises(NotClosable, match="nobody asked"):
        approve(platform, "Bob")
    with pytest.raises(AwaitsApproval):
        close(platform, ORDER, verified)
    with pytest.raises(NotClosable, match="assumed-role/Operators/ada asked for this closing"):
        approve(platform, "Bob")
    callers.caller = BOB
    agreed = approve(platform, "Bob")
    assert (agreed.approved, agreed.asked_as, agreed.approved_as) == (True, ADA, BOB)
    with pytest.raises(NotClosable, match="approved already"):
        approve(platform, "Bob")


def test_closing_goes_on_where_it_was_asked_to_export_only(platform: Platform) -> None:
    with pytest.raises(NotClosable, match="with --export"):
        close(platform, Order(by="Ada", reason="it left"), verified)
    with pytest.raises(AwaitsApproval):
        close(platform, ORDER, verified)
    with pytest.raises(NotClosable, match="exports to /export"):
        close(platform, ORDER.model_copy(update={"export": "/elsewhere"}), verified)


def test_nothing_is_reopened_when_nobody_asked(platform: Platform) -> None:
    with pytest.raises(NotClosable, match="nothing to take back"):
        reopen(platform, "Ada", "no")


@pytest.mark.parametrize("place", [f"s3://{LAYOUT.bucket_prefix}landing-1/x", f"s3://{LAYOUT.shared.retention_bucket}"])
def test_export_into_a_bucket_of_the_platform_is_refused(platform: Platform, place: str) -> None:
    with pytest.raises(NotClosable, match="does not belong into"):
        destination(platform, place)


def test_nothing_is_exported_when_the_ledger_is_not_clean(platform: Platform, tmp_path: Path) -> None:
    with pytest.raises(NotClosable, match=r"2 problems.*medallion ledger verify"):
        export(platform, Folder(tmp_path), Verification(problems=2, document="{}"), lambda text: None)
    assert not list(tmp_path.iterdir())


def test_nothing_is_exported_where_another_tenants_export_stands(platform: Platform, tmp_path: Path) -> None:
    another = Manifest(environment="prod", tenant="zenith", at=NOW, files=(), state={})
    (tmp_path / "manifest.json").write_bytes(another.content)
    with pytest.raises(NotClosable, match="export of tenant zenith"):
        export(platform, Folder(tmp_path), Verification(problems=0, document="{}"), lambda text: None)


def test_copy_is_refused_when_it_is_not_read_back_as_written(tmp_path: Path) -> None:
    scratch, target = tmp_path / "scratch", tmp_path / "target"
    scratch.mkdir()
    writer = Writer(Folder(target), scratch)
    writer.add("ledger/1.json", b"receipt", items=1)
    writer.check()
    (target / "ledger/1.json").write_bytes(b"another")
    with pytest.raises(ClosingUnsafe, match=r"ledger/1\.json"):
        writer.check()
    (target / "ledger/1.json").unlink()
    with pytest.raises(ClosingUnsafe):
        writer.check()


def test_manifest_is_refused_when_it_was_changed(tmp_path: Path) -> None:
    manifest = Manifest(environment="prod", tenant="acme", at=NOW, files=(), state={})
    (tmp_path / "manifest.json").write_bytes(manifest.content)
    assert exported(Folder(tmp_path), hash_of(manifest.content)) == manifest
    with pytest.raises(ClosingUnsafe):
        exported(Folder(tmp_path), hash_of(b""))


@pytest.mark.parametrize("key", ["orders/../../etc/passwd", "orders/..", "orders/a b/ü\n.csv", "orders/" + "x" * 900])
def test_file_stays_in_its_folder_whatever_its_key(key: str) -> None:
    name = safe_name(key, f"s3://b/{key}?version=1")
    assert "/" not in name
    assert name.isascii()
    assert len(name) < 130
    assert name != safe_name(key, f"s3://b/{key}?version=2")


def test_partitions_have_a_file_each_whatever_their_names() -> None:
    files = {file_of(f"TENANT#acme#OBJECTS#{name}") for name in ("orders", "or/ders", "or.ders", "..")}
    assert len(files) == 4
    assert not [name for name in files if "/" in name or name.startswith(".")]


def test_closing_says_who_may_go_on() -> None:
    asked = Closing(asked_by="Ada", asked_as=ADA, asked_at=NOW, reason="", export="/x")
    assert asked.approved, "outside prod nobody needs to agree"
    assert not asked.model_copy(update={"needs_approval": True}).approved
