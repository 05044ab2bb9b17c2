"""The demo's own count of records, and the order in which it drops files."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo.files import count_records, waves
from medallion.contracts.model import Column, Contract, Reference, StringType


@pytest.mark.parametrize(
    ("content", "records"),
    [
        (b"a,b\n", 0),
        (b"a,b\n1,2\n3,4", 2),
        (b'a,b\n"1\n1",2\n\n3,4\n', 2),
        (b"a,b\n1,\xff\n2,3\n", 2),
        (b'a,b\n1,2\n"3,4\n5,6\n', 2),
    ],
)
def test_records_are_counted_when_a_file_is_odd(tmp_path: Path, content: bytes, records: int) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes(content)
    assert count_records(file) == records


def contract(source: str, *referred_to: str) -> Contract:
    rules = tuple(Reference(source=one, column="id") for one in referred_to)
    column = Column(name="id", header="id", type=StringType(), rules=rules)
    return Contract(id=source, version="1.0.0", source=source, columns=(column,))


def test_referred_to_goes_first_when_sources_are_ordered() -> None:
    found = waves([contract("flights", "airports", "airlines"), contract("airports"), contract("airlines", "airlines")])
    assert found == [["airlines", "airports"], ["flights"]]
