"""Names of columns for the names in a header: nearly the same, in the form that tables take."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from medallion.contracts.columns import RESERVED

_LONGEST = 58
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def column_names(headers: Sequence[str]) -> tuple[str, ...]:
    """A name for each header, each another: TransactionID is transaction_id, `Order No.` order_no, Größe grosse."""
    names: list[str] = []
    for position, header in enumerate(headers, start=1):
        name = _name(header) or f"column_{position}"
        number, chosen = 1, f"{name}_of_source" if name in RESERVED else name
        while chosen in names:
            number += 1
            chosen = f"{name}_{number}"
        names.append(chosen)
    return tuple(names)


def _name(header: str) -> str:
    spelled = unicodedata.normalize("NFKD", header.replace("ß", "ss")).encode("ascii", "ignore").decode()
    humps = _HUMP.sub("_", spelled)
    name = re.sub(r"[^a-z0-9]+", "_", humps.lower()).strip("_")[:_LONGEST].rstrip("_")
    return f"n_{name}" if name[:1].isdigit() else name
