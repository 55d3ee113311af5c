"""A person's browser in front of the pages over a house: cookies, forms and redirects, and no script."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx
from fastapi import FastAPI
from fastapi.testclient import TestClient

from autopilot.api.app import application
from autopilot.api.rate import Rate
from autopilot.desk import Desk
from autopilot.web import errors, pages

ORIGIN = "https://autopilot.example"
SAME = {"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN}


def doors(desk: Desk, rate: Rate | None = None) -> FastAPI:
    """Return what `autopilot serve` serves."""
    app = application(desk, more=[pages.router], rate=rate or Rate(1e6, 1e6))
    errors.install(app)
    return app


@contextmanager
def browser(
    app: FastAPI, token: str = "", origin: str = ORIGIN, address: str = "203.0.113.9", **headers: str
) -> Iterator["Browser"]:
    """Yield a browser at this address; with a token it is signed in."""
    sent = {"Accept": "text/html", **headers}
    with TestClient(app, origin, False, headers=sent, follow_redirects=False, client=(address, 50000)) as client:
        opened = Browser(client)
        if token:
            assert opened.sign_in(token).status_code == 303
        yield opened


@dataclass
class Browser:
    """One browser with its own cookies."""

    client: TestClient | httpx.Client

    def get(self, path: str) -> Any:
        return self.client.get(path)

    def post(self, path: str, fields: dict[str, str], headers: dict[str, str] | None = None) -> Any:
        """Send a form as a page of this site does, or with other headers in place of those."""
        return self.client.post(path, data=fields, headers=SAME if headers is None else headers)

    def sign_in(self, token: str, following: str = "/") -> Any:
        return self.post("/sign-in", {"token": token, "next": following})

    def form(self, run: str) -> dict[str, str]:
        """Return the fields of the answer's form as a browser would send them, without a button."""
        return read(self.get(f"/inbox/{run}").text).fields(f"/inbox/{run}/answer")

    def form_seal(self) -> str:
        """Return what this session's forms carry."""
        return read(self.get("/").text).fields("/sign-out")["seal"]

    def answer(self, run: str, decision: str, comment: str = "") -> Any:
        return self.post(f"/inbox/{run}/answer", {**self.form(run), "decision": decision, "comment": comment})


@dataclass
class Seen(HTMLParser):
    """What a page holds: its forms with their fields, its links, and every element with its attributes."""

    forms: dict[str, dict[str, str]] = field(default_factory=dict)
    elements: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    _action: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.elements.append((tag, given))
        if tag == "form":
            self._action = given.get("action", "")
            self.forms.setdefault(self._action, {})
        if tag in ("input", "textarea") and "name" in given:
            self.forms.setdefault(self._action, {})[given["name"]] = given.get("value", "")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def fields(self, action: str) -> dict[str, str]:
        """Return the fields of one form."""
        assert action in self.forms, f"no form {action} on the page"
        return dict(self.forms[action])

    def buttons(self) -> list[str]:
        """Return the values of the page's submit buttons that decide something."""
        return [given["value"] for tag, given in self.elements if tag == "button" and given.get("name") == "decision"]

    def links(self) -> list[str]:
        return [given["href"] for tag, given in self.elements if tag == "a" and "href" in given]

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.texts))


def read(html: str) -> Seen:
    """Return what a page holds."""
    seen = Seen()
    seen.feed(html)
    return seen
