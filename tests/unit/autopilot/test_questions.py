"""Each run shows the four questions in order: what each was answered, by which numbers, or why it was not asked."""

from dataclasses import replace
from datetime import timedelta

import pytest

from autopilot.report.explain import explain_text
from autopilot.report.page import report_html
from autopilot.report.questions import QUESTIONS, asked, questions
from graph.evidence import Archived, Evidence, Interval, LookBack, Paired
from graph.model import History, Json, Rule
from graph.policy import evidence as diagnosed
from graph.policy import retraining
from graph.spec import ModelSpec, Prices, Training
from tests.unit.autopilot import documents
from tests.unit.autopilot.courses import CHANGED, harmed
from tests.unit.autopilot.documents import DEGRADED, STRICT, Shelf, checked, trained
from tests.unit.graph.policy.builders import AMOUNT, DAY, DELAY, MERCHANT, NOW, QUIET, compared, part, with_labels
from tests.unit.graph.policy.test_look_back_rules import since

EVERY = documents.every()
HARDER = with_labels(realised=Interval(0.84, 0.81, 0.87), foreseen=0.84)
LOST = with_labels(positives=10, expected_positives=60.0, positive_lift_low=0.17, positive_lift_high=0.16)
LATE = with_labels(labelled=100)
MOVED = replace(LATE, features=(replace(AMOUNT, psi=0.3), MERCHANT))
DRIFT_COUNTS = replace(STRICT, policy=replace(STRICT.policy, max_drift=0.1))
PRICED = replace(
    STRICT,
    policy=replace(STRICT.policy, prices=Prices(10.0, 60.0, 20.0)),
    training=Training(window=None),
)


def decided(evidence: Evidence, spec: ModelSpec, history: History) -> Shelf:
    """Return a run that was decided with this past."""
    diagnosis = diagnosed.judge(evidence, spec.policy, DELAY, history)
    return Shelf(retraining.decide(evidence, diagnosis, history, spec, NOW), evidence, spec=spec)


def answers(found: Json) -> list[str]:
    return [each["answer"] for each in found["questions"]]


def details(found: Json) -> list[str]:
    return [each["detail"] for each in found["questions"]]


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("quiet", "no no no not_asked"),
        ("broken", "yes not_asked not_asked not_asked"),
        ("empty_log", "open not_asked not_asked not_asked"),  # no rows: nobody knows
        ("no_champion", "no no open yes"),  # nobody to judge, a first candidate that passed
        ("waiting", "no no yes yes"),
        ("promoted", "no no yes yes"),
        ("training", "no no yes open"),
        ("failed_job", "no no yes open"),
        ("reported", "no no yes no"),
        ("not_loaded", "no no yes open"),  # the challenger could not be judged
        ("asked_back", "not_asked not_asked not_asked no"),  # a person asked; the earlier version is worse
        ("undecided", "not_asked not_asked not_asked not_asked"),
    ],
)
def test_every_kind_of_run_answers(kind: str, wanted: str):
    assert answers(EVERY[kind]) == wanted.split()


@pytest.mark.parametrize(
    ("evidence", "spec", "wanted", "said"),
    [
        (LOST, STRICT, "no yes not_asked not_asked", "question 2 already answered"),
        (LATE, STRICT, "no open not_asked not_asked", "question 2 has no answer yet"),
        # Drift is asked out of turn, and decides although labels are not in.
        (MOVED, DRIFT_COUNTS, "no open yes open", "one is judged once it is trained"),
        (HARDER, STRICT, "no no no not_asked", "no other model would do better on these rows"),
    ],
)
def test_the_first_question_that_answers_ends_it(evidence: Evidence, spec: ModelSpec, wanted: str, said: str):
    found = checked(evidence, spec=spec).explanation()
    assert answers(found) == wanted.split()
    assert said in details(found)[3]
    assert said in explain_text(found).replace("? One is", "? one is")


