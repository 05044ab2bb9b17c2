"""The front door of an embedded AWS whose faults are on: each HTTP request is compared with the rules before it is
served.

Tests set rules by POST /_medallion/faults (a `Plan`), read what fired by GET, and clear them by DELETE (?name=pattern).
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import psutil

from local.faults import FAULTS, Call, Fault, Faults, Plan, Rule

PATH = "/_medallion/faults"

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

logger = logging.getLogger("local.front_door")


@dataclass(frozen=True)
class FrontDoor:
    """An ASGI application before another: the emulator's."""

    application: Application
    faults: Faults = field(default_factory=lambda: FAULTS)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.application(scope, receive, send)
        elif scope["path"] == PATH:
            await self._administer(scope, receive, send)
        else:
            await self._serve(scope, receive, send)

    async def _serve(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        call = Call.of(scope["method"], scope["path"], scope["query_string"].decode("latin-1"), headers)
        body = b""
        if call.service and self.faults.needs_body(call):
            messages = await _whole(receive)
            body = b"".join(message.get("body", b"") for message in messages)
            receive = _again(messages, receive)
        rule = self.faults.meet(call, body) if call.service else None
        if rule is None:
            await self.application(scope, receive, send)
            return
        logger.warning("%s: %s of %s %s by %s", rule.name, rule.fault, call.service, call.operation, call.caller)
        await self._fail(rule, call, scope, receive, send)

    async def _fail(self, rule: Rule, call: Call, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if rule.fault is Fault.REFUSE:
            await _whole(receive)
            await _answer(send, rule.status, *refusal(rule, call))
            return
        if rule.fault is Fault.DELAY:
            messages = await _whole(receive)
            await asyncio.sleep(rule.seconds)
            await self.application(scope, _again(messages, receive), send)
            return
        peer = scope["client"]
        victim = worker_at(peer) if rule.fault in (Fault.KILL_BEFORE, Fault.KILL_AFTER) else None
        if rule.fault is not Fault.KILL_BEFORE:
            await self.application(scope, receive, _unheard)
        if victim is not None:
            os.kill(victim, signal.SIGKILL)
        hang_up(peer)
        # The server answers 500 for an application that ends without an answer: it ends when the caller is gone.
        while (await receive())["type"] != "http.disconnect":
            continue

    async def _administer(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        body = b"".join(message.get("body", b"") for message in await _whole(receive))
        if scope["method"] == "POST":
            try:
                self.faults.add(Plan.model_validate_json(body))
            except ValueError as error:
                await _answer(send, 400, "text/plain", str(error).encode())
                return
        if scope["method"] == "DELETE":
            names = parse_qs(scope["query_string"].decode("latin-1")).get("name", ["*"])
            for name in names:
                self.faults.remove(name)
        await _answer(send, 200, "application/json", json.dumps(self.faults.told()).encode())


def worker_at(peer: tuple[str, int]) -> int:
    """The process id of the Lambda environment at the other end of a connection.

    LookupError if that is no process which this one, or its nursery, has started.
    """
    below = {child.pid: child for child in psutil.Process().children(recursive=True)}
    for pid, port in _ends(below):
        if port == peer[1] and pid in below:
            return pid
    raise LookupError(f"the caller at port {peer[1]} is no Lambda of this embedded AWS: it is not killed")


def _ends(below: Mapping[int, psutil.Process]) -> Iterator[tuple[int | None, int]]:
    """Processes and the ports of their connections: all in one look, or each by itself where that is root's."""
    try:
        found = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:
        for pid, child in below.items():
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                yield from ((pid, one.laddr.port) for one in child.net_connections(kind="tcp"))
        return
    yield from ((one.pid, one.laddr.port) for one in found if one.laddr)


def hang_up(peer: tuple[str, int]) -> None:
    """Close this process's end of the connection to `peer`, without a word."""
    for one in psutil.Process().net_connections(kind="tcp"):
        if one.status != psutil.CONN_LISTEN and one.raddr.port == peer[1]:
            with socket.socket(fileno=os.dup(one.fd)) as ours:
                ours.shutdown(socket.SHUT_RDWR)


def refusal(rule: Rule, call: Call) -> tuple[str, bytes]:
    """A refusal's content type and body, as the called service writes it."""
    said = f"{rule.code} by the rule {rule.name}"
    if call.service == "s3":
        return "application/xml", f"<Error><Code>{rule.code}</Code><Message>{said}</Message></Error>".encode()
    return "application/x-amz-json-1.0", json.dumps({"__type": rule.code, "message": said}).encode()


async def _unheard(message: Message) -> None:
    """Where an answer goes that nobody gets."""


async def _whole(receive: Receive) -> list[Message]:
    messages = [await receive()]
    while messages[-1]["type"] == "http.request" and messages[-1].get("more_body"):
        messages.append(await receive())
    return messages


def _again(messages: list[Message], rest: Receive) -> Receive:
    """What was received, to be received once more; then whatever follows."""
    waiting = list(messages)

    async def receive() -> Message:
        return waiting.pop(0) if waiting else await rest()

    return receive


async def _answer(send: Send, status: int, kind: str, body: bytes) -> None:
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
