"""Nothing to do: what changes costs no avoidable decision, or is over before anything could be done."""

import numpy as np

from benchmarks.decide.ground import Ground, changed
from benchmarks.decide.plan import Families, Plan, Setting
from benchmarks.decide.tables import FloatArray

QUIET = Families("quiet")
NOTHING: frozenset[str] = frozenset()


def onset(random: np.random.Generator) -> int:
    """Return the tick at which something begins."""
    return int(random.integers(20, 41))


@QUIET
def null(ground: Ground, random: np.random.Generator, setting: Setting) -> Plan:
    """The effects of the day, nothing else."""
    return Plan("null", NOTHING, lambda t: ground.logit, delay=setting.delay)


@QUIET
def covar_benign(ground: Ground, random: np.random.Generator, setting: Setting) -> Plan:
    """The mix tilts for good along the columns that matter least."""
    start, columns = onset(random), np.argsort(ground.importance)[:2]
    tilt = 0.8 * ground.z[:, columns] @ random.choice([-1.0, 1.0], 2)
    return Plan(
        "covar_benign", NOTHING, lambda t: ground.logit, lambda t: tilt if t >= start else None, delay=setting.delay
    )


@QUIET
def covar_hard(ground: Ground, random: np.random.Generator, setting: Setting) -> Plan:
    """The mix tilts for good to rows that no model decides well: more errors, none of them avoidable."""
    start, sure = onset(random), np.abs(np.tanh(ground.logit / 2))
    tilt = -random.uniform(1.5, 2.5) * sure
    return Plan(
        "covar_hard", NOTHING, lambda t: ground.logit, lambda t: tilt if t >= start else None, delay=setting.delay
    )


@QUIET
def transient(ground: Ground, random: np.random.Generator, setting: Setting) -> Plan:
    """One to three ticks under another concept: over before a label arrives."""
    start, lasts = onset(random), int(random.integers(1, 4))
    other = changed(ground, random, 0.1)
    return Plan(
        "transient", NOTHING, lambda t: other if start <= t < start + lasts else ground.logit, delay=setting.delay
    )


@QUIET
def seasonal(ground: Ground, random: np.random.Generator, setting: Setting) -> Plan:
    """The mix swings with the week and with a season that the past has seen half of; the truth stays."""
    week, season = (ground.z[:, column] for column in ground.important(random, 2))
    phase, length = random.uniform(0, 2 * np.pi), random.uniform(50, 70)

    def mix(t: int) -> FloatArray:
        turn = 2 * np.pi * t
        return np.asarray(0.35 * np.sin(turn / 7 + phase) * week + 0.5 * np.sin(turn / length + phase) * season)

    return Plan("seasonal", NOTHING, lambda t: ground.logit, mix, delay=setting.delay)