def test_a_column_that_broke_unseen_answers_the_first_question_after_the_third():
    evidence = harmed(600.0)
    learned = decided(evidence, PRICED, History()).explanation()
    since_then = LookBack(NOW - 8 * DAY, NOW, 8000, 8000, (since(AMOUNT, psi=0.8), since(MERCHANT)))
    found = decided(replace(evidence, look_back=since_then), PRICED, History()).explanation()
    assert answers(learned) == ["no", "no", "yes", "open"]
    assert answers(found) == ["yes", "no", "yes", "not_asked"]
    assert details(found)[0].startswith("amount: moved alone: PSI")
    assert details(found)[3] == "question 1 already answered"
    assert found["questions"][0]["numbers"][0]["name"] == "moved_alone"
    assert "seen in all 8000 rows since" in " ".join(explain_text(found).split())


def test_drift_that_counts_as_harm_is_said_to_be_the_owners_word():
    found = checked(MOVED, spec=DRIFT_COUNTS).explanation()
    assert details(found)[2].startswith(
        "no labels tell whether there is a loss; the owner's max_drift counts drift as harm: amount drifted beyond"
    )
    assert found["questions"][2]["said"] == "drift counts"
    text = " ".join(explain_text(found).split())
    assert "there is a loss; the owner's max_drift counts drift as harm; champion 3 has" in text


def test_a_retrain_that_is_held_back_leaves_the_last_question_open():
    found = decided(DEGRADED, STRICT, History(retrains=(NOW - timedelta(hours=1),))).explanation()
    assert answers(found) == ["no", "no", "yes", "open"]
    assert "the cool-down of 12 hours" in details(found)[3]
    assert "4 open    Does a challenger pay back? Nothing is trained now" in explain_text(found)


def test_harm_too_small_to_pay_for_a_cure_says_no_before_training():
    shelf = decided(harmed(60.0), PRICED, History())
    assert shelf.decision and shelf.decision.since == CHANGED
    dear = Rule("can_pay", "blocked", 54.0, 70.0, "no cure of this harm is worth its price: at most 54 against 70")
    shelf.decision = replace(
        shelf.decision,
        action="wait",
        rules=tuple(dear if each.rule == "can_pay" else each for each in shelf.decision.rules),
    )
    found = shelf.explanation()
    assert answers(found) == ["no", "no", "yes", "no"]
    assert "✗ can_pay 54 (70): no cure of this harm is worth its price" in explain_text(found)


def test_an_earlier_version_that_pays_as_it_is_keeps_its_evidence():
    evidence = replace(harmed(60.0), archived=(Archived("2", Paired(8000, 8, 0.05, 0.005)),))
    found = decided(evidence, PRICED, History()).explanation()
    assert (found["decision"]["action"], answers(found)) == ("rollback", ["no", "no", "yes", "yes"])
    assert found["evidence"]["rows"] == 1000
    assert "version 2 saves at least" in details(found)[3]
    assert "a person asked" not in explain_text(found)


def test_a_gain_that_was_judged_by_its_price_is_told_by_it():
    shelf = trained(compared(part("overall"), part("harm")))
    assert shelf.validation_
    judged = [replace(check, name="pay_back", detail="saves 1001") for check in shelf.validation_.checks[:1]]
    shelf.validation_ = replace(shelf.validation_, checks=(*shelf.validation_.checks, *judged))
    assert details(shelf.explanation())[3] == "saves 1001"
    assert "✓ pay_back: saves 1001" in explain_text(shelf.explanation())


@pytest.mark.parametrize("kind", EVERY)
def test_every_rule_belongs_to_one_question(kind: str):
    found = EVERY[kind]
    assert sorted(rule["rule"] for each in asked(found) for rule in each.rules) == sorted(
        rule["rule"] for rule in found["rules"]
    )


