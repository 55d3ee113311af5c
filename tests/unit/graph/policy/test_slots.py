"""Who is given a training slot, in which order, and how sure a fleet asks a harm to be."""

import math
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from graph.evidence import HarmWindow
from graph.fleet import Begun, Claim, Holder, Want
from graph.model import Candidate, Decision, History
from graph.policy import slots
from graph.policy.retraining import decide
from graph.spec import FleetSpec, Policy, Prices
from tests.unit.graph.policy.builders import DAY, DEGRADED, HOUR, NOW, QUIET, SPEC, with_labels

ROUND = slots.ROUND
ASKING = replace(SPEC, fleet=FleetSpec(slots=2, false_retrains=0.1, models=40))
RETRAIN = Decision("degraded", "concept_drift", "retrain", "worse", (), since=NOW - 10 * DAY)


def claim(model: str, gain: float = 1.0, basis: str = "loss", cost: float = 0.0, log_e: float | None = None, **given):
    want = Want(basis, gain, cost, log_e)  # type: ignore[arg-type]
    known = {"since": NOW - HOUR, "seen_at": NOW, "stands_for": 2 * HOUR, **given}
    return Claim(model, f"run-{model}", want=want, **known)


def place(mine: Claim, *others: Claim, in_use: tuple[str, ...] = (), begun: tuple[Begun, ...] = (), **fleet: object):
    shared = FleetSpec(**{"slots": 2, "models": 40, **fleet})  # type: ignore[arg-type]
    return slots.place(mine, [mine, *others], in_use, begun, shared, NOW)


@pytest.mark.parametrize(
    "line",
    [
        [claim("a", 5.0), claim("b", 4.0)],
        [claim("z", 9.0, "prices", 3.0), claim("a", 10.0, "prices", 5.0)],
        # Prices come first: what is not priced cannot be held against what is.
        [claim("z", 1.0, "prices", 10.0), claim("a", 99.0)],
        [claim("z", 0.0), claim("a", basis="unknown")],
        [claim("z", since=NOW - 2 * HOUR), claim("a")],
        [claim("a"), claim("b")],
        [claim("a"), claim("z", 99.0, gave_back_at=NOW - 5 * HOUR)],
        [claim("z", 99.0, gave_back_at=NOW - 6 * HOUR), claim("a")],
        # A price below one wrong decision is one: else what costs nothing is worth infinitely much.
        [claim("b", 2.0, "prices", 0.5), claim("z", 1.0, "prices", 0.0)],
    ],
)
def test_the_line_has_an_order_that_does_not_depend_on_who_came_first(line: list[Claim]):
    for given in (line, line[::-1]):
        assert [each.model for each in slots.ordered(given, NOW)] == [each.model for each in line]


@pytest.mark.parametrize(
    ("gain", "in_use", "number", "granted"),
    [
        (9.0, (), 1, True),
        (2.5, (), 2, True),
        (1.0, (), 4, False),
        (9.0, ("x",), 1, True),
        (2.5, ("x",), 2, False),
        (9.0, ("x", "y"), 1, False),
        (9.0, ("x", "y", "z"), 1, False),
    ],
)
def test_a_slot_is_for_those_whom_the_free_ones_hold(gain, in_use, number, granted):
    found = place(claim("m", gain), claim("a", 3.0), claim("b", 2.0), claim("c", 1.5), in_use=in_use)
    assert (found.number, found.of, found.granted, found.in_use) == (number, 4, granted, in_use)


@pytest.mark.parametrize(
    ("waited", "granted"), [(timedelta(0), False), (ROUND - timedelta(seconds=1), False), (ROUND, True)]
)
def test_the_first_to_ask_waits_until_its_round_has_asked(waited, granted):
    assert place(claim("m", since=NOW - waited)).granted is granted


def test_without_a_number_of_slots_nobody_waits_for_one():
    found = place(claim("m", since=NOW), claim("a", 9.0), slots=None)
    assert (found.granted, found.number) == (True, 2)


@pytest.mark.parametrize(
    ("seen", "number"), [(NOW, 2), (NOW - 2 * HOUR + timedelta(seconds=1), 2), (NOW - 2 * HOUR, 1), (NOW + DAY, 2)]
)
def test_a_wish_that_no_check_repeats_is_gone(seen: datetime, number: int):
    assert place(claim("m"), claim("a", 9.0, seen_at=seen)).number == number


def test_who_is_called_is_who_would_be_granted():
    line = [claim(name, gain) for name, gain in zip("abcde", (1.0, 5.0, 4.0, 3.0, 2.0), strict=True)]
    line.append(claim("new", 4.5, since=NOW))
    fleet = FleetSpec(slots=3, models=40)
    for in_use in ((), ("x",), ("x", "y", "z", "more than there are")):
        called = slots.called(line, in_use, (), fleet, NOW)
        granted = [each.model for each in line if slots.place(each, line, in_use, (), fleet, NOW).granted]
        assert sorted(called) == sorted(granted)
    # `new` keeps the second place although it may not take it yet: nobody behind it slips in.
    assert slots.called(line, (), (), fleet, NOW) == ["b", "c"]


