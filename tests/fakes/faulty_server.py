"""A real HTTP server on loopback that answers wrongly when it is told to: what every played system is made of."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self
from urllib.parse import parse_qsl, urlsplit

FaultName = Literal[
    "reply lost",
    "500 before",
    "500 after",
    "409 after",
    "503 before",
    "408 before",
    "429 before",
    "slow",
    "malformed",
    "half a body",
    "a page instead",
    "sent elsewhere",
]
WITHOUT_EFFECT = ("500 before", "503 before", "408 before", "429 before", "a page instead", "sent elsewhere")


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    """As it came, percent-encoded, without the query."""
    query: dict[str, str]
    form: dict[str, str]
    headers: dict[str, str]
    line: str
    body: str = ""
    document: Any = None
    """The body where it is JSON."""


@dataclass(frozen=True)
class Reply:
    status: int = 200
    document: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    text: str = ""

    def body(self) -> bytes:
        return self.text.encode() if self.document is None else json.dumps(self.document).encode()


@dataclass
class Fault:
    name: FaultName
    method: str
    left: int = 1


class FaultyServer(ThreadingHTTPServer):
    """Answers one request after another by `answer`, which a system implements; remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[Request] = []
        self.slowness_s = 1.0
        self.skew = timedelta(0)
        """How far its clock is ahead of ours."""
        self.retry_after = "7"
        self.outage_after_post = 0
        """How many of the requests that come after something was sent meet a 503."""
        self.instead: Any = None
        """A document that answers everything, of a form that nobody expects."""
        self._faults: list[Fault] = []
        self._one_at_a_time = threading.Lock()
        self._gone = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/base"

    def now(self) -> datetime:
        """Return the time by its own clock."""
        return datetime.now(UTC) + self.skew

    def answer(self, request: Request) -> Reply:
        raise NotImplementedError

    def fail(self, name: FaultName, method: str = "POST", times: int = 1) -> None:
        """Let the next requests of this method meet a fault."""
        self._faults.append(Fault(name, method, times))

    @contextmanager
    def running(self) -> Iterator[Self]:
        with self:
            thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})
            thread.start()
            try:
                yield self
            finally:
                self._gone.set()
                self.shutdown()
                thread.join()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing about clients that have gone."""

    def reply(self, request: Request) -> tuple[Reply, FaultName | None]:
        fault = self._next_fault(request)
        if fault == "slow":
            self._gone.wait(self.slowness_s)
        with self._one_at_a_time:
            self.asked.append(request)
            if fault in WITHOUT_EFFECT:
                return self._wrong(fault, request), None
            answered = self.answer(request) if self.instead is None else Reply(document=self.instead)
        if fault in ("500 after", "409 after", "malformed"):
            return self._wrong(fault, request, answered), None
        return answered, fault

    def _next_fault(self, request: Request) -> FaultName | None:
        fault = next((each for each in self._faults if each.method == request.method and each.left), None)
        if fault is None:
            return self._outage()
        fault.left -= 1
        return fault.name

    def _outage(self) -> FaultName | None:
        if not self.outage_after_post or all(request.method != "POST" for request in self.asked):
            return None
        self.outage_after_post -= 1
        return "503 before"

    def _wrong(self, fault: FaultName, request: Request, answered: Reply | None = None) -> Reply:
        # As careless as servers are: what was sent is shown again.
        echo = {"message": f"you sent {request.headers} {request.form}"}
        if fault == "malformed":
            return Reply(answered.status if answered else 200, text='{"id": ')
        if fault == "a page instead":
            return Reply(text=f"<html>Sign in. {echo}</html>")
        if fault == "sent elsewhere":
            return Reply(302, headers={"Location": f"{self.url}/elsewhere"})
        status = int(fault.split()[0])
        return Reply(status, echo, {"Retry-After": self.retry_after} if status == 429 else {})


class Handler(BaseHTTPRequestHandler):
    server: FaultyServer

    def _serve(self) -> None:
        at = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        request = Request(
            self.command,
            at.path.removeprefix("/base"),
            dict(parse_qsl(at.query, keep_blank_values=True)),
            _form(body, self.headers.get("content-type") or ""),
            {name.lower(): value for name, value in self.headers.items()},
            self.requestline,
            body,
            _document(body, self.headers.get("content-type") or ""),
        )
        reply, fault = self.server.reply(request)
        with suppress(OSError):  # a client that waited long enough is gone
            self._send(reply, fault)

    def _send(self, reply: Reply, fault: FaultName | None) -> None:
        self.close_connection = True
        if fault == "reply lost":
            return
        body = reply.body()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        missing = 50 if fault == "half a body" else 0
        self.send_header("Content-Type", "text/html" if reply.document is None else "application/json")
        self.send_header("Content-Length", str(len(body) + missing))
        self.end_headers()
        self.wfile.write(body)

    def date_time_string(self, timestamp: float | None = None) -> str:
        return format_datetime(self.server.now(), usegmt=True)

    do_GET = do_POST = do_PATCH = do_DELETE = _serve

    def log_message(self, format: str, *args: object) -> None:
        pass


def _document(body: str, kind: str) -> Any:
    return json.loads(body) if "json" in kind and body else None


def _form(body: str, kind: str) -> dict[str, str]:
    """Return the fields of a body; of a JSON one as a form would name them: `outer[inner]`."""
    if "json" not in kind:
        return dict(parse_qsl(body, keep_blank_values=True))
    fields: dict[str, str] = {}
    for name, value in json.loads(body or "{}").items():
        inner = value.items() if isinstance(value, dict) else [("", value)]
        fields |= {f"{name}[{below}]" if below else name: str(one) for below, one in inner}
    return fields
