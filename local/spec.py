"""Generate the table of recorded-only types, and its list in docs/local.md, from the CloudFormation resource schemas.

Run `python -m local.spec` after a change of the pinned emulator or of cfn-lint, whose package carries the schemas. A
maintainer's tool: nothing that serves or deploys imports it.
"""

from __future__ import annotations

import json
import re
from importlib import resources
from itertools import groupby
from pathlib import Path
from typing import Any

from local.recorded import _HANDLERS

OWN_TYPES = frozenset(
    {"AWS::Athena::NamedQuery", "AWS::EMRServerless::Application", "AWS::Glue::SecurityConfiguration"}
)
"""Types that the emulator lacks and this package emulates."""

TABLE = Path(__file__).parent / "recorded_types.json"
DOCUMENT = Path(__file__).parent.parent / "docs" / "local.md"
_LIST = re.compile(r"(?<=<!-- recorded types: generated -->\n).*?(?=<!-- end -->)", re.DOTALL)


def generate() -> dict[str, dict[str, list[str]]]:
    """Every public type that is neither the emulator's nor this package's, with its attributes and identifier."""
    schemas = resources.files("cfnlint").joinpath("data/schemas")
    types: dict[str, str] = json.loads(schemas.joinpath("providers/us-east-1.json").read_text())
    emulated = {name for name, handler in _HANDLERS.get().items() if not handler.get("recorded")} | OWN_TYPES
    table = {}
    for name in sorted(set(types) - emulated):
        if not name.startswith("AWS::"):
            continue
        schema = json.loads(schemas.joinpath(f"resources/{types[name]}.json").read_text())
        table[name] = {
            "attributes": sorted(_names(schema, "readOnlyProperties")),
            "identifier": _names(schema, "primaryIdentifier"),
        }
    return table


def _names(schema: dict[str, Any], of: str) -> list[str]:
    pointers = schema.get(of) or []
    return [pointer.removeprefix("/properties/").replace("/", ".") for pointer in pointers if "*" not in pointer]


def listing(table: dict[str, dict[str, list[str]]]) -> str:
    """The types as Markdown, one line per service."""
    lines = []
    for service, types in groupby(sorted(table), key=lambda name: name.split("::")[1]):
        lines.append(f"- **{service}**: " + ", ".join(name.split("::", 2)[2] for name in types))
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the table and the list."""
    table = generate()
    rows = ",\n".join(f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in table.items())
    TABLE.write_text(f"{{\n{rows}\n}}\n")
    if DOCUMENT.exists():
        DOCUMENT.write_text(_LIST.sub(lambda _: listing(table), DOCUMENT.read_text()))


if __name__ == "__main__":
    main()