def logs(*values: float) -> list[float]:
    return [math.log(value) for value in values]


@pytest.mark.parametrize(
    ("values", "taken"),
    [
        ([], 0),
        (logs(399), 0),
        (logs(401), 1),
        (logs(201, 201), 2),
        (logs(399, 199), 0),
        (logs(1e9, 150, 140), 3),
        (logs(1e9, 150, 130), 1),
        (logs(101, 101, 101, 101), 4),
    ],
)
def test_e_bh_takes_the_most_whose_least_sure_is_sure_enough(values, taken):
    """40 hypotheses at 10 %: one alone needs 400, two 200 each, three 134, four 100."""
    assert slots.sure(values, 40, 0.1) == taken
    assert slots.sure(values[::-1], 40, 0.1) == taken


def test_a_harm_that_is_not_sure_enough_stands_in_no_line_and_takes_nobodys_place():
    unsure, other = claim("m", 99.0, log_e=math.log(150)), claim("a", log_e=math.log(500))
    assert (place(unsure, other).number, place(unsure, other).granted) == (None, False)
    assert place(unsure, other).log_e_asked == pytest.approx(math.log(200))
    assert (place(other, unsure).number, place(other, unsure).of) == (1, 1)
    assert place(other, unsure).log_e_asked == pytest.approx(math.log(400))
    assert slots.called([unsure, other], (), (), FleetSpec(2, 0.1, 40), NOW) == ["a"]


def test_what_was_begun_lately_counts_beside_what_is_wished():
    """Two sure ones together need half as much each, of one hypothesis more."""
    mine, begun = claim("m", log_e=math.log(210)), (Begun("a", NOW - DAY, math.log(300)),)
    assert place(mine).number is None
    found = place(mine, begun=begun)
    assert (found.number, found.sure, found.hypotheses) == (1, 2, 41)


def test_a_wish_without_an_e_value_is_not_asked_how_sure_it_is():
    found = place(claim("m"), claim("a", log_e=0.1))
    assert (found.number, found.log_e_asked) == (1, None)


def rules(place_of, **given):
    decision = decide(with_labels(), DEGRADED, History(place=place_of, **given), ASKING, NOW)
    return decision, {rule.rule: rule for rule in decision.rules}


@pytest.mark.parametrize(
    ("found", "action", "said"),
    [
        (place(claim("fraud", 9.0)), "retrain", "0 of 2 in use; 1st of 1 in line, because its unexplained loss is 9"),
        (
            place(claim("fraud", 9.0), in_use=("x", "y")),
            "wait",
            "waiting for a slot: 2 of 2 in use by x, y; 1st of 1 in line, because",
        ),
        (
            place(claim("fraud", 6.0, "prices", 2.0), claim("a", 9.0, "prices", 1.0), in_use=("x",)),
            "wait",
            "waiting for a slot: 1 of 2 in use by x; 2nd of 2 in line, because a cure saves at most 6 wrong decisions "
            "for a price of 2: 3 for one of its price, after a",
        ),
        (
            place(claim("fraud", since=NOW)),
            "wait",
            "given from 2026-03-01T10:45:00Z on, when the others of its round have asked",
        ),
        (place(claim("fraud", since=NOW), slots=None), "retrain", "fleet.slots is not set"),
        (None, "retrain", "takes no slot"),
    ],
)  # fmt: skip
def test_the_rule_says_where_a_wish_stands_and_why(found, action, said):
    decision, seen = rules(found)
    assert decision.action == action
    assert said in seen["slots"].detail
    assert (said in decision.reason) is (action == "wait")
    assert decision.place == found


def test_the_rule_holds_the_place_in_line_against_the_free_slots():
    _, seen = rules(place(claim("fraud", 1.0), claim("a", 9.0), claim("b", 8.0), in_use=("x",)))
    assert (seen["slots"].outcome, seen["slots"].value, seen["slots"].limit) == ("blocked", 3, 1)


def test_an_unsure_harm_is_held_back_with_what_is_asked_of_it():
    decision, seen = rules(place(claim("fraud", log_e=math.log(150)), claim("a", log_e=math.log(500))))
    rule = seen["false_retrains"]
    assert (rule.outcome, rule.value, rule.limit) == ("blocked", pytest.approx(5.010635), pytest.approx(5.298317))
    assert "log e 5.011, 5.298 asked for among 40 models and trainings begun lately; at most 10 %" in decision.reason
    assert seen["slots"].outcome == "not_reached"