def test_the_questions_begin_where_policy_begins_them():
    quiet = asked(EVERY["waiting"])
    firsts = [each.rules[0]["rule"] for each in quiet]
    assert firsts == ["future_times", "bad_labels", "champion_known", "one_active_run"]
    in_order = {each.number: [rule["rule"] for rule in each.rules] for each in quiet}
    assert {"row_consistency", "new_categories"} <= set(in_order[1])
    assert {"label_channel", "labels_on_time", "enough_positives"} <= set(in_order[2])
    assert {"sequential_harm", "max_drift", "half_learned", "features_moved"} <= set(in_order[3])
    assert {"archived_version", "cooldown", "rows_to_learn_from"} <= set(in_order[4])


def test_a_rule_of_another_release_stays_with_the_one_before_it():
    rules = [
        {**rule, "rule": f"new_{rule['rule']}"} if rule["rule"] == "stuck_value" else rule
        for rule in EVERY["quiet"]["rules"]
    ]
    assert "new_stuck_value" in [rule["rule"] for rule in asked({**EVERY["quiet"], "rules": rules})[0].rules]


def test_numbers_name_what_decided_first_and_leave_out_what_saw_nothing():
    first = EVERY["broken"]["questions"][0]
    assert first["question"] == QUESTIONS[0]
    assert first["numbers"][0] == {"name": "constant_factor", "value": 100.0, "limit": 2.4}
    assert all(number["value"] is not None for number in first["numbers"])


@pytest.mark.parametrize("kind", [kind for kind in EVERY if kind != "undecided"])
def test_the_screen_and_the_page_show_all_four_in_order(kind: str):
    text, page = explain_text(EVERY[kind]), report_html(EVERY[kind])
    for shown in (text, page):
        places = [shown.index(question) for question in QUESTIONS]
        assert places == sorted(places)
    starts = [line[:2] for line in text.splitlines() if line[:2] in ("1 ", "2 ", "3 ", "4 ")]
    assert starts == ["1 ", "2 ", "3 ", "4 "]


def test_a_question_that_was_not_asked_says_so():
    lines = explain_text(EVERY["broken"]).splitlines()
    assert "2 –       Are the labels broken? Not asked: question 1 already answered" in lines
    assert "4 –       Does a challenger pay back? Not asked: question 1 already answered" in lines


def test_each_answer_stands_beside_what_was_measured():
    text = " ".join(explain_text(EVERY["waiting"]).split())
    assert "1 no Is the input broken? 1,000 rows where 1,000 are usual" in text
    assert "2 no Are the labels broken? 990 of 1,000 rows have one" in text
    assert "3 yes Is there harm that the mix of rows does not explain? Champion 3 has roc_auc 0.6600" in text
    assert "4 yes Does a challenger pay back? Challenger 7 against champion 3" in text


def test_a_decision_of_an_earlier_release_is_explained_too():
    found = dict(EVERY["promoted"])
    later = ("since", "learned", "exclude", "advice")
    found["decision"] = {key: value for key, value in found["decision"].items() if key not in later}
    found["rules"] = [rule for rule in found["rules"] if rule["rule"] not in ("half_learned", "can_pay", "back_off")]
    assert [each["answer"] for each in questions(found)] == ["no", "no", "yes", "yes"]
    assert len(explain_text(found).splitlines()) <= 42
    assert "Four questions" in report_html(found)


def test_a_regression_has_predictions_and_no_positives():
    found = EVERY["promoted"]
    labels = {**found["evidence"]["labels"], "metric": "rmse"}
    said = [each.facts for each in asked({**found, "evidence": {**found["evidence"], "labels": labels}})]
    assert said[1].endswith("(6 days)")
    assert "has rmse 0.6600 [0.6100, 0.7100] where its predictions foresee 0.88" in said[2]


def test_without_a_reference_the_same_remark_is_made_once():
    found = checked(replace(QUIET, reference_rows=0), outcome="no_action").explanation()
    assert explain_text(found).count("there is no reference to compare with") == 1
