"""A tenant is a folder and an id: adding one touches no other, and a source is data, not a deployment."""

from __future__ import annotations

import re

import pytest

from medallion.layout import TENANT_STACKS, Environment, EnvironmentLayout, Task
from tests.infrastructure.synthesis import Synthesis, flat, synthesize, write_tenant

HASH = re.compile(r"[0-9a-f]{64}")


@pytest.fixture(scope="module")
def third(tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    """The session's two tenants, one more between them and one without a source, and a source more for skyline."""
    folder = tmp_path_factory.mktemp("three")
    write_tenant(folder, "acme", "transactions")
    write_tenant(folder, "beacon", "lighthouses")
    write_tenant(folder, "dune")
    write_tenant(folder, "skyline", "flights", "planes", "zeppelins")
    return synthesize(tmp_path_factory.mktemp("third"), environment="dev", tenants=str(folder))


def test_every_other_template_stays_byte_identical_when_a_tenant_is_added(dev: Synthesis, third: Synthesis) -> None:
    assert {name for name in third.templates if "beacon" in name} == {
        f"medallion-dev-beacon-{of}" for of in ("foundation", "pipeline", "analytics")
    }
    untouched = [name for name in dev.templates if name != "medallion-dev-skyline-pipeline"]
    assert len(untouched) == 7
    for name in untouched:
        assert third.files[name].read_bytes() == dev.files[name].read_bytes()


def test_a_tenant_has_its_stacks_when_it_has_no_source_yet(third: Synthesis) -> None:
    of = EnvironmentLayout(Environment.DEV, "000000000000", "eu-west-1")
    assert {name for name in third.templates if of.tenant_of_stack(name) is None} == set(of.shared_stacks)
    assert {of.tenant_of_stack(name) for name in third.templates} - {None} == {"acme", "beacon", "dune", "skyline"}
    assert sum(of.tenant_of_stack(name) == "dune" for name in third.templates) == len(TENANT_STACKS)


def test_only_the_folders_hash_changes_when_a_source_is_added(dev: Synthesis, third: Synthesis) -> None:
    name = "medallion-dev-skyline-pipeline"
    before, after = dev.files[name].read_text(), third.files[name].read_text()
    assert before != after
    assert HASH.sub("hash", before) == HASH.sub("hash", after)


@pytest.mark.parametrize("source", ["transactions", "flights", "planes", "zeppelins", "lighthouses"])
def test_no_template_knows_a_source(third: Synthesis, source: str) -> None:
    for file in third.files.values():
        assert source not in file.read_text().lower()


def test_the_code_holds_the_domain_and_the_handlers_and_no_tenant(dev: Synthesis) -> None:
    code = dev.one("AWS::Lambda::Function", "acme-pipeline", FunctionName="medallion-dev-acme-refine")["Code"]
    asset = dev.folder / f"asset.{code['S3Key'].removesuffix('.zip')}"
    assert {each.name for each in asset.iterdir()} == {"medallion", "lambdas", "verifier"}
    files = [each for each in asset.rglob("*") if each.is_file()]
    assert asset / "medallion" / "layout" / "tenant.py" in files
    assert asset / "lambdas" / "refine" / "handler.py" in files
    assert not [each for each in files if each.suffix == ".pyc" or each.name == "tenant.yaml"]


def test_all_tenants_run_the_same_code(dev: Synthesis) -> None:
    functions = dev.resources("AWS::Lambda::Function", "acme-pipeline") | {
        f"other {name}": each for name, each in dev.resources("AWS::Lambda::Function", "skyline-pipeline").items()
    }
    assert len(functions) == 2 * len(Task)
    assert len({flat(each["Properties"]["Code"]["S3Key"]) for each in functions.values()}) == 1


def test_a_tenants_folder_is_an_asset_of_its_own(dev: Synthesis) -> None:
    seeds = {
        name: dev.one("Custom::TenantSeed", f"{name}-pipeline")["AssetKey"].removesuffix(".zip")
        for name in ("acme", "skyline")
    }
    for name, key in seeds.items():
        assert (dev.folder / f"asset.{key}" / "tenant.yaml").read_text().startswith(f"id: {name}\n")
