"""The chaos tenant's folder: a source for each scenario, so that whatever a table holds is that scenario's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

TENANT = "chaos"
TEMPLATE = Path(__file__).parent / "contract.odcs.yaml"

MODEL = """/* medallion
description: What each source's records sum up to.
materialisation: table
keys: [one]
partitioning: []
*/
SELECT 1 AS one, COUNT(*) AS records, SUM(amount) AS total
FROM silver.{source}
"""


def write(folder: Path, sources: Mapping[str, Mapping[str, str]], modelled: frozenset[str]) -> Path:
    """Write the tenant's folder below `folder`: each source with its settings, a Gold model over each of `modelled`."""
    home = folder / TENANT
    (home / "contracts").mkdir(parents=True)
    (home / "gold").mkdir()
    about = {"id": TENANT, "name": "Chaos", "description": "A source for each scenario.", "contact": "c@example.com"}
    (home / "tenant.yaml").write_text(yaml.safe_dump(about), encoding="utf-8")
    for source, settings in sources.items():
        contract = yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))
        contract["id"] = f"{TENANT}-{source}".replace("_", "-")
        contract["schema"][0]["name"] = source
        if settings:
            contract["customProperties"] = [{"property": name, "value": value} for name, value in settings.items()]
        (home / "contracts" / f"{source}.odcs.yaml").write_text(yaml.safe_dump(contract), encoding="utf-8")
    for source in modelled:
        (home / "gold" / f"sum_of_{source}.sql").write_text(MODEL.format(source=source), encoding="utf-8")
    return folder
