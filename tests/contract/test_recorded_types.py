"""The table of recorded-only types, and the list in the documentation, say what the emulator lacks."""

from __future__ import annotations

import pytest

from local import spec
from local.recorded import _HANDLERS, is_recorded, table


def test_table_is_current_when_it_is_generated_again() -> None:
    assert table() == spec.generate(), "run: python -m local.spec"


def test_no_recorded_type_is_one_that_the_emulator_serves() -> None:
    served = {name for name, handler in _HANDLERS.get().items() if handler.get("recorded") is None}
    assert served & set(table()) == set()


def test_documentation_lists_every_recorded_type() -> None:
    assert spec.listing(table()) in spec.DOCUMENT.read_text(), "run: python -m local.spec"


@pytest.mark.parametrize(
    ("name", "recorded"),
    [
        ("AWS::LakeFormation::Permissions", True),
        ("AWS::CloudTrail::Trail", True),
        ("AWS::S3::Bucket", False),
        ("AWS::Athena::NamedQuery", False),
        ("AWS::S3::Bukket", False),
    ],
)
def test_type_is_told_apart_when_it_is_recorded_emulated_or_unknown(name: str, *, recorded: bool) -> None:
    assert is_recorded(name) is recorded
