"""Synthesis itself: hermetic, checked, clean."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from aws_cdk import App, Stack, Validations
from aws_cdk import aws_s3 as s3
from cdk_nag import AwsSolutionsChecks
from cfnlint.api import lint

from stacks.settings import ROOT
from tests.infrastructure.synthesis import Synthesis, context, flat, synthesize

REFUSE_IN_PYTHON = """\
import pathlib, socket
pathlib.Path({seen!r}, "python").touch()
def refuse(self, address):
    if self.family != socket.AF_UNIX:
        raise OSError(f"the network was used: {{address}}")
socket.socket.connect = refuse
"""

REFUSE_IN_NODE = """\
require("fs").writeFileSync({seen} + "/node", "");
const net = require("net");
const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...given) {{
  const options = Array.isArray(given[0]) ? given[0][0] : given[0];
  if (options && options.path && !options.port) return connect.apply(this, given);
  throw new Error("the network was used: " + JSON.stringify(options));
}};
"""


@pytest.mark.parametrize("environment", ["dev", "prod", "customised"])
def test_no_finding_is_left_when_the_security_pack_has_looked(request: pytest.FixtureRequest, environment: str) -> None:
    synthesis: Synthesis = request.getfixturevalue(environment)
    report = json.loads((synthesis.folder / "validation-report.json").read_text())
    assert report["pluginReports"] == []


def test_staging_is_clean_too_when_it_is_synthesized(tmp_path: Path, tenants: Path) -> None:
    staging = synthesize(tmp_path, environment="staging", tenants=str(tenants))
    assert "medallion-staging-skyline-pipeline" in staging.templates
    assert json.loads((tmp_path / "validation-report.json").read_text())["pluginReports"] == []


def test_a_finding_stops_synthesis_when_nobody_acknowledged_it(tmp_path: Path) -> None:
    app = App(analytics_reporting=False, outdir=str(tmp_path), context=context())
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    s3.Bucket(Stack(app, "Open"), "Bucket")
    with pytest.raises(RuntimeError, match="AwsSolutions-S1"):
        app.synth()


@pytest.mark.parametrize("environment", ["dev", "prod", "customised"])
@pytest.mark.parametrize("stack", ["shared", "acme-foundation", "acme-pipeline", "acme-analytics"])
def test_a_template_is_valid_cloudformation(request: pytest.FixtureRequest, environment: str, stack: str) -> None:
    synthesis: Synthesis = request.getfixturevalue(environment)
    (file,) = (file for name, file in synthesis.files.items() if name.endswith(f"-{stack}"))
    findings = lint(file.read_text())
    assert [str(finding) for finding in findings] == []


def test_nothing_is_looked_up_when_no_account_is_known(dev: Synthesis) -> None:
    manifest = json.loads((dev.folder / "manifest.json").read_text())
    assert not manifest.get("missing")
    for artifact in manifest["artifacts"].values():
        if artifact["type"] == "aws:cloudformation:stack":
            assert artifact["environment"] == "aws://unknown-account/unknown-region"
    bucket = dev.one("AWS::Athena::WorkGroup", "acme-analytics")["WorkGroupConfiguration"]["ResultConfiguration"]
    assert "<AWS::AccountId>-<AWS::Region>" in flat(bucket["OutputLocation"])


def test_synthesis_succeeds_when_there_is_no_network(tmp_path: Path, tenants: Path) -> None:
    seen, blocked = tmp_path / "seen", tmp_path / "blocked"
    seen.mkdir()
    blocked.mkdir()
    (blocked / "sitecustomize.py").write_text(REFUSE_IN_PYTHON.format(seen=str(seen)))
    (blocked / "refuse.cjs").write_text(REFUSE_IN_NODE.format(seen=json.dumps(str(seen))))
    outcome = subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))},
            "PYTHONPATH": str(blocked),
            "NODE_OPTIONS": f"--require {blocked / 'refuse.cjs'}",
            "CDK_OUTDIR": str(tmp_path / "out"),
            "CDK_CONTEXT_JSON": json.dumps(context(tenants=str(tenants))),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr
    assert {each.name for each in seen.iterdir()} == {"python", "node"}, "the block was not in place"
    assert list((tmp_path / "out").glob("AcmePipeline*.template.json"))


def test_a_wrong_context_ends_in_one_sentence(tmp_path: Path) -> None:
    outcome = subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env={
            **os.environ,
            "CDK_OUTDIR": str(tmp_path / "out"),
            "CDK_CONTEXT_JSON": json.dumps(context(environment="live")),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 1
    assert "medallion: context environment=live: there is no such environment" in outcome.stderr
    assert "Traceback" not in outcome.stderr
