"""The command's exit codes, and which error ends with which. docs/cli.md lists them; a test holds the two together."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
)
from botocore.exceptions import (
    ConnectionError as BotoConnectionError,
)

from cli.errors import BadArgument, NothingDeployed, OnlyDirect, Unreachable, WaitedEnough
from medallion.control.items import RunStatus
from medallion.errors import (
    InvalidCorrection,
    InvalidCursor,
    InvalidName,
    MedallionError,
    NotAKey,
    NotAllowed,
    TenantNotNamed,
    Unauthenticated,
    UnknownEntry,
    UnknownKey,
    UnknownObject,
    UnknownOperation,
    UnknownQuery,
    UnknownReceipt,
    UnknownRow,
    UnknownRun,
    UnknownSource,
    UnknownTable,
    UnknownTenant,
    UnreadableSample,
)


class Exit(IntEnum):
    """What a script may rely on."""

    OK = 0
    """Done."""
    FAILED = 1
    """Something failed that has no code of its own; the message says what."""
    USAGE = 2
    """An argument is missing or cannot be used."""
    NOT_FOUND = 3
    """The tenant, source, run, entry or environment does not exist."""
    RUN_FAILED = 4
    """The run ended without publishing: failed, rejected or refused; or it was rolled back."""
    RUN_HELD = 5
    """The run waits for a person: approve or reject it. Or an applied contract waits for another's approval."""
    UNREACHABLE = 6
    """AWS, or the API, does not answer, or does not let this caller in."""
    TIMED_OUT = 7
    """What was waited for did not happen in time; it may still."""


_CODES: Mapping[Exit, tuple[type[MedallionError], ...]] = {
    Exit.USAGE: (
        InvalidName,
        BadArgument,
        InvalidCorrection,
        InvalidCursor,
        TenantNotNamed,
        OnlyDirect,
        NotAKey,
        UnreadableSample,
    ),
    Exit.NOT_FOUND: (
        UnknownTenant,
        UnknownSource,
        UnknownRow,
        UnknownRun,
        UnknownEntry,
        UnknownKey,
        UnknownObject,
        UnknownOperation,
        UnknownQuery,
        UnknownReceipt,
        UnknownTable,
        NothingDeployed,
    ),
    Exit.UNREACHABLE: (Unreachable, Unauthenticated, NotAllowed),
    Exit.TIMED_OUT: (WaitedEnough,),
}

_UNREACHABLE = (
    BotoConnectionError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
)
_REFUSED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
        "UnauthorizedOperation",
        "UnrecognizedClientException",
    }
)


def code_of(error: MedallionError) -> Exit:
    """The exit code for an error that was raised on purpose."""
    return next((code for code, kinds in _CODES.items() if isinstance(error, kinds)), Exit.FAILED)


def code_of_run(status: RunStatus) -> Exit:
    """The exit code for a run that was waited for or asked about."""
    if status in (RunStatus.FAILED, RunStatus.REJECTED, RunStatus.REFUSED, RunStatus.ROLLED_BACK):
        return Exit.RUN_FAILED
    return Exit.RUN_HELD if status is RunStatus.HELD else Exit.OK


def explain(error: BotoCoreError | ClientError) -> MedallionError:
    """An AWS client's error as one of ours, with what to do next."""
    if isinstance(error, _UNREACHABLE):
        return Unreachable(
            f"AWS cannot be reached: {error}. Check credentials, region and network; "
            "for the embedded AWS: medallion local status"
        )
    if not isinstance(error, ClientError):
        return MedallionError(f"The AWS client could not do it: {error}")
    code = error.response["Error"].get("Code", "")
    said = f"{error.operation_name}: {error.response['Error'].get('Message') or code}"
    if code in _REFUSED:
        return Unreachable(
            f"AWS does not let this caller in ({code}), {said}. Check the credentials and their permissions"
        )
    missing = code == "ResourceNotFoundException" or code in {"NoSuchBucket", "404"}
    if missing:
        return NothingDeployed(
            f"What this needs is not deployed here ({said}). Check --environment and the region, "
            "or deploy it: medallion deploy"
        )
    return MedallionError(f"AWS refused ({code}), {said}")
