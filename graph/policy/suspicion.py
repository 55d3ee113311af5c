"""A challenger that turns too many of the champion's confident decisions round: a label bug until shown otherwise.

Labels that were lost, inverted or joined to the wrong rows make a challenger that reverses what the champion was sure
of, and the same labels then call it right: being better proves nothing. So does a concept that changed severely. What
tells them apart is asked of labelled rows from after the training:

* their labels must side with the challenger on the reversed rows; labels that are sound again do not;
* among rows that the champion scores alike the challenger must put positives above negatives. A broken label pipe does
  the same to every row of one score, so nothing that is learned from it orders rows which the champion scores alike; a
  changed concept moves some of them and not others.

A concept that turned round as a whole looks like inverted labels in everything that can be measured: a person is asked.
"""

from collections.abc import Sequence
from datetime import datetime

from graph.model import Check, Comparison, Question, Reversal
from graph.policy.creep import Trial
from graph.policy.differences import whole
from graph.policy.words import percent, plural, rounded, shares

MOST_REVERSED = 0.3
"""Share of the champion's confident decisions of one kind that a challenger may reverse without a question. Each kind
by itself: where positives are rare, losing all of them would be a small share of all decisions."""
LEAST_CONFIDENT = 50
"""Confident decisions of a kind below which their share says too little."""
LEAST_AGREED = 0.5
LEAST_TOLD_APART = 0.6
"""Half is chance. Inverted and lost labels gave up to 0.6, because a score is noisy itself; concepts that had changed
in a part of the rows 0.65 to 0.9 (logistic, boosting and forest models, 3,000 rows of two public tables)."""
CHECK = "suspicion"


def suspicion(comparison: Comparison, trial: Trial) -> Check:
    """Judge whether the challenger looks like the product of broken labels; inconclusive until a person has looked."""
    judged = [each for each in comparison.reversals if each.confident >= LEAST_CONFIDENT]
    if not judged:
        seen = max((each.confident for each in comparison.reversals), default=0)
        detail = f"the champion made too few confident decisions of a kind to tell: at most {seen}"
        return Check(CHECK, "passed", None, MOST_REVERSED, detail)
    worst = max(judged, key=_share)
    said = (
        f"reverses {percent(_share(worst))} of the champion's {plural(worst.confident, 'confident decision')} that are "
        f"{worst.decision}"
    )
    if _share(worst) <= MOST_REVERSED:
        return Check(CHECK, "passed", rounded(_share(worst)), MOST_REVERSED, said)
    doubt = None if trial.genuine else _doubt(comparison, worst)
    why = "the owner has called the labels genuine" if trial.genuine else doubt or _borne_out(comparison, worst)
    return Check(CHECK, "inconclusive" if doubt else "passed", rounded(_share(worst)), MOST_REVERSED, f"{said}; {why}")


def called_genuine(questions: Sequence[Question], since: datetime) -> bool:
    """Tell whether the owner, asked about the labels, has called them genuine after `since`."""
    return any(
        asked.kind == "label" and asked.genuine and asked.answered_at is not None and asked.answered_at > since
        for asked in questions
    )


def asks_about_labels(checks: Sequence[Check]) -> bool:
    """Tell whether suspicion alone keeps a challenger back: one that fails by itself is no reason to ask anybody."""
    return {check.name for check in checks if check.outcome != "passed"} == {CHECK}


def _share(found: Reversal) -> float:
    return found.reversed / found.confident


def _doubt(comparison: Comparison, worst: Reversal) -> str | None:
    """Return what speaks for broken labels, or None."""
    agreed, apart = whole(worst.agreement), whole(comparison.told_apart)
    if agreed is None or agreed.low <= LEAST_AGREED:
        sides = (
            f"labels side with the challenger on {shares(agreed)} of them"
            if agreed
            else "too few labels to side with it"
        )
        return f"{sides}: look for broken labels in its training rows first"
    if apart is None or apart.low <= LEAST_TOLD_APART:
        orders = f"orders {shares(apart)} of the pairs" if apart else "cannot be seen to order pairs"
        return (
            f"labels side with it, but among rows that the champion scores alike it {orders}, as broken labels would "
            "have it: look at the labels first"
        )
    return None


def _borne_out(comparison: Comparison, worst: Reversal) -> str:
    agreed, apart = whole(worst.agreement), whole(comparison.told_apart)
    sides = f"labels from after its training side with the challenger on {shares(agreed)} of them" if agreed else ""
    orders = f"it orders {shares(apart)} of the pairs that the champion scores alike" if apart else ""
    return f"{sides}, and {orders}: the concept changed"
