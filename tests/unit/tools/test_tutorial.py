"""The tutorial's commands, as they are taken from the page and run."""

from __future__ import annotations

from pathlib import Path

from tools.tutorial import PAGE, ROOT, SETUP, commands, environment, follow


def test_commands_are_the_pages_from_setup_to_the_end_when_it_is_read() -> None:
    told = commands((ROOT / PAGE).read_text(encoding="utf-8"))
    assert told[0] == SETUP
    assert told[-1] == "rm -r tenants/corner"
    assert len([one for one in told if one.startswith("medallion ingest")]) == 2
    [model] = [one for one in told if one.startswith("cat >")]
    assert model.endswith("\nSQL")
    assert "\nGROUP BY ALL\n" in model


def test_fences_are_shown_and_not_typed_when_a_page_has_some() -> None:
    page = "Say\n\n    one\n    two\n\n```text\n    an answer\n```\n\n    cat <<'END'\n    text\n    END\n    three\n"
    assert commands(page) == ["one", "two", "cat <<'END'\ntext\nEND", "three"]


def test_the_first_command_that_fails_is_the_last_when_commands_are_followed(tmp_path: Path) -> None:
    done = list(follow(tmp_path, ["echo a > file", "cat file; false", "echo never"], environment(tmp_path)))
    assert [(one.command, one.code, one.printed) for one in done] == [
        ("echo a > file", 0, ""),
        ("cat file; false", 1, "a\n"),
    ]
