"""One Jira's REST API: every answer and failure is put into our words once."""

import base64
import copy
import json
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from graph.errors import AutopilotError, Misconfigured, Refused, Unavailable
from tools.client import client, date_of, named, one_line, read, wait_of
from tools.limiter import Limiter
from tools.plugins import printable_token
from tools.redaction import Redactor

_LONGEST_ANSWER = 5_000_000
_USUAL_WAIT_S = 5.0
"""After a 429 that names no time."""
_NO_ANSWER = frozenset({HTTPStatus.REQUEST_TIMEOUT, *range(500, 600)})
_WRONG = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
_PERHAPS_DONE = _NO_ANSWER | {HTTPStatus.CONFLICT}
USER, TOKEN = "AUTOPILOT_JIRA_USER", "AUTOPILOT_JIRA_TOKEN"
_HINTS: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: f"{USER} or {TOKEN} is wrong, or the token has expired: make a new one for the bot",
    HTTPStatus.FORBIDDEN: "give the bot's account Browse Projects, Create Issues and Add Comments there: docs/jira.md",
    HTTPStatus.NOT_FOUND: "correct channels.jira.url and project, or give the bot's account Browse Projects there",
    HTTPStatus.METHOD_NOT_ALLOWED: "channels.jira.url must be that of a Jira Cloud site",
    HTTPStatus.GONE: "this Jira has taken the call away: a newer release of Autopilot is needed",
}


class Unclear(Unavailable):
    """Something was sent and no trustworthy answer came: it may have been done."""


