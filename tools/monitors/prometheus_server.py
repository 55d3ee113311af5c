"""A Prometheus server's query API: what it answers, and what its failures mean, in our words."""

import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import httpx

from graph.errors import AutopilotError, Misconfigured, Unavailable
from tools.client import client, named, one_line, read
from tools.redaction import Redactor

_TRIES = 3
_LONGEST_ANSWER = 20_000_000
_LONGEST_WAIT_S = 10.0
_POINTS = 60
"""Evaluations of a range query; a server refuses more than 11,000 for a series."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A value with the time that the server gave it: of an instant query, the time of the evaluation."""

    at: float
    value: float


@dataclass(frozen=True, slots=True)
class Series:
    """One series of an answer, its samples in order of time, at least one."""

    labels: Mapping[str, str]
    samples: tuple[Sample, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query found, and what the server warned of."""

    series: tuple[Series, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Login:
    """A bearer token, or user and password; a proxy in front of Prometheus asks for either."""

    token: str | None = field(default=None, repr=False)
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    def headers(self) -> dict[str, str]:
        """Return the header that carries it. Misconfigured where it cannot stand in one, or is half of one."""
        for secret in (self.token, self.user, self.password):
            if secret is not None and (not secret.isascii() or not secret.isprintable()):
                raise Misconfigured("the login of Prometheus holds line ends or letters that no login has", _VARIABLES)
        if (self.user is None) != (self.password is None):
            raise Misconfigured("the login of Prometheus needs both a user and a password", _VARIABLES)
        if self.token:
            return {"Authorization": f"Bearer {self.token}"}
        if self.user is None:
            return {}
        both = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return {"Authorization": f"Basic {both}"}

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return what nobody may see."""
        return tuple(each for each in (self.token, self.password, *self.headers().values()) if each)


_VARIABLES = "set AUTOPILOT_PROMETHEUS_TOKEN, or AUTOPILOT_PROMETHEUS_USER and _PASSWORD"


class PrometheusServer:
    """Asks one server; reads only. Messages name no model: one answer may be for many.

    Follows no redirect, takes no proxy or certificate from the environment; `ca` names the file of another authority.
    """

    def __init__(
        self,
        url: str,
        login: Login | None = None,
        ca: Path | None = None,
        timeout_s: float = 30.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        login, parts = login or Login(), urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
            raise Misconfigured("monitor.url is no address of a server", "write it like http://prometheus:9090")
        self.url = url.rstrip("/")
        self._redact = Redactor.of(login.secrets)
        self._timeout_s = timeout_s
        self._sleep = sleep
        self._client = client(self.url, login.headers(), timeout_s, ca, "monitor.ca")

    def __repr__(self) -> str:
        return f"PrometheusServer({self.url})"

    def instant(self, query: str, now: datetime) -> Answer:
        """Return what the query finds as of `now`."""
        return self._query("/api/v1/query", {"query": query, "time": _stamp(now)})

    def over(self, query: str, window: timedelta, now: datetime) -> Answer:
        """Return what the query finds at 60 moments evenly over the window that ends at `now`."""
        step = max(window.total_seconds() / _POINTS, 1.0)
        start = now - timedelta(seconds=step * int(window.total_seconds() / step))
        given = {"query": query, "start": _stamp(start), "end": _stamp(now), "step": f"{step:.3f}"}
        return self._query("/api/v1/query_range", given)

    def version(self) -> str:
        """Return the server's own version; it shows that the address and the login are right."""
        found = self._document("GET", "/api/v1/status/buildinfo", {})
        data = found.get("data")
        return str(data.get("version", "unknown")) if isinstance(data, dict) else "unknown"

    def _query(self, path: str, given: Mapping[str, str]) -> Answer:
        document = self._document("POST", path, {**given, "timeout": f"{self._timeout_s:g}s"})
        try:
            return _answer(document, self._redact)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise Unavailable(self._words("answers in a form that is not known"), _WHOSE_PAGE) from None

    def _document(self, method: str, path: str, form: Mapping[str, str]) -> dict[str, Any]:
        """Return a JSON answer, after three tries at most: a query has no effect, so it may be sent again."""
        failed: AutopilotError = Unavailable("")
        for attempt in range(_TRIES):
            found = self._once(method, path, form)
            if isinstance(found, dict):
                return found
            failed, wait = found
            if isinstance(failed, Misconfigured):
                break
            if attempt < _TRIES - 1:
                self._sleep(min(wait or 0.5 * 2**attempt, _LONGEST_WAIT_S))
        raise failed

    def _once(self, method: str, path: str, form: Mapping[str, str]) -> dict[str, Any] | tuple[AutopilotError, float]:
        """Return the answer, or what to raise and how long to wait first: raised here, it would carry the request."""
        try:
            with self._client.stream(method, path, data=form or None) as response:
                return self._told(response, read(response, self._timeout_s, _LONGEST_ANSWER))
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return self._unreached(str(error)), 0.0
        except httpx.TimeoutException:
            return Unavailable(self._words(f"did not answer within {self._timeout_s:g} s"), "try again later"), 0.0
        except httpx.HTTPError as error:
            said = self._words(f"broke off in the middle ({type(error).__name__})")
            return Unavailable(said, "try again later"), 0.0

    def _told(self, response: httpx.Response, body: bytes | str) -> dict[str, Any] | tuple[AutopilotError, float]:
        if isinstance(body, str):
            return Unavailable(self._words(body), "ask for fewer series, or a shorter window"), 0.0
        status, document = response.status_code, _json(body)
        if status == HTTPStatus.OK and document.get("status") == "success":
            return document
        if status == HTTPStatus.OK:
            return Unavailable(self._words("answers something that is no JSON of Prometheus"), _WHOSE_PAGE), 0.0
        said = self._words(f"answers {named(status)}{self._error(document)}")
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            after = response.headers.get("Retry-After", "")
            return Unavailable(said, "try again later"), float(after) if after.isdecimal() else 0.0
        if status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return Unavailable(said, "try again later"), 0.0
        return Misconfigured(said, _what_to_do(status)), 0.0

    def _error(self, document: Mapping[str, Any]) -> str:
        if not document.get("error"):
            return ""
        return f": {one_line(str(document['error']), self._redact)}"

    def _unreached(self, why: str) -> AutopilotError:
        if "CERTIFICATE_VERIFY_FAILED" in why:
            said = self._words("has a certificate that is not trusted here")
            return Misconfigured(said, "name the file of the authority that signed it as monitor.ca")
        return Unavailable(self._words(f"cannot be reached: {self._redact(why)}"), "check monitor.url and the network")

    def _words(self, said: str) -> str:
        return f"Prometheus at {self.url} {said}"


_WHOSE_PAGE = "a sign-in page or a proxy's? check monitor.url"


def _answer(document: Mapping[str, Any], redact: Redactor) -> Answer:
    data = document["data"]
    kind, result = data["resultType"], data["result"]
    warnings = tuple(one_line(str(each), redact) for each in (document.get("warnings") or []))
    if kind == "scalar":
        return Answer((Series({}, (_sample(result),)),), warnings)
    if kind not in ("vector", "matrix"):
        raise Misconfigured(f"a query answers with a {kind}, not with numbers", "ask for a vector or a scalar")
    return Answer(tuple(_series(each) for each in result), warnings)


def _series(found: Mapping[str, Any]) -> Series:
    if "histogram" in found or "histograms" in found:
        raise Misconfigured("a query answers with histograms, not with numbers", "use histogram_quantile, or the like")
    samples = found["values"] if "values" in found else [found["value"]]
    if not samples:
        raise ValueError("a series without samples")
    return Series(cast("dict[str, str]", dict(found["metric"])), tuple(_sample(each) for each in samples))


def _sample(pair: Any) -> Sample:
    at, value = pair
    return Sample(float(at), float(value))


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _stamp(moment: datetime) -> str:
    return f"{moment.timestamp():.3f}"


def _what_to_do(status: int) -> str:
    if status in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY):
        return "correct the query; promtool or the server's own page shows what it makes of it"
    if status == HTTPStatus.UNAUTHORIZED:
        return f"a login is missing, wrong or expired: {_VARIABLES}"
    if status == HTTPStatus.FORBIDDEN:
        return "the login may not query: give it the right to read, and no other"
    return "check monitor.url: it is the address under which /api/v1/query answers"
