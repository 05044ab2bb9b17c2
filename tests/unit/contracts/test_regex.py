"""Regular expressions on which RE2 and Java agree."""

from __future__ import annotations

import re

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from medallion.contracts.regex import NotPortable, portable

_PIECES = [
    "a",
    "b",
    ".",
    r"\d",
    r"\w",
    r"\s",
    r"\S",
    r"\.",
    r"\-",
    "[a-c]",
    "[^a]",
    r"[\s,]",
    "[-a]",
    "[a-]",
    "[a^]",
    "(",
    ")",
    "(?:",
    "|",
    "*",
    "+",
    "?",
    "{2}",
    "{1,2}",
    "{,2}",
    "^",
    "$",
    "é",
    r"\x41",
    r"\x{e9}",
    r"\pL",
    r"\p{Lu}",
    "-",
    "#",
]
_TEXTS = st.text(st.sampled_from("ab.,-cA1é \n\t\v_^#"), max_size=6)


@pytest.mark.parametrize(
    ("pattern", "means"),
    [
        ("[A-Z]{3}", "[A-Z][A-Z][A-Z]"),
        ("(?:ab){2}[0-9]{17}", "(?:ab){2}[0-9]{17}"),
        ("^a|b$", "a|b"),
        (r"a\$", r"a\$"),
        (r"a\\$", r"a\\"),
        ("a.b", r"a[^\n]b"),
        ("[.]", "[.]"),
        (r"\s\S", r"[\t\n\f\r ][^\t\n\f\r ]"),
        ("(a+?)?", "(?:a+?)?"),
        ("[a^-]", r"[a\^\-]"),
        (r"[\w.+-]+@[\w-]+", r"[\w.+\-]+@[\w\-]+"),
        (r"\p{Lu}\P{Nd}", r"\p{Lu}\P{Nd}"),
        ("", ""),
    ],
)
def test_a_pattern_is_written_in_shared_terms_when_both_know_it(pattern: str, means: str) -> None:
    assert portable(pattern) == means


@pytest.mark.parametrize(
    "pattern",
    [
        "(?=a)",
        "(?!a)",
        "(?<=a)",
        "(?<n>a)",
        "(?P<n>a)",
        "(?i)a",
        "(?>a)",
        r"(a)\1",
        r"\bword\b",
        r"\Aa",
        r"\h",
        r"\Qa\E",
        "a*+",
        "a++",
        "a{2}{3}",
        "a**",
        "*a",
        "a|*",
        "{2}",
        "a{3,2}",
        "a{1001}",
        "((a{100}){100})",
        "(",
        ")",
        "(a",
        "a)",
        "[",
        "[a",
        "[]",
        "[]a]",
        "[[:alpha:]]",
        "[a[b]]",
        "[a&&b]",
        "[z-a]",
        r"[\d-z]",
        "[a-c-e]",
        "[a-b-]x-",
        r"[\S]",
        "a^b",
        "a$b",
        "}",
        "]",
        "\\",
        r"\u0041",
        r"\p{Greek}",
        "(" * 60 + ")" * 60,
        "a" * 1001,
    ],
)
def test_a_pattern_is_refused_when_the_engines_differ(pattern: str) -> None:
    if pattern == "[a-b-]x-":
        assert portable(pattern) == r"[a-b\-]x-"
        return
    with pytest.raises(NotPortable):
        portable(pattern)


@pytest.mark.parametrize(
    "pattern", [r"\P{L}{290}", "[^a]{1000}" * 2 + "[^b]{990}", "a{1000}" * 29, r"[\p{L}\p{N}]{142}"]
)
def test_re2_takes_it_when_a_pattern_is_as_large_as_accepted(pattern: str) -> None:
    assert duckdb.execute("SELECT regexp_matches('', ?)", [rf"\A(?:{portable(pattern)})\z"]).fetchone() == (False,)


@pytest.mark.parametrize("pattern", [r"\pL?\p{L}{300}", "[^a]{1000}" * 3, "a{1000}" * 31])
def test_a_pattern_is_refused_when_it_is_larger(pattern: str) -> None:
    with pytest.raises(NotPortable):
        portable(pattern)


@given(st.lists(st.sampled_from(_PIECES), max_size=8).map("".join), st.lists(_TEXTS, max_size=4))
@example("(a{1,2}){2}", ["aaa"])
def test_re2_matches_as_another_engine_when_the_pattern_is_accepted(pattern: str, texts: list[str]) -> None:
    """Python's engine stands for Java's: it is a backtracking one as well, and reads the shared terms alike."""
    try:
        shared = portable(pattern)
    except NotPortable:
        return
    spoken = None if r"\p" in shared or r"\x{" in shared else re.compile(shared, re.ASCII)
    for text in texts:
        (found,) = duckdb.execute("SELECT regexp_matches(?, ?)", [text, rf"\A(?:{shared})\z"]).fetchone() or (None,)
        assert isinstance(found, bool)
        if spoken:
            assert found == bool(spoken.fullmatch(text))
