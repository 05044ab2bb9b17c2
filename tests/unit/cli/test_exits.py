"""Exit codes: what a script relies on, and the page that lists them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

from cli.errors import BadArgument, NothingDeployed, Unreachable, WaitedEnough
from cli.exits import Exit, code_of, code_of_run, explain
from medallion.control.items import RunStatus
from medallion.errors import InvalidName, MedallionError, QueryFailed, UnknownRun, UnknownSource, UnknownTenant

PAGE = Path(__file__).parents[3] / "docs" / "cli.md"


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "said so"}}, "GetItem")


def test_page_lists_every_code_when_read() -> None:
    listed = re.findall(r"^\| (\d+) \| ([a-z ]+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert listed == [(str(code.value), code.name.lower().replace("_", " ")) for code in Exit]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MedallionError("x"), Exit.FAILED),
        (QueryFailed("x"), Exit.FAILED),
        (InvalidName("x"), Exit.USAGE),
        (BadArgument("x"), Exit.USAGE),
        (UnknownTenant("x"), Exit.NOT_FOUND),
        (UnknownSource("x"), Exit.NOT_FOUND),
        (UnknownRun("x"), Exit.NOT_FOUND),
        (NothingDeployed("x"), Exit.NOT_FOUND),
        (Unreachable("x"), Exit.UNREACHABLE),
        (WaitedEnough("x"), Exit.TIMED_OUT),
    ],
)
def test_error_has_its_code_when_it_ends_the_command(error: MedallionError, code: Exit) -> None:
    assert code_of(error) is code


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (RunStatus.PROMOTED, Exit.OK),
        (RunStatus.UNCHANGED, Exit.OK),
        (RunStatus.RUNNING, Exit.OK),
        (RunStatus.HELD, Exit.RUN_HELD),
        (RunStatus.FAILED, Exit.RUN_FAILED),
        (RunStatus.REJECTED, Exit.RUN_FAILED),
        (RunStatus.REFUSED, Exit.RUN_FAILED),
    ],
)
def test_run_has_its_code_when_it_is_shown(status: RunStatus, code: Exit) -> None:
    assert code_of_run(status) is code


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), Unreachable),
        (NoCredentialsError(), Unreachable),
        (refusal("AccessDeniedException"), Unreachable),
        (refusal("ExpiredToken"), Unreachable),
        (refusal("ResourceNotFoundException"), NothingDeployed),
        (refusal("NoSuchBucket"), NothingDeployed),
    ],
)
def test_client_error_says_what_to_do_when_explained(error: Exception, kind: type[MedallionError]) -> None:
    assert isinstance(error, (EndpointConnectionError, NoCredentialsError, ClientError))
    explained = explain(error)
    assert type(explained) is kind
    assert re.search(r"Check |deploy", str(explained))


def test_client_error_names_code_and_operation_when_nothing_better_is_known() -> None:
    explained = explain(refusal("ThrottlingException"))
    assert type(explained) is MedallionError
    assert str(explained) == "AWS refused (ThrottlingException), GetItem: said so"
