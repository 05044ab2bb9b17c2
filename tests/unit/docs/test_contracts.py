"""What docs/contracts.md says is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from medallion.contracts import parse_contract
from medallion.contracts.expressions import FUNCTIONS, check_expression
from medallion.contracts.model import Encoding, ErrorCode
from medallion.contracts.regex import NotPortable, portable
from medallion.contracts.settings import ColumnSettings, QualitySettings, SourceSettings
from medallion.plan.compiler import compile_plan

PAGE = (Path(__file__).parents[3] / "docs" / "contracts.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(apiVersion.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_compiles_when_it_is_taken_as_it_stands(example: str) -> None:
    assert compile_plan(parse_contract(example, "docs/contracts.md"), "ruleset").columns


def test_there_are_examples_when_the_page_is_read() -> None:
    assert len(EXAMPLES) == 2


@pytest.mark.parametrize("settings", [SourceSettings, ColumnSettings, QualitySettings])
def test_every_setting_is_told_when_there_is_one(settings: type[SourceSettings]) -> None:
    for field in settings.model_fields.values():
        assert f"`{field.alias}`" in PAGE


def test_every_encoding_and_function_is_told_when_there_is_one() -> None:
    assert all(f"`{encoding}`" in PAGE for encoding in Encoding)
    assert FUNCTIONS in " ".join(PAGE.split())


def test_every_code_of_a_rule_is_told_when_there_is_one() -> None:
    platforms_own = {ErrorCode.SCHEMA_ERROR, ErrorCode.DUPLICATE_FAILURE, ErrorCode.MAX_ATTEMPTS}
    assert all(f"`{code}`" in PAGE for code in set(ErrorCode) - platforms_own)


def test_regular_expressions_are_as_told_when_they_are_tried() -> None:
    for allowed in (r"\d\W\S", r"\t\n\r\f\x41\x{1F600}", r"\p{Lu}", "(a|b)*?c{2}d{1,}e{1,2}f+?"):
        assert portable(allowed)
    for refused in (
        "(?=a)",
        r"(a)\1",
        "a++",
        "(?>a)",
        "(?i)a",
        "(?P<n>a)",
        r"\ba",
        "a^b",
        "[[]",
        "[a&&b]",
        "[]a]",
        "[a-c-e]",
    ):
        with pytest.raises(NotPortable):
            portable(refused)


def test_the_remedy_for_large_products_is_allowed_when_it_is_used() -> None:
    assert check_expression("TRY_CAST(x AS DOUBLE) * y > 1", ("x", "y"))
