"""A contract's text → the standard's own document model: the form is checked here, the meaning elsewhere."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from jsonschema import Draft201909Validator
from jsonschema.exceptions import ValidationError as SchemaError
from jsonschema.exceptions import best_match
from open_data_contract_standard.model import OpenDataContractStandard
from pydantic import ValidationError

from medallion.contracts.findings import SEE_STANDARD, STANDARD, Findings

_ECHO = "unevaluatedProperties"
_REMEDIES = {
    "required": "add it",
    "type": "write the value in that type, in quotes if it is text",
    "enum": "write one of these",
    "const": "write exactly this",
    "additionalProperties": "remove it or correct its name",
    "unevaluatedProperties": "remove it or correct its name",
}


class _StrictLoader(yaml.SafeLoader):
    """YAML's safe subset, without the silent choice between two values of one name."""


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    names: set[object] = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode) and key.value in names:
            raise yaml.MarkedYAMLError(problem=f"{key.value} is given twice", problem_mark=key.start_mark)
        names.add(str(key.value))
    return loader.construct_mapping(node, deep=True)


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_document(text: str, findings: Findings) -> OpenDataContractStandard | None:
    """The document, as far as it can be understood; what is wrong with its form goes to `findings`."""
    try:
        content = _StrictLoader(text).get_single_data()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        path = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        findings.add(path, f"not valid YAML: {error.problem}", "correct the line")
        return None
    except yaml.YAMLError as error:
        findings.add("", f"not valid YAML: {str(error).splitlines()[0]}", "save the file as UTF-8 text")
        return None
    if not isinstance(content, dict):
        findings.add("", "not a mapping of names to values", f"write a contract of the {STANDARD}")
        return None
    for fault in _specific(_validator().iter_errors(content)):
        remedy = _REMEDIES.get(str(fault.validator), SEE_STANDARD)
        findings.add(_path(fault.absolute_path), _shortened(fault.message), remedy)
    try:
        return OpenDataContractStandard.model_validate({name: content[name] for name in content if name in _names()})
    except ValidationError as error:
        if not findings:
            for one in error.errors(include_url=False, include_input=False):
                findings.add(_path(one["loc"]), one["msg"], SEE_STANDARD)
        return None


@cache
def _names() -> frozenset[str]:
    """What a document's parts are called. Another name is a finding already, and must not hide the rest."""
    return frozenset(field.alias or name for name, field in OpenDataContractStandard.model_fields.items())


@cache
def _validator() -> Draft201909Validator:
    schema = files("open_data_contract_standard").joinpath("schema.json").read_text(encoding="utf-8")
    return Draft201909Validator(json.loads(schema))


def _specific(errors: Iterable[SchemaError]) -> Iterator[SchemaError]:
    """Each error as specific as it can be: of several forms that a value may have, the nearest one says what is amiss.

    Where a part is wrong in itself, that it is "unexpected" is only an echo of that.
    """
    found = [best_match([error]) or error for error in errors]
    wrong = [list(error.absolute_path) for error in found if error.validator != _ECHO]
    for error in found:
        place = list(error.absolute_path)
        if error.validator != _ECHO or not any(other[: len(place)] == place for other in wrong):
            yield error


def _path(parts: Iterable[str | int]) -> str:
    """As people write it: schema[0].properties[3].name."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).removeprefix(".")


def _shortened(message: str) -> str:
    return message if len(message) <= 200 else f"{message[:200]}…"