@dataclass(frozen=True, slots=True)
class Login:
    """The bot's e-mail address and its API token."""

    user: str
    token: str = field(repr=False)

    @classmethod
    def of(cls, logins: Mapping[str, str]) -> "Login":
        """Return the login among the variables. Misconfigured, without showing it, when it is not usable."""
        for name in (USER, TOKEN):
            if not logins.get(name):
                raise Misconfigured(f"jira: {name} is not set", "set it; .env.example says what it is")
            printable_token(logins[name], name, "jira")
        if ":" in logins[USER]:
            raise Misconfigured(f"jira: {USER} holds a colon", "it is the e-mail address of the bot's account alone")
        return cls(logins[USER], logins[TOKEN])

    @property
    def encoded(self) -> str:
        """Return both as they go over the network."""
        return base64.b64encode(f"{self.user}:{self.token}".encode()).decode()


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. `at` is Jira's own time, None where it does not tell; `document` is None where it is no JSON."""

    status: int
    document: Any
    at: datetime | None
    location: str = ""
    wait: str = ""
    login_reason: str = ""

    @property
    def is_success(self) -> bool:
        """Whether the status is one of 200 to 299."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


class JiraSite:
    """Asks one Jira Cloud site in the bot's name. Nothing that it raises, shows or is represented by holds a secret.

    Follows no redirect, takes no proxy or certificate from the environment; `ca` names the file of another authority.
    A 429 is noted in the limiter, which everybody waits for before the next request, and raised.
    """

    def __init__(
        self, url: str, login: Login, limiter: Limiter, ca: Path | None = None, timeout_s: float = 30.0
    ) -> None:
        self.url = url.rstrip("/")
        self._host = urlsplit(url).netloc
        self._redact = Redactor.of((login.token, login.encoded, f"Basic {login.encoded}"))
        self._limiter = limiter
        self._timeout_s = timeout_s
        headers = {"Authorization": f"Basic {login.encoded}"}
        self._client = client(self.url, headers, timeout_s, ca, "channels.jira.ca")
        self._about = "jira"

    def __repr__(self) -> str:
        return f"JiraSite({self.url})"

    def about(self, what: str) -> "JiraSite":
        """Return the same site; what it raises begins with these words, such as the model that it is asked for."""
        same = copy.copy(self)
        same._about = self.one_line(what)
        return same

    def get(self, path: str, params: Mapping[str, str] | None = None, known: Container[int] = ()) -> Reply:
        """Return a JSON answer, or any answer whose status is one of `known`."""
        return self._read(self._asked("GET", path, params, None), known)

    def search(self, path: str, document: Any) -> Reply:
        """Return the JSON answer to a question that is too long for an address: a POST that changes nothing."""
        return self._read(self._asked("POST", path, None, document), ())

    def send(self, path: str, document: Any, known: Container[int] = ()) -> Reply:
        """Send once. Unclear when it may have been done; every other error says that it surely was not."""
        reply = self._asked("POST", path, None, document)
        if reply.status in _PERHAPS_DONE:
            raise Unclear(self.words(f"answers {named(reply.status)}"), "try again later")
        if reply.is_success and reply.document is None:
            raise Unclear(*self._no_json())
        if reply.is_success or reply.status in known:
            return reply
        raise self.refusal(reply)

    def words(self, said: str) -> str:
        """Return a sentence that names what it is about, and the system."""
        return f"{self._about}: Jira at {self.url} {said}"

    def one_line(self, text: str) -> str:
        """Return what Jira wrote as one short line without secrets."""
        return one_line(text, self._redact)

    def refusal(self, reply: Reply) -> AutopilotError:
        """Return what to raise for an answer that a person must see to first."""
        said = self.words(f"answers {self.said(reply)}")
        if reply.status in _WRONG:
            return Refused(said, "correct channels.jira, or the fields that the project demands: docs/jira.md")
        if reply.location:
            target = urlsplit(reply.location)
            where = f"{target.scheme}://{target.hostname}" if target.hostname else "another page"
            return Misconfigured(said, f"it sends us on to {where}: is channels.jira.url the site's own address?")
        hint = _HINTS.get(reply.status, "this is no answer that is known: check channels.jira.url")
        return Misconfigured(said, hint)

    def said(self, reply: Reply) -> str:
        """Return what an error answer says, in one line without secrets. Pages meant for people are left out."""
        line = self.one_line(_said(reply.document))
        return named(reply.status) + (f": {line}" if line else "")

    @contextmanager
    def known_form(self) -> Iterator[None]:
        """Put into words that an answer has other fields than it should: what was sent may have been done."""
        try:
            yield
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            said = self.one_line(f"answers in a form that is not known ({type(error).__name__}: {error})")
            raise Unclear(self.words(said), "check channels.jira.url: is it a Jira Cloud site?") from None

    def _read(self, reply: Reply, known: Container[int]) -> Reply:
        if reply.status in known or (reply.is_success and reply.document is not None):
            return reply
        if reply.is_success:
            raise Unavailable(*self._no_json())
        if reply.status in _NO_ANSWER:
            raise Unavailable(self.words(f"answers {named(reply.status)}"), "try again later")
        raise self.refusal(reply)

    def _asked(self, method: str, path: str, params: Mapping[str, str] | None, document: Any) -> Reply:
        rest = self._limiter.turn(self._host)
        if rest:
            raise Unavailable(self.words(f"asked us to wait, for another {rest:.0f} s"), "try again after that")
        found = self._exchanged(method, path, params, document)
        if isinstance(found, AutopilotError):
            raise found
        if found.status == HTTPStatus.TOO_MANY_REQUESTS:
            self._limiter.hold(self._host, wait_of(found.wait, found.at, _USUAL_WAIT_S))
            raise Unavailable(self.words("asks us to wait (429 Too Many Requests)"), "try again later")
        # A wrong token is answered as if nobody had signed in: as "not found", or with an empty list.
        if found.login_reason in ("AUTHENTICATED_FAILED", "AUTHENTICATION_DENIED"):
            raise self.refusal(Reply(HTTPStatus.UNAUTHORIZED, None, found.at))
        return found

    def _exchanged(
        self, method: str, path: str, params: Mapping[str, str] | None, document: Any
    ) -> Reply | AutopilotError:
        """Return the answer, or what to raise: raised from here it would carry the library's error, and its request."""
        try:
            with self._client.stream(method, path, params=params, json=document) as response:
                body = read(response, self._timeout_s, _LONGEST_ANSWER)
                return Unclear(self.words(body), "try again later") if isinstance(body, str) else _reply(response, body)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return self._unreached(str(error))
        except httpx.TimeoutException:
            return Unclear(self.words(f"did not answer within {self._timeout_s:g} s"), "try again later")
        except httpx.HTTPError as error:
            return Unclear(self.words(f"broke off in the middle ({type(error).__name__})"), "try again later")

    def _unreached(self, why: str) -> AutopilotError:
        if "CERTIFICATE_VERIFY_FAILED" in why:
            said = self.words("has a certificate that is not trusted here")
            return Misconfigured(said, "name the file of the authority that signed it as channels.jira.ca")
        said = self.words(f"cannot be reached: {self._redact(why)}")
        return Unavailable(said, "check channels.jira.url and the network")

    def _no_json(self) -> tuple[str, str]:
        said = self.words("answers something that is no JSON")
        return said, "a sign-in page or a proxy's? check channels.jira.url"


def _reply(response: httpx.Response, body: bytes) -> Reply:
    headers = response.headers
    return Reply(
        response.status_code,
        _json(body),
        date_of(headers.get("Date")),
        headers.get("Location", ""),
        headers.get("Retry-After", ""),
        headers.get("X-Seraph-LoginReason", ""),
    )


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _said(document: Any) -> str:
    if not isinstance(document, dict):
        return ""
    listed, named_ones = document.get("errorMessages"), document.get("errors")
    texts = [str(each) for each in listed] if isinstance(listed, list) else []
    texts += [f"{name}: {text}" for name, text in named_ones.items()] if isinstance(named_ones, dict) else []
    return "; ".join(texts) or str(document.get("message") or document.get("error") or "")
