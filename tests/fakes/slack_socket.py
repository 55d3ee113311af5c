"""The end of Socket Mode that Slack has: greets, sends what it is given, keeps what comes back."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue
from typing import Any, Self

from websockets.exceptions import WebSocketException
from websockets.sync.server import Server, ServerConnection, serve

PATIENCE_S = 120.0
"""For what never comes."""


class SlackSocket:
    """One address, one connection after another; each is put into `connections` once it was greeted."""

    def __init__(self) -> None:
        self.connections: Queue[ServerConnection] = Queue()
        self.acknowledged: Queue[dict[str, Any]] = Queue()
        self.ended: Queue[ServerConnection] = Queue()
        self.greeting: str = json.dumps({"type": "hello", "num_connections": 1})
        self._server: Server

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}/link/?ticket=planted-ticket"

    @contextmanager
    def running(self) -> Iterator[Self]:
        with serve(self._talk, "127.0.0.1", 0) as self._server:
            thread = threading.Thread(target=self._server.serve_forever)
            thread.start()
            try:
                yield self
            finally:
                self._server.shutdown()
                thread.join()

    def connection(self) -> ServerConnection:
        """Return the next connection that somebody opened."""
        return self.connections.get(timeout=PATIENCE_S)

    def answer(self) -> dict[str, Any]:
        """Return the next thing that was acknowledged."""
        return self.acknowledged.get(timeout=PATIENCE_S)

    def _talk(self, connection: ServerConnection) -> None:
        connection.send(self.greeting)
        self.connections.put(connection)
        try:
            for message in connection:
                self.acknowledged.put(json.loads(message))
        except WebSocketException:
            return
        finally:
            self.ended.put(connection)


def interaction(number: str, payload: Any, kind: str = "interactive") -> str:
    """Return an envelope."""
    return json.dumps({"envelope_id": number, "type": kind, "payload": payload, "accepts_response_payload": True})
