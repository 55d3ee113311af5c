"""Who is asking, and what of LangGraph's local server is open to them.

Looking is open to anybody at this machine; a check needs an operator, an answer an approver. All else is closed: a
thread here is a run of the product.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from langgraph_sdk import Auth

from autopilot.studio.door import Door, Who, unknown_token
from graph.errors import AutopilotError

_STATUS = {"refused": 403, "misconfigured": 422, "not_found": 404, "unavailable": 503}
_PAGES = ("smith.langchain.com", "eu.smith.langchain.com", "localhost", "127.0.0.1")
"""Hosts whose pages may ask without a token: Studio, and what runs on this machine. Any other page is a stranger."""


def guard(door: Callable[[], Door]) -> Auth:
    """Return the handlers of one server; `door` is first called when somebody asks for something."""
    auth = Auth()

    @auth.authenticate
    async def authenticate(headers: dict[bytes, bytes], scope: dict[str, Any]) -> Auth.types.MinimalUserDict:
        given = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers.items()}
        token = _token(given)
        if not token:
            return _nobody(given, (scope.get("client") or ("",))[0])
        with _as_http(401):
            return await asyncio.to_thread(lambda: _somebody(door(), token))

    @auth.on
    async def others(ctx: Auth.types.AuthContext, value: Any) -> None:
        what = f"{ctx.resource}.{ctx.action}"
        raise Auth.exceptions.HTTPException(403, f"{what} is closed here; a run is ended with: autopilot cancel RUN")

    @auth.on(resources=["assistants", "threads"], actions=["read", "search"])
    async def look(ctx: Auth.types.AuthContext, value: Any) -> None:
        return None

    # An empty thread is nobody's run yet.
    @auth.on.threads.create
    async def empty(ctx: Auth.types.AuthContext, value: Any) -> None:
        return None

    @auth.on.threads.create_run
    async def run(ctx: Auth.types.AuthContext, value: Any) -> None:
        who = Who(ctx.user.identity, ctx.permissions[0]) if ctx.user.is_authenticated else Who()
        thread = str(value["thread_id"]) if value.get("thread_id") else None
        with _as_http():
            await asyncio.to_thread(lambda: door().admit(who, thread, value["kwargs"]))

    return auth


def _token(headers: Mapping[str, str]) -> str:
    """Return the bearer token, or what the inboxes of agents send as the key of an API."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "").strip()


def _somebody(door: Door, token: str) -> Auth.types.MinimalUserDict:
    who = door.holder(token)
    if who is None:
        raise unknown_token()
    return {"identity": str(who.person), "is_authenticated": True, "permissions": [who.role]}


def _nobody(headers: Mapping[str, str], client: str) -> Auth.types.MinimalUserDict:
    origin = headers.get("origin")
    if not _is_here(client) or (origin is not None and urlsplit(origin).hostname not in _PAGES):
        raise Auth.exceptions.HTTPException(401, "from elsewhere every request needs a token: autopilot token NAME")
    return {"identity": "nobody", "is_authenticated": False, "permissions": []}


def _is_here(client: str) -> bool:
    try:
        return ip_address(client).is_loopback
    except ValueError:
        return False


@contextmanager
def _as_http(status: int | None = None) -> Iterator[None]:
    try:
        yield
    except AutopilotError as error:
        said = f"{error.message}; {error.hint}" if error.hint else error.message
        raise Auth.exceptions.HTTPException(status or _STATUS[error.kind], said) from None
