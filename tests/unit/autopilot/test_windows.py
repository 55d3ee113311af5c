"""The windows around a change, drawn from what the ledger keeps: nothing invented, no label on another."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape

import pytest

from autopilot.report.around import Around, around
from autopilot.report.page import report_html
from autopilot.report.windows import windows
from graph.evidence import Evidence
from graph.model import Json
from tests.unit.autopilot import documents
from tests.unit.autopilot.courses import CHANGED, FIRST, changed, check, course, harmed, past
from tests.unit.autopilot.documents import DEGRADED, NINE, checked, trained
from tests.unit.autopilot.test_page import EVIL, Page
from tests.unit.graph.policy.builders import AMOUNT, DAY, HOUR, MERCHANT, NOW, QUIET, with_labels

EVERY = documents.every()
LETTER = 6.6
TEXT = re.compile(r'<text x="([-\d.]+)" y="([-\d.]+)" class="([^"]*)"(?: text-anchor="(\w+)")?>([^<]*)</text>')


def seen(found: Json, course_: Json) -> Around:
    drawn = around(found, course_)
    assert drawn
    return drawn


def drawing(found: Json, course_: Json) -> str:
    return windows(found, course_).partition("<svg ")[2].partition("</svg>")[0]


def boxes(svg: str) -> list[tuple[float, float, float, float, str]]:
    """Return where each label of a drawing lies: left, right, top, bottom."""
    found = []
    for x, y, _, anchor, text in TEXT.findall(svg):
        wide = LETTER * len(unescape(text))
        left = float(x) - {"end": wide, "middle": wide / 2}.get(anchor, 0.0)
        found.append((left, left + wide, float(y) - 10, float(y) + 2, text))
    return found


def test_a_change_is_drawn_with_its_beginning_what_was_learned_and_what_is_set_aside():
    found, known = changed().explanation(), course()
    drawn = seen(found, known)
    assert drawn.since == CHANGED
    assert [panel.name for panel in drawn.panels] == ["roc_auc", "Brier loss", "PSI of amount"]
    assert [len(panel.points) for panel in drawn.panels] == [18, 18, 18]
    assert [bar.name for bar in drawn.bars] == ["newest rows", "labelled rows", "trained on", "set aside"]
    svg = drawing(found, known)
    assert svg.count('class="since"') >= 3 + 1  # a stroke through every panel, and the word on it
    assert "harm began 2026-02-17" in svg
    assert svg.count('class="aside"') == 3


def test_what_is_worse_than_chance_stands_out():
    drawn = seen(changed().explanation(), course())
    for panel in drawn.panels:
        assert [point.strange for point in panel.points] == [False] * 10 + [True] * 8


def test_it_is_told_in_words_and_in_tables():
    text = " ".join(Page(str(windows(changed().explanation(), course()))).text)
    for said in (
        "18 windows that checks have counted, from 2026-02-07 to 2026-02-28",
        "The harm began with the window of 2026-02-17.",
        "Worse than chance explains: roc_auc in 8 of 18, Brier loss in 8 of 18, PSI of amount in 8 of 18.",
        "Set aside as broken: 2026-02-09.",
        "The challenger learned from",
        "The same numbers as tables",
        "0.6600 [0.6100, 0.7100]",
        "-8.765 to 8.765",
    ):
        assert said in text, said


def test_the_drawing_has_a_title_and_a_description():
    svg = drawing(changed().explanation(), course())
    assert 'role="img"' in svg
    assert re.search(r'aria-labelledby="around-title".*<title id="around-title">', svg)
    assert re.search(r'<desc id="around-said">18 windows that checks have counted', svg)


@pytest.mark.parametrize("kind", EVERY)
def test_without_a_course_there_are_words_and_no_drawing(kind: str):
    text = report_html(EVERY[kind])
    assert 'class="around"' not in text
    assert any(
        said in text
        for said in (
            "of fewer than two windows the ledger keeps a number",
            "a person asked for a return",
            "There is no decision yet",
            "what was measured is not kept any more",
        )
    )


def test_one_window_is_no_course():
    assert around(EVERY["quiet"], past(check(QUIET, NOW - DAY))) is None
    assert around(EVERY["quiet"], past(check(QUIET, NOW - 2 * DAY), check(QUIET, NOW - DAY)))


def test_the_newest_check_of_a_window_counts():
    drawn = seen(EVERY["quiet"], past(check(DEGRADED, NOW - DAY), check(QUIET, NOW - DAY), check(QUIET, NOW)))
    assert [[point.value for point in panel.points] for panel in drawn.panels] == [[0.905, 0.905], [0.0, 0.0]]


def test_where_no_feature_is_to_blame_all_are_counted():
    found = checked(replace(harmed(), features=(AMOUNT, MERCHANT))).explanation()
    moved = check(replace(QUIET, features=(replace(AMOUNT, psi=0.3), MERCHANT)), NOW)
    drawn = seen(found, past(check(QUIET, NOW - DAY), moved))
    assert drawn.panels[-1].name == "moved features"
    assert [point.value for point in drawn.panels[-1].points] == [0.0, 50.0]


def test_lost_labels_are_drawn_beside_what_was_foreseen():
    lost = with_labels(positives=10, positive_lift_low=0.17, positive_lift_high=0.16)
    found = checked(lost).explanation()
    assert found["decision"]["cause"] == "label_quality"
    drawn = seen(found, past(check(QUIET, NOW - DAY), check(lost, NOW)))
    panel = next(panel for panel in drawn.panels if panel.name == "positive labels")
    assert [point.strange for point in panel.points] == [False, True]


def test_the_loss_of_a_regression_takes_the_place_of_the_brier_loss():
    found = changed().explanation()
    losses = [
        {"start": each["start"], "end": each["end"], "rows": 10, "excess": 1.0, "variance": 0.01}
        for each in found["evidence"]["harm"]
    ]
    found["evidence"] = {**found["evidence"], "harm": [], "outcome": {"losses": losses}}
    panel = next(panel for panel in seen(found, past()).panels if panel.name == "loss")
    assert (panel.points[0].value, panel.points[0].strange) == (100.0, True)


def test_windows_that_another_version_served_are_told_apart_and_not_counted():
    known = past(check(DEGRADED, NOW - 3 * DAY, champion="2"), *(check(QUIET, NOW - at * DAY) for at in (2, 1)))
    assert [point.other for point in seen(EVERY["quiet"], known).panels[0].points] == [True, False, False]
    text = str(windows(EVERY["quiet"], known))
    assert "served by another version" in text
    assert "Worse than chance explains" not in text


def test_a_quiet_course_has_no_beginning():
    text = str(windows(EVERY["quiet"], past(check(QUIET, NOW - DAY), check(QUIET, NOW))))
    assert "harm began" not in text
    assert "up to this check" in text


def test_harm_without_a_date_says_so():
    text = str(windows(EVERY["training"], past(check(QUIET, NOW - DAY), check(DEGRADED, NOW))))
    assert "No window is dated as the beginning of it." in text


def test_rows_learned_from_long_before_do_not_squeeze_the_windows():
    shelf = changed()
    assert shelf.decision
    shelf.decision = replace(shelf.decision, train_from=NOW - 700 * DAY)
    drawn = seen(shelf.explanation(), course())
    assert drawn.end - drawn.start < 60 * DAY
    assert "◂" in drawing(shelf.explanation(), course())
    assert "The challenger learned from 2024-" in str(windows(shelf.explanation(), course()))


def test_training_leaves_out_what_is_excluded_and_what_is_set_aside():
    shelf = changed()
    assert shelf.decision
    shelf.decision = replace(
        shelf.decision, train_from=FIRST, train_until=FIRST + 10 * DAY, exclude=((FIRST + 5 * DAY, FIRST + 6 * DAY),)
    )
    bar = next(bar for bar in seen(shelf.explanation(), course()).bars if bar.name == "trained on")
    days = [((start - FIRST) // DAY, (end - FIRST) // DAY) for start, end in bar.spans]
    assert days == [(0, 2), (3, 5), (6, 10)]


@pytest.mark.parametrize("length", [timedelta(minutes=5), HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY])
def test_no_label_touches_another_whatever_the_length_of_a_window(length: timedelta):
    evidence = replace(harmed(length=length), features=(replace(AMOUNT, name="m" * 300, psi=0.3), *NINE[1:]))
    well = replace(evidence, features=(replace(AMOUNT, name="m" * 300), *NINE[1:]), labels=QUIET.labels)
    known = past(
        *(check(well, FIRST + at * length, length=length) for at in range(4, 14)),
        *(check(evidence, FIRST + at * length, length=length) for at in range(14, 22)),
        aside=((FIRST + 2 * length, FIRST + 3 * length),),
    )
    labels = boxes(drawing(changed(evidence).explanation(), known))
    assert len(labels) > 15
    overlapping = [
        (one[4], other[4])
        for at, one in enumerate(labels)
        for other in labels[at + 1 :]
        if one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]
    ]
    assert overlapping == []
    assert [text for left, right, _, _, text in labels if left < 0 or right > 720] == []


@pytest.mark.parametrize("days", [1, 9, 16, 17])
def test_the_word_on_the_beginning_stays_inside(days: int):
    shelf = changed()
    assert shelf.decision
    shelf.decision = replace(shelf.decision, since=FIRST + days * DAY)
    (label,) = [box for box in boxes(drawing(shelf.explanation(), course())) if "harm began" in box[4]]
    assert 0 <= label[0] < label[1] <= 720


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.0), (1e-7, 2e-7), (0.3, 0.3), (0.0, 1e9), (12345.0, 12346.0)])
def test_any_numbers_can_be_drawn(low: float, high: float):
    def at(psi: float) -> Evidence:
        return replace(QUIET, features=(replace(AMOUNT, psi=psi, psi_noise=None),))

    svg = drawing(EVERY["quiet"], past(check(at(low), NOW - DAY), check(at(high), NOW)))
    places = [float(y) for y in re.findall(r'cy="([-\d.]+)"', svg)]
    assert len(places) == 4
    assert all(0 <= y <= 400 for y in places)


def test_names_from_outside_are_text():
    evil = replace(harmed(), features=(replace(AMOUNT, name=EVIL[:38], psi=0.3),))
    text = report_html(changed(evil).explanation(), past(*(check(evil, NOW - at * DAY) for at in (2, 1))))
    page = Page(text)
    assert page.wrong == []
    assert {"script", "img"} & set(page.elements) == set()
    assert "svg" in page.elements
    assert "<script" not in text


def test_a_trained_challenger_shows_on_which_rows_it_was_compared():
    found = trained(evidence=harmed()).explanation()
    assert "compared on" in [bar.name for bar in seen(found, course()).bars]
    assert "Both were compared on" in str(windows(found, course()))


def test_times_of_day_are_kept_where_windows_are_short():
    found = changed(harmed(first=datetime.fromisoformat("2026-02-28T06:00:00Z"), length=HOUR)).explanation()
    assert "The harm began with the window of 2026-02-28 16:00Z." in str(windows(found, past()))
