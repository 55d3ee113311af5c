"""The gate: what passes, what fails, what cannot be told, and which of them wins."""

from dataclasses import replace

import pytest

from graph.codec import canonical, dump
from graph.model import Check, Comparison
from graph.policy.gate import judge, reported, verdict, worst
from graph.spec import Policy, ValidationSpec
from tests.unit.graph.policy.builders import DECIDED, SPEC, compared, part

BETTER = part("harm")
SAME = part("rest", -0.002, 0.004)
NOT_ON_HARM = replace(DECIDED, harm_from=None)


def outcomes(comparison, decision=DECIDED, no_champion=False, **validation):
    spec = replace(SPEC, validation=ValidationSpec(**validation))
    return {check.name: check for check in judge(comparison, spec, decision, no_champion)}


def test_a_challenger_that_is_fine_passes_every_check():
    checks = outcomes(compared(), max_latency_ms=20.0, minimum={"roc_auc": 0.8})

    assert list(checks) == [
        "loads", "schema", "rows", "superiority", "non_inferiority", "attempt", "calibration", "suspicion",
        "minimum:roc_auc", "latency",
    ]  # fmt: skip
    assert {check.outcome for check in checks.values()} == {"passed"}
    assert all(check.detail for check in checks.values())
    assert canonical([dump(check) for check in checks.values()])


@pytest.mark.parametrize(
    ("low", "high", "outcome", "value"),
    [
        (0.01, 0.05, "passed", 0.01),
        # The whole interval lies below: worse for certain.
        (-0.05, -0.01, "failed", -0.01),
        # It holds zero: nobody knows.
        (-0.01, 0.05, "inconclusive", -0.01),
        # It touches zero: not above it.
        (0.0, 0.05, "inconclusive", 0.0),
    ],
)
def test_superiority_needs_the_whole_interval_above_zero(low, high, outcome, value):
    check = outcomes(compared(part("overall"), part("harm", low, high), SAME))["superiority"]

    assert (check.outcome, check.value, check.limit) == (outcome, value, 0.0)
    assert "on the window that triggered" in check.detail


@pytest.mark.parametrize(
    ("overall", "harm", "outcome", "words"),
    [
        # No row of the window that triggered is labelled yet: all rows are judged.
        (part("overall"), None, "passed", "on all rows; none lie in the window that triggered"),
        (part("overall", -0.05, -0.01), None, "failed", "on all rows"),
        (part("overall"), replace(BETTER, rows=0), "passed", "none lie in the window"),
        # Too few rows, positives or blocks in it, or one class only.
        (
            part("overall"),
            replace(BETTER, rows=199),
            "passed",
            "on all rows (in the window that triggered 199 rows are too few)",
        ),
        (part("overall"), replace(BETTER, positives=19), "passed", "19 positives are too few"),
        (part("overall"), replace(BETTER, blocks=7), "passed", "7 blocks of time are too few"),
        (part("overall"), replace(BETTER, difference=None), "passed", "no interval could be made"),
        # Just enough of each: judged by itself.
        (part("overall"), replace(BETTER, rows=200, positives=20, blocks=8), "passed", "on the window that triggered"),
        # … but its few rows point the other way, or nowhere.
        (
            part("overall"),
            replace(BETTER, blocks=7, challenger=0.85),
            "inconclusive",
            "in that window it is no better",
        ),
        (
            part("overall"),
            replace(BETTER, blocks=7, challenger=0.84),
            "inconclusive",
            "in that window it is worse by 0.01",
        ),
        # … or cannot be told at all.
        (part("overall"), replace(BETTER, blocks=7, challenger=None), "passed", "on all rows"),
        # Nor are there enough rows altogether.
        (part("overall", blocks=7), None, "inconclusive", "cannot be told on all rows"),
        (replace(part("overall"), difference=None), None, "inconclusive", "no interval could be made"),
        (part("overall", low=float("nan")), None, "inconclusive", "no interval could be made"),
        (replace(part("overall"), rows=0), None, "inconclusive", "there are no rows"),
    ],
)
def test_a_window_too_small_is_judged_by_all_rows(overall, harm, outcome, words):
    check = outcomes(compared(*[found for found in (overall, harm) if found]))["superiority"]

    assert check.outcome == outcome
    assert words in check.detail


