"""Labels are reported wrongly: ask their owner, retrain nothing."""

from collections.abc import Callable

import numpy as np

from benchmarks.decide.families.quiet import onset
from benchmarks.decide.ground import Ground
from benchmarks.decide.plan import Bug, Families, Plan, Setting, Spoil
from benchmarks.decide.tables import FloatArray, IntArray

LABELS = Families("label")
ASK = frozenset({"alert label"})


def _plan(family: str, ground: Ground, random: np.random.Generator, setting: Setting, spoil: Spoil) -> Plan:
    bug = Bug("label", onset(random), spoil)
    return Plan(family, ASK, lambda t: ground.logit, bug=bug, delay=setting.delay)


def _labels(change: Callable[[IntArray, np.random.Generator], IntArray]) -> Spoil:
    return lambda x, y, random: (x, change(y, random))


@LABELS
def bug_label(ground: Ground, random: np.random.Generator, setting: Setting) -> Plan:
    """Seven of ten positives are reported as negative."""
    lost = _labels(lambda y, random: np.where(random.random(len(y)) < 0.7, 0, y))
    return _plan("bug_label", ground, random, setting, lost)


@LABELS
def bug_join(ground: Ground, random: np.random.Generator, setting: Setting) -> Plan:
    """Each label belongs to another row."""
    return _plan("bug_join", ground, random, setting, _labels(lambda y, random: random.permutation(y)))


@LABELS
def bug_invert(ground: Ground, random: np.random.Generator, setting: Setting) -> Plan:
    """Positive is reported as negative and the other way round."""
    return _plan("bug_invert", ground, random, setting, _labels(lambda y, random: 1 - y))


@LABELS
def bug_noise(ground: Ground, random: np.random.Generator, setting: Setting) -> Plan:
    """One label in three is turned round."""
    noise = _labels(lambda y, random: np.where(random.random(len(y)) < 0.33, 1 - y, y))
    return _plan("bug_noise", ground, random, setting, noise)


@LABELS
def bug_part(ground: Ground, random: np.random.Generator, setting: Setting) -> Plan:
    """Positives of one source, two rows in five, are all reported as negative."""
    source = int(ground.important(random, 1)[0])
    edge = np.nanquantile(ground.table.x[:, source], 0.6)

    def spoil(x: FloatArray, y: IntArray, random: np.random.Generator) -> tuple[FloatArray, IntArray]:
        return x, np.where(x[:, source] >= edge, 0, y)

    return _plan("bug_part", ground, random, setting, spoil)
