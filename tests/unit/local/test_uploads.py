"""The checksum that a form is bound to."""

from __future__ import annotations

import base64
from hashlib import sha256

import pytest

from local.uploads import refuse

CONTENT = b"id\n1\n"
RIGHT = base64.b64encode(sha256(CONTENT).digest()).decode()


@pytest.mark.parametrize("told", [None, RIGHT, RIGHT + "\r\n"])
def test_an_object_is_taken_when_it_is_what_was_told(told: str | None) -> None:
    assert refuse(told, CONTENT) is None


@pytest.mark.parametrize("told", ["", "abc", base64.b64encode(sha256(b"other").digest()).decode()])
def test_an_object_is_refused_when_it_is_another(told: str) -> None:
    assert refuse(told, CONTENT) == "The SHA256 you specified did not match the calculated checksum."
