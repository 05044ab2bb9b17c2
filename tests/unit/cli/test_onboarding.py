"""A tenant's folder and its proof, and a source's draft, as a shell gets them. The CDK command is a stand-in here."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from cli.exits import Exit
from cli.main import main
from medallion.contracts import load_contract
from medallion.tenants import load_tenant

CDK = """\
#!{python}
import json, os, sys
from pathlib import Path

assert sys.argv[1:3] == ["synth", "--quiet"], sys.argv
output = Path(sys.argv[sys.argv.index("--output") + 1])
[tenants] = [Path(one.partition("=")[2]) for one in sys.argv if one.startswith("tenants=")]
names = sorted(file.parent.name for file in tenants.glob("*/tenant.yaml"))
output.mkdir(parents=True)
stacks = {{"medallion-dev-shared": names if os.environ.get("LEAKS") else "the same"}}
stacks |= {{f"medallion-dev-{{name}}-{{of}}": name for name in names for of in ("foundation", "pipeline", "analytics")}}
artifacts = {{}}
for stack, content in stacks.items():
    (output / f"{{stack}}.json").write_text(json.dumps({{"Resources": {{"One": content}}}}))
    properties = {{"templateFile": f"{{stack}}.json", "stackName": stack}}
    artifacts[stack] = {{"type": "aws:cloudformation:stack", "properties": properties}}
