"""The report in a real browser: accessible in light and dark, on a desk and in a hand; nothing loaded, nothing run."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from autopilot.report.page import STYLE, report_body, report_html
from autopilot.report.summary import ALONE
from graph.model import Json
from tests.integration.browsers import PATIENCE_MS, axe, browsing, violations
from tests.npm_packages import Lacking
from tests.unit.autopilot import documents
from tests.unit.autopilot.courses import course, harmed
from tests.unit.autopilot.documents import FINE, promoted, waiting
from tests.unit.autopilot.test_distributions import drawn
from tests.unit.autopilot.test_page import EVIL, hostile
from tests.unit.graph.policy.builders import part

pytestmark = pytest.mark.timeout(900)

DESK, HAND = (1280, 800), (390, 844)
LOOKS: list[tuple[tuple[int, int], Literal["light", "dark"]]] = [
    (DESK, "light"),
    (DESK, "dark"),
    (HAND, "light"),
    (HAND, "dark"),
]
EVERY = documents.every()
BESIDE: Json = {**course(), "distributions": [drawn("amount", "480 to 500"), drawn(EVIL, EVIL)]}
ERRORS = (replace(part("overall", 0.001, 0.003), metric="errors", champion=0.031, challenger=0.029),)
FULL = {
    "waiting": (waiting(replace(FINE, errors=ERRORS)), BESIDE),
    "promoted": (promoted(evidence=harmed()), BESIDE),
    "hostile": (hostile(), BESIDE),
}
SHORT = {kind: (EVERY[kind], ALONE) for kind in ("training", "failed_job", "no_champion", "asked_back", "undecided")}


@pytest.fixture(scope="module")
def browser(lacking: Lacking) -> Iterator[Browser]:
    with browsing(lacking) as found:
        yield found


@pytest.fixture(scope="module")
def script(lacking: Lacking) -> str:
    return axe(lacking)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every page as a file."""
    folder = tmp_path_factory.mktemp("pages")
    pages = FULL | SHORT
    for kind, (found, beside) in pages.items():
        (folder / f"{kind}.html").write_text(report_html(found, beside), "utf-8")
    return {kind: folder / f"{kind}.html" for kind in pages}


@contextmanager
def opened(browser: Browser, file: Path, size: tuple[int, int]) -> Iterator[Page]:
    """Yield the page; fail if it asked for anything but itself or said anything on the console."""
    wide, high = size
    with browser.new_context(viewport={"width": wide, "height": high}) as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        asked: list[str] = []
        said: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.goto(file.as_uri())
        yield page
        assert (asked, said) == ([file.as_uri()], [])


@pytest.mark.parametrize("kind", [*FULL, *SHORT])
def test_axe_finds_no_violation_and_nothing_hangs_over_the_edge(
    browser: Browser, script: str, files: dict[str, Path], kind: str
):
    with opened(browser, files[kind], DESK) as page:
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        # What a page without a comparison has, another has, too: once is enough.
        for size, scheme in LOOKS if kind in FULL else LOOKS[-1:]:
            page.set_viewport_size({"width": size[0], "height": size[1]})
            page.emulate_media(color_scheme=scheme)
            assert (size, scheme, violations(page, script)) == (size, scheme, [])
            assert (size, scheme, page.evaluate("document.documentElement.scrollWidth")) == (size, scheme, size[0])


def test_axe_would_object_to_a_page_without_language_or_contrast(browser: Browser, script: str, tmp_path: Path):
    file = tmp_path / "bad.html"
    file.write_text("<html><body><main><p style='color:#ccc;background:#fff'>pale</p></main></body></html>")
    with opened(browser, file, DESK) as page:
        assert {each.split(":")[0] for each in violations(page, script)} >= {"html-has-lang", "color-contrast"}


@pytest.mark.parametrize("size", [DESK, HAND], ids=["desk", "hand"])
def test_recommendation_numbers_and_doubts_are_on_the_first_screen(
    browser: Browser, files: dict[str, Path], size: tuple[int, int]
):
    with opened(browser, files["waiting"], size) as page:
        for part_ in (".verdict", ".figures", ".doubts"):
            box = page.locator(f".first {part_}").bounding_box()
            assert box
            assert box["y"] + box["height"] <= size[1], part_


def test_markup_from_outside_runs_nothing(browser: Browser, files: dict[str, Path]):
    with opened(browser, files["hostile"], DESK) as page:
        dialogs: list[str] = []
        page.on("dialog", lambda dialog: dialogs.append(dialog.message))
        assert page.locator("script, img").count() == 0
        assert page.locator("text=<script>alert(1)</script>").count() >= 10
        assert dialogs == []


def test_it_prints_without_losing_an_edge(browser: Browser, files: dict[str, Path]):
    with opened(browser, files["promoted"], (720, 1000)) as page:
        page.emulate_media(media="print")
        assert page.evaluate("document.documentElement.scrollWidth") <= 720
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert len(page.pdf()) > 10_000


def test_another_pages_frame_may_forbid_styles_of_elements(browser: Browser, tmp_path: Path):
    """What embeds the report serves the style as a file: `style-src` then needs no 'unsafe-inline'."""
    (tmp_path / "report.css").write_text(STYLE, "utf-8")
    policy = "default-src 'none'; style-src file:"
    body = report_body(*FULL["promoted"])
    assert " style=" not in body
    framed = tmp_path / "framed.html"
    framed.write_text(
        f"<!doctype html><html lang=en><meta charset=utf-8><title>t</title>"
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"><link rel=stylesheet href=report.css>'
        f"<main>{body}</main></html>",
        "utf-8",
    )
    said: list[str] = []
    with browser.new_context() as context:
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.goto(framed.as_uri(), timeout=PATIENCE_MS)
        shown = page.locator(".around .title").first.evaluate("each => getComputedStyle(each).fontWeight")
    assert (shown, said) == ("600", [])


def test_a_drawing_is_there_for_every_blamed_feature(browser: Browser, files: dict[str, Path]):
    with opened(browser, files["waiting"], DESK) as page:
        assert page.locator(".shares svg[role=img]").count() == 4
        assert page.locator("svg.around circle").count() > 30
