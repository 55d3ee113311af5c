"""What a backtest shows: counts, harm and cost, on the terminal and on the page."""

import json
from dataclasses import replace

import pytest

from autopilot.report.replay import replay_html
from autopilot.report.replay_text import backtest_text
from graph.model import Json
from graph.spec import Prices
from tests.unit.autopilot.backtests import BROKEN, DRIFTED, HARMED, World, harm, under
from tests.unit.autopilot.test_page import EVIL, Page
from tests.unit.graph.policy.builders import QUIET, SPEC

PRICES = Prices(train=10, promote=60, alert=20)
STORY = (QUIET, BROKEN, DRIFTED, HARMED, QUIET, HARMED)


def policy(found: Json, name: str) -> Json:
    return next(each for each in found["policies"] if each["name"] == name)


def test_the_record_and_the_present_are_alike_where_nothing_changed():
    found = World(STORY, promoted=True).shown()
    assert [each["name"] for each in found["policies"]] == ["recorded", "present"]
    assert (found["checks"], found["reproduced"], found["first_difference"]) == (6, 6, None)
    assert policy(found, "present") == {
        **policy(found, "recorded"),
        "name": "present",
        "label": "present",
        "source": "present.yaml",
        "digest": "policy",
    }
    assert "recorded and present decide alike at every check" in backtest_text(found)


def test_counts_over_the_checks():
    found = policy(World(STORY, promoted=True).shown(present=SPEC, other=under(max_drift=0.1)), "other")
    assert found["verdicts"] == {"healthy": 2, "broken_data": 1, "degraded": 3}
    # On the drift it trains where nobody did; on the harm it does what was really done, once promoted and once denied.
    assert (found["trainings"], found["trainings_unknown"]) == (3, 1)
    assert (found["promotions"], found["promotions_unknown"]) == (1, 1)
    assert (found["held_back"], found["questions"]) == (0, 1)


@pytest.mark.parametrize(
    ("acts", "before", "after"),
    [
        (None, 100.0, 0.0),  # it never acts
        (0, 10.0, 90.0),
        (2, 60.0, 40.0),
    ],
)
def test_harm_lies_before_or_after_the_first_act_on_the_version(acts: int | None, before: float, after: float):
    days = [DRIFTED if day == acts else QUIET for day in range(4)]
    windows = (harm(-1, 10.0), harm(0, 20.0), harm(1, 30.0), harm(2, 40.0))
    days[-1] = replace(days[-1], harm=windows)
    found = World(days).shown(present=SPEC, other=under(max_drift=0.1))
    assert policy(found, "other")["harm"] == {"before": before, "after": after}
    assert policy(found, "present")["harm"] == {"before": 100.0, "after": 0.0}


def test_a_window_seen_twice_counts_once_as_it_was_seen_last():
    first, last = replace(QUIET, harm=(harm(-3, 5.0),)), replace(QUIET, harm=(harm(-3, 7.0), harm(-2, 1.0)))
    found = World((first, last)).shown()
    assert [each["excess"] for each in found["windows"]] == [7.0, 1.0]
    assert policy(found, "recorded")["harm"] == {"before": 8.0, "after": 0.0}


def test_without_windows_nothing_is_said_of_harm_and_without_prices_nothing_of_cost():
    found = World((QUIET,)).shown()
    assert (policy(found, "recorded")["harm"], policy(found, "recorded")["cost"]) == (None, None)
    assert found["notes"] == ["harm: the stored evidence counts no wrong decisions, so nothing is said of it"]
    assert "wrong" not in backtest_text(found).partition("!")[0]


def test_cost_is_a_range_where_promotions_are_not_known():
    found = World((DRIFTED, QUIET)).shown(present=under(prices=PRICES), other=under(max_drift=0.1))
    assert policy(found, "other")["cost"] == {"low": 10, "high": 70}
    assert policy(found, "present")["cost"] == {"low": 0, "high": 0}
    assert "10 to 70" in backtest_text(found)
    assert found["prices"] == {"train": 10, "promote": 60, "alert": 20, "of": "present"}
    assert "cost: at the prices of present, for every column" in found["notes"]