def test_without_a_window_that_triggered_all_rows_are_judged():
    check = outcomes(compared(part("overall")), NOT_ON_HARM)["superiority"]

    assert check.outcome == "passed"
    assert check.detail.endswith("on all rows")


@pytest.mark.parametrize(
    ("rest", "outcome"),
    [
        # Worse by less than the margin of 0.005 for certain.
        (part("rest", -0.004, 0.001), "passed"),
        # Worse by more for certain.
        (part("rest", -0.02, -0.006), "failed"),
        # Perhaps worse by more.
        (part("rest", -0.02, 0.01), "inconclusive"),
        # Eighteen rows before the window that triggered: judged with all the others.
        (part("rest", -0.2, -0.1, rows=18), "passed"),
        # No rows before it: nothing to check.
        (None, None),
    ],
)
def test_the_rest_may_not_be_worse_by_the_margin(rest, outcome):
    check = outcomes(compared(part("overall"), BETTER, *([rest] if rest else []))).get("non_inferiority")

    assert (check.outcome if check else None) == outcome
    assert check is None or check.limit == -0.005


@pytest.mark.parametrize(
    ("slices", "expected"),
    [
        # Better in the slice.
        ([part("slice:merchant=fuel")], ["passed"]),
        # Perhaps worse: a small slice cannot tell, and does not hold up the whole.
        ([part("slice:merchant=fuel", -0.2, 0.1, rows=40)], ["passed"]),
        # Worse than twice the margin for certain.
        ([part("slice:merchant=fuel", -0.08, -0.02)], ["failed"]),
        # Just beyond twice the margin.
        ([part("slice:merchant=fuel", -0.02, -0.0101)], ["failed"]),
        # Worse, but within twice the margin.
        ([part("slice:merchant=fuel", -0.02, -0.009)], ["passed"]),
        # One of five slices that are worse by a little at the level of one: widened to the level of five, chance.
        (
            [part("slice:merchant=fuel", -0.08, -0.011), *(part(f"slice:merchant={name}") for name in "abcd")],
            ["passed"] * 5,
        ),
        # One class only.
        ([replace(part("slice:merchant=fuel"), difference=None)], ["passed"]),
    ],
)
def test_a_slice_fails_only_for_certain(slices, expected):
    checks = outcomes(compared(part("overall"), BETTER, *slices))

    assert [check.outcome for name, check in checks.items() if name.startswith("slice:")] == expected


@pytest.mark.parametrize(
    ("changes", "name", "outcome"),
    [
        # Just enough rows and positives; one too few of either.
        ({"rows": 200, "positives": 20}, "rows", "passed"),
        ({"rows": 199}, "rows", "inconclusive"),
        ({"positives": 19}, "rows", "inconclusive"),
        # A column that the log does not hold.
        ({"schema_errors": ("wants colour, which the log does not hold",)}, "schema", "failed"),
        # A tenth above the champion's Brier score, and more.
        ({"calibration": {"champion": {"brier": 0.05}, "challenger": {"brier": 0.0549}}}, "calibration", "passed"),
        ({"calibration": {"champion": {"brier": 0.05}, "challenger": {"brier": 0.056}}}, "calibration", "failed"),
        ({"calibration": {"champion": {"brier": 0.05}}}, "calibration", "inconclusive"),
        ({"calibration": {"champion": {"brier": 0.05}, "challenger": {"brier": None}}}, "calibration", "inconclusive"),
        # As slow as the owner bears.
        ({"latency_ms": {"challenger": 20.0}}, "latency", "passed"),
        # Slower than the owner bears, or not measured.
        ({"latency_ms": {"challenger": 20.1}}, "latency", "failed"),
        ({"latency_ms": {"champion": 1.0}}, "latency", "inconclusive"),
        ({"latency_ms": {"challenger": float("nan")}}, "latency", "inconclusive"),
        # The owner's minimums: reached, missed, lower is better, without a value, unknown.
        ({}, "minimum:roc_auc", "passed"),
        ({"metrics": {"roc_auc": {"challenger": 0.79}}}, "minimum:roc_auc", "failed"),
        ({}, "minimum:log_loss", "passed"),
        ({"metrics": {"log_loss": {"challenger": 0.31}}}, "minimum:log_loss", "failed"),
        ({"metrics": {"roc_auc": {"challenger": None}}}, "minimum:roc_auc", "inconclusive"),
        ({"metrics": {"f1": {"challenger": 0.5}}}, "minimum:roc_auc", "error"),
        # A minimum for a number of the owner's own.
        ({"custom": {"profit": {"challenger": 12}}}, "minimum:profit", "passed"),
        ({"custom": {"profit": {"challenger": None}}}, "minimum:profit", "inconclusive"),
    ],
)
def test_what_a_challenger_must_show_beside_its_differences(changes, name, outcome):
    minimum = {"roc_auc": 0.8, "log_loss": 0.3, "profit": 10}
    checks = outcomes(compared(**changes), max_latency_ms=20.0, minimum=minimum)

    assert checks[name].outcome == outcome


