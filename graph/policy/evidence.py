"""From evidence to a diagnosis: the design's questions in a fixed order, stopped at the first that answers.

1. Is the input broken?
2. Are the labels broken? (And then: are they in, are they enough?)
3. Is there harm that the mix of rows does not explain?

The fourth, whether a challenger pays back, is asked by `retraining` before training and by `gate` of the trained one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from graph.evidence import Evidence
from graph.model import Diagnosis, History, Question
from graph.policy.alarm_rules import ALARM_RULES
from graph.policy.case import Case
from graph.policy.channel_rules import HIDDEN_RULES
from graph.policy.combination import combined
from graph.policy.estimate_rules import ESTIMATE_RULES, with_estimate
from graph.policy.feature_rules import FEATURE_RULES
from graph.policy.harm_rules import DRIFT_RULES, EXPLANATION_RULES, HARM_RULES, MEASURED_RULES, healthy
from graph.policy.input_rules import LOG_RULES
from graph.policy.joint_rules import JOINT_RULES
from graph.policy.label_rules import LABEL_RULES, LABELS_IN_RULES
from graph.policy.learning_rules import LEARNING_RULES
from graph.policy.outcome_rules import (
    OUTCOME_INPUT_RULES,
    OUTCOME_LABEL_RULES,
    OUTCOME_LABELS_IN_RULES,
    OUTCOME_LOG_RULES,
    without_estimate,
)
from graph.policy.price import followed
from graph.policy.rules import Step, walk
from graph.spec import Policy

Steps = tuple[Step[Case, Diagnosis], ...]


@dataclass(frozen=True, slots=True)
class Questions:
    """The rules of one task, group by group."""

    broken: Steps
    labels_in: Steps
    harder: Steps
    beside: tuple[Step[Case, Any], ...]
    """They explain: what they conclude decides nothing."""


CLASSIFICATION = Questions(
    broken=(*LOG_RULES, *FEATURE_RULES, *JOINT_RULES, *LABEL_RULES),
    labels_in=(*LABELS_IN_RULES, *MEASURED_RULES),
    harder=(*LEARNING_RULES, *HIDDEN_RULES, *EXPLANATION_RULES),
    beside=(*ESTIMATE_RULES, *ALARM_RULES),
)
REGRESSION = Questions(
    broken=(*OUTCOME_LOG_RULES, *FEATURE_RULES, *JOINT_RULES, *OUTCOME_INPUT_RULES, *OUTCOME_LABEL_RULES),
    labels_in=(*OUTCOME_LABELS_IN_RULES, *MEASURED_RULES),
    harder=EXPLANATION_RULES,
    beside=ALARM_RULES,
)

GENUINE_FOR = 3
"""Horizons for which the owner is not asked again about what they called genuine."""


def judge(evidence: Evidence, policy: Policy, label_delay: timedelta, history: History | None = None) -> Diagnosis:
    """Return what is wrong and because of what, with every rule as passed, blocked or not reached (see `rules`).

    What the owner once called genuine is not asked again within three horizons.
    The owner's own readings are judged beside the rows: see `combination`.
    One rule is asked out of turn: `max_drift`, where the owner set it, needs no labels, so labels that are late, few or
    unclear do not silence it. Both it and the label rule are `blocked` then.
    """
    case = case_of(evidence, policy, label_delay, history or History())
    return combined(_by_rows(case) if evidence.logged else None, case)


def case_of(evidence: Evidence, policy: Policy, label_delay: timedelta, past: History) -> Case:
    """Return what the rules look at: the evidence, and what of the past bears on it."""
    since = evidence.as_of - GENUINE_FOR * policy.horizon
    hard = [asked for asked in past.questions if not asked.looked_back]
    unread = [each.features for each in past.questions if each.unread(evidence.as_of)]
    doubtless = _excused(past.questions, since).union(*unread)
    harm = followed(evidence, policy)
    return Case(evidence, policy, label_delay, _excused(hard, since), doubtless, past.learned, harm)


def _by_rows(case: Case) -> Diagnosis:
    """Return what the rows of the log say."""
    evidence = case.evidence
    asked = REGRESSION if evidence.outcome else CLASSIFICATION
    broken = walk(asked.broken, case)
    sound = broken.conclusion is None
    labels = walk(asked.labels_in, case, sound)
    harm = walk(HARM_RULES, case, sound and labels.conclusion is None)
    unharmed = harm.conclusion is None or harm.conclusion.verdict == "insufficient"
    drift = walk(DRIFT_RULES, case, sound and unharmed)
    quiet = sound and labels.conclusion is None and harm.conclusion is None and drift.conclusion is None
    harder = walk(asked.harder, case, quiet)
    beside = walk(asked.beside, case, sound)
    rules = tuple(rule for group in (broken, labels, harm, drift, harder, beside) for rule in group.rules)
    # Drift before labels and harm: it decides although they are not in, or not clear.
    decided = next((group.conclusion for group in (broken, drift, harm, labels, harder) if group.conclusion), None)
    if decided is not None and decided is labels.conclusion:
        decided = without_estimate(decided) if evidence.outcome else with_estimate(decided, case)
    return replace(decided or healthy(case), rules=rules)


def _excused(questions: Sequence[Question], since: datetime) -> frozenset[str]:
    """Return the features, or `label`, that the owner called genuine after `since`."""
    answered = [asked for asked in questions if asked.genuine and asked.answered_at and asked.answered_at > since]
    return frozenset(name for asked in answered for name in (asked.features if asked.kind == "data" else ("label",)))
