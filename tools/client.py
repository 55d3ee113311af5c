"""The HTTP client of every adapter: whom it believes, how much it reads, and what it repeats of what a system says."""

import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path

import httpx

from graph.errors import Misconfigured
from tools.redaction import Redactor

_LONGEST_SAID = 200


def client(url: str, headers: Mapping[str, str], timeout_s: float, ca: Path | None, field: str) -> httpx.Client:
    """Return a client that follows no redirect and takes no proxy or certificate from the environment.

    `ca` names the file of another authority; `field` is where its owner wrote it. Misconfigured when it cannot be read.
    """
    return httpx.Client(
        base_url=url,
        headers={"Accept": "application/json", "User-Agent": "autopilot", **headers},
        timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, 10.0)),
        follow_redirects=False,
        trust_env=False,
        verify=_trust(ca, field),
        # No connection outlives its answer: nobody closes an adapter.
        limits=httpx.Limits(max_keepalive_connections=0),
    )


def read(response: httpx.Response, timeout_s: float, most: int) -> bytes | str:
    """Return the body, at most so many bytes, or in words why it is given up.

    A time-out of the client starts anew with every byte that trickles in, so the whole has one as well.
    """
    give_up, body = time.monotonic() + timeout_s, bytearray()
    for piece in response.iter_bytes():
        body += piece
        if len(body) > most:
            return f"answers with more than {most // 10**6} MB"
        if time.monotonic() > give_up:
            return f"did not finish its answer within {timeout_s:g} s"
    return bytes(body)


def one_line(text: str, redact: Redactor) -> str:
    """Return what a system wrote as one short line without secrets."""
    line = "".join(c if c.isprintable() else " " for c in redact(text))
    return " ".join(line.split())[:_LONGEST_SAID]


def named(status: int) -> str:
    """Return a status as people know it: `404 Not Found`."""
    return f"{status} {httpx.codes.get_reason_phrase(status)}".strip()


def date_of(text: str | None) -> datetime | None:
    """Return the time in a header such as Date, in UTC; None where it holds none."""
    try:
        return parsedate_to_datetime(text or "").astimezone(UTC)
    except ValueError:
        return None


def wait_of(given: str | None, at: datetime | None, usual_s: float) -> float:
    """Return the seconds that a header Retry-After asks to wait: a number, or a time by the clock that says `at`."""
    if given and given.isascii() and given.isdecimal():
        return float(given)
    until = date_of(given)
    return max((until - at).total_seconds(), 0.0) if until and at else usual_s


@cache
def _trust(ca: Path | None, field: str) -> ssl.SSLContext:
    """Return whom to believe; reading the public authorities takes a quarter of a second, so that is done once."""
    try:
        return httpx.create_ssl_context(trust_env=False) if ca is None else ssl.create_default_context(cafile=str(ca))
    except (OSError, ssl.SSLError):
        raise Misconfigured(f"{ca} cannot be read as a file of certificates", f"correct {field}") from None
