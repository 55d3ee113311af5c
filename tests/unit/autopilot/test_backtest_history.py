"""What a history holds at an earlier moment: nothing later, nothing of the asking run itself."""

from dataclasses import replace
from typing import Any

import pytest

from autopilot.backtest.history import Past, history
from autopilot.backtest.record import Asked, Course, Moved
from graph.model import Candidate, History, Learned, Question
from tests.unit.graph.policy.builders import DAY, HOUR, NOW

KEPT = Candidate("7", "run-of-7", "key", NOW)
LEARNED = Learned(NOW - 3 * DAY, NOW - DAY, 500)
OPEN = Course("a", NOW - 5 * HOUR, NOW - 4 * HOUR, trained_at=NOW - 3 * HOUR)
ENDED = replace(OPEN, ended_at=NOW - HOUR, outcome="denied")
QUESTION = Question("data", NOW - 3 * HOUR, ("amount",), answered_at=NOW - HOUR, genuine=True)


def at(past: Past, now: Any = NOW, run: str = "asking") -> History:
    return history(past, now, run)


@pytest.mark.parametrize(
    ("course", "expected"),
    [
        (OPEN, History(active_run="a", retrains=(NOW - 3 * HOUR,))),
        # Of the asking run nothing is known yet.
        (replace(OPEN, run="asking"), History()),
        # It had not been decided yet.
        (replace(OPEN, decided_at=NOW + HOUR, trained_at=NOW + HOUR), History()),
        # Decided, and its job not yet seen.
        (replace(OPEN, trained_at=NOW + HOUR), History(active_run="a")),
        (ENDED, History(retrains=(NOW - 3 * HOUR,), failures=(NOW - HOUR,))),
        # It ended later: at that moment it was active.
        (replace(ENDED, ended_at=NOW + HOUR), History(active_run="a", retrains=(NOW - 3 * HOUR,))),
        # Cancelled is no failure.
        (replace(ENDED, outcome="cancelled"), History(retrains=(NOW - 3 * HOUR,))),
        # What nobody ran is a training of the replayed policy, active at no later check, and no failure.
        (replace(OPEN, real=False, known=False), History(retrains=(NOW - 3 * HOUR,))),
        (
            replace(ENDED, outcome="validation_inconclusive", candidate=KEPT),
            History(retrains=(NOW - 3 * HOUR,), kept=KEPT),
        ),
        (replace(ENDED, outcome="promoted", candidate=KEPT), History(retrains=(NOW - 3 * HOUR,))),
    ],
)
def test_one_course(course: Course, expected: History):
    assert at(Past([course], (), ())) == expected


def test_failures_from_before_the_last_promotion_do_not_count():
    moved = Moved("b", NOW - HOUR / 2, "4", LEARNED)
    found = at(Past([ENDED], (), [moved]))
    assert (found.failures, found.last_promotion, found.learned) == ((), moved.at, LEARNED)
    assert at(Past([ENDED], (), [moved]), NOW - 3 * HOUR / 4).last_promotion is None


@pytest.mark.parametrize(
    ("outcome", "judged", "kept"),
    [
        ("voided", False, KEPT),  # it judged nothing, so it neither keeps nor drops
        ("voided", True, None),
        ("failed", False, KEPT),
        ("validation_failed", True, None),
    ],
)
def test_the_newest_judged_run_says_what_is_kept(outcome: Any, judged: bool, kept: Candidate | None):
    older = replace(ENDED, outcome="validation_inconclusive", candidate=KEPT)
    newer = replace(ENDED, run="b", started_at=NOW - 2 * HOUR, outcome=outcome, judged=judged)
    assert at(Past([older, newer], (), ())).kept == kept


@pytest.mark.parametrize(
    ("now", "run", "expected"),
    [
        (NOW, "asking", (QUESTION,)),
        (NOW - 2 * HOUR, "asking", (replace(QUESTION, answered_at=None, genuine=None),)),
        (NOW - 4 * HOUR, "asking", ()),
        # A check asks after it has decided.
        (NOW, "a", ()),
    ],
)
def test_questions_and_answers_of_later_are_not_known(now: Any, run: str, expected: tuple[Question, ...]):
    assert at(Past((), [Asked("a", QUESTION)], ()), now, run).questions == expected
