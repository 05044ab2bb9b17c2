"""What a contract demands, as one hash: two contracts with one hash judge every record alike."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from medallion.contracts.model import Contract

_NOT_RULES = {"id", "version", "description", "owner", "trigger", "lane", "approval", "max_attempts"}


def ruleset_hash(contract: Contract) -> str:
    """SHA-256, in hexadecimal, over all that decides a record's outcome.

    Names, descriptions, the version, and when and where a run takes place are no part of it; neither is any order that
    decides nothing: of columns, of rules, of values.
    """
    content: dict[str, Any] = contract.model_dump(mode="json", exclude=_NOT_RULES)
    for column in content["columns"]:
        del column["description"]
        for rule in column["rules"]:
            if rule["kind"] == "valid_values":
                rule["values"] = sorted(rule["values"])
        column["rules"] = sorted(column["rules"], key=_canonical)
    content["columns"] = sorted(content["columns"], key=_canonical)
    content["checks"] = sorted(content["checks"], key=_canonical)
    content["dialect"]["null_values"] = sorted(content["dialect"]["null_values"])
    return sha256(_canonical(content).encode()).hexdigest()


def _canonical(content: Any) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"))
