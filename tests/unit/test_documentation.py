"""The documents: what they link to exists, and what they tell to type is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from cli.main import app

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere_when_a_page_is_read(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_make_targets_exist_when_a_page_names_them(page: Path) -> None:
    told = set(re.findall(r"^    make ([a-z-]+)|`make ([a-z-]+)`", page.read_text(encoding="utf-8"), re.MULTILINE))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {first or second for first, second in told} - targets == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_exist_when_a_page_tells_to_type_them(page: Path) -> None:
    told = re.findall(r"^ +medallion ((?:--[a-z]+ \S+ )*)([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE)
    told += re.findall(r"`medallion ((?:--[a-z]+ \S+ )*)([a-z]+)", page.read_text(encoding="utf-8"))
    assert {name for _, name in told} - set(getattr(get_command(app), "commands", {})) == set()
