"""What is refused before anybody reads it: bodies that are too long or nested too deep. And what every answer says."""

import re
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from autopilot.api.problems import problem

MOST_BYTES = 1_000_000
MOST_LEVELS = 40
# A text that never ends reaches to the end: looked for anew from every quotation mark, it would take hours.
_TEXTS = re.compile(rb'"(?:[^"\\]|\\.)*(?:"|\\?\Z)', re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}


class Limits:
    """An ASGI application around another one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, whole, unless it is too much."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = await _whole(receive)
        sender = _with_headers(send)
        if body is None:
            too_long = f"the body is longer than {MOST_BYTES // 10**6} MB"
            await problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, too_long)(scope, receive, sender)
        elif _levels(body) > MOST_LEVELS:
            too_deep = f"the body is nested deeper than {MOST_LEVELS} levels"
            await problem(HTTPStatus.BAD_REQUEST, too_deep)(scope, receive, sender)
        else:
            await self._app(scope, _again(body, receive), sender)


async def _whole(receive: Receive) -> bytes | None:
    """Return the body; None when it is too long, which is noticed while it comes in, or when its sender has gone."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MOST_BYTES or message["type"] == "http.disconnect":
            return None
        if not message.get("more_body", False):
            return bytes(body)


def _again(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives the body once, then what comes after it."""
    given = False

    async def once() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once


def _levels(body: bytes) -> int:
    """Return how deep brackets are nested, leaving out those in texts."""
    deepest = level = 0
    for byte in _TEXTS.sub(b"", body).translate(None, _NO_BRACKETS):
        if byte in b"[{":
            level += 1
            deepest = max(deepest, level)
        elif byte in b"]}":
            level -= 1
    return deepest


def _with_headers(send: Send) -> Send:
    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = {name.lower() for name, _ in message["headers"]}
            more = [(name.encode(), value.encode()) for name, value in HEADERS.items() if name.encode() not in given]
            message = {**message, "headers": [*message["headers"], *more]}
        await send(message)

    return sender
