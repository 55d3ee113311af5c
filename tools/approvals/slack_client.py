"""Slack's Web API with one token: every answer and failure is put into our words once."""

import json
import logging
from collections.abc import Callable, Container
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request

import httpx
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from graph.errors import AutopilotError, Misconfigured, Refused, Unavailable
from graph.model import Json
from tools.approvals.slack_errors import refusal
from tools.client import client, date_of, named, one_line, read, wait_of
from tools.limiter import Limiter
from tools.redaction import Redactor

SLACK = "https://slack.com/api"
_LONGEST_ANSWER = 5_000_000
_USUAL_WAIT_S = 30.0
"""After a 429 that names no time."""
_PUT_OFF = frozenset({"ratelimited", "rate_limited"})
_NO_ANSWER = frozenset({HTTPStatus.REQUEST_TIMEOUT, *range(500, 600)})


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `at` is Slack's own time, `scopes` what the token may do; None where Slack does not say."""

    document: Json
    scopes: frozenset[str] | None
    at: datetime | None


class _NoSlack(Exception):
    """What answers does not speak Slack's language."""


class _Web(WebClient):
    """Slack's client over the HTTP client of every adapter: its own hands the token on to wherever it is sent."""

    def __init__(self, url: str, token: str, timeout_s: float) -> None:
        # With a logger of its own, above every level: the library logs what it raises.
        quiet = logging.Logger("slack", logging.CRITICAL + 1)
        super().__init__(token, base_url=url, logger=quiet, retry_handlers=[])
        self._timeout_s = timeout_s
        self.http = client(url, {}, timeout_s, None, "channels.slack.url")

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:
        data = req.data if isinstance(req.data, bytes) else b""
        with self.http.stream("POST", url, content=data, headers=dict(req.header_items())) as response:
            body = read(response, self._timeout_s, _LONGEST_ANSWER)
        if isinstance(body, str):
            raise _NoSlack(body)
        if response.status_code == HTTPStatus.OK and not _is_document(body):
            raise _NoSlack("answers something that is no JSON object")
        return {
            "status": response.status_code,
            "headers": response.headers,
            "body": body.decode() if _is_document(body) else "{}",
        }


def _is_document(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body.decode()), dict)
    except (ValueError, RecursionError):
        return False


