"""Question 4: what a change of model is worth over the horizon, in units of one avoidable wrong decision.

4a is asked here, before training: could any challenger pay, does an earlier version, are there rows to learn from? 4b,
whether the trained one does, is asked of what was measured on rows from after its training.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import NormalDist

from graph.evidence import Evidence, Paired
from graph.model import Check, CheckOutcome, Comparison, History
from graph.policy.differences import lacks, whole
from graph.policy.price import followed, rows_in
from graph.policy.restraint import Instead, RestraintFinding, Wish, wait
from graph.policy.rules import Finding, Step
from graph.policy.training_window import FEWEST_WINDOWS, since_change
from graph.policy.words import number, plural, rounded, span
from graph.spec import Policy, ValidationSpec

DOUBT = 0.05
"""How often a challenger that saves just its price may clear the bound, over all looks at it."""
SIGMAS = 1.96
"""Standard errors in half of a 95 % interval."""
MOST_OVER_SEEN = 3.0
"""A better model may also be right where the present one's errors were foreseen: bear three times what was seen."""


@dataclass(frozen=True, slots=True)
class Gain:
    """Fewer wrong decisions over the horizon, with the bounds of the level above."""

    low: float
    value: float
    high: float


def gain(paired: Paired, rows: float, look: int = 1) -> Gain:
    """Return what the other version saves over `rows` rows, as sure as the nth look at it has to be."""
    margin = NormalDist().inv_cdf(1 - DOUBT / max(look, 1)) * paired.error
    return Gain((paired.value - margin) * rows, paired.value * rows, (paired.value + margin) * rows)


def lasting(policy: Policy, since: datetime | None, history: History) -> timedelta:
    """Return how long a cure is expected to pay: the horizon, but no longer than what was learned last held."""
    learned = history.learned
    if learned is None or since is None or since <= learned.since:
        return policy.horizon
    return min(policy.horizon, since - learned.since)


def pay_back(paired: Paired, evidence: Evidence, policy: Policy, time: timedelta | None = None, look: int = 1) -> Check:
    """4b. Judge whether the gain over the horizon, at its lower bound, is above the price of a promotion.

    The training is paid for by then. Failed is certain loss or indifference, inconclusive too few rows to tell.
    """
    price = policy.prices.promote if policy.prices else 0.0
    time = time or policy.horizon
    found = gain(paired, rows_in(evidence, time), look)
    outcome: CheckOutcome = "passed" if found.low > price else "failed" if found.high < price else "inconclusive"
    detail = (
        f"saves {number(found.value)} [{number(found.low)}, {number(found.high)}] wrong decisions in {span(time)} by "
        f"{plural(paired.rows, 'row')} in {plural(paired.windows, 'window')}; a promotion costs {number(price)}"
    )
    return Check("pay_back", outcome, rounded(found.low), rounded(price), detail)


def wrong_decisions(comparison: Comparison, validation: ValidationSpec) -> Paired | None:
    """Return the wrong decisions on the window that triggered, or on all rows if that is too small; None: not known."""
    parts = {part.name: part for part in comparison.errors}
    part = parts.get("harm", parts.get("overall"))
    if part is not None and part.name == "harm" and lacks(part, validation):
        part = parts.get("overall")
    measured = whole(part.difference) if part else None
    if part is None or measured is None:
        return None
    error = max((measured.high - measured.low) / 2 / SIGMAS, 1.0 / part.rows)
    return Paired(part.rows, part.blocks, measured.value, error)


def can_pay(wish: Wish) -> RestraintFinding:
    """Block when not even a perfect cure of the harm seen would be worth a training and a promotion."""
    prices = wish.spec.policy.prices
    if prices is None or wish.diagnosis.since is None:
        return Finding()
    if wish.goes_on or wish.diagnosis.hidden:
        return Finding(
            detail="what more rows, or the errors that moved, are worth is for the trained challenger to show"
        )
    seen = followed(wish.evidence, wish.spec.policy)
    rate, price = max(seen.wrong_rate, seen.brier_rate, 0.0), prices.train + prices.promote
    most = MOST_OVER_SEEN * rate * _rows(wish)
    if most > price:
        return Finding(most, price)
    return wait(f"no cure of this harm is worth its price: at most {number(most)} against {number(price)}", most, price)


def _time(wish: Wish) -> timedelta:
    return lasting(wish.spec.policy, wish.diagnosis.since, wish.history)


def _rows(wish: Wish) -> float:
    return rows_in(wish.evidence, _time(wish))


def archived_version(wish: Wish) -> RestraintFinding:
    """Return to an earlier version where one, scored as it is on the rows since the change, pays for its promotion."""
    prices = wish.spec.policy.prices
    if prices is None or not wish.evidence.archived:
        return Finding()
    rows = _rows(wish)
    best = max(wish.evidence.archived, key=lambda each: (gain(each.paired, rows).low, each.version))
    worth = gain(best.paired, rows).low
    if worth <= prices.promote:
        return Finding(worth, prices.promote, f"version {best.version} comes closest")
    reason = f"version {best.version} saves at least {number(worth)} wrong decisions in {span(_time(wish))} as it is"
    return Finding(worth, prices.promote, reason, Instead("rollback", reason, return_to=best.version))


def rows_to_learn_from(wish: Wish) -> RestraintFinding:
    """Block while there are too few windows since the change to learn from some and be judged by later ones."""
    since = wish.since
    if wish.spec.training.window is not None or since is None or since_change(wish.evidence, since):
        return Finding(None, FEWEST_WINDOWS)
    windows = sum(1 for window in wish.evidence.learnable if window.rows and window.start >= since)
    reason = f"only {plural(windows, 'window')} since the change; {FEWEST_WINDOWS} are needed to learn and to judge"
    return wait(reason, windows, FEWEST_WINDOWS)


ARCHIVE_RULES = (Step("archived_version", archived_version),)
PAYING_RULES = (
    Step("can_pay", can_pay),
    Step("rows_to_learn_from", rows_to_learn_from),
)