(output / "manifest.json").write_text(json.dumps({{"artifacts": artifacts}}))
"""
SALES = "id;sold_at;total\n" + "".join(f"S{at:03d};2026-01-05T10:00:{at:02d}Z;{at}.50\n" for at in range(1, 31))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one tenant, no AWS, and a stand-in for the CDK command."""
    (tmp_path / "cdk.json").write_text("{}")
    command = tmp_path / "node_modules" / ".bin" / "cdk"
    command.parent.mkdir(parents=True)
    command.write_text(CDK.format(python=sys.executable), encoding="utf-8")
    command.chmod(0o755)
    (tmp_path / "tenants" / "acme").mkdir(parents=True)
    (tmp_path / "tenants" / "acme" / "tenant.yaml").write_text("id: acme\nname: Acme\n")
    (tmp_path / "sales.csv").write_text(SALES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MEDALLION_LOCAL_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "MEDALLION_TENANT"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def call(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Caller:
    return Caller(monkeypatch, capsys)


class Caller:
    """Calls the command; what it printed stays here."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys
        self.out = self.err = ""

    def __call__(self, *arguments: str) -> int:
        self._monkeypatch.setattr(sys, "argv", ["medallion", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        self.out, self.err = self._capsys.readouterr()
        return int(ended.value.code or 0)


def test_a_tenant_is_written_when_no_other_stack_changes(project: Path, call: Caller) -> None:
    assert call("tenant", "new", "shop", "--name", "The: Shop", "--contact", "a@b.example", "--json") == Exit.OK
    told = json.loads(call.out)
    assert told["new"] == {f"medallion-dev-shop-{of}": 1 for of in ("analytics", "foundation", "pipeline")}
    assert told["unchanged"] == [
        *(f"medallion-dev-acme-{of}" for of in ("analytics", "foundation", "pipeline")),
        "medallion-dev-shared",
    ]
    tenant = load_tenant(project / "tenants" / "shop")
    assert (tenant.name, tenant.contact, tenant.contracts) == ("The: Shop", "a@b.example", ())
    assert list((project / "build").iterdir()) == [], "the assemblies are gone"


def test_a_tenant_is_taken_back_when_another_stack_would_change(
    project: Path, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEAKS", "1")
    assert call("tenant", "new", "shop", "--name", "Shop") == Exit.FAILED
    assert "would change stacks that are not its own: medallion-dev-shared" in call.err
    assert not (project / "tenants" / "shop").exists()


def test_a_tenant_is_taken_back_when_the_app_cannot_be_synthesized(project: Path, call: Caller) -> None:
    (project / "node_modules" / ".bin" / "cdk").write_text("#!/bin/sh\necho broken >&2; exit 1\n")
    assert call("tenant", "new", "shop", "--name", "Shop") == Exit.FAILED
    assert "broken" in call.err
    assert not (project / "tenants" / "shop").exists()


@pytest.mark.parametrize(("tenant", "said"), [("acme", "is there already"), ("My-Shop", "2 to 12 lower-case letters")])
def test_nothing_is_written_when_the_id_cannot_be_a_new_tenants(
    project: Path, call: Caller, tenant: str, said: str
) -> None:
    assert call("tenant", "new", tenant, "--name", "X") == Exit.USAGE
    assert said in call.err
    assert [one.name for one in (project / "tenants").iterdir()] == ["acme"]


def test_tenants_of_the_folder_are_listed_when_no_aws_can_be_asked(call: Caller) -> None:
    assert call("tenant", "ls", "--json") == Exit.OK
    assert json.loads(call.out) == [{"tenant": "acme", "name": "Acme", "in_folder": True, "stacks": None}]
    assert "Which are deployed is not known" in call.err


def test_a_draft_is_written_into_the_tenants_folder_when_a_file_is_given(project: Path, call: Caller) -> None:
    assert call("source", "new", "sales", "--tenant", "acme", "--from", "sales.csv", "--json") == Exit.OK
    told = json.loads(call.out)
    file = project / "tenants" / "acme" / "contracts" / "sales.odcs.yaml"
    assert told["contract"] == str(file)
    assert (told["records"], told["valid"], told["malformed"], told["key"]) == (30, 30, 0, ["id"])
    assert [one["type"] for one in told["columns"]] == ["string", "timestamp", "decimal"]
    assert load_contract(file).id == "acme-sales"
    assert load_tenant(project / "tenants" / "acme").contracts[0].source == "sales"
    before = file.read_bytes()
    assert call("source", "new", "sales", "--tenant", "acme", "--from", "sales.csv") == Exit.USAGE
    assert "is not overwritten" in call.err
    assert file.read_bytes() == before


def test_a_person_is_told_what_to_do_next_when_a_draft_is_written(project: Path, call: Caller) -> None:
    out = project / "elsewhere.odcs.yaml"
    assert call("source", "new", "sales", "-t", "acme", "--from", "sales.csv", "--out", str(out)) == Exit.OK
    assert "delimiter a semicolon: 31 of the first 31 lines have 3 fields" in call.out
    assert "medallion source add sales --tenant acme" in call.err
    assert load_contract(out).source == "sales"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("sales", "-t", "nobody", "--from", "sales.csv"), "medallion tenant new nobody"),
        (("Sales", "-t", "acme", "--from", "sales.csv"), "use lower-case letters"),
        (("sales", "-t", "acme", "--from", "sales.csv", "--key", "nope"), "'nope' is no column"),
        (("sales", "-t", "acme", "--from", "sales.csv", "--load", "upsert", "--key", "total"), "does not tell"),
        (("sales", "-t", "acme", "--from", "cdk.json"), "no JSON lines"),
    ],
)
def test_nothing_is_written_when_no_draft_can_be_made(
    project: Path, call: Caller, arguments: tuple[str, ...], said: str
) -> None:
    (project / "cdk.json").write_text("{\n}")
    (project / "sales.csv").write_text(SALES + "S031;2026-01-05T10:00:30Z;30.50\n")
    assert call("source", "new", *arguments) == Exit.USAGE
    assert said in call.err
    assert not (project / "tenants" / "acme" / "contracts").exists()


@pytest.mark.parametrize("what", ["source", "model"])
def test_a_file_is_asked_for_when_there_is_none_to_make_live(call: Caller, what: str) -> None:
    assert call(what, "add", "sales", "--tenant", "acme") == Exit.USAGE
    assert "no such" in call.err
