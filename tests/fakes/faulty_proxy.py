"""Stands between us and a real system, and loses the answer to what the system has done."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

import httpx


class FaultyProxy(ThreadingHTTPServer):
    """Hands every request on as it is. `lose` answers to this method are not handed back."""

    daemon_threads = True

    def __init__(self, url: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behind = url
        self.lose: dict[str, int] = {}
        self.passed: list[tuple[str, str, int]] = []
        """Method, path and status of all that the system answered, in the order of its answers."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @contextmanager
    def running(self) -> Iterator[Self]:
        with self:
            thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})
            thread.start()
            try:
                yield self
            finally:
                self.shutdown()
                thread.join()

    def count(self, method: str, path: str) -> int:
        return [each[:2] for each in self.passed].count((method, path))


class Handler(BaseHTTPRequestHandler):
    server: FaultyProxy

    def _pass_on(self) -> None:
        self.close_connection = True
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        with httpx.Client(trust_env=False, timeout=60) as client:
            answer = client.request(self.command, self.server.behind + self.path, content=body, headers=headers)
        self.server.passed.append((self.command, self.path, answer.status_code))
        if self.server.lose.get(self.command, 0):
            self.server.lose[self.command] -= 1
            return
        self.send_response_only(answer.status_code)
        for name in ("Date", "Content-Type"):
            self.send_header(name, answer.headers.get(name, ""))
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_GET = do_POST = do_PATCH = do_DELETE = _pass_on

    def log_message(self, format: str, *args: object) -> None:
        pass
