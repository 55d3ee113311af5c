"""Harm: how far the metric fell beyond what the scores foresee, how sure that is, and what carries it."""

from dataclasses import replace

import pytest

from graph.evidence import Interval
from graph.policy.harm_rules import (
    DRIFT_RULES,
    EXPLANATION_RULES,
    HARM_RULES,
    MEASURED_RULES,
    drifted,
    performance,
    sequential_harm,
)
from graph.policy.rules import walk
from graph.policy.sequence import Sequential
from tests.unit.graph.policy.builders import AMOUNT, MERCHANT, NOW, QUIET, case, with_feature, with_labels

SURE = Interval(0.012, 0.006, 0.018)
UNSURE = Interval(0.012, -0.001, 0.025)
WORSE = Interval(0.88, 0.85, 0.91)
UNIFORM = {"positive_lift_low": 1.6, "positive_lift_high": 1.5}


def realised(value: float) -> Interval:
    return Interval(value, value - 0.02, value + 0.02)


ROSE = {"metric": "log_loss", "foreseen": 0.2, "realised": realised(0.25), "brier_excess": SURE}


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        # As foreseen.
        ({}, None),
        # Worse than foreseen by more than max_drop, and surely so.
        ({"realised": WORSE, "brier_excess": SURE}, "concept_drift"),
        # By exactly max_drop (0.02) counts …
        ({"foreseen": 0.5, "realised": realised(0.48), "brier_excess": SURE}, "concept_drift"),
        # … less is borne, however sure.
        ({"realised": realised(0.895), "brier_excess": SURE}, None),
        # A loss that may be nothing at all is not certain.
        ({"realised": Interval(0.85, 0.80, 0.90), "brier_excess": Interval(0.01, 0.0, 0.02)}, None),
        # A large drop that may be chance.
        ({"realised": Interval(0.85, 0.80, 0.90), "brier_excess": UNSURE}, None),
        # Better than foreseen, badly calibrated: no harm in this metric.
        ({"realised": realised(0.95), "brier_excess": SURE}, None),
        # Lower is better: a loss that rose.
        (ROSE, "concept_drift"),
        # Lower is better: a loss that fell.
        ({"metric": "log_loss", "foreseen": 0.25, "realised": realised(0.20), "brier_excess": SURE}, None),
        # A loss that rose because positives became more frequent everywhere alike.
        ({**ROSE, **UNIFORM}, "label_shift"),
        # … or rarer everywhere alike.
        (
            {"metric": "brier", "foreseen": 0.2, "realised": realised(0.25), "brier_excess": SURE,
             "positive_lift_low": 0.7, "positive_lift_high": 0.6},
            "label_shift",
        ),
        # Uniformly, within a factor of 1.5; hardly more frequent at one end.
        ({**ROSE, "positive_lift_low": 1.3, "positive_lift_high": 1.9}, "label_shift"),
        ({**ROSE, "positive_lift_low": 1.3, "positive_lift_high": 2.0}, "concept_drift"),
        ({**ROSE, "positive_lift_low": 1.2, "positive_lift_high": 1.6}, "concept_drift"),
        # More frequent at one end only: the concept.
        (
            {**ROSE, "positive_lift_low": 4.0, "positive_lift_high": 1.3},
            "concept_drift",
        ),
        # A uniform shift leaves a ranking as it was: what hurt the ranking is the concept.
        ({"realised": WORSE, "brier_excess": SURE, **UNIFORM}, "concept_drift"),
    ],
)  # fmt: skip
def test_harm_is_an_unexplained_drop_that_is_certain(changes, cause):
    walked = walk(HARM_RULES, case(with_labels(**changes)))

    assert (walked.conclusion.cause if walked.conclusion else None) == cause
    assert walked.rules[0].outcome == "passed"
    assert walked.rules[-1].limit == 0.02


@pytest.mark.parametrize(
    ("newest", "log_e", "said"),
    [
        (2.0, 9.0, ": alarm"),
        (0.5, 9.0, ": no alarm, the newest window shows none"),
        (2.0, 3.0, ": no alarm, it may be chance"),
        (0.5, 0.0, "nothing speaks for harm"),
    ],
)
def test_the_sequential_test_says_whether_it_calls_it_harm(newest, log_e, said):
    seen = Sequential(log_e, NOW, windows=3, rows=300, wrong_rate=0.1, newest=newest)
    rule = sequential_harm(replace(case(with_labels()), harm=seen))

    assert rule.conclusion is None
    assert rule.detail.endswith(said)


