"""Question 3, continued: did the serving version learn a changed concept from too few rows to leave it at that?"""

from graph.model import Diagnosis
from graph.policy.case import Case, EvidenceFinding
from graph.policy.price import rows_in
from graph.policy.rules import Finding, Step
from graph.policy.training_window import learning_error, since_change
from graph.policy.words import moment, plural


def half_learned(case: Case) -> EvidenceFinding:
    """Block when so many more rows of the concept are there that learning from them is worth a retrain.

    The first cure is trained in a hurry: a few windows since the change. What that costs falls with their number.
    """
    learned, prices = case.learned, case.policy.prices
    if learned is None or prices is None:
        return Finding(detail="the serving version did not learn from a few rows since a change")
    chosen, price = since_change(case.evidence, learned.since), prices.train + prices.promote
    if chosen is None or chosen.rows <= learned.rows:
        return Finding(learned.rows, None, "no more rows since the change than it learned from")
    saved = HALF * (learning_error(learned.rows) - learning_error(chosen.rows))
    worth = saved * rows_in(case.evidence, case.policy.horizon)
    if worth <= price:
        return Finding(worth, price)
    reason = (
        f"the serving version learned what holds since {moment(learned.since)} from {plural(learned.rows, 'row')}; "
        f"{chosen.rows} are there now"
    )
    return Finding(worth, price, reason, Diagnosis("degraded", "concept_drift", reason, since=learned.since))


HALF = 0.5
"""Of the error that learning from few rows leaves, the part that is sure to go with more of them."""
LEARNING_RULES = (Step("half_learned", half_learned),)
