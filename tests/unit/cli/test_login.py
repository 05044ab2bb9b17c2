"""Keys that are kept on this machine, and which way is taken with them."""

from __future__ import annotations

import io
import stat
import sys
from pathlib import Path

import pytest

from cli.errors import BadArgument
from cli.exits import Exit
from cli.profiles import Profile, credentials_file, forget_profile, keep_profile, read_profile
from medallion.control.keys import Role
from tests.unit.cli.calling import API, Command


def test_key_is_kept_for_its_owner_alone_when_it_is_proved(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    key = command.key(Role.VIEWER)
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{key}\n"))
    told = command.plainly("--api", API, "login", "--json")
    assert (told.json["tenant"], told.json["role"]) == ("acme", "viewer")
    file = credentials_file()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert key not in told.out + told.err
    assert command.plainly("whoami", "--json").json["target"] == "api"
    assert command.plainly("runs", "--json").json == []
    assert command.plainly("--profile", "another", "--target", "api", "runs").code == Exit.USAGE
    assert command.plainly("logout").code == Exit.OK
    assert command.plainly("--target", "api", "runs").code == Exit.USAGE
    assert "No profile" in command.plainly("logout").err


def test_nothing_is_kept_when_the_key_opens_nothing(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("mdl_acme_0123456789ab_" + "x" * 43))
    refused = command.plainly("--api", API, "login", "--json")
    assert (refused.code, refused.json["kind"]) == (Exit.UNREACHABLE, "Unauthenticated")
    assert not credentials_file().exists()


def test_profiles_stand_beside_one_another_when_several_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "medallion" / "credentials"
    keep_profile("default", Profile("https://a/v1", "k%1"), file)
    keep_profile("prod", Profile("https://b/v1", "k2"), file)
    keep_profile("prod", Profile("https://c/v1", "k3"), file)
    assert read_profile("default", file) == Profile("https://a/v1", "k%1")
    assert read_profile("prod", file) == Profile("https://c/v1", "k3")
    assert read_profile("staging", file) is None
    assert forget_profile("prod", file)
    assert not forget_profile("prod", file)
    assert [one.name for one in file.parent.iterdir()] == ["credentials"]


def test_file_is_refused_when_others_may_read_it(tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    keep_profile("default", Profile("https://a/v1", "k1"), file)
    file.chmod(0o640)
    with pytest.raises(BadArgument, match="chmod 600"):
        read_profile("default", file)


@pytest.mark.parametrize("text", ["no section", "[default]\napi = x\n", "[default]\n[default]\n"])
def test_login_is_advised_when_the_file_is_damaged(tmp_path: Path, text: str) -> None:
    file = tmp_path / "credentials"
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)
    with pytest.raises(BadArgument, match="medallion login"):
        read_profile("default", file)


def test_endpoint_goes_before_a_kept_key_when_nothing_is_said(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_profile("default", Profile(API, command.key(Role.VIEWER)), credentials_file())
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert command.plainly("whoami", "--tenant", "acme", "--json").json["target"] == "local"
    monkeypatch.setenv("MEDALLION_API_KEY", command.key(Role.STEWARD))
    told = command.plainly("whoami", "--json").json
    assert (told["target"], told["role"]) == ("api", "steward")
