"""The truth becomes another: retrain, on the right window."""

import numpy as np

from benchmarks.decide.families.quiet import onset
from benchmarks.decide.ground import Ground, changed, shifted
from benchmarks.decide.plan import Families, NotHere, Plan, Setting
from benchmarks.decide.tables import FloatArray

DRIFT = Families("drift")
RETRAIN = frozenset({"promote"})
MILD, MIDDLE, SEVERE = (0.015, 0.022), (0.05, 0.07), (0.08, 0.12)
SLOW = 20


def _sudden(family: str, ground: Ground, start: int, other: FloatArray, delay: int) -> Plan:
    return Plan(
        family, RETRAIN, lambda t: other if t >= start else ground.logit, changes=((start, 1),), delay=delay
    )  # fmt: skip


@DRIFT
def concept_mild(ground: Ground, random: np.random.Generator, setting: Setting) -> Plan:
    """A few decisions in a hundred become wrong."""
    return _sudden("concept_mild", ground, onset(random), changed(ground, random, random.uniform(*MILD)), setting.delay)


@DRIFT
def concept_severe(ground: Ground, random: np.random.Generator, setting: Setting) -> Plan:
    """One decision in ten or more becomes wrong, from one tick to the next."""
    other = changed(ground, random, random.uniform(*SEVERE))
    return _sudden("concept_severe", ground, onset(random), other, setting.delay)


@DRIFT
def slow_labels(ground: Ground, random: np.random.Generator, setting: Setting) -> Plan:
    """The same, and labels take 20 ticks."""
    return _sudden("slow_labels", ground, onset(random), changed(ground, random, random.uniform(*SEVERE)), SLOW)


@DRIFT
def prior(ground: Ground, random: np.random.Generator, setting: Setting) -> Plan:
    """The base rate moves by 1.2 in log odds, alike for all rows."""
    return _sudden("prior", ground, onset(random), shifted(ground, 1.2), setting.delay)


@DRIFT
def gradual(ground: Ground, random: np.random.Generator, setting: Setting) -> Plan:
    """The new concept takes over within 25 ticks."""
    start, other = onset(random) - 10, changed(ground, random, random.uniform(*SEVERE))

    def logit(t: int) -> FloatArray:
        share = np.clip((t - start + 1) / 25, 0, 1)
        eta = (1 - share) / (1 + np.exp(-ground.logit)) + share / (1 + np.exp(-other))
        return np.asarray(np.log(eta / (1 - eta)))

    return Plan("gradual", RETRAIN, logit, changes=((start, 1),), delay=setting.delay)


@DRIFT
def new_region(ground: Ground, random: np.random.Generator, setting: Setting) -> Plan:
    """Rows arrive from a segment that the champion never saw, where the truth is not what it seems from outside."""
    start = onset(random)
    column = ground.z[:, ground.important(random, 1)[0]] * random.choice([-1, 1])
    edge = np.quantile(column, 0.85)
    inside = column > edge
    if not 0.05 < inside.mean() < 0.3:
        raise NotHere("no column has a tail to cut off")
    logit = np.where(inside, -0.7 * ground.logit, ground.logit)
    absent = np.where(inside, -np.inf, 0.0)
    present = np.where(inside, np.log(0.3 / 0.7 * (1 - inside.mean()) / inside.mean()), 0.0)
    return Plan(
        "new_region", RETRAIN, lambda t: logit, lambda t: present if t >= start else absent,
        changes=((start, 1),), delay=setting.delay,
    )  # fmt: skip


@DRIFT
def recurring(ground: Ground, random: np.random.Generator, setting: Setting) -> Plan:
    """Two concepts in turn, 14 to 19 ticks each."""
    other, t = changed(ground, random, random.uniform(*SEVERE)), int(random.integers(15, 26))
    changes: list[tuple[int, int]] = []
    while t < setting.ticks:
        changes.append((t, 1 - len(changes) % 2))
        t += int(random.integers(14, 20))

    def logit(t: int) -> FloatArray:
        return other if [0, *(concept for at, concept in changes if at <= t)][-1] else ground.logit

    return Plan("recurring", RETRAIN, logit, changes=tuple(changes), delay=setting.delay)
