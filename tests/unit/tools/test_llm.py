"""The language model's adapter against endpoints that misbehave: whatever comes back is a reply, never an error."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from graph.reasoning.answer import parse, schema
from tools.llm import ChatReasoner

KEY = "key-0123456789abcdef"
SCHEMA = schema(("retrain", "wait"))


class Endpoint(ThreadingHTTPServer):
    """Says one thing to everybody, and remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = 200
        self.answer = b""
        self.pause_s = 0.0
        """Between every two bytes of the answer."""
        self.gone = threading.Event()
        self.asked: list[tuple[str, str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.asked.append((self.path, self.headers["authorization"], json.loads(body)))
        self.send_response(self.server.status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(self.server.answer)))
        self.end_headers()
        for byte in self.server.answer if self.server.pause_s else ():
            if self.server.gone.wait(self.server.pause_s):
                return
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
        if not self.server.pause_s:
            self.wfile.write(self.server.answer)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.gone.set()
        server.shutdown()
        thread.join()


def completion(content: Any = "{}", usage: Any = None, **message: Any) -> bytes:
    said = {"role": "assistant", "content": content, **message}
    choices = [{"index": 0, "message": said, "finish_reason": "stop"}]
    usage = {"prompt_tokens": 700, "completion_tokens": 50, "total_tokens": 750} if usage is None else usage
    document = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": choices, "usage": usage}
    return json.dumps(document).encode()


def ask(url: str, timeout_s: float = 30):
    return ChatReasoner(KEY, url, "m", timeout_s).ask("Be brief.", '{"facts":{}}', SCHEMA, 400)


def test_an_answer_comes_back_as_it_is_with_what_it_cost(endpoint):
    endpoint.answer = completion('{"cause": "none"}')
    reply = ask(endpoint.url)
    assert (reply.text, reply.problem, reply.tokens) == ('{"cause": "none"}', "", 750)


def test_what_is_sent_is_the_question_a_strict_schema_and_a_cap(endpoint):
    endpoint.answer = completion()
    ask(endpoint.url)
    ((path, login, body),) = endpoint.asked
    assert (path, login) == ("/v1/chat/completions", f"Bearer {KEY}")
    assert [message["content"] for message in body["messages"]] == ["Be brief.", '{"facts":{}}']
    form = body["response_format"]
    assert (form["type"], form["json_schema"]["strict"]) == ("json_schema", True)
    assert form["json_schema"]["schema"]["properties"]["action"]["enum"] == ["retrain", "wait"]
    assert form["json_schema"]["schema"]["additionalProperties"] is False
    assert (body["model"], body["max_completion_tokens"], body.get("stream", False)) == ("m", 400, False)


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>It works!</html>",
        b"[]",
        b"{}",
        b"null",
        b'"text"',
        b'{"choices": null}',
        b'{"choices": []}',
        b'{"choices": [{}]}',
        b'{"choices": [{"message": null}]}',
        b'{"choices": [{"message": {"role": "assistant", "content": 7}}]}',
        b'{"choices": "no"}',
        b'{"choices": [7]}',
        b'{"error": {"message": "no"}}',
        completion("{}", usage="many"),
        completion("{}", usage={"total_tokens": "many"}),
        completion(None, tool_calls="no"),
        completion()[:-20],
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_completion_is_a_reply_without_a_usable_text(endpoint, answer):
    endpoint.answer = answer
    reply = ask(endpoint.url)
    assert reply.text is None or isinstance(parse(reply.text), str)
    assert reply.text is not None or reply.problem
    assert len(reply.problem) <= 200


def test_a_refusal_is_a_reply(endpoint):
    endpoint.answer = completion(None, refusal="I will\nnot.")
    reply = ask(endpoint.url)
    assert (reply.text, reply.problem, reply.tokens) == (None, "it refused: I will not.", 750)


@pytest.mark.parametrize("total", [None, 0, -5, 10**15])
def test_an_endpoint_that_counts_nothing_or_absurdly_did_not_answer_for_free(endpoint, total):
    usage = {} if total is None else {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": total}
    endpoint.answer = completion("{}", usage=usage)
    assert ask(endpoint.url).tokens is None


@pytest.mark.parametrize(("status", "tokens"), [(400, 0), (401, 0), (404, 0), (429, 0), (500, None), (503, None)])
def test_an_error_status_is_a_reply_asked_for_once_and_without_the_key(endpoint, status, tokens):
    endpoint.status = status
    endpoint.answer = json.dumps({"error": {"message": f"Incorrect API key provided: {KEY}"}}).encode()
    reply = ask(endpoint.url)
    assert (reply.text, reply.tokens) == (None, tokens)
    assert reply.problem.startswith(f"Error code: {status} - ")
    assert KEY not in reply.problem
    assert len(endpoint.asked) == 1


def test_an_answer_that_trickles_is_not_waited_for(endpoint):
    endpoint.answer, endpoint.pause_s = completion("x" * 5000), 0.05
    reply = ask(endpoint.url, timeout_s=2)
    assert (reply.text, reply.problem, reply.tokens) == (None, "it did not answer within 2 s", None)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/v1", "nowhere", "http://", "ftp://127.0.0.1", "http://[::1"])
def test_an_address_where_nobody_is_is_a_reply(url):
    reply = ask(url)
    assert reply.text is None
    assert reply.problem


def test_an_endpoint_that_hangs_up_is_a_reply():
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=lambda: server.accept()[0].close())
        thread.start()
        reply = ask(f"http://127.0.0.1:{server.getsockname()[1]}/v1")
        thread.join()
    assert (reply.text, bool(reply.problem)) == (None, True)


def test_the_environment_neither_sends_it_elsewhere_nor_gives_it_another_key(endpoint, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("OPENAI_API_BASE", "http://127.0.0.1:1")
    monkeypatch.setenv("OPENAI_API_KEY", "another")
    endpoint.answer = completion()
    assert ask(endpoint.url).text == "{}"
    assert endpoint.asked[0][1] == f"Bearer {KEY}"
