"""The ground of all streams of one table: the true log odds of every row, and how a change of the truth is made.

Rows are resampled from the table, labels drawn from the truth: the best decision and the harm of any other are known.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from benchmarks.decide import simulated, tables
from benchmarks.decide.models import Model, fit
from benchmarks.decide.tables import BoolArray, FloatArray, IntArray, Table

BASES = ("payments", "machines", "weather", "elec2")
MOST_ROWS = 30_000
STRONGEST = 8.0  # log odds; a stronger change alters no decision


@dataclass(frozen=True)
class Ground:
    """`logit` is the truth of every row, `z` the columns as normal scores, `importance` the share that each explains.

    `naive` is a model fitted on some rows: it stands for any champion when the harm of a broken column is estimated.
    """

    table: Table
    logit: FloatArray
    z: FloatArray
    importance: FloatArray
    naive: Model

    def regret(self, score: FloatArray, rows: IntArray) -> float:
        """Return the mean harm of the decisions that `score` makes on these rows of the table."""
        return harm(self.logit[rows], score > 0.5)

    def important(self, random: np.random.Generator, count: int) -> IntArray:
        """Return columns drawn without repetition, important ones more often."""
        share = self.importance + 0.01
        return random.choice(len(share), count, replace=False, p=share / share.sum())


def harm(logit: FloatArray, decision: BoolArray) -> float:
    """Return the mean of |2 eta - 1| over the rows decided against the truth."""
    return float(np.mean(np.abs(np.tanh(logit / 2)) * ((logit > 0) != decision)))


@lru_cache(maxsize=len(BASES))
def ground(base: str) -> Ground | None:
    """Return the ground of a base table, or None where its data are not on this machine."""
    table = base_table(base)
    if table is None:
        return None
    random = np.random.default_rng(5)
    if len(table.y) > MOST_ROWS:
        rows = random.choice(len(table.y), MOST_ROWS, replace=False)
        table = Table(table.name, table.columns, table.x[rows], table.y[rows], table.logit, table.tick[rows])
    logit = table.logit if len(table.logit) else _learned(table)
    z = np.column_stack([_normal_scores(random, table, at) for at in range(len(table.columns))])
    importance = np.array([_explained(column, logit) for column in z.T])
    some = random.choice(len(table.y), 6000, replace=False)
    return Ground(table, logit, z, importance, fit("boosting", table.columns, table.x[some], table.y[some]))


def base_table(base: str) -> Table | None:
    """Return a base table by name, or None where its data are not on this machine."""
    if base in ("payments", "machines"):
        return simulated.payments() if base == "payments" else simulated.machines()
    folder = tables.data_folder()
    if folder is None:
        return None
    return tables.weather(folder) if base == "weather" else tables.elec2(folder)


def changed(ground: Ground, random: np.random.Generator, target: float) -> FloatArray:
    """Return log odds under a new concept, under which the best decisions of the old one cost about `target` a row.

    Not every segment holds that much harm: another concept is drawn then, and the most harmful of eight taken at last.
    """
    drawn = []
    for _ in range(8):
        kind = (_tilted, _turned, _segment)[random.integers(3)]
        logit = _scaled(ground.logit, kind(ground, random), target)
        drawn.append((harm(logit, ground.logit > 0), logit))
        if drawn[-1][0] > 0.8 * target:
            break
    return max(drawn, key=lambda pair: pair[0])[1]


def shifted(ground: Ground, by: float) -> FloatArray:
    """Return log odds with another base rate: up or down, whichever alters more decisions."""
    up, down = ground.logit + by, ground.logit - by
    return up if harm(up, ground.logit > 0) >= harm(down, ground.logit > 0) else down


def _scaled(logit: FloatArray, concept: Callable[[float], FloatArray], target: float) -> FloatArray:
    """Find the strength by bisection."""
    low, high = 0.0, 1.0
    for _ in range(14):
        middle = (low + high) / 2
        low, high = (middle, high) if harm(concept(middle), logit > 0) < target else (low, middle)
    return concept(high)


def _tilted(ground: Ground, random: np.random.Generator) -> Callable[[float], FloatArray]:
    """Three columns gain or lose influence."""
    columns = ground.important(random, min(3, ground.z.shape[1]))
    tilt = ground.z[:, columns] @ random.normal(size=len(columns))
    tilt = tilt / np.std(tilt)
    return lambda strength: ground.logit + STRONGEST * strength * tilt


def _turned(ground: Ground, random: np.random.Generator) -> Callable[[float], FloatArray]:
    """The truth turns towards another function of the same columns; its spread stays."""
    first, second, third = ground.important(random, 3)
    other = ground.z[:, first] * random.choice([-1, 1]) + ground.z[:, second] * np.sign(ground.z[:, third])
    middle, spread = ground.logit.mean(), ground.logit.std()
    other = (other - other.mean()) / other.std() * spread
    return lambda part: middle + np.cos(part * np.pi) * (ground.logit - middle) + np.sin(part * np.pi) * other


def _segment(ground: Ground, random: np.random.Generator) -> Callable[[float], FloatArray]:
    """In one segment, half of the rows or fewer, the truth fades and turns into its opposite."""
    column = ground.z[:, ground.important(random, 1)[0]]
    inside = (column if random.random() < 0.5 else -column) > np.quantile(column, random.uniform(0.5, 0.75))
    return lambda part: np.where(inside, (1 - 2 * part) * ground.logit + 2 * part, ground.logit)


def _learned(table: Table) -> FloatArray:
    """Return the log odds of a labeler fitted on the table's own labels."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    categorical = [at for at, column in enumerate(table.columns) if column.categorical] or None
    labeler = HistGradientBoostingClassifier(
        max_iter=120, max_leaf_nodes=24, early_stopping=False, categorical_features=categorical, random_state=0
    )
    return np.asarray(labeler.fit(table.x, table.y).decision_function(table.x), float)


def _normal_scores(random: np.random.Generator, table: Table, at: int) -> FloatArray:
    """Return a column as normal scores of its ranks; categories in a random order, nulls in the middle."""
    from scipy.stats import norm

    values = table.x[:, at]
    if table.columns[at].categorical:
        values = random.permutation(len(table.columns[at].values))[values.astype(int)].astype(float)
    known = np.isfinite(values)
    ordered = np.sort(values[known])
    rank = np.searchsorted(ordered, values, side="left") + np.searchsorted(ordered, values, side="right")
    scores = norm.ppf(np.clip(rank / (2 * len(ordered)), 0.001, 0.999))
    return np.where(known, scores, 0.0)


def _explained(column: FloatArray, logit: FloatArray) -> float:
    """Return the share of the variance of `logit` between the tenths of one column."""
    group = np.searchsorted(np.unique(np.quantile(column, np.arange(0.1, 1.0, 0.1))), column, side="right")
    counts = np.bincount(group)
    sums = np.bincount(group, logit)
    means = np.divide(sums, counts, out=np.zeros_like(sums), where=counts > 0)
    return float(np.var(means[group]) / np.var(logit))
