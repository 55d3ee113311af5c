"""The page: well-formed, self-contained, and nothing from outside becomes markup."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from autopilot.report import pictures
from autopilot.report.markup import Markup, items, joined, tag
from autopilot.report.page import report_html
from graph.evidence import Interval
from tests.unit.autopilot import documents
from tests.unit.autopilot.documents import DEGRADED, FINE, NINE, promoted, trained
from tests.unit.graph.policy.builders import part

EVERY = documents.every()
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
_VOID = {"meta", "line", "circle", "rect", "br"}


class Page(HTMLParser):
    """Reads a page: its elements, their attributes, its text; notes elements that are not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text: list[str] = []
        self.wrong: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        self.wrong += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += attrs
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        if self._open[-1:] != ["style"]:
            self.text.append(data)


@pytest.mark.parametrize("kind", EVERY)
def test_every_page_is_well_formed_and_loads_nothing(kind: str):
    page = Page(report_html(EVERY[kind]))
    assert page.wrong == []
    assert {"script", "link", "img", "iframe", "object"} & set(page.elements) == set()
    assert [value for name, value in page.attributes if name in ("src", "href") or name.startswith("on")] == []
    style = report_html(EVERY[kind]).partition("<style>")[2].partition("</style>")[0]
    assert re.findall(r"url\(|@import", style) == []


def hostile():
    """A run in which every word that can come from outside is markup."""
    features = (*(documents.odd_feature(EVIL + str(number)) for number in range(2)), *NINE)
    shelf = trained(
        replace(FINE, differences=(part("overall"), part("harm"), part(f"slice:{EVIL}")), custom={EVIL: {}}),
        replace(DEGRADED, features=features, source=EVIL, queries=(EVIL,), notes=(EVIL,), champion=EVIL),
        requested_by=EVIL,
        model=EVIL,
        error={"kind": "unavailable", "message": EVIL, "hint": EVIL},
        reason=EVIL,
    )
    assert shelf.validation_
    shelf.validation_ = replace(shelf.validation_, champion=replace(documents.CHAMPION, version=EVIL, digest=EVIL))
    found = shelf.explanation()
    approved = promoted(comment=EVIL)
    found["approval"] = {**approved["approval"], "reason": EVIL, "fingerprint": EVIL}
    found["promotion"] = {**approved["promotion"], "from_version": EVIL}
    found["audit"] = [{"at": "2026-03-01T00:00:00Z", "actor": EVIL, "act": EVIL, "detail": {}}]
    found["rules"][0]["detail"] = EVIL
    return found


def test_markup_from_outside_is_shown_not_obeyed():
    text = report_html(hostile())
    page = Page(text)
    assert page.wrong == []
    assert {"script", "img"} & set(page.elements) == set()
    assert [name for name, _ in page.attributes if name.startswith("on")] == []
    assert "".join(page.text).count("<script>alert(1)</script>") >= 15
    assert text.count("<script>") == 0


def test_a_direction_override_cannot_turn_a_name_around():
    assert "\u202e" not in report_html(promoted(comment="\u202etxt.exe"))


def test_the_recommendation_is_the_first_thing_after_the_name():
    page = Page(report_html(EVERY["waiting"]))
    words = [text.strip() for text in page.text if text.strip()]
    assert words[words.index("fraud") + 2] == "Recommended: approve"


def test_it_tells_what_an_approver_needs():
    text = " ".join(" ".join(Page(report_html(EVERY["promoted"])).text).split())
    for piece in (
        "Doubts",
        "window that triggered",
        "merchant=fuel",
        "calibration",
        "p95 per row",
        "rows went from right to wrong",
        "superiority",
        "Features beside the reference",
        "Every rule of the decision",
        "ana approved by cli, OS user root: “clear gain”",
        "champion moved from 3 to 4",
        "f" * 64,
        "autopilot rollback fraud",
    ):
        assert piece in text, piece


def test_a_run_that_compared_nothing_has_a_page_too():
    text = report_html(EVERY["failed_job"])
    assert "nothing was compared" in text.lower()
    assert "KeyError" in text
    assert "Champion against challenger" not in text


def test_the_course_is_in_order():
    text = report_html(EVERY["promoted"]).partition("Course of the run")[2]
    stages = ["checked", "training started", "judged", "approved", "champion moved"]
    places = [text.index(stage) for stage in stages]
    assert places == sorted(places)


def test_tag_escapes_text_and_attributes_and_keeps_markup():
    inner = tag("b", "a < b")
    assert tag("p", inner, " & ", class_='x"y') == '<p class="x&quot;y"><b>a &lt; b</b> &amp; </p>'
    assert isinstance(joined([inner, "<"]), Markup)
    assert joined([inner, "<"]) == "<b>a &lt; b</b>&lt;"
    assert items([]) == ""
    assert tag("line", x1=0, class_=None) == '<line x1="0"/>'


@pytest.mark.parametrize(("low", "high", "tone"), [(0.01, 0.05, "good"), (-0.05, -0.01, "bad"), (-0.01, 0.05, "open")])
def test_an_interval_is_drawn_around_zero(low: float, high: float, tone: str):
    drawn = pictures.difference({"value": (low + high) / 2, "low": low, "high": high}, 0.05)
    assert f'class="span {tone}"' in drawn
    places = [float(x) for x in re.findall(r'(?:x1|x2|cx)="([\d.]+)"', drawn)]
    assert all(0 <= x <= 200 for x in places)


def test_an_interval_that_was_not_measured_is_not_drawn():
    assert pictures.difference(None, 1.0) == ""
    assert pictures.reach([None]) == 1.0


def test_a_missing_interval_is_a_dash():
    lacking = replace(part("harm"), difference=None)
    assert "–" in report_html(trained(replace(FINE, differences=(part("overall"), lacking))).explanation())


def test_a_degenerate_interval_is_drawn_without_dividing_by_zero():
    flat = replace(part("overall"), difference=Interval(0.0, 0.0, 0.0))
    assert "svg" in report_html(trained(replace(FINE, differences=(flat,))).explanation())
