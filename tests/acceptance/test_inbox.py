"""The inbox in a real browser: read, answer, see what becomes of it; by keyboard alone, and without barriers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from checkpoints.embedded.cluster import EmbeddedPostgres
from tests.acceptance.pages import Site, Visit, site, visit
from tests.databases import fresh_database
from tests.house import house
from tests.integration.browsers import axe, browsing
from tests.npm_packages import Lacking
from tests.unit.graph.policy.builders import SPEC


@pytest.fixture(scope="module")
def chrome(lacking: Lacking) -> Iterator[Browser]:
    with browsing(lacking) as started:
        yield started


@pytest.fixture(scope="module")
def script(lacking: Lacking) -> str:
    return axe(lacking)


@pytest.fixture
def at(embedded_postgres: EmbeddedPostgres, tmp_path: Path) -> Iterator[Site]:
    with house(fresh_database(embedded_postgres), tmp_path) as home, site(home, tmp_path) as opened:
        yield opened


@pytest.fixture
def ana(chrome: Browser, at: Site) -> Iterator[Visit]:
    with visit(chrome, at) as opened:
        opened.sign_in()
        yield opened
        assert opened.complaints == []


def move_champion(at: Site) -> None:
    """Move the alias by hand, as somebody else may."""
    moved = at.home.registry.add_version(SPEC.registry, at.home.registry.log_run("hand", {"model.skops": b"by hand"}))
    at.home.registry.point(SPEC.registry, "champion", moved.version)


def test_a_run_is_read_approved_and_promoted_while_the_page_says_so(at: Site, ana: Visit):
    run = at.home.waiting()
    ana.open("/")
    ana.page.get_by_role("link", name="fraud").click()
    assert "Champion against challenger" in ana.text()
    ana.page.get_by_label("Comment").fill("better where it matters")
    ana.page.get_by_role("button", name="Approve").click()
    ana.waits_for("Promoting version")
    assert at.home.champion() == "1"
    with at.at_work():
        ana.waits_for("Promoted")
    assert at.home.champion() == "2"
    assert "better where it matters" in ana.text()
    assert at.home.row(run)["outcome"] == "promoted"
    ana.open("/")
    assert "Nothing waits" in ana.text()


def test_a_run_is_denied_with_a_reason(at: Site, ana: Visit):
    run = at.home.waiting()
    ana.open(f"/inbox/{run}")
    ana.page.get_by_label("Comment").fill("the holiday week is in it")
    ana.page.get_by_role("button", name="Deny").click()
    with at.at_work():
        ana.page.locator("meta[http-equiv=refresh]").wait_for(state="detached")
    assert "the holiday week is in it" in ana.text()
    assert (at.home.row(run)["outcome"], at.home.champion()) == ("denied", "1")


def test_an_answer_to_what_has_changed_is_refused_on_the_page(at: Site, ana: Visit):
    run = at.home.waiting()
    ana.open(f"/inbox/{run}")
    ana.page.get_by_label("Comment").fill("looks good")
    move_champion(at)
    ana.page.get_by_role("button", name="Approve").click()
    alert = ana.page.get_by_role("alert")
    assert "the champion alias moved from 1 to 2" in alert.inner_text()
    ana.page.get_by_role("button", name="Approve").wait_for(state="detached")
    with at.at_work():
        ana.open(f"/inbox/{run}")
        ana.page.locator("meta[http-equiv=refresh]").wait_for(state="detached")
    assert at.home.row(run)["outcome"] == "voided"
    assert at.home.champion() == "2"


def test_everything_is_reached_with_the_keyboard_and_so_is_approve(at: Site, ana: Visit):
    run = at.home.waiting()
    ana.open(f"/inbox/{run}")
    reached = {ana.tab() for _ in range(ana.reachable())}
    assert len(reached) == ana.reachable()
    assert "" not in reached
    ana.open(f"/inbox/{run}")
    assert "Skip to the content" in ana.tab()
    ana.page.keyboard.press("Enter")
    assert "To the answer" in ana.tab()
    ana.page.keyboard.press("Enter")
    assert 'id="comment"' in ana.tab()
    ana.page.keyboard.type("by hand")
    assert ">Approve<" in ana.tab()
    ana.page.keyboard.press("Enter")
    ana.waits_for("Promoting version")
    approval = at.home.book.approval(run)
    assert approval
    (given,) = approval.answers
    assert (given.decision, given.comment) == ("approve", "by hand")


def test_no_page_has_a_barrier(at: Site, chrome: Browser, ana: Visit, script: str):
    # That a page looks again by itself is one; whoever does not want it has a link on it, which is opened here.
    found = dict(ana.barriers(script))
    first = at.home.waiting()
    for path in ("/", "/fleet", "/docs", f"/inbox/{first}", f"/inbox/{first}/timeline", "/nowhere"):
        ana.open(path)
        found |= ana.barriers(script)
    ana.open(f"/inbox/{first}")
    at.home.say(first, "deny")
    ana.page.get_by_label("Comment").fill("too late")
    ana.page.get_by_role("button", name="Approve").click()
    found |= ana.barriers(script)
    for path in (f"/inbox/{first}", "/", f"/inbox/{first}/timeline", "/fleet?verdict=healthy"):
        ana.open(path)
        found |= ana.barriers(script)
    second = at.home.waiting()
    ana.open(f"/inbox/{second}")
    ana.page.get_by_role("button", name="Approve").click()
    ana.waits_for("Promoting version")
    ana.hold()
    ana.open(f"/inbox/{second}")
    found |= ana.barriers(script)
    ana.page.get_by_role("link", name="Leave it as it is").click()
    found |= ana.barriers(script)
    at.home.book.paused.pause("model", "fraud", "the feed moves", "otto", "root", at.home.clock.now())
    for path in ("/fleet?state=paused", f"/inbox/{second}"):
        ana.open(path)
        assert "the feed moves" in ana.text()
        found |= ana.barriers(script)
    with visit(chrome, at) as stranger:
        stranger.open("/")
        found |= stranger.barriers(script)
        stranger.page.get_by_label("Your token").fill("ap_wrong")
        stranger.page.get_by_role("button", name="Sign in").click()
        found |= stranger.barriers(script)
    assert found == {}


def test_without_scripts_nothing_is_missing(at: Site, chrome: Browser):
    run = at.home.waiting()
    context = chrome.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(f"{at.origin}/inbox/{run}")
        page.get_by_label("Your token").fill(at.tokens["ben"])
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name="Deny").click()
        page.get_by_text("Denied by ben through web").first.wait_for()
    finally:
        context.close()
    approval = at.home.book.approval(run)
    assert approval
    assert approval.state == "denied"
