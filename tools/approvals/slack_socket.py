"""Socket Mode: what Slack has for us comes over a connection that we open, where nobody can reach us from outside."""

import json
import logging
import ssl
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from threading import Event
from urllib.parse import urlsplit

import httpx
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from graph.errors import AutopilotError, Unavailable
from graph.model import Json
from tools.approvals.slack_client import SlackApi
from tools.limiter import Limiter

Handle = Callable[[Json], Json | None]
PAUSES_S = (0.5, 2.0, 5.0, 10.0, 30.0, 60.0)
"""Seconds before the next connection, by how many have failed in a row; the last one stays."""
PATIENCE_S = 2.7
"""How long `handle` is waited for: Slack waits three seconds for our word."""
_LOOK_S = 0.25
"""How often it is looked whether to stop."""
_LONGEST_MESSAGE = 1_000_000


def listen(
    token: str,
    url: str,
    handle: Handle,
    stop: Event,
    greeted: Callable[[], None] = lambda: None,
    pauses_s: Sequence[float] = PAUSES_S,
    patience_s: float = PATIENCE_S,
) -> None:
    """Hand every interaction to `handle`, one after another in a thread of its own, until `stop` is set.

    `greeted` is called whenever Slack has greeted us on a connection.

    What `handle` returns is shown in the form that was submitted; None shows nothing. An interaction is acknowledged
    when it is handled. One that takes longer than `patience_s`, or that `handle` ends with an error of ours, stays
    without a word of ours, and Slack tells the person that it failed: nobody is thanked for an answer that is no row.
    Raises Misconfigured and Refused where Slack lets us open no connection, and whatever else `handle` raises. An
    outage is waited out.
    """
    slack = SlackApi(url, token, Limiter(sleep=lambda seconds: _pause(stop, seconds)))
    failed = 0
    with ThreadPoolExecutor(1, "slack") as hands:
        desk = _Desk(hands, handle, patience_s)
        while not stop.is_set():
            failed = 0 if _serve(slack, desk, stop, greeted) else failed + 1
            _pause(stop, pauses_s[min(failed, len(pauses_s) - 1)])
    desk.look_after()


def open_address(slack: SlackApi) -> str:
    """Return the address of a connection, good for one."""
    answer = slack.call("slack", slack.web.apps_connections_open, app_token=slack.web.token or "")
    address = answer.document.get("url")
    wanted = "wss" if urlsplit(slack.url).scheme == "https" else "ws"
    if not isinstance(address, str) or urlsplit(address).scheme != wanted:
        raise Unavailable(f"slack: Slack at {slack.url} names no {wanted}:// address to connect to", "try again later")
    return address


def _pause(stop: Event, seconds: float) -> None:
    stop.wait(seconds)


def _serve(slack: SlackApi, desk: "_Desk", stop: Event, on_greeting: Callable[[], None]) -> bool:
    """Serve one connection to its end. Return whether it was one that Slack greeted us on."""
    try:
        connection = _connected(open_address(slack))
    except (Unavailable, OSError, WebSocketException):
        return False
    greeted = False
    with connection:
        for envelope in _envelopes(connection, stop):
            if envelope.get("type") == "hello":
                greeted = True
                on_greeting()
            desk.look_after()
            if "envelope_id" in envelope:
                desk.take(connection, envelope)
    return greeted


def _connected(address: str) -> ClientConnection:
    secure: ssl.SSLContext | None = None
    if address.startswith("wss:"):
        secure = httpx.create_ssl_context(trust_env=False)
    # The address is a login, and the library writes it into its log.
    quiet = logging.Logger("slack", logging.CRITICAL + 1)
    return connect(
        address, ssl=secure, proxy=None, open_timeout=10, close_timeout=1, max_size=_LONGEST_MESSAGE, logger=quiet
    )


def _envelopes(connection: ClientConnection, stop: Event) -> Iterator[Json]:
    """Yield what Slack says, an empty one whenever it says nothing, until the connection or Slack ends it."""
    while not stop.is_set():
        try:
            said = json.loads(connection.recv(_LOOK_S))
        except TimeoutError:
            yield {}
            continue
        except (OSError, WebSocketException, ValueError, RecursionError):
            return
        if not isinstance(said, dict) or said.get("type") == "disconnect":
            return
        yield said


class _Desk:
    """Takes one envelope after another."""

    def __init__(self, hands: ThreadPoolExecutor, handle: Handle, patience_s: float) -> None:
        self._hands, self._handle, self._patience_s = hands, handle, patience_s
        self._late: list[Future[Json | None]] = []

    def take(self, connection: ClientConnection, envelope: Json) -> None:
        """Have an envelope handled, then acknowledge it."""
        known, payload = {"envelope_id": envelope["envelope_id"]}, envelope.get("payload")
        if envelope.get("type") != "interactive" or not isinstance(payload, dict):
            _send(connection, known)
            return
        work = self._hands.submit(self._handle, payload)
        if not wait([work], self._patience_s).done:
            self._late.append(work)
            return
        with suppress(AutopilotError):  # not acknowledged: Slack tells the person
            said = work.result()
            _send(connection, {**known, "payload": said} if said else known)

    def look_after(self) -> None:
        """Raise what no error of ours is and came too late to be seen: `handle` itself tells people of ours."""
        done = [work for work in self._late if work.done()]
        self._late = [work for work in self._late if work not in done]
        for work in done:
            with suppress(AutopilotError):
                work.result()


def _send(connection: ClientConnection, document: Json) -> None:
    # Whoever hung up is not told any more: the next connection brings what was not acknowledged, or the person clicks.
    with suppress(OSError, WebSocketException):
        connection.send(json.dumps(document))
