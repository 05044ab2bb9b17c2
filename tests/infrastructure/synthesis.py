"""Synthesize the app in this process, and read what came out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_cdk import App

from app import build
from stacks.settings import ROOT

Resource = dict[str, Any]

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: {tenant}-{source}
name: {source}
version: "1.0.0"
status: active
schema:
  - name: {source}
    physicalType: file
    logicalType: object
    properties:
      - name: id
        logicalType: string
        physicalType: text
        required: true
        primaryKey: true
        primaryKeyPosition: 1
"""


def write_tenant(under: Path, tenant: str, *sources: str) -> None:
    """A valid tenant's folder with a small contract for each source."""
    contracts = under / tenant / "contracts"
    contracts.mkdir(parents=True, exist_ok=True)
    (under / tenant / "tenant.yaml").write_text(f"id: {tenant}\nname: {tenant.capitalize()}\n")
    for source in sources:
        (contracts / f"{source}.odcs.yaml").write_text(CONTRACT.format(tenant=tenant, source=source))


def context(**given: object) -> dict[str, Any]:
    """cdk.json's context with the layer's bundling left out, and `given`."""
    shipped: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text())["context"]
    return {**shipped, "aws:cdk:bundling-stacks": [], **given}


@dataclass(frozen=True)
class Statement:
    """One policy statement and whose it is."""

    stack: str
    owner: str
    kind: str
    """`identity` (what a role may do), `trust` (who may assume it), or `resource` (who may use a resource)."""
    raw: Mapping[str, Any]

    @property
    def sid(self) -> str:
        return str(self.raw.get("Sid", ""))

    @property
    def effect(self) -> str:
        return str(self.raw["Effect"])

    @property
    def actions(self) -> tuple[str, ...]:
        return tuple(listed(self.raw["Action"]))

    @property
    def resources(self) -> tuple[str, ...]:
        return tuple(flat(each) for each in listed(self.raw.get("Resource", [])))


@dataclass(frozen=True)
class Synthesis:
    """A cloud assembly: templates by stack name, and the folder that holds it."""

    folder: Path
    templates: Mapping[str, Mapping[str, Any]]
    files: Mapping[str, Path]

    def resources(self, resource_type: str, stack: str = "") -> dict[str, Resource]:
        """The resources of a type, by logical id, in the stacks whose name ends with `stack`."""
        return {
            logical_id: resource
            for name, template in self.templates.items()
            if name.endswith(stack)
            for logical_id, resource in template["Resources"].items()
            if resource["Type"] == resource_type
        }

    def one(self, resource_type: str, stack: str, **properties: object) -> Resource:
        """The properties of the only resource of a type in a stack with these properties."""
        found = [
            resource["Properties"]
            for resource in self.resources(resource_type, stack).values()
            if all(flat(resource["Properties"].get(name)) == value for name, value in properties.items())
        ]
        assert len(found) == 1, f"{len(found)} resources of type {resource_type} in {stack} with {properties}"
        return dict(found[0])

    def statements(self) -> Iterator[Statement]:
        """Every policy statement of every template."""
        for stack, template in self.templates.items():
            for logical_id, resource in template["Resources"].items():
                properties = resource.get("Properties", {})
                for kind, document in _documents(resource["Type"], properties):
                    owner = flat(properties.get("RoleName", logical_id))
                    for statement in document["Statement"]:
                        yield Statement(stack, owner, kind, statement)


def _documents(resource_type: str, properties: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if resource_type == "AWS::IAM::Role":
        yield "trust", properties["AssumeRolePolicyDocument"]
        for policy in properties.get("Policies", []):
            yield "identity", policy["PolicyDocument"]
    elif resource_type == "AWS::KMS::Key":
        yield "resource", properties["KeyPolicy"]
    elif "PolicyDocument" in properties:
        kind = "identity" if resource_type.startswith("AWS::IAM::") else "resource"
        yield kind, properties["PolicyDocument"]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def flat(value: Any) -> str:
    """A value with its references as text: `<AWS::Region>`, `<LogicalId.Arn>`."""
    match value:
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(flat(part) for part in parts)
        case {"Fn::GetAtt": [logical_id, attribute]}:
            return f"<{logical_id}.{attribute}>"
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::Sub": text}:
            return str(text)
        case {"Fn::ImportValue": name}:
            return f"<import {name}>"
        case _:
            return value if isinstance(value, str) else json.dumps(value)


def synthesize(folder: Path, **given: object) -> Synthesis:
    """The app with this context, synthesized into `folder`. Raises what synthesis raises."""
    assembly = build(App(analytics_reporting=False, outdir=str(folder), context=context(**given))).synth()
    return Synthesis(
        folder,
        {stack.stack_name: stack.template for stack in assembly.stacks_recursively},
        {stack.stack_name: folder / stack.template_file for stack in assembly.stacks_recursively},
    )
