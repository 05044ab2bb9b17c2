"""Requests to the API: what is sent again and how, and what an answer that is none becomes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from cli.errors import BadArgument, Unreachable
from cli.remote import Access, Client, connect
from medallion.errors import NotHeld, SecretAlreadyTold, Unauthenticated, UnknownRun

KEY = "mdl_acme_0123456789ab_" + "x" * 43
Answer = Callable[[httpx2.Request], httpx2.Response]


class Api:
    """An API that gives these answers in turn, the last of them for good."""

    def __init__(self, *answers: httpx2.Response | Exception) -> None:
        self._answers = list(answers)
        self.sent: list[httpx2.Request] = []
        self.slept: list[float] = []

    @property
    def client(self) -> Client:
        made = connect(Access.checked("https://api.test/v1", KEY), "", httpx2.MockTransport(self._answer))
        return replace(made, sleep=self.slept.append)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.sent.append(request)
        given = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(given, Exception):
            raise given
        return given


def problem(status: int, kind: str, **headers: str) -> httpx2.Response:
    told = {"type": f"/problems/{kind}", "title": kind, "status": status, "detail": "so it is", "request_id": "r1"}
    return httpx2.Response(status, json=told, headers={"content-type": "application/problem+json", **headers})


def ok(**body: Any) -> httpx2.Response:
    return httpx2.Response(200, json=body)


def test_post_is_sent_again_with_its_key_when_the_answer_is_lost() -> None:
    api = Api(httpx2.ReadTimeout("lost"), problem(503, "service-unavailable"), ok(done=True))
    client = api.client
    assert client.post("/runs/r/rerun", {}) == {"done": True}
    client.post("/runs/r/rerun", {})
    keys = [request.headers["idempotency-key"] for request in api.sent]
    assert keys[0] == keys[1] == keys[2]
    assert keys[3] not in keys[:3]
    assert api.sent[0].headers["authorization"] == f"Bearer {KEY}"


def test_pause_is_what_the_answer_asks_for_when_there_are_too_many_requests() -> None:
    api = Api(problem(429, "too-many-requests", **{"retry-after": "7"}), ok())
    api.client.get("/runs")
    assert api.slept == [7.0]


def test_command_ends_when_the_answer_asks_for_too_long_a_pause() -> None:
    api = Api(problem(429, "too-many-requests", **{"retry-after": "3600"}))
    with pytest.raises(Unreachable, match="so it is"):
        api.client.get("/runs")
    assert len(api.sent) == 1


def test_answer_is_awaited_when_an_earlier_try_is_being_worked_on() -> None:
    api = Api(problem(409, "still-in-progress"), ok(done=True))
    assert api.client.post("/keys", {}) == {"done": True}


def test_tries_end_when_nobody_answers() -> None:
    api = Api(httpx2.ConnectError("refused"))
    with pytest.raises(Unreachable, match="does not answer"):
        api.client.get("/runs")
    assert len(api.sent) == 6
    assert sum(api.slept) < 30


def test_request_is_named_when_the_platform_failed() -> None:
    with pytest.raises(Exception, match=r"so it is \(request r1\)"):
        Api(problem(500, "internal-error")).client.get("/runs")


@pytest.mark.parametrize(
    ("status", "kind", "error"),
    [
        (401, "unauthenticated", Unauthenticated),
        (404, "unknown-run", UnknownRun),
        (409, "not-held", NotHeld),
        (409, "secret-already-told", SecretAlreadyTold),
        (422, "invalid-request", BadArgument),
    ],
)
def test_problem_is_the_error_of_its_name_when_it_is_answered(status: int, kind: str, error: type[Exception]) -> None:
    api = Api(problem(status, kind))
    with pytest.raises(error, match="so it is"):
        api.client.get("/runs")
    assert len(api.sent) == 1


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(200, text="<html>welcome</html>"),
        httpx2.Response(403, json={"message": "Missing Authentication Token"}),
        httpx2.Response(302, headers={"location": "https://elsewhere.test"}),
    ],
)
def test_address_is_doubted_when_the_answer_is_no_answer_of_the_api(answer: httpx2.Response) -> None:
    api = Api(answer)
    with pytest.raises(Unreachable, match="Check its address"):
        api.client.get("/runs")
    assert len(api.sent) == 1


def test_pages_are_asked_for_until_there_are_enough() -> None:
    api = Api(ok(items=[1] * 200, next="there"), ok(items=[2] * 50, next="further"))
    items, following = api.client.pages("/runs", limit=250)
    assert (len(items), following) == (250, "further")
    assert [request.url.params["limit"] for request in api.sent] == ["200", "50"]
    assert api.sent[1].url.params["cursor"] == "there"


# --- where a key may go


@pytest.mark.parametrize(
    "url", ["http://api.test/v1", "api.test/v1", "https://", "ftp://api.test", "https://ada@api.test", "https://a?b=c"]
)
def test_address_is_refused_when_a_key_may_not_go_there(url: str) -> None:
    with pytest.raises(BadArgument):
        Access.checked(url, KEY)


@pytest.mark.parametrize("url", ["https://api.test/v1/", "http://127.0.0.1:4566/v1", "http://localhost/v1"])
def test_address_is_taken_when_it_is_safe(url: str) -> None:
    assert Access.checked(url, KEY).url == url.rstrip("/")


def test_key_is_never_told_when_it_is_refused_or_shown() -> None:
    with pytest.raises(BadArgument) as refused:
        Access.checked("https://api.test", KEY + "?")
    assert "x" * 43 not in str(refused.value)
    assert "x" * 43 not in repr(Access.checked("https://api.test", KEY))