class SlackApi:
    """Slack, asked with one token. Nothing that it raises, shows or is represented by holds a secret.

    `about` names the model, or whatever else a request is about, and begins what is said of a failure.
    """

    def __init__(self, url: str, token: str, limiter: Limiter, timeout_s: float = 20.0) -> None:
        self.url = url.rstrip("/")
        self.web = _Web(self.url, token, timeout_s)
        self._host = urlsplit(url).netloc
        self._redact = Redactor.of((token,))
        self._limiter = limiter
        self._timeout_s = timeout_s

    def __repr__(self) -> str:
        return f"SlackApi({self.url})"

    def call(
        self, about: str, method: Callable[..., SlackResponse], expected: Container[str] = (), **arguments: Any
    ) -> Answer:
        """Call one method of `web`. Unavailable: it may have been done; Refused, Misconfigured: it was not.

        An answer whose error is one of `expected` is returned as it is.
        """
        name = method.__name__.replace("_", ".")
        self._wait(about)
        found = self._exchange(f"{about}: Slack at {self.url}", name, method, expected, arguments)
        if isinstance(found, AutopilotError):
            raise found
        return found

    def reply(self, about: str, response_url: str, document: Json) -> None:
        """Answer to the address that came with a click. Refused when it is not Slack's, or takes no more answers."""
        if not self._is_slacks(response_url):
            raise Refused(f"{about}: the address for the answer is not one of Slack at {self.url}", "click again")
        self._wait(about)
        said, address = f"{about}: Slack at {self.url}", urlsplit(response_url)
        # The path beside the address: it is a login, and the HTTP client writes addresses into its log.
        path = address._replace(scheme="", netloc="").geturl().encode()
        try:
            found = self.web.http.post(
                f"{address.scheme}://{address.netloc}/", json=document, extensions={"target": path}
            )
            problem = self._unanswered(said, found)
        except httpx.HTTPError as error:
            problem = self._broken(said, error)
        if problem:
            raise problem

    def _wait(self, about: str) -> None:
        rest = self._limiter.turn(self._host)
        if rest:
            said = f"{about}: Slack at {self.url} asked us to wait, for another {rest:.0f} s"
            raise Unavailable(said, "try again after that")

    def _exchange(
        self, said: str, name: str, method: Callable[..., SlackResponse], expected: Container[str], arguments: Json
    ) -> Answer | AutopilotError:
        """Return the answer, or what to raise: raised from here it would carry the library's error, and its token."""
        try:
            found = method(**arguments)
        except SlackApiError as error:
            if self.line(error.response.get("error")) not in expected:
                return self._refused(said, name, error.response)
            found = error.response
        except _NoSlack as error:
            return Unavailable(f"{said} {error}", "a proxy's page? check channels.slack.url")
        except httpx.HTTPError as error:
            return self._broken(said, error)
        document = found.data if isinstance(found.data, dict) else {}
        return Answer(document, _scopes(found.headers), date_of(found.headers.get("date")))

    def _refused(self, said: str, name: str, response: SlackResponse) -> AutopilotError:
        status, document = response.status_code, response.data if isinstance(response.data, dict) else {}
        code = self.line(document.get("error"))
        if status == HTTPStatus.TOO_MANY_REQUESTS or code in _PUT_OFF:
            self._limiter.hold(self._host, wait_of(response.headers.get("retry-after"), None, _USUAL_WAIT_S))
            return Unavailable(f"{said} asks us to wait ({name}: ratelimited)", "try again later")
        if status in _NO_ANSWER:
            return Unavailable(f"{said} answers {name} with {named(status)}", "try again later")
        if status != HTTPStatus.OK or not code:
            return Misconfigured(f"{said} answers {name} with {named(status)}", "correct channels.slack.url")
        wanted = [self.line(document.get(part)) for part in ("needed", "provided")]
        return refusal(f"{said} answers {name} with {code}", code, *wanted)

    def _unanswered(self, said: str, found: httpx.Response) -> AutopilotError | None:
        if found.is_success:
            return None
        if found.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            self._limiter.hold(self._host, wait_of(found.headers.get("retry-after"), None, _USUAL_WAIT_S))
        what = f"{said} answers {named(found.status_code)} to the reply to a click"
        if found.status_code in (HTTPStatus.TOO_MANY_REQUESTS, *_NO_ANSWER):
            return Unavailable(what, "try again later")
        return Refused(what, "it takes five replies, for half an hour")

    def _broken(self, said: str, error: httpx.HTTPError) -> Unavailable:
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            why = f"cannot be reached: {self.line(error)}"
            return Unavailable(f"{said} {why}", "check channels.slack.url and the network")
        if isinstance(error, httpx.TimeoutException):
            return Unavailable(f"{said} did not answer within {self._timeout_s:g} s", "try again later")
        return Unavailable(f"{said} broke off in the middle ({type(error).__name__})", "try again later")

    def line(self, given: object) -> str:
        """Return what Slack wrote as one short line without secrets."""
        return one_line(str(given or ""), self._redact)

    def _is_slacks(self, address: str) -> bool:
        """Tell whether an address is on the host of the API or below it, as hooks.slack.com is."""
        try:
            asked, ours = urlsplit(address), urlsplit(self.url)
        except ValueError:
            return False
        there, here = asked.hostname or "", ours.hostname or ""
        return asked.scheme == ours.scheme and (there == here or there.endswith(f".{here}"))


def _scopes(headers: Any) -> frozenset[str] | None:
    given = headers.get("x-oauth-scopes")
    return None if given is None else frozenset(filter(None, map(str.strip, given.split(","))))
