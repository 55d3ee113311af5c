"""One HTTP client for the systems that run jobs elsewhere: every answer and failure is put into our words once."""

import json
from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from graph.errors import Misconfigured, Unavailable
from tools.client import client, date_of, named, one_line, read, wait_of
from tools.limiter import Limiter
from tools.redaction import Redactor

_LONGEST_ANSWER = 5_000_000
_USUAL_WAIT_S = 5.0
"""After a 429 that names no time."""
_TRIES = 3
_NO_ANSWER = frozenset({HTTPStatus.REQUEST_TIMEOUT, *range(500, 600)})


class Unclear(Unavailable):
    """Something was sent and no trustworthy answer came: it may have been done."""


class Busy(Unavailable):
    """The system put us off (429): nothing was done."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `at` is the system's own time, so that ages need no clock of ours."""

    status: int
    headers: httpx.Headers
    body: bytes
    at: datetime | None

    @property
    def is_success(self) -> bool:
        """Whether the status is one of 200 to 299."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    def document(self) -> Any:
        """Return the body as JSON, None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class Remote:
    """The API of one system, asked for one model. `login` is sent with every request that brings no login of its own.

    Follows no redirect, takes no proxy or certificate from the environment, checks certificates (`ca` names the file of
    another authority). Nothing that it raises, shows or is represented by holds a secret.
    """

    def __init__(
        self,
        model: str,
        system: str,
        url: str,
        login: Mapping[str, str],
        secrets: tuple[str, ...],
        limiter: Limiter,
        ca: Path | None = None,
        timeout_s: float = 30.0,
    ) -> None:
        self.model = model
        self.system = system
        self.url = url.rstrip("/")
        self._host = urlsplit(url).netloc
        self._login = dict(login)
        self._secrets = (*secrets, *login.values())
        self._redact = Redactor.of(self._secrets)
        self._limiter = limiter
        self._timeout_s = timeout_s
        self._client = client(self.url, {}, timeout_s, ca, "pipeline.ca")

    def __repr__(self) -> str:
        return f"Remote({self.system} at {self.url}, for {self.model})"

    def get(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        login: Mapping[str, str] | None = None,
        known: Container[int] = (),
    ) -> Answer:
        """Return a JSON answer. Unavailable when nothing is known, Misconfigured when a person must act first.

        `login` replaces the usual one. An answer whose status is one of `known` is returned as it is.
        """
        answer = self._answer("GET", path, params, login=login)
        for _ in range(_TRIES - 1):
            if answer.status != HTTPStatus.TOO_MANY_REQUESTS:
                break
            answer = self._answer("GET", path, params, login=login)
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise self._busy()
        if answer.status in known:
            return answer
        if answer.is_success and answer.document() is not None:
            return answer
        if answer.is_success:
            raise Unavailable(*self._no_json())
        if answer.status in _NO_ANSWER:
            raise Unavailable(self.words(f"answers {named(answer.status)}"), "try again later")
        raise self.unreadable(answer)

    def ask(self, path: str, login: Mapping[str, str] | None = None) -> Answer:
        """Return any answer to a question that changes nothing. Unavailable when there is none."""
        answer = self._answer("GET", path, None, login=login)
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise self._busy()
        return answer

    def post(
        self,
        path: str,
        data: Mapping[str, str] | None = None,
        login: Mapping[str, str] | None = None,
        also: Mapping[str, str] | None = None,
        document: Any = None,
        method: str = "POST",
    ) -> Answer:
        """Send once and return any answer that is one. Unclear when it may have been done, Busy when surely not.

        What is sent is a form (`data`) or JSON (`document`). `login` replaces the usual one, `also` are more headers.
        """
        answer = self._answer(method, path, None, {"data": data, "json": document}, login, also)
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise self._busy()
        if answer.status in _NO_ANSWER:
            raise Unclear(self.words(f"answers {named(answer.status)}"))
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise self.unreadable(answer)
        return answer

    def words(self, said: str) -> str:
        """Return a sentence that names the model and the system."""
        return f"{self.model}: {self.system} at {self.url} {said}"

    def said(self, answer: Answer) -> str:
        """Return what an error answer says, in one line without secrets. Pages meant for people are left out."""
        document = answer.document()
        text = answer.headers.get("X-Error", "")
        if isinstance(document, dict):
            text = _flat(document.get("message") or document.get("error") or document.get("detail") or "")
        line = self.one_line(text)
        return named(answer.status) + (f": {line}" if line else "")

    def hide(self, secret: str) -> None:
        """Show this secret, which came only now, to nobody either."""
        self._secrets = (*self._secrets, secret)
        self._redact = Redactor.of(self._secrets)

    def one_line(self, text: str) -> str:
        """Return what the system wrote as one short line without secrets."""
        return one_line(text, self._redact)

    def _answer(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        body: Mapping[str, Any] | None = None,
        login: Mapping[str, str] | None = None,
        also: Mapping[str, str] | None = None,
    ) -> Answer:
        rest = self._limiter.turn(self._host)
        if rest:
            raise Busy(self.words(f"asked us to wait, for another {rest:.0f} s"), "try again after that")
        headers = {**(self._login if login is None else login), **(also or {})}
        found = self._exchange(method, path, params, body or {}, headers)
        if isinstance(found, Unavailable | Misconfigured):
            raise found
        if found.status == HTTPStatus.TOO_MANY_REQUESTS:
            self._limiter.hold(self._host, wait_of(found.headers.get("Retry-After"), found.at, _USUAL_WAIT_S))
        return found

    def _exchange(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        body: Mapping[str, Any],
        headers: Mapping[str, str],
    ) -> Answer | Unavailable | Misconfigured:
        """Return the answer, or what to raise: raised from here it would carry the library's error, and its request."""
        try:
            with self._client.stream(method, path, params=params, headers=dict(headers), **body) as response:
                return self._read(response)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return self._unreached(str(error))
        except httpx.TimeoutException:
            return Unclear(self.words(f"did not answer within {self._timeout_s:g} s"), "try again later")
        except httpx.HTTPError as error:
            return Unclear(self.words(f"broke off in the middle ({type(error).__name__})"), "try again later")

    def _read(self, response: httpx.Response) -> Answer | Unavailable:
        body = read(response, self._timeout_s, _LONGEST_ANSWER)
        if isinstance(body, str):
            return Unclear(self.words(body), "try again later")
        return Answer(response.status_code, response.headers, body, date_of(response.headers.get("Date")))

    def _unreached(self, why: str) -> Unavailable | Misconfigured:
        if "CERTIFICATE_VERIFY_FAILED" in why:
            return Misconfigured(
                self.words("has a certificate that is not trusted here"),
                "name the file of the authority that signed it as pipeline.ca, or correct pipeline.url",
            )
        return Unavailable(self.words(f"cannot be reached: {self._redact(why)}"), "check pipeline.url and the network")

    def _busy(self) -> Busy:
        return Busy(self.words("asks us to wait (429 Too Many Requests)"), "try again later")

    def _no_json(self) -> tuple[str, str]:
        return self.words("answers something that is no JSON"), "a sign-in page or a proxy's? check pipeline.url"

    def unreadable(self, answer: Answer) -> Misconfigured:
        """Return what to raise for an answer that a person must see to first."""
        said = self.words(f"answers {self.said(answer)}")
        if answer.status == HTTPStatus.UNAUTHORIZED:
            return Misconfigured(said, f"a token is missing, wrong or expired: see {self._variables}")
        if answer.status == HTTPStatus.FORBIDDEN:
            return Misconfigured(said, "the credential lacks a right: docs/pipelines.md lists those that are needed")
        if answer.status == HTTPStatus.NOT_FOUND:
            return Misconfigured(
                said, "correct pipeline.url and what it names below, or give the credential the right to see it"
            )
        if answer.headers.get("Location"):
            target = urlsplit(answer.headers["Location"])
            where = f"{target.scheme}://{target.hostname}" if target.hostname else "another page"
            return Misconfigured(said, f"it sends us on to {where}: a sign-in page, or pipeline.url is not its address")
        return Misconfigured(said, "this is no answer that is known: check pipeline.url")

    @property
    def _variables(self) -> str:
        return f"AUTOPILOT_{self.system.upper()}_* in .env.example"


def _flat(value: object) -> str:
    """Return a message that may be text, a list or a mapping of lists in one line."""
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_flat(below)}" if key != "base" else _flat(below) for key, below in value.items())
    if isinstance(value, list):
        return ", ".join(_flat(below) for below in value)
    return str(value)


def bearer(token: str | None) -> dict[str, str]:
    """Return the header of a token; a system that asks for none gets none."""
    return {"Authorization": f"Bearer {token}"} if token else {}