@pytest.mark.parametrize(
    ("entry", "outcome", "detail"),
    [
        ({"champion": 1.0, "challenger": 2.0, "passed": True}, "passed", "the metric command says passed"),
        ({"champion": 1.0, "challenger": 2.0, "passed": False}, "failed", "the metric command says not passed"),
        # It broke: its own words.
        ({"champion": None, "challenger": None, "passed": False, "error": "exit 1"}, "failed", "exit 1"),
        # A bare number: nobody said what is good.
        ({"challenger": 2.0}, "inconclusive", "print passed, or set validation.minimum for profit"),
    ],
)
def test_the_owners_metric_command_has_a_say(entry, outcome, detail):
    check = outcomes(compared(custom={"profit": entry}))["custom:profit"]

    assert (check.outcome, check.detail) == (outcome, detail)


def test_a_number_with_a_minimum_needs_no_say():
    assert "custom:profit" not in outcomes(compared(custom={"profit": {"challenger": 12}}), minimum={"profit": 10})


def test_a_model_that_cannot_be_loaded_is_an_error_and_all_there_is_to_say():
    empty = Comparison(0, 0, (), {}, {}, {}, 0, load_error="needs lightgbm: set trust_model_code")
    checks = outcomes(empty)

    assert [(check.name, check.outcome) for check in checks.values()] == [("loads", "error")]
    assert verdict(tuple(checks.values())) == ("error", "loads: needs lightgbm: set trust_model_code")


@pytest.mark.parametrize(
    ("minimum", "outcome", "words"),
    [
        ({"roc_auc": 0.8}, "passed", "3 checks passed; minimum:roc_auc"),
        ({"roc_auc": 0.9}, "failed", "minimum:roc_auc: roc_auc is 0.88, asked for is 0.9"),
        # No minimum set: there is nothing a first candidate could be measured by.
        ({}, "inconclusive", "set validation.minimum, for instance roc_auc: 0.8"),
    ],
)
def test_a_first_candidate_is_judged_by_the_minimum(minimum, outcome, words):
    alone = compared(part("overall"), calibration={}, metrics={"roc_auc": {"challenger": 0.88}})
    checks = outcomes(alone, NOT_ON_HARM, no_champion=True, minimum=minimum)

    assert "superiority" not in checks
    found, reason = verdict(tuple(checks.values()))
    assert found == outcome
    assert words in reason or found == "passed"


# One month of hourly weather each, scored by the model trained on the three months before it.
@pytest.mark.parametrize(
    ("month", "overall", "brier", "outcome"),
    [
        # A clear gain.
        ("September", (0.05, 0.12), 0.05, "passed"),
        # Within the noise of days.
        ("June", (-0.06, 0.01), 0.12, "inconclusive"),
        # Trained on the wrong season.
        ("November", (-0.08, -0.01), 0.12, "failed"),
    ],
)
def test_seasons(month, overall, brier, outcome):
    rows = {"rows": 2160, "positives": 157, "blocks": 30}
    comparison = compared(
        part("overall", *overall, **rows),
        part("harm", *overall, **rows),
        calibration={"champion": {"brier": 0.12}, "challenger": {"brier": brier}},
    )

    assert worst(tuple(outcomes(comparison).values())) == outcome, month


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        ([], "inconclusive"),
        (["passed"], "passed"),
        (["passed", "inconclusive"], "inconclusive"),
        (["inconclusive", "failed", "passed"], "failed"),
        (["failed", "error", "inconclusive"], "error"),
    ],
)
def test_the_worst_outcome_wins(found, outcome):
    checks = tuple(Check(str(number), each, detail="why") for number, each in enumerate(found))

    assert worst(checks) == outcome
    assert verdict(checks)[0] == outcome


