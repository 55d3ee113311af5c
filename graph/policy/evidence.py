"""From evidence to a diagnosis: the design's questions in a fixed order, stopped at the first that answers.

1. Is the input broken?
2. Are the labels broken? (And then: are they in, are they enough?)
3. Is there harm that the mix of rows does not explain?

The fourth, whether a challenger pays back, is asked by `retraining` before training and by `gate` of the trained one.
"""

from dataclasses import replace
from datetime import timedelta

from graph.evidence import Evidence
from graph.model import Diagnosis
from graph.policy.case import Case
from graph.policy.feature_rules import FEATURE_RULES
from graph.policy.harm_rules import DRIFT_RULES, EXPLANATION_RULES, HARM_RULES, MEASURED_RULES, healthy
from graph.policy.input_rules import LOG_RULES
from graph.policy.label_rules import LABEL_RULES, LABELS_IN_RULES
from graph.policy.rules import walk
from graph.spec import Policy


def judge(evidence: Evidence, policy: Policy, label_delay: timedelta) -> Diagnosis:
    """Return what is wrong and because of what, with every rule as passed, blocked or not reached (see `rules`).

    One rule is asked out of turn: `max_drift`, where the owner set it, needs no labels, so labels that are late, few or
    unclear do not silence it. Both it and the label rule are `blocked` then.
    """
    case = Case(evidence, policy, label_delay)
    broken = walk((*LOG_RULES, *FEATURE_RULES, *LABEL_RULES), case)
    sound = broken.conclusion is None
    labels = walk((*LABELS_IN_RULES, *MEASURED_RULES), case, sound)
    harm = walk(HARM_RULES, case, sound and labels.conclusion is None)
    unharmed = harm.conclusion is None or harm.conclusion.verdict == "insufficient"
    drift = walk(DRIFT_RULES, case, sound and unharmed)
    quiet = sound and labels.conclusion is None and harm.conclusion is None and drift.conclusion is None
    harder = walk(EXPLANATION_RULES, case, quiet)
    rules = tuple(rule for group in (broken, labels, harm, drift, harder) for rule in group.rules)
    # Drift before labels and harm: it decides although they are not in, or not clear.
    decided = next((group.conclusion for group in (broken, drift, harm, labels, harder) if group.conclusion), None)
    return replace(decided or healthy(case), rules=rules)