def test_another_metric_than_the_one_measured_is_said():
    found = World((QUIET,)).shown(present=SPEC, other=under(metric="log_loss"))
    assert any("measured another metric" in note for note in found["notes"])


def test_explaining_shows_the_rules_that_came_out_otherwise():
    found = World((QUIET, DRIFTED)).shown(present=SPEC, other=under(max_drift=0.1))
    assert "the first decision that differs" not in backtest_text(found)
    text = backtest_text(found, explain=True)
    assert "the first decision that differs: run run-1" in text
    assert "amount drifted beyond max_drift 0.1" in text
    lines = [line.split() for line in text.splitlines()]
    assert ["max_drift", "✓", "–", "✗", "0.2", "(0.1)"] in lines
    assert not any(line[:1] == ["unexplained_drop"] for line in lines)  # both came to the same there


def test_many_differences_are_cut_and_counted():
    text = backtest_text(World([DRIFTED] * 30).shown(present=SPEC, other=under(max_drift=0.1)))
    assert "decide otherwise at 30 of 30 checks" in text
    assert "… and 10 more" in text


def test_a_stored_decision_that_is_another_today_is_shown():
    world = World((QUIET, QUIET))
    world.checks[0] = replace(world.checks[0], decision=replace(world.checks[0].decision, action="wait"))
    found = world.shown()
    assert found["reproduced"] == 1
    assert [(each["run"], each["differs_in"]) for each in found["changed"]] == [("run-0", ["action"])]
    assert "run-0 2026-03-01 10:30Z: healthy: wait → healthy: none; differs in action" in backtest_text(found)
    assert "Changed" in Page(replay_html(found)).text


def test_the_document_is_json():
    found = World(STORY, promoted=True).shown(present=under(prices=PRICES), other=under(max_drift=0.1))
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize(
    "found",
    [
        World((QUIET,)).shown(),
        World(STORY, promoted=True).shown(present=SPEC, other=under(max_drift=0.1)),
        World([replace(QUIET, harm=(harm(-1, -4.0), harm(0, 9.0)))] * 3).shown(present=under(prices=PRICES)),
    ],
    ids=["one check", "a story", "harm"],
)
def test_the_page_is_well_formed_and_loads_nothing(found: Json):
    page = Page(replay_html(found))
    assert page.wrong == []
    assert {"script", "link", "img", "iframe", "object"} & set(page.elements) == set()
    assert [value for name, value in page.attributes if name in ("src", "href") or name.startswith("on")] == []


def test_the_picture_has_a_lane_per_policy_and_a_sign_per_decision():
    found = World(STORY, promoted=True).shown(present=SPEC, other=under(max_drift=0.1))
    page = Page(replay_html(found))
    classes = [value for name, value in page.attributes if name == "class"]
    assert classes.count("lane") == 3
    # With one of each in the legend.
    assert classes.count("fix") == 3 + 1
    assert classes.count("acts unknown") == 1 + 1
    assert classes.count("acts") == 2 + 2 + 2 + 1
    assert classes.count("moved") == 1
    assert classes.count("differs") == sum(each["differs"] for each in found["decisions"])
    assert "version 4" in page.text


def test_nothing_from_outside_becomes_markup():
    strange = replace(DRIFTED, features=(replace(DRIFTED.features[0], name=EVIL), *DRIFTED.features[1:]))
    found = World((strange,)).shown(**{"present": SPEC, EVIL: under(max_drift=0.1)})
    page = replay_html({**found, "model": EVIL})
    assert EVIL not in page
    assert Page(page).wrong == []
    assert "script" not in Page(page).elements


def test_places_lie_within_the_picture():
    late = replace(QUIET, harm=(harm(-40, 3.0), harm(-1, 5.0)))
    page = Page(replay_html(World([late] * 3).shown()))
    places = [float(value or 0) for name, value in page.attributes if name in ("x", "cx", "x1", "x2")]
    assert min(places) >= 0
    assert max(places) <= 960
