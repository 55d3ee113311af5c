"""A reference becomes a profile: bins where the rows are, exact counts, one digest."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from graph.codec import canonical, dump, load
from tests.unit.tools.profile.samples import counted, cut, features, profile_of, scored
from tools.profile.profile import FeatureProfile, ScoreProfile, seal
from tools.profile.reference import TABLE_VALUES, Sampler, choose_cuts
from tools.profile.scores import Scored, score_profile

START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)


def test_bins_follow_the_rows():
    sample = np.random.default_rng(1).lognormal(0, 2, 10_000)
    cuts = choose_cuts(sample)
    shares = np.bincount(np.searchsorted(cuts.at, sample, side="right")) / len(sample)
    assert cuts.atoms == ()
    assert 40 < cuts.bins < 60
    assert shares.max() < 1.1 / 32
    assert shares[0] > 0


def test_one_absurd_value_does_not_blind_the_bins():
    sample = np.append(np.random.default_rng(2).normal(size=5_000), 1e9)
    cuts = choose_cuts(sample)
    assert sum(edge < 5 for edge in cuts.at) > 40


@pytest.mark.parametrize(
    ("sample", "atoms"),
    [
        ([], ()),
        ([5.0] * 10, (5.0,)),
        ([0.0, -0.0, 1.0], (0.0, 1.0)),
        ([*np.linspace(1, 2, 100), *[0.0] * 50], (0.0,)),
    ],
)
def test_frequent_values_become_atoms(sample: list[float], atoms: tuple[float, ...]):
    cuts = choose_cuts(np.array(sample))
    assert cuts.atoms == atoms
    assert str(cuts).count("-0.0") == 0


def test_the_profile_counts_its_own_rows():
    columns = features(3_000, seed=1)
    profile = profile_of(columns)
    assert profile.rows == 3_000
    assert sum(profile.numeric["amount"].counts.bins) == 3_000
    assert profile.numeric["amount"].counts.below == profile.numeric["amount"].counts.above == 0
    assert profile.categorical["word"].pooled is False
    assert profile.numeric["absent"].cuts.bins == 1


def test_a_profile_survives_json_and_a_database_that_writes_numbers_its_own_way():
    profile = profile_of({**features(3_000, seed=1), "large": pa.array(np.linspace(1e16, 1e17, 3_000))})
    document = dump(profile)
    assert "NaN" not in canonical(document)
    assert load(FeatureProfile, document) == profile
    # Postgres gives 1e16 back as 10000000000000000, a whole number.
    cuts = document["numeric"]["large"]["cuts"]
    cuts["at"] = [int(edge) for edge in cuts["at"]]
    assert seal(load(FeatureProfile, document)) == seal(profile)


def test_another_reference_has_another_digest():
    first, second = profile_of(features(500, seed=1)), profile_of(features(500, seed=2))
    assert seal(first) == seal(profile_of(features(500, seed=1)))
    assert seal(first) != seal(second)
    assert seal(first) != seal(replace(first, end=datetime(2026, 3, 1, tzinfo=UTC)))


def test_a_sample_is_spread_over_all_batches():
    columns = {"x": pa.array(np.arange(10_000.0))}
    sampler = Sampler(stride=7)
    for piece, rows in cut(columns, pieces=23, seed=1):
        sampler.add(piece, rows)
    cuts = sampler.bins(("x",), START, END).numeric["x"].cuts
    assert all(edge % 7 == 0 for edge in cuts.at)
    assert max(cuts.at) > 9_900


def test_rare_categories_beyond_the_table_are_pooled():
    values = [f"v{number:05}" for number in range(TABLE_VALUES + 5)] + ["v00000"]
    profile = profile_of({"many": pa.array(values)})
    part = profile.categorical["many"]
    assert part.pooled
    assert len(part.values) == TABLE_VALUES
    assert "v00000" in part.values
    assert part.counts.other == 5
    assert counted({"many": pa.array(["elsewhere"])}, profile).categorical["many"].other == 1


def test_text_and_numbers_in_one_feature_are_noticed():
    sampler = Sampler(1)
    sampler.add({"x": pa.array([1.0])}, 1)
    assert sampler.mixed() == []
    sampler.add({"x": pa.array(["one"])}, 1)
    assert sampler.mixed() == ["x"]


def test_a_score_profile_survives_json():
    profile = score_profile("3", START, END, scored(2_000, seed=1), 0.5)
    assert load(ScoreProfile, dump(profile)) == profile
    assert seal(load(ScoreProfile, dump(profile))) == seal(profile)


def test_days_that_differ_make_the_profile_less_sure_of_itself():
    rows = scored(20_000, seed=3)
    draw = np.random.default_rng(3)
    pull = draw.lognormal(0, 0.5, 10)[rows.bucket]
    moved = (draw.random(20_000) < np.clip(rows.score * pull, 0, 1)).astype(np.int8)
    quiet = score_profile("1", START, END, rows, 0.5)
    restless = score_profile("1", START, END, Scored(rows.score, moved, rows.bucket), 0.5)
    assert quiet.spread < 3 < restless.spread
    assert restless.excess_se > 1.3 * quiet.excess_se
