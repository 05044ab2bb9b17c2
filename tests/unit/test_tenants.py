"""A tenant's folder is read whole, or refused with what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from medallion.errors import InvalidContract, InvalidTenant
from medallion.plan.compiler import compile_plan
from medallion.plan.gold import in_order, parse_model
from medallion.tenants import load_tenant
from tests.unit.contracts.writing import document

SHIPPED = Path(__file__).parents[2] / "tenants"
ABOUT = {"id": "shop", "name": "Shop", "description": "Sells.", "contact": "data@shop.example"}


def _folder(root: Path, about: Any = ABOUT, contracts: dict[str, Any] | None = None) -> Path:
    (root / "contracts").mkdir()
    (root / "gold").mkdir()
    (root / "tenant.yaml").write_text(yaml.safe_dump(about), encoding="utf-8")
    for name, content in ({"orders": document()} if contracts is None else contracts).items():
        (root / "contracts" / f"{name}.odcs.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return root


def test_a_tenant_is_whole_when_its_folder_is_valid(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    (folder / "gold" / "b.sql").write_text("SELECT 1", encoding="utf-8")
    (folder / "gold" / "a.sql").write_text("SELECT 2", encoding="utf-8")
    tenant = load_tenant(folder)
    assert (tenant.id, tenant.name, tenant.contact) == ("shop", "Shop", "data@shop.example")
    (contract,) = tenant.contracts
    assert (contract.source, contract.version) == ("orders", "1.0.0")
    assert yaml.safe_load(contract.text) == document()
    assert [(model.name, model.text) for model in tenant.models] == [("a", "SELECT 2"), ("b", "SELECT 1")]


@pytest.mark.parametrize("tenant", ["acme", "skyline"])
def test_every_contract_and_model_compiles_when_the_tenant_is_shipped(tenant: str) -> None:
    found = load_tenant(SHIPPED / tenant)
    assert found.id == tenant
    for file in found.contracts:
        assert compile_plan(file.contract, "ruleset").source == file.source
    models = [parse_model(model.name, model.text, model.name) for model in found.models]
    sources = {file.source for file in found.contracts}
    read = {one.name for model in models for one in model.inputs if one.zone == "silver"}
    assert models == in_order(models)
    assert read <= sources


def test_the_folder_is_named_when_it_holds_no_tenant(tmp_path: Path) -> None:
    with pytest.raises(InvalidTenant, match=r"tenant\.yaml: there is no such file; a tenant's folder holds"):
        load_tenant(tmp_path)


@pytest.mark.parametrize(
    ("about", "told"),
    [
        ([], "give id, name, description and contact"),
        ({"id": "shop"}, "name: Field required"),
        ({**ABOUT, "id": "My Shop"}, "2 to 12 lower-case letters"),
        ({**ABOUT, "colour": "red"}, "colour: Extra inputs"),
    ],
)
def test_what_is_amiss_is_told_when_the_settings_are_not_valid(tmp_path: Path, about: Any, told: str) -> None:
    with pytest.raises(InvalidTenant, match=told):
        load_tenant(_folder(tmp_path, about))


def test_the_file_is_named_when_its_yaml_is_broken(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    (folder / "tenant.yaml").write_text("id: [", encoding="utf-8")
    with pytest.raises(InvalidTenant, match=r"tenant\.yaml: not valid YAML"):
        load_tenant(folder)


def test_a_tenant_stands_when_it_has_no_source_yet(tmp_path: Path) -> None:
    (tmp_path / "tenant.yaml").write_text(yaml.safe_dump(ABOUT), encoding="utf-8")
    assert load_tenant(tmp_path).contracts == ()
    assert load_tenant(tmp_path).models == ()


def test_the_findings_of_all_contracts_are_told_when_several_are_wrong(tmp_path: Path) -> None:
    contracts = {"a": document(version="1"), "b": document(status=1), "orders": document()}
    with pytest.raises(InvalidContract) as raised:
        load_tenant(_folder(tmp_path, contracts=contracts))
    assert "a.odcs.yaml: version:" in str(raised.value)
    assert "b.odcs.yaml: status:" in str(raised.value)


def test_a_file_is_refused_when_it_is_named_for_another_source(tmp_path: Path) -> None:
    with pytest.raises(InvalidContract, match=r"call the file orders\.odcs\.yaml"):
        load_tenant(_folder(tmp_path, contracts={"order": document()}))


@pytest.mark.parametrize(
    ("to", "told"),
    [
        ("goods.number", "refers to goods.number, which no contract of this tenant has"),
        ("orders.number", "refers to orders.number, which no contract of this tenant has"),
        ("orders.order_id", "refers to orders.order_id, which is string and not integer"),
    ],
)
def test_a_reference_is_refused_when_it_leads_nowhere(tmp_path: Path, to: str, told: str) -> None:
    contract = document(items={"relationships": [{"to": to}]})
    with pytest.raises(InvalidContract, match=f"items: {told}"):
        load_tenant(_folder(tmp_path, contracts={"orders": contract}))


def test_a_model_is_refused_when_its_name_cannot_name_a_table(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    (folder / "gold" / "Per Month.sql").write_text("SELECT 1", encoding="utf-8")
    with pytest.raises(InvalidTenant, match="model 'Per Month': use lower-case"):
        load_tenant(folder)
