"""The tutorial's own commands, as the page has them, in a copy of this project: page and product cannot part."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.local.conftest import free_port
from tests.integration.pipeline.deployed import PROJECT
from tools.tutorial import PAGE, SETUP, Done, commands, environment, follow

INSTALLED = ("node_modules", "build/layer")
SHIM = '#!/bin/sh\nexec "{python}" -m cli.main "$@"\n'


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All files of the project as they stand here, and what is installed beside them."""
    folder = tmp_path_factory.mktemp("tutorial") / "medallion"
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        source = PROJECT / name
        if source.is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, folder / name)
    for name in INSTALLED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to((PROJECT / name).resolve(), target_is_directory=True)
    shim = folder / "build" / "bin" / "medallion"
    shim.parent.mkdir()
    shim.write_text(SHIM.format(python=sys.executable), encoding="utf-8")
    shim.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def followed(copy: Path) -> Iterator[dict[str, Done]]:
    """Every command of the page, run once, with what it printed."""
    page = (copy / PAGE).read_text(encoding="utf-8")
    told = [one for one in commands(page) if one != SETUP and not one.startswith("export ")]
    variables = environment(copy, copy / "build" / "bin", Path(sys.executable).parent)
    variables |= {"MEDALLION_LOCAL_PORT": str(free_port())}
    try:
        done = {}
        for one in follow(copy, told, variables):
            sys.stdout.write(f"{one.seconds:6.1f} s  {one.command}\n")
            assert one.code == 0, f"{one.command}\n{one.printed}"
            done[one.command] = one
        assert len(done) == len(told)
        yield done
    finally:
        subprocess.run(
            [copy / "build" / "bin" / "medallion", "local", "down"],
            cwd=copy,
            env=variables,
            stdout=subprocess.DEVNULL,
            check=False,
        )


def printed(followed: dict[str, Done], beginning: str) -> str:
    """What the one command that begins so printed."""
    [found] = [done.printed for command, done in followed.items() if command.startswith(beginning)]
    return found


def test_every_command_ends_well_when_the_page_is_followed(followed: dict[str, Done]) -> None:
    assert len(followed) > 10
    # How long it may take is for `make tutorial` to say, on a machine that does nothing else.
    assert all(done.seconds > 0 for done in followed.values())


def test_no_other_stack_changes_when_the_tenant_is_new(followed: dict[str, Done]) -> None:
    said = printed(followed, "medallion tenant new")
    assert re.search(r"The templates of \d+ other stacks are byte for byte what they were\.", said), said


def test_a_tenant_is_listed_beside_those_of_the_folder_when_it_is_deployed(followed: dict[str, Done]) -> None:
    listed = printed(followed, "medallion tenant ls")
    assert re.search(r"^corner +Corner Shop +yes +yes", listed, re.MULTILINE), listed
    assert re.search(r"^acme +Acme Bank +yes +no", listed, re.MULTILINE), listed


def test_what_the_page_says_is_so_when_the_files_are_in(followed: dict[str, Done]) -> None:
    first, following = (
        printed(followed, "medallion ingest docs/tutorial/sales.csv"),
        printed(followed, "medallion ingest docs/tutorial/sales-next.csv"),
    )
    assert re.search(r"sales\.csv\S*\s+200\s+200\s", first), first
    assert re.search(r"sales-next\.csv\S*\s+80\s+78\s.*\s2\s+0", following), following
    listed = printed(followed, "medallion quarantine ls")
    assert "TYPE_ERROR" in listed
    assert "DOMAIN_ERROR" in listed


def test_the_answer_is_the_pages_when_gold_is_asked(followed: dict[str, Done], copy: Path) -> None:
    shown = re.search(r"```text\n(.*?)```", (copy / PAGE).read_text(encoding="utf-8"), re.DOTALL)
    assert shown is not None
    answer = printed(followed, 'medallion query "SELECT article')
    assert answer.split() == shown[1].split()
