"""Socket Mode against the end that Slack has, played on the loopback."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Queue
from typing import Any

import pytest

from graph.errors import Misconfigured, Unavailable
from graph.model import Json
from tests.conformance.slack_places import APP_TOKEN, TOKEN, slack
from tests.fakes.slack_server import SlackServer
from tests.fakes.slack_socket import PATIENCE_S, SlackSocket, interaction
from tests.unit.tools.approvals.payloads import nested, press
from tools.approvals.slack_socket import listen

HURRIED: dict[str, Any] = {"pauses_s": (0.01, 0.05), "patience_s": PATIENCE_S}


class Site:
    """Slack's two ends, and what reached us."""

    def __init__(self, server: SlackServer, socket: SlackSocket) -> None:
        self.server, self.socket = server, socket
        self.handled: Queue[Json] = Queue()
        self.stop = threading.Event()
        self.answer: Callable[[Json], Json | None] = lambda _: None

    def handle(self, payload: Json) -> Json | None:
        self.handled.put(payload)
        return self.answer(payload)

    @contextmanager
    def listening(self, token: str = APP_TOKEN, **options: Any) -> Iterator[list[BaseException]]:
        """Listen until the end of the block; yield what that raised, filled by then."""
        raised: list[BaseException] = []

        def run() -> None:
            try:
                listen(token, self.server.api, self.handle, self.stop, **{**HURRIED, **options})
            except Exception as error:  # noqa: BLE001 - whatever it is, the test looks at it
                raised.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield raised
        finally:
            self.stop.set()
            thread.join(PATIENCE_S)
        assert not thread.is_alive(), "it listens on after it was told to stop"

    def opened(self) -> int:
        return [request.path for request in self.server.asked].count("/api/apps.connections.open")


@pytest.fixture
def site() -> Iterator[Site]:
    with SlackServer(TOKEN, APP_TOKEN).running() as server, SlackSocket().running() as socket:
        server.connects_to = socket.url
        yield Site(server, socket)


def test_an_interaction_is_handled_and_then_acknowledged(site: Site) -> None:
    with site.listening() as raised:
        site.socket.connection().send(interaction("e1", press()))
        assert site.socket.answer() == {"envelope_id": "e1"}
        assert site.handled.get_nowait() == press()
    assert raised == []


def test_every_greeting_is_told(site: Site) -> None:
    greeted: Queue[int] = Queue()
    with site.listening(greeted=lambda: greeted.put(1)):
        for _ in range(2):
            connection = site.socket.connection()
            assert greeted.get(timeout=PATIENCE_S) == 1
            connection.send(json.dumps({"type": "disconnect", "reason": "warning"}))


def test_what_is_said_in_return_is_shown_in_the_form(site: Site) -> None:
    site.answer = lambda _: {"response_action": "errors", "errors": {"autopilot_reason": "too late"}}
    with site.listening():
        site.socket.connection().send(interaction("e1", {"type": "view_submission"}))
        said = site.socket.answer()
    assert said["payload"]["errors"] == {"autopilot_reason": "too late"}


def test_what_takes_too_long_is_not_acknowledged_and_the_next_is(site: Site) -> None:
    """Nobody is thanked for what may still come to nothing: Slack shows the person that it failed."""
    may_end = threading.Event()
    site.answer = lambda payload: {"late": may_end.wait(PATIENCE_S)} if payload == press() else None
    with site.listening(patience_s=0.01) as raised:
        connection = site.socket.connection()
        connection.send(interaction("e1", press()))
        site.handled.get(timeout=PATIENCE_S)
        connection.send(interaction("e2", {"type": "x"}, "events_api"))
        assert site.socket.answer() == {"envelope_id": "e2"}
        may_end.set()
    assert raised == []


def test_one_that_fails_is_not_acknowledged_and_the_next_is(site: Site) -> None:
    def fail(payload: Json) -> Json | None:
        if payload["type"] == "block_actions":
            raise Unavailable("the database is away", "try again later")
        return None

    site.answer = fail
    with site.listening() as raised:
        connection = site.socket.connection()
        connection.send(interaction("e1", press()))
        connection.send(interaction("e2", {"type": "view_submission"}))
        assert site.socket.answer() == {"envelope_id": "e2"}
    assert raised == []


