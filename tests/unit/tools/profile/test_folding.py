"""A day's counts are its hours' counts, added one after the other: to the last row, whatever was counted."""

from functools import reduce
from operator import add

import numpy as np
import pytest

from graph.codec import canonical, dump, load
from tests.unit.tools.profile.samples import counted, cut, features, profile_of, scored
from tests.unit.tools.profile.test_counts import without_frequent
from tools.profile.arrays import floats
from tools.profile.counting import count_cells, count_numeric
from tools.profile.counts import FeatureCounts, ScoreCounts
from tools.profile.folding import folded
from tools.profile.losses import count_losses, yardstick
from tools.profile.numeric import Limits
from tools.profile.profile import Cuts
from tools.profile.values import ValueCounts

PROFILE = profile_of(features(4_000, seed=1))
HOURS = 24


def hours_of_features(seed):
    return [counted(piece, PROFILE) for piece, _ in cut(features(1_500, seed), HOURS, seed)]


def hours_of_scores(seed):
    rows = [scored(100, seed * HOURS + hour) for hour in range(HOURS)]
    cells = [count_cells(each.score, each.label, (0.1, 0.4)) for each in rows]
    return [ScoreCounts(each, rows=100, other_versions=(str(seed),), lags={n: 3}) for n, each in enumerate(cells)]


def hours_of_values(seed):
    draw, served = np.random.default_rng(seed), hours_of_scores(seed)
    prediction = draw.gamma(3.0, 10.0, (HOURS, 50))
    label = prediction + draw.normal(0, 1, (HOURS, 50))
    by, cuts = yardstick(prediction[0], label[0]), Cuts((10.0, 20.0))

    def count(each):
        return count_numeric(floats(each), cuts, Limits())

    parts = zip(served, prediction, label, strict=True)
    return [ValueCounts(each, count(p), count(y), count_losses(p, y, by)) for each, p, y in parts]


KINDS = {"features": hours_of_features, "scores": hours_of_scores, "values": hours_of_values}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", KINDS)
def test_a_fold_is_the_sum_bit_for_bit(kind, seed):
    hours = KINDS[kind](seed)
    found = folded([dump(each) for each in hours])
    assert found is not None
    assert canonical(found) == canonical(dump(reduce(add, hours)))


@pytest.mark.parametrize("seed", range(3))
def test_a_day_folded_in_two_steps_counts_the_same_rows(seed):
    hours = [dump(each) for each in hours_of_features(seed)]
    at_once, first = folded(hours), folded(hours[:9])
    assert at_once and first
    in_two = folded([first, *hours[9:]])
    assert in_two
    assert without_frequent(load(FeatureCounts, in_two)) == without_frequent(load(FeatureCounts, at_once))


def test_counts_of_a_strange_kind_or_of_two_kinds_are_left_as_they_are():
    assert folded([{"rows": 3}]) is None
    assert folded([dump(hours_of_features(0)[0]), dump(hours_of_scores(0)[0])]) is None
