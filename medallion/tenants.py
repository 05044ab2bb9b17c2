"""A tenant's folder: who it is, its contracts, its Gold models. It seeds the control table at deploy."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import Field, ValidationError

from medallion.contracts import load_contract
from medallion.contracts.model import Contract, Frozen
from medallion.contracts.references import loose_references
from medallion.errors import InvalidContract, InvalidName, InvalidTenant
from medallion.layout import checked_name, checked_tenant

SETTINGS = "tenant.yaml"
CONTRACT_SUFFIX = ".odcs.yaml"
MODEL_SUFFIX = ".sql"


class ContractFile(Frozen):
    """One contract: as it was written, and as it is understood."""

    source: str
    version: str
    text: str
    contract: Contract


class ModelFile(Frozen):
    """One Gold model, as it was written."""

    name: str
    text: str


class About(Frozen):
    """What tenant.yaml says."""

    id: str
    name: str = Field(min_length=1)
    description: str = ""
    contact: str = ""


class Tenant(About):
    """A tenant, whole. Contracts and models are in the order of their names; there may be none yet."""

    contracts: tuple[ContractFile, ...]
    models: tuple[ModelFile, ...]


def load_tenant(folder: Path) -> Tenant:
    """Read the folder. InvalidTenant where it is amiss, InvalidContract with the findings of all its contracts."""
    about = about_tenant(folder)
    contracts = _contracts(folder)
    _check_references(contracts)
    return Tenant(**about.model_dump(), contracts=contracts, models=_models(folder))


def about_tenant(folder: Path) -> About:
    """What the folder's tenant.yaml says; InvalidTenant where it is amiss."""
    path = folder / SETTINGS
    if not path.is_file():
        raise InvalidTenant(f"{path}: there is no such file; a tenant's folder holds {SETTINGS}, contracts/ and gold/")
    try:
        about = About.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        checked_tenant(about.id)
    except yaml.YAMLError as error:
        raise InvalidTenant(f"{path}: not valid YAML: {error}") from error
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'the file'}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_input=False)
        )
        raise InvalidTenant(f"{path}: {faults}; give id, name, description and contact") from error
    except InvalidName as error:
        raise InvalidTenant(f"{path}: {error}") from error
    return about


def _contracts(folder: Path) -> tuple[ContractFile, ...]:
    found: list[ContractFile] = []
    faults: list[str] = []
    for path in sorted((folder / "contracts").glob(f"*{CONTRACT_SUFFIX}")):
        try:
            contract = load_contract(path)
        except InvalidContract as error:
            faults.append(str(error))
            continue
        if path.name != f"{contract.source}{CONTRACT_SUFFIX}":
            faults.append(
                f"{path}: schema[0].name: the contract is for source {contract.source}; "
                f"call the file {contract.source}{CONTRACT_SUFFIX}, or correct the name"
            )
        text = path.read_text(encoding="utf-8")
        found.append(ContractFile(source=contract.source, version=contract.version, text=text, contract=contract))
    if faults:
        raise InvalidContract("\n".join(faults))
    return tuple(found)


def _check_references(files: tuple[ContractFile, ...]) -> None:
    """Every reference leads to a column of a source of this tenant."""
    columns = {file.source: {column.name: column for column in file.contract.columns} for file in files}
    loose = loose_references((file.contract for file in files), lambda source: columns.get(source, {}))
    if loose:
        raise InvalidContract("\n".join(f"{source}{CONTRACT_SUFFIX}: {said}" for source, said in loose))


def _models(folder: Path) -> tuple[ModelFile, ...]:
    try:
        return tuple(
            ModelFile(
                name=checked_name("model", path.name.removesuffix(MODEL_SUFFIX)), text=path.read_text(encoding="utf-8")
            )
            for path in sorted((folder / "gold").glob(f"*{MODEL_SUFFIX}"))
        )
    except InvalidName as error:
        raise InvalidTenant(f"{folder / 'gold'}: {error}") from error
