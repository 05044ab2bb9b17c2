"""Paths into JSON: what is one, how it is spelled, and that spelling is identity."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medallion.contracts.paths import InvalidPath, Step, document_path, member, record_path, spelled

steps = st.text(max_size=5) | st.sampled_from(["a", "$", "a.b", "it's", "\\", "[0]"]) | st.integers(0, 99)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("sku", ("sku",)),
        ("customer.address.city", ("customer", "address", "city")),
        ("items[0].sku", ("items", 0, "sku")),
        ("grid[10][2]", ("grid", 10, 2)),
        ("['a.b'].c", ("a.b", "c")),
        ("a['it\\'s']['\\\\']['']", ("a", "it's", "\\", "")),
        ("Order No", ("Order No",)),
        ("straße", ("straße",)),
        ("['$']", ("$",)),
    ],
)
def test_steps_are_found_when_a_path_is_well_spelled(path: str, expected: tuple[Step, ...]) -> None:
    assert record_path(path) == expected
    assert document_path("$" + (path if path.startswith("[") else f".{path}")) == expected


@pytest.mark.parametrize(
    "path",
    ["", ".a", "a.", "a..b", "a[", "a[-1]", "a[01]", "a[x]", "a]", "a['b", 'a["b"]', "['a']", "$.a", "[0]", "a b.'c'"],
)
def test_a_path_is_refused_when_it_is_none_or_spelled_otherwise(path: str) -> None:
    with pytest.raises(InvalidPath):
        record_path(path)


@pytest.mark.parametrize("path", ["", "a", "$a", "$.", "$..a", "$$", ".a"])
def test_a_documents_path_is_refused_when_it_does_not_begin_at_the_document(path: str) -> None:
    with pytest.raises(InvalidPath):
        document_path(path)


@given(st.tuples(st.text(max_size=5), st.lists(steps, max_size=4)))
def test_any_steps_come_back_when_they_are_spelled(given: tuple[str, list[Step]]) -> None:
    path = (given[0], *given[1])
    assert record_path(spelled(path)) == path
    assert member(given[0]) == spelled(path[:1])