@pytest.mark.parametrize("patience_s", [PATIENCE_S, 0.01])
def test_a_fault_of_ours_ends_it_whenever_it_comes(site: Site, patience_s: float) -> None:
    may_end = threading.Event()

    def fail(_: Json) -> Json | None:
        if patience_s < PATIENCE_S:
            may_end.wait(PATIENCE_S)
        raise ZeroDivisionError

    site.answer = fail
    with site.listening(patience_s=patience_s) as raised:
        connection = site.socket.connection()
        connection.send(interaction("e1", press()))
        if patience_s < PATIENCE_S:
            connection.send(interaction("e2", {"type": "x"}, "events_api"))
            assert site.socket.answer() == {"envelope_id": "e2"}
        may_end.set()
        site.handled.get(timeout=PATIENCE_S)
    assert [type(error) for error in raised] == [ZeroDivisionError]


@pytest.mark.parametrize("kind", ["events_api", "slash_commands", "of_tomorrow"])
def test_what_is_no_interaction_is_acknowledged_and_left(site: Site, kind: str) -> None:
    with site.listening():
        connection = site.socket.connection()
        connection.send(interaction("e1", {"type": "x"}, kind))
        connection.send(interaction("e2", "no document"))
        assert [site.socket.answer()["envelope_id"] for _ in range(2)] == ["e1", "e2"]
    assert site.handled.empty()


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
def test_it_connects_anew_when_slack_says_so(site: Site, reason: str) -> None:
    with site.listening():
        for number in ("e1", "e2", "e3"):
            connection = site.socket.connection()
            connection.send(interaction(number, press()))
            assert site.socket.answer() == {"envelope_id": number}
            connection.send(json.dumps({"type": "disconnect", "reason": reason}))
    assert site.opened() >= 3


@pytest.mark.parametrize("broken", ["closed", "cut", "no JSON", "too deep", "no document", "too long"])
def test_a_broken_connection_is_replaced(site: Site, broken: str) -> None:
    with site.listening() as raised:
        first = site.socket.connection()
        if broken == "closed":
            first.close()
        elif broken == "cut":
            first.socket.shutdown(2)
        else:
            first.send(
                {"no JSON": "{", "too deep": nested(100_000), "no document": "[]", "too long": "x" * 2_000_000}[broken]
            )
        site.socket.connection().send(interaction("e1", press()))
        assert site.socket.answer() == {"envelope_id": "e1"}
    assert raised == []


@pytest.mark.parametrize("outage", ["away", "elsewhere", "nowhere"])
def test_an_outage_is_waited_out(site: Site, outage: str) -> None:
    site.server.away = outage == "away"
    site.server.connects_to = {"elsewhere": "ws://127.0.0.1:9/", "nowhere": ""}.get(outage, site.socket.url)
    with site.listening() as raised:
        while site.opened() < 4:
            assert raised == []
            time.sleep(0.01)
        site.server.away, site.server.connects_to = False, site.socket.url
        site.socket.connection().send(interaction("e1", press()))
        assert site.socket.answer() == {"envelope_id": "e1"}


class Impatient(threading.Event):
    """Is set as soon as somebody would wait for long."""

    def wait(self, timeout: float | None = None) -> bool:
        if timeout is None or timeout > 40:
            self.set()
        return super().wait(0)


def test_slack_that_asks_for_time_is_left_in_peace_and_that_is_stopped_at_once(site: Site) -> None:
    site.server.retry_after = "50"
    site.server.fail("429 before", times=1000)
    stop = Impatient()
    listen(APP_TOKEN, site.server.api, site.handle, stop, **HURRIED)
    assert stop.is_set()
    assert site.opened() <= 2


def test_a_fault_of_ours_in_the_last_one_is_not_lost(site: Site) -> None:
    def fail(_: Json) -> Json | None:
        site.socket.ended.get(timeout=PATIENCE_S)
        raise ZeroDivisionError

    site.answer = fail
    with site.listening(patience_s=0.01) as raised:
        site.socket.connection().send(interaction("e1", press()))
        site.handled.get(timeout=PATIENCE_S)
    assert [type(error) for error in raised] == [ZeroDivisionError]


def test_a_wrong_token_ends_it(site: Site) -> None:
    with site.listening(token="xapp-wrong-planted") as raised:
        while not raised:
            time.sleep(0.01)
    assert isinstance(raised[0], Misconfigured)
    assert "xapp-wrong-planted" not in repr(vars(raised[0])) + str(raised[0])
    assert raised[0].__context__ is None


def test_a_channel_listens_with_its_app_token(site: Site) -> None:
    stop = threading.Event()
    channel = slack(site.server.api, socket_mode=True)
    thread = threading.Thread(target=channel.listen, args=(site.handle, stop))
    thread.start()
    try:
        site.socket.connection().send(interaction("e1", press()))
        assert site.socket.answer() == {"envelope_id": "e1"}
    finally:
        stop.set()
        thread.join(PATIENCE_S)
    assert not thread.is_alive()
