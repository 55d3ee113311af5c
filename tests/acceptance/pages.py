"""The pages on a real server in front of a house, and a real browser in front of them."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from playwright.sync_api import Browser, Page, Route, ViewportSize

from autopilot.capabilities import ALL
from autopilot.desk import Desk
from autopilot.fleet.worker import Worker
from autopilot.serve.runner import Runner
from tests.browsing import doors
from tests.house import House
from tests.integration.browsers import PATIENCE_MS
from tests.serving import FILE, serving

PLAIN = FILE.replace('inbox: {url: "https://autopilot.example"}\n', "")
DESKTOP, PHONE = ViewportSize(width=1280, height=900), ViewportSize(width=390, height=844)
LOOKS: list[tuple[str, ViewportSize]] = [("light", DESKTOP), ("dark", DESKTOP), ("light", PHONE), ("dark", PHONE)]
_BARRIERS = """
async (options) => (await axe.run(document, options)).violations.map(
  each => `${each.id}: ${each.help}: ${each.nodes.map(node => node.target.join(' ')).slice(0, 3).join(', ')}`)
"""
_REACHABLE = """
() => [...document.querySelectorAll(
  'a[href], button, input:not([type=hidden]), textarea, select, summary, [tabindex="0"]'
)].filter(each => each.checkVisibility()).length
"""
_FOCUSED = "() => { const at = document.activeElement; return at === document.body ? '' : at.outerHTML.slice(0, 200) }"


@dataclass
class Site:
    """A server with what is behind it."""

    home: House
    desk: Desk
    origin: str
    tokens: dict[str, str]

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Carry runs on meanwhile, as `autopilot serve` does."""
        runner, worker = Runner(self.desk, pause_s=0.05), Worker(self.desk, self.home.dsn, ALL)
        runner.start()
        worker.start()
        try:
            yield
        finally:
            assert worker.stop()
            assert runner.stop()
        for failed in filter(None, (runner.failed, worker.failed)):
            raise failed


@contextmanager
def site(home: House, folder: Path) -> Iterator[Site]:
    """Serve the pages over a house on a free port of the loopback, without anybody who carries runs on."""
    with serving(home, folder, text=PLAIN) as opened, socket.create_server(("127.0.0.1", 0)) as door:
        config = uvicorn.Config(doors(opened.desk), log_level="warning", access_log=False, ws="none", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
        thread.start()
        try:
            yield Site(home, opened.desk, f"http://127.0.0.1:{door.getsockname()[1]}", opened.tokens)
        finally:
            server.should_exit = True
            thread.join(30)


@dataclass
class Visit:
    """One person in front of the browser. `complaints` is what the browser would not do, such as an inline style."""

    page: Page
    site: Site
    complaints: list[str] = field(default_factory=list)

    def sign_in(self, person: str = "ana") -> None:
        self.open("/")
        self.page.get_by_label("Your token").fill(self.site.tokens[person])
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_role("heading", name="Inbox").wait_for()

    def open(self, path: str) -> None:
        self.page.goto(f"{self.site.origin}{path}")

    def text(self) -> str:
        return self.page.inner_text("body")

    def waits_for(self, words: str) -> None:
        """Wait until the page says this, by itself."""
        self.page.locator(".standing").get_by_text(words).first.wait_for(timeout=PATIENCE_MS)

    def barriers(self, axe: str) -> dict[str, list[str]]:
        """Return what axe finds on this page in every look, by look."""
        found = {}
        for scheme, size in LOOKS:
            self.look(scheme, size)
            self.page.evaluate(axe)
            said = self.page.evaluate(_BARRIERS, {"preload": False})
            if said:
                found[f"{self.page.title()}, {scheme}, {size['width']}"] = said
            if self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                found[f"{self.page.title()}, {scheme}, {size['width']}, sideways"] = ["the page scrolls sideways"]
        self.look(*LOOKS[0])
        return found

    def hold(self) -> None:
        """Have pages that look again every two seconds stand still for a day."""

        def slowly(route: Route) -> None:
            answer = route.fetch()
            route.fulfill(response=answer, body=answer.text().replace('content="2"', 'content="86400"'))

        self.page.route(
            "**/inbox/*", lambda route: slowly(route) if route.request.method == "GET" else route.continue_()
        )

    def look(self, scheme: Any, size: ViewportSize) -> None:
        self.page.emulate_media(color_scheme=scheme)
        self.page.set_viewport_size(size)

    def tab(self, times: int = 1) -> str:
        """Press Tab; return the element that has the focus then."""
        for _ in range(times):
            self.page.keyboard.press("Tab")
        return str(self.page.evaluate(_FOCUSED))

    def tab_to(self, words: str) -> None:
        """Press Tab until the focus is on something with these words."""
        for _ in range(self.reachable() + 1):
            if words in self.tab():
                return
        raise AssertionError(f"{words} cannot be reached with the keyboard")

    def reachable(self) -> int:
        """Count what the keyboard must reach."""
        return int(self.page.evaluate(_REACHABLE))


@contextmanager
def visit(browser: Browser, at: Site) -> Iterator[Visit]:
    """Yield a person in front of an empty page."""
    context = browser.new_context(viewport=DESKTOP, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE_MS)
    opened = Visit(context.new_page(), at)
    opened.page.on("console", lambda said: opened.complaints.append(said.text) if "Refused" in said.text else None)
    opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
    try:
        yield opened
    finally:
        context.close()