def test_without_a_fleet_nothing_is_asked_and_an_earlier_rule_comes_first():
    alone = decide(with_labels(), DEGRADED, History(), SPEC, NOW)
    assert {"slots", "false_retrains"}.isdisjoint(rule.rule for rule in alone.rules)
    _, seen = rules(place(claim("fraud")), active_run="r")
    assert (seen["slots"].outcome, seen["false_retrains"].outcome) == ("not_reached", "not_reached")


@pytest.mark.parametrize(
    ("decision", "spec", "stands"),
    [
        (RETRAIN, ASKING, True),
        (RETRAIN, SPEC, False),
        (replace(RETRAIN, reuse=Candidate("7", "r", "k")), ASKING, False),
        (replace(RETRAIN, action="wait"), ASKING, False),
        (replace(RETRAIN, action="rollback"), ASKING, False),
        (replace(RETRAIN, demoted="r"), ASKING, False),
        (RETRAIN, replace(ASKING, policy=Policy(mode="shadow")), False),
    ],
)
def test_only_a_new_training_stands_in_line(decision, spec, stands):
    assert slots.lines_up(decision, spec) is stands


PRICED = Policy(prices=Prices(train=30.0, promote=10.0, alert=1.0))


def harmed(windows: int = 20, wrong: float = 0.0):
    """Evidence whose sequential test follows so many days, the last five of them with wrong decisions."""
    quiet = [
        HarmWindow(NOW - day * DAY, NOW - (day - 1) * DAY, 1000, 0.0, 60.0, 0, 0.0, 160.0)
        for day in range(windows, 5, -1)
    ]
    bad = [
        HarmWindow(NOW - day * DAY, NOW - (day - 1) * DAY, 1000, wrong * 1000, 60.0, 0, wrong * 1000, 160.0)
        for day in range(5, 0, -1)
    ]
    return replace(with_labels(), harm=(*quiet, *bad))  # fmt: skip


@pytest.mark.parametrize(
    ("decision", "evidence", "policy", "basis", "gain", "cost"),
    [
        (RETRAIN, harmed(wrong=0.1), PRICED, "prices", pytest.approx(0.1 * 1000 * 10, rel=0.01), 40.0),
        (RETRAIN, harmed(wrong=0.1), Policy(), "loss", pytest.approx(0.1 * 1000 * 30, rel=0.01), 0.0),
        (RETRAIN, with_labels(), Policy(), "loss", pytest.approx(0.0004 * 1000 * 30), 0.0),
        (replace(RETRAIN, cause="no_champion"), with_labels(), Policy(), "unknown", 0.0, 0.0),
        (RETRAIN, replace(QUIET, labels=None), Policy(), "unknown", 0.0, 0.0),
    ],
)
def test_a_wish_is_worth_the_harm_seen_over_the_horizon(decision, evidence, policy, basis, gain, cost):
    spec = replace(ASKING, policy=replace(policy, horizon=(10 if policy.prices else 30) * DAY))
    found = slots.want(decision, evidence, History(), spec)
    assert (found.basis, found.gain, found.cost) == (basis, gain, cost)


def test_an_e_value_is_the_tests_divided_by_the_windows_it_may_have_begun_at():
    one = slots.want(RETRAIN, harmed(20, 0.1), History(), ASKING).log_e
    other = slots.want(RETRAIN, harmed(40, 0.1), History(), ASKING).log_e
    assert one is not None and other is not None
    assert one - other == pytest.approx(math.log(40) - math.log(20))
    assert slots.want(replace(RETRAIN, cause="covariate_shift"), harmed(20, 0.1), History(), ASKING).log_e is None
    assert slots.want(RETRAIN, with_labels(), History(), ASKING).log_e is None


@pytest.mark.parametrize(
    ("given", "occupied", "late"),
    [
        ({}, True, False),
        ({"since": NOW - HOUR}, True, True),
        ({"since": NOW - HOUR, "decided": False}, True, True),
        # Its job was asked for: it may train, however long that is ago and whatever is known of it.
        ({"since": NOW - DAY, "called": True}, True, False),
        ({"since": NOW - DAY, "called": True, "job": "queued"}, True, False),
        ({"since": NOW - DAY, "called": True, "job": "running"}, True, False),
        ({"since": NOW - DAY, "called": True, "job": "unknown"}, True, False),
        # Nothing trains any more, whatever holds up its run.
        ({"since": NOW - DAY, "called": True, "job": "succeeded"}, False, False),
        ({"since": NOW - DAY, "called": True, "job": "failed"}, False, False),
        ({"since": NOW - DAY, "called": True, "job": "cancelled"}, False, False),
    ],
)
def test_a_slot_is_kept_by_what_may_train_and_for_a_while_by_what_has_not_begun(given, occupied, late):
    known = {"decided": True, "since": NOW, "called": False, "job": None, **given}
    held = Holder("run-a", "a", **known)
    assert slots.occupied([held]) == (["a"] if occupied else [])
    assert slots.late([held], NOW) == ([held] if late else [])