def test_a_drop_that_may_be_chance_says_so():
    walked = walk(HARM_RULES, case(with_labels(realised=Interval(0.85, 0.8, 0.9), brier_excess=UNSURE)))

    assert walked.rules[0].detail == (
        "Brier excess 0.012 [-0.001, 0.025]: over all these rows together an unexplained loss is not certain"
    )
    assert walked.rules[-1].detail == "roc_auc is 0.85 [0.8, 0.9], foreseen 0.91; the drop may be chance"


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        # The metric's interval reaches up to what is foreseen, less what is borne: chance.
        ({"realised": Interval(0.85, 0.80, 0.90)}, None),
        # It does not, and yet the loss may be chance: too little to call it harm, too much to call it health.
        ({"realised": Interval(0.85, 0.81, 0.889)}, "insufficient"),
        # Where lower is better the other end of the interval is the best one.
        ({"metric": "log_loss", "foreseen": 0.2, "realised": Interval(0.3, 0.19, 0.41)}, None),
        ({"metric": "log_loss", "foreseen": 0.2, "realised": Interval(0.3, 0.25, 0.35)}, "insufficient"),
    ],
)
def test_a_drop_that_only_the_metric_is_sure_of_is_waited_out(changes, verdict):
    walked = walk(HARM_RULES, case(with_labels(brier_excess=UNSURE, **changes)))

    assert (walked.conclusion.verdict if walked.conclusion else None) == verdict


def test_an_owner_may_bear_more():
    assert walk(HARM_RULES, case(with_labels(realised=WORSE, brier_excess=SURE), max_drop=0.1)).conclusion is None


@pytest.mark.parametrize(
    "changes",
    [
        {"realised": None},
        {"foreseen": None},
        {"brier_excess": None},
        {"foreseen": float("nan")},
        {"realised": Interval(0.9, float("nan"), 0.95)},
        {"brier_excess": Interval(0.0, 0.0, float("inf"))},
    ],
)
def test_performance_is_whole_or_not_at_all(changes):
    subject = case(with_labels(**changes))

    assert performance(subject) is None
    walked = walk(MEASURED_RULES, subject)
    assert walked.conclusion is not None
    assert walked.conclusion.verdict == "insufficient"
    assert [rule.outcome for rule in walk((*HARM_RULES, *EXPLANATION_RULES), subject).rules] == ["passed"] * 4


def test_no_labels_is_no_performance():
    walked = walk(MEASURED_RULES, case(replace(QUIET, labels=None), metric="f1"))

    assert walked.conclusion is not None
    assert walked.conclusion.reason == "f1 could not be measured on the labelled rows"


@pytest.mark.parametrize(
    ("changes", "limit", "blamed"),
    [
        # Not set.
        ({"psi": 3.0}, None, []),
        # Within the limit, and beyond it.
        ({"psi": 0.1}, 0.1, []),
        ({"psi": 0.11}, 0.1, ["amount"]),
        # Beyond the limit, but a small window wanders that far by chance.
        ({"psi": 0.2, "psi_noise": 0.24}, 0.1, []),
        # Noise not known: the limit alone counts.
        ({"psi": 0.2, "psi_noise": None}, 0.1, ["amount"]),
        # PSI not known, as of a column without values.
        ({"psi": None}, 0.1, []),
        ({"psi": float("nan")}, 0.1, []),
        # Nothing moved at all.
        ({"psi": 0.0}, 0.1, []),
    ],
)
def test_drift_acts_only_beyond_the_owners_limit_and_its_noise(changes, limit, blamed):
    walked = walk(DRIFT_RULES, case(with_feature(**changes), max_drift=limit))

    blame = walked.conclusion.blame if walked.conclusion else ()
    assert [seen.feature for seen in blame] == blamed


def test_drift_within_the_limit_is_shown():
    walked = walk(DRIFT_RULES, case(with_feature(psi=0.08), max_drift=0.1))

    assert (walked.rules[0].value, walked.rules[0].limit) == (0.08, 0.1)


def test_the_furthest_moved_features_are_named_first_and_at_most_three():
    features = tuple(
        replace(AMOUNT, name=name, psi=psi) for name, psi in (("a", 0.2), ("b", 0.9), ("c", 0.2), ("d", 0.3))
    )
    evidence = replace(QUIET, features=(*features, MERCHANT))

    assert [seen.feature for seen in drifted(case(evidence))] == ["b", "d", "a"]
    walked = walk(DRIFT_RULES, case(evidence, max_drift=0.1))
    assert walked.conclusion is not None
    assert walked.conclusion.reason == "b drifted beyond max_drift 0.1: PSI 0.9, noise 0.03 (also d, a)"


@pytest.mark.parametrize(
    ("changes", "harder"),
    [
        # The scores foresee no less than on the reference.
        ({}, False),
        # They foresee clearly less: the rows are harder.
        ({"foreseen": 0.86}, True),
        # By exactly what the owner bears counts.
        ({"reference_value": 0.5, "foreseen": 0.48}, True),
        # A little less is the day's own spread.
        ({"foreseen": 0.9}, False),
        # A loss that is foreseen to be higher.
        ({"metric": "log_loss", "reference_value": 0.2, "foreseen": 0.25}, True),
        # Nothing to compare with.
        ({"foreseen": 0.5, "reference_value": None}, False),
    ],
)
def test_a_foreseen_drop_is_harder_traffic(changes, harder):
    walked = walk(EXPLANATION_RULES, case(with_labels(**changes)))

    assert (walked.conclusion is not None) == harder
    assert walked.conclusion is None or (walked.conclusion.verdict, walked.conclusion.cause) == (
        "degraded",
        "covariate_shift",
    )
