"""Which of many wished retrains begins: only as sure a one as a fleet of this size asks for, and the most worth first.

A wish stands until a check no longer wishes, or until no check repeated it for too long. Checks come one after the
other, so nobody is given a slot before all models of its round could ask: who came first is no reason.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from graph.evidence import Evidence
from graph.fleet import Begun, Claim, Holder, Place, Want
from graph.model import Decision, History
from graph.policy.outcomes import OVER, of_decision
from graph.policy.paying import lasting
from graph.policy.price import followed, rows_in
from graph.policy.sequence import Sequential
from graph.policy.words import finite
from graph.spec import FleetSpec, ModelSpec

ROUND = timedelta(minutes=15)
"""Within which all models of one time of a schedule are checked."""
BEGINS_WITHIN = timedelta(hours=1)
"""How long a slot is kept for a run that does not begin, such as a paused one."""
BEHIND = timedelta(hours=6)
"""How long who gave a slot back stands behind all others: some broken models would pass it round among themselves."""
REMEMBERED = timedelta(days=30)
"""For how long a training that was begun counts among those of which only some may be for nothing."""
LEAST_COST = 1.0
"""A price below one wrong decision counts as one."""
_RESTS_ON_HARM = ("concept_drift", "label_shift")
_ORDER = ("prices", "loss", "unknown")


def lines_up(decision: Decision, spec: ModelSpec) -> bool:
    """Tell whether this wishes a new training: one that is judged again, or only recorded, takes nobody's slot."""
    wished = decision.action == "retrain" and decision.reuse is None
    return spec.fleet is not None and wished and of_decision(decision, spec.policy.mode) is None


def want(decision: Decision, evidence: Evidence, history: History, spec: ModelSpec) -> Want:
    """Return what the training is worth: what a perfect cure of the harm saves over the time that it may last."""
    seen, prices = followed(evidence, spec.policy), spec.policy.prices
    labels = evidence.labels
    excess = (labels.loss_excess or labels.brier_excess) if labels else None
    measured = finite(excess.value) if excess else None
    rests = seen.alarm and decision.cause in _RESTS_ON_HARM
    if decision.cause == "no_champion" or (measured is None and not rests):
        return Want("unknown")
    rate = max(seen.wrong_rate, seen.brier_rate) if rests else measured or 0.0
    gain = max(rate, 0.0) * rows_in(evidence, lasting(spec.policy, decision.since, history))
    log_e = log_e_value(seen, _windows(evidence)) if rests else None
    if prices is None:
        return Want("loss", gain, log_e=log_e)
    return Want("prices", gain, prices.train + prices.promote, log_e)


def log_e_value(seen: Sequential, windows: int) -> float:
    """Return the log of the e-value that the sequential test has come to after so many windows.

    What may begin anew at each of them is at most the sum of as many e-processes: divided by their number, its mean
    without harm is at most 1.
    """
    return seen.log_e - math.log(max(windows, 1))


def _windows(evidence: Evidence) -> int:
    """Return over how many windows the test may have begun anew."""
    losses = evidence.outcome.losses if evidence.outcome else ()
    return sum(each.rows > 0 for each in losses or evidence.harm)


def worth(wanted: Want) -> float:
    """Return the gain per cost; without prices, the gain alone."""
    return wanted.gain / max(wanted.cost, LEAST_COST)


def standing(claims: Sequence[Claim], now: datetime) -> list[Claim]:
    """Return the claims that a check repeated lately."""
    return [each for each in claims if now < each.seen_at + each.stands_for]


def ordered(claims: Sequence[Claim], now: datetime) -> list[Claim]:
    """Return the line: most gain per cost first, priced before unpriced; then who has wished longest; then by name.

    Behind all of them, in the same order, who gave a slot back lately.
    """

    def key(each: Claim) -> tuple[bool, int, float, datetime, str]:
        behind = behind_until(each, now) is not None
        return behind, _ORDER.index(each.want.basis), -worth(each.want), each.since, each.model

    return sorted(claims, key=key)


def behind_until(claim: Claim, now: datetime) -> datetime | None:
    """Return until when a model lets all others go first, because it could not use its slot; None where it need not."""
    until = claim.gave_back_at + BEHIND if claim.gave_back_at else now
    return until if until > now else None