def test_the_reason_names_the_first_telling_check_and_counts_the_others():
    checks = (
        Check("rows", "passed"),
        Check("superiority", "failed", detail="worse"),
        Check("latency", "failed", detail="slow"),
    )

    assert verdict(checks) == ("failed", "superiority: worse (and 1 more check)")
    assert verdict(()) == ("inconclusive", "nothing was checked")
    assert verdict((Check("rows", "passed", detail="200 rows"),)) == ("passed", "1 check passed; rows: 200 rows")


NAN = float("nan")


@pytest.mark.parametrize(
    ("champion", "challenger", "metric", "minimum", "expected"),
    [
        ({"roc_auc": 0.8}, {"roc_auc": 0.81}, "roc_auc", {}, {"superiority": "passed"}),
        # As good is not better.
        ({"roc_auc": 0.8}, {"roc_auc": 0.8}, "roc_auc", {}, {"superiority": "failed"}),
        # Lower is better.
        ({"log_loss": 0.3}, {"log_loss": 0.2}, "log_loss", {}, {"superiority": "passed"}),
        # Missing or NaN on either side.
        ({}, {"roc_auc": 0.9}, "roc_auc", {}, {"superiority": "error"}),
        ({"roc_auc": 0.8}, {}, "roc_auc", {}, {"superiority": "error"}),
        ({"roc_auc": 0.8}, {"roc_auc": NAN}, "roc_auc", {}, {"superiority": "error"}),
        # Better, but below the owner's minimum, or without the number that it needs.
        ({"roc_auc": 0.6}, {"roc_auc": 0.7}, "roc_auc", {"roc_auc": 0.8},
         {"superiority": "passed", "minimum:roc_auc": "failed"}),
        ({"roc_auc": 0.6}, {"roc_auc": 0.7}, "roc_auc", {"f1": 0.8}, {"superiority": "passed", "minimum:f1": "error"}),
        ({"roc_auc": 0.6}, {"roc_auc": 0.7, "f1": NAN}, "roc_auc", {"f1": 0.8},
         {"superiority": "passed", "minimum:f1": "error"}),
        # A first candidate, with and without a minimum.
        (None, {"roc_auc": 0.81}, "roc_auc", {"roc_auc": 0.8}, {"minimum:roc_auc": "passed"}),
        (None, {"roc_auc": 0.81}, "roc_auc", {}, {"minimum": "inconclusive"}),
    ],
)  # fmt: skip
def test_reported_numbers_are_compared_as_they_are(champion, challenger, metric, minimum, expected):
    spec = replace(SPEC, policy=Policy(metric=metric), validation=ValidationSpec(kind="reported", minimum=minimum))

    assert {check.name: check.outcome for check in reported(champion, challenger, spec)} == expected


def test_a_missing_number_is_named_with_the_run_that_lacks_it():
    assert reported({}, {"roc_auc": 0.9}, SPEC)[0].detail == "the run of the champion logged no usable roc_auc"
    assert reported({}, {}, SPEC)[0].detail == "the run of the champion and of the challenger logged no usable roc_auc"


def test_an_unknown_minimum_names_what_is_known():
    assert outcomes(compared(), minimum={"auc": 0.8})["minimum:auc"].detail == (
        "auc was not measured; measured were: log_loss, roc_auc"
    )


def test_a_challenger_that_did_not_pass_is_told_by_the_metric_first():
    worse = compared(
        part("overall"),
        part("harm", -0.05, 0.01),
        SAME,
        calibration={"champion": {"brier": 0.05}, "challenger": {"brier": 0.06}},
    )
    reason = verdict(tuple(outcomes(worse).values()))[1]

    assert "worse by 0.02 [-0.01, 0.05] on the window that triggered (not certain); calibration: Brier" in reason
