"""What the owner's own monitoring says, value by value: limits and meaning are the owner's, the verdict is ours."""

from collections.abc import Sequence
from functools import partial

from graph.evidence import Reading, Unanswered
from graph.model import Blame, Diagnosis
from graph.policy.case import Case, EvidenceFinding, insufficient
from graph.policy.rules import Finding, Step
from graph.policy.words import finite, moment, number, span


def called(reading: Reading) -> str:
    """Return the name under which a reading is blamed, and its owner asked: no feature is called so."""
    return f"reading {reading.name}"


def step(reading: Reading) -> Step[Case, Diagnosis]:
    """Return the rule that judges a reading."""
    return Step(f"reading_{reading.name}", partial(_judged, reading))


def silence(monitor: Unanswered) -> Step[Case, Diagnosis]:
    """Return the rule that stands for a monitor that did not answer."""
    reason = f"monitor {monitor.monitor} did not answer: {monitor.problem}"
    return Step(f"answer_of_{monitor.monitor}", lambda _: insufficient("unknown", reason, None, None))


def champion_known(case: Case) -> EvidenceFinding:
    """Block without a champion: the owner's values are nobody's then, and no rows say what a first one could learn."""
    if case.evidence.champion is not None:
        return Finding(case.evidence.champion)
    reason = (
        f"{case.evidence.model} has no champion yet, and without rows a first one cannot be judged: "
        "register a version and give it the alias champion"
    )
    return insufficient("unknown", reason, None, None)


def why_unusable(reading: Reading, case: Case) -> str:
    """Return why a reading cannot be judged, or an empty text."""
    if reading.missing or finite(reading.value) is None:
        return reading.missing or "it has no value"
    if reading.stale_after is None or reading.at is None:
        return ""
    age = case.evidence.as_of - reading.at
    if age <= reading.stale_after:
        return ""
    oldest = span(reading.stale_after)
    return f"its newest sample is of {moment(reading.at)}, {span(age)} old where {oldest} is the most"


def seen(reading: Reading) -> str:
    """Return a reading in words: `accuracy is 0.95`."""
    when = f" at {moment(reading.at)}" if reading.at else ""
    return f"{reading.name} is {number(reading.value or 0.0)}{when}"


def _judged(reading: Reading, case: Case) -> EvidenceFinding:
    why = why_unusable(reading, case)
    if why:
        return insufficient("unknown", f"{reading.name} says nothing: {why}", reading.value, _nearest(reading))
    crossed = _crossed(reading)
    if crossed is None:
        return Finding(reading.value, _nearest(reading), seen(reading))
    limit, side = crossed
    reason = f"{seen(reading)}, {side} {number(limit)}"
    if reading.means == "degraded" and case.evidence.champion is None:
        return Finding(reading.value, limit, f"{reason}; there is no champion to judge")
    if reading.means == "broken_data" and called(reading) in case.excused:
        return Finding(reading.value, limit, f"{reason}; the owner said that it is genuine")
    blame = (Blame(called(reading), reason, reading.value),)
    return Finding(reading.value, limit, reason, Diagnosis(reading.means, reading.cause, reason, blame))


def _crossed(reading: Reading) -> tuple[float, str] | None:
    """Return the limit that the value crosses, and on which side it lies."""
    value = reading.value or 0.0
    if reading.below is not None and value < reading.below:
        return reading.below, "below"
    if reading.above is not None and value > reading.above:
        return reading.above, "above"
    return None


def _nearest(reading: Reading) -> float | None:
    """Return the limit to show beside a value that crosses none."""
    limits: Sequence[float] = [limit for limit in (reading.below, reading.above) if limit is not None]
    value = finite(reading.value)
    return min(limits, key=lambda limit: abs(limit - (value or 0.0))) if limits else None
