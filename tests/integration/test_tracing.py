"""LangSmith tracing against local endpoints: what arrives, what never does, and that no endpoint holds a process up."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("traced_run.py")
RUN = "0195d3a0-0000-4000-8000-000000000001"
THREAD = "0195d3a0-0000-5000-8000-000000000002"
NODES = ["observe", "decide", "retrain", "validate", "await_approval", "promote"]
PROJECT = [
    {
        "id": "0195d3a0-0000-4000-8000-000000000003",
        "tenant_id": "0195d3a0-0000-4000-8000-000000000004",
        "name": "autopilot-test",
        "reference_dataset_id": None,
    }
]
"""What LangSmith says when it is asked for a project by its name."""
SHOWN_AT = "http://localhost/o/0195d3a0-0000-4000-8000-000000000004/projects/p/0195d3a0-0000-4000-8000-000000000003"
LONGEST_S = 60
"""Far more than a sound process needs, far less than LangSmith's own exit takes on a silent endpoint."""


class Endpoint(ThreadingHTTPServer):
    """Takes what is sent to LangSmith and answers with one status."""

    daemon_threads = True

    def __init__(self, status: int = 202) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = status
        self.requests: list[tuple[str, dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def feedback(self) -> list[dict[str, Any]]:
        """Return the feedback that arrived."""
        return [json.loads(body) for path, _, body in self.requests if path == "/feedback"]

    def spans(self) -> list[dict[str, Any]]:
        """Return the spans that arrived, as documents with their parts put in."""
        found: dict[str, dict[str, Any]] = {}
        for path, headers, body in self.requests:
            if path == "/runs/multipart":
                for name, part in parts(headers["content-type"], body):
                    _, span, *key = name.split(".")
                    found.setdefault(span, {}).update({key[0]: part} if key else part)
        return list(found.values())


class Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_GET(self) -> None:
        self._take()

    def do_POST(self) -> None:
        self._take()

    def _take(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Content-Encoding") == "zstd":
            import zstandard

            body = zstandard.ZstdDecompressor().decompressobj().decompress(body)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append((self.path, headers, body))
        answer = json.dumps(PROJECT if self.path.startswith("/sessions?") else {}).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def parts(content_type: str, body: bytes) -> Iterator[tuple[str, Any]]:
    message = BytesParser().parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    for part in message.get_payload():
        assert not isinstance(part, str)
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        yield str(part.get_param("name", header="content-disposition")), json.loads(content)


@contextmanager
def serving(status: int = 202) -> Iterator[Endpoint]:
    with Endpoint(status) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@contextmanager
def listening(answer: bytes = b"") -> Iterator[str]:
    """Accept every connection, say `answer`, and then nothing more, without closing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                kept.append(connection)
                if answer:
                    connection.sendall(answer)

        thread = threading.Thread(target=accept)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
        for connection in kept:
            connection.close()


def traced(
    endpoint: str, key: str = "lsv2_pt_planted0key", enabled: str = "yes", **environment: str
) -> tuple[dict[str, Any], str]:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), endpoint, key, enabled],
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
    )
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document, done.stderr


@pytest.fixture(scope="module")
def sent() -> Iterator[tuple[Endpoint, dict[str, Any], str]]:
    """One run whose endpoint works; the environment asks LangGraph to trace by itself as well."""
    with serving() as endpoint:
        own = {"LANGSMITH_TRACING": "true", "LANGSMITH_ENDPOINT": endpoint.url, "LANGSMITH_PLANTED": "planted-5ecret"}
        document, stderr = traced(endpoint.url, **own)
        yield endpoint, document, stderr


def test_six_node_spans_arrive_in_three_traces(sent):
    endpoint, document, _ = sent
    spans = endpoint.spans()
    ended = [s for s in spans if s["name"] in NODES and "interrupt" not in s["outputs"]]
    assert [s["name"] for s in ended] == NODES
    roots = [s for s in spans if s["parent_run_id"] is None]
    assert [s["id"] for s in roots] == document["traces"]
    assert document["traces"][0] == RUN
    assert {s["trace_id"] for s in spans} == set(document["traces"])
    assert {s["session_name"] for s in spans} == {"autopilot-test"}
    assert {s["extra"]["metadata"]["thread_id"] for s in spans} == {THREAD}


def test_an_interrupt_is_no_error(sent):
    endpoint, _, _ = sent
    interrupted = [s for s in endpoint.spans() if "interrupt" in s["outputs"]]
    assert [s["name"] for s in interrupted] == ["retrain", "await_approval"]
    assert [s.get("error") for s in interrupted] == [None, None]
    assert interrupted[0]["outputs"]["interrupt"][0]["value"] == {"text": "carry on with ***?"}


def test_a_real_error_is_shown(sent):
    endpoint, _, _ = sent
    failed = [s["name"] for s in endpoint.spans() if s.get("error")]
    assert failed == ["fraud-detector-v1 check", "promote"]


def test_what_a_run_came_to_can_be_searched_by(sent):
    endpoint, document, _ = sent
    (root,) = [s for s in endpoint.spans() if s["id"] == document["traces"][0]]
    assert root["tags"] == ["fraud-detector-v1", "cause:concept_drift", "action:retrain"]
    assert root["extra"]["metadata"]["cause"] == "concept_drift"
    assert "outcome" not in root["extra"]["metadata"]
    (last,) = [s for s in endpoint.spans() if s["id"] == document["traces"][-1]]
    assert last["tags"][-1] == "outcome:promoted"


def test_a_comment_arrives_as_feedback_on_its_trace(sent):
    endpoint, _, _ = sent
    (said,) = endpoint.feedback()
    assert (said["trace_id"], said["key"], said["score"]) == (RUN, "approval", 1)
    assert said["comment"] == "as *** said"
    assert said["session_id"] == PROJECT[0]["id"]
    assert said["feedback_source"]["metadata"] == {"person": "ana", "channel": "web"}


def test_where_the_project_is_shown_is_asked_once(sent):
    endpoint, document, _ = sent
    assert document["shown_at"] == SHOWN_AT
    assert len([path for path, _, _ in endpoint.requests if path.startswith("/sessions")]) == 1


def test_no_secret_in_any_byte_sent_and_nothing_on_the_terminal(sent):
    endpoint, _, stderr = sent
    assert endpoint.requests
    paths = {path.partition("?")[0] for path, _, _ in endpoint.requests}
    assert paths == {"/runs/multipart", "/sessions", "/info", "/feedback"}
    for path, headers, body in endpoint.requests:
        assert headers["x-api-key"] == "lsv2_pt_planted0key"
        rest = {name: value for name, value in headers.items() if name != "x-api-key"}
        for secret in (b"5ecret", b"lsv2_pt_planted0key"):
            assert secret not in json.dumps([path, rest]).encode() + body
    assert stderr == ""


@pytest.mark.parametrize(("key", "enabled"), [("", "yes"), ("lsv2_pt_planted0key", "no")])
def test_without_a_key_or_switched_off_not_one_request(key, enabled):
    with serving() as endpoint:
        own = {"LANGSMITH_TRACING": "true", "LANGSMITH_ENDPOINT": endpoint.url, "LANGSMITH_API_KEY": "lsv2_pt_other"}
        document, stderr = traced(endpoint.url, key, enabled, **own)
    assert endpoint.requests == []
    assert document["active"] is False
    assert document["before"] == []
    assert stderr == ""


@pytest.mark.parametrize("status", [401, 404, 500])
def test_an_endpoint_that_refuses_is_said_in_one_line(status):
    with serving(status) as endpoint:
        _, stderr = traced(endpoint.url)
    assert stderr.count("\n") == 1
    assert "did not take" in stderr
    assert "planted" not in stderr


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 202 Accepted\r\nContent-Length: 1000\r\n\r\n{"])
def test_a_silent_endpoint_holds_nobody_up(answer):
    with listening(answer) as url:
        _, stderr = traced(url)
    assert stderr.count("\n") == 1
    assert "did not take 4 trace(s) or comment(s)" in stderr


def test_an_endpoint_that_is_not_there_holds_nobody_up():
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    _, stderr = traced(url)
    assert stderr.count("\n") == 1