def sure(values: Sequence[float], hypotheses: int, level: float) -> int:
    """Return how many of these log e-values e-BH takes (Wang and Ramdas 2022): the most whose least sure is enough."""
    ranked = enumerate(sorted(values, reverse=True), 1)
    return max((rank for rank, value in ranked if value >= asked_of(rank, hypotheses, level)), default=0)


def asked_of(rank: int, hypotheses: int, level: float) -> float:
    """Return the log e that the k-th surest of so many hypotheses must have."""
    return math.log(hypotheses / (level * rank))


def occupied(holders: Sequence[Holder]) -> list[str]:
    """Return the models that train or are about to. A job that has ended trains no more, whatever its run waits for."""
    return sorted(each.model for each in holders if each.job not in OVER)


def late(holders: Sequence[Holder], now: datetime) -> list[Holder]:
    """Return who was given a slot and surely has not begun for so long that others go first.

    A job that was asked for may train, and counts until it is seen to have ended.
    """
    idle = [each for each in holders if not each.called and each.job is None]
    return [each for each in idle if now - each.since >= BEGINS_WITHIN]


@dataclass(frozen=True, slots=True)
class _Line:
    """All wishes of one moment beside each other."""

    values: tuple[float, ...]
    """Log e-values of wishes and begun trainings, the surest first."""
    hypotheses: int
    sure: int
    claims: list[Claim]
    """Those that are sure enough, or of which nothing is asked, in their order."""


def _line(claims: Sequence[Claim], begun: Sequence[Begun], fleet: FleetSpec, now: datetime) -> _Line:
    known = [each.want.log_e for each in claims] + [each.log_e for each in begun]
    values = tuple(sorted((value for value in known if value is not None), reverse=True))
    hypotheses = fleet.models + len(begun)
    taken = sure(values, hypotheses, fleet.false_retrains)
    least = values[taken - 1] if taken else math.inf
    stand = [each for each in claims if each.want.log_e is None or each.want.log_e >= least]
    return _Line(values, hypotheses, taken, ordered(stand, now))


def place(
    mine: Claim, others: Sequence[Claim], in_use: Sequence[str], begun: Sequence[Begun], fleet: FleetSpec, now: datetime
) -> Place:
    """Return where a wish stands among those of the others and the trainings that were begun."""
    line = _line([mine, *(each for each in standing(others, now) if each.model != mine.model)], begun, fleet, now)
    number = next((at for at, each in enumerate(line.claims, 1) if each is mine), None)
    return Place(
        want=mine.want,
        granted=number is not None and number <= _free(in_use, fleet) and _first_from(mine, fleet) <= now,
        slots=fleet.slots,
        in_use=tuple(sorted(in_use)),
        number=number,
        of=len(line.claims),
        ahead=line.claims[number - 2].model if number and number > 1 else None,
        first_from=_first_from(mine, fleet),
        level=fleet.false_retrains,
        hypotheses=line.hypotheses,
        sure=line.sure,
        log_e_asked=_asked(mine.want.log_e, number is not None, line, fleet.false_retrains),
        behind_until=behind_until(mine, now),
    )


def called(
    claims: Sequence[Claim], in_use: Sequence[str], begun: Sequence[Begun], fleet: FleetSpec, now: datetime
) -> list[str]:
    """Return the models that would be given a slot if they were looked at again now, the most worth first."""
    line = _line(standing(claims, now), begun, fleet, now).claims
    first = line if fleet.slots is None else line[: max(fleet.slots - len(in_use), 0)]
    return [each.model for each in first if _first_from(each, fleet) <= now]


def _free(in_use: Sequence[str], fleet: FleetSpec) -> float:
    return math.inf if fleet.slots is None else fleet.slots - len(in_use)


def _first_from(claim: Claim, fleet: FleetSpec) -> datetime:
    return claim.since if fleet.slots is None else claim.since + ROUND


def _asked(log_e: float | None, enough: bool, line: _Line, level: float) -> float | None:
    """Return what a log e is held against: what the least sure that is taken must have, or what its own rank asks."""
    if log_e is None:
        return None
    return asked_of(line.sure if enough else line.values.index(log_e) + 1, line.hypotheses, level)
