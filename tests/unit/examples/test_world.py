"""The example's world shows what it promises: each incident leaves the traces that its verdict needs, and no others."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
import yaml
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import roc_auc_score

from examples.fraud_detector import train
from examples.fraud_detector.incidents import FIRST_DAY, INCIDENTS, REFERENCE_UNTIL, STORY, TIMELINES
from examples.fraud_detector.payments import draw
from examples.fraud_detector.world import build, champion_model, continue_with, load_scorer

ROOT = Path(__file__).parents[3]
START = {name: plan.episodes[0].start for name, plan in INCIDENTS.items() if plan.episodes}
MATURE = timedelta(days=3)


@pytest.fixture(scope="module")
def champion(tmp_path_factory):
    return champion_model(tmp_path_factory.mktemp("champion"))


@pytest.fixture(scope="module")
def worlds(champion, tmp_path_factory):
    """Each incident's log with its labels joined, made when first asked for."""
    made = {}

    def world(name):
        if name not in made:
            folder = tmp_path_factory.mktemp(name)
            (folder / champion.name).write_bytes(champion.read_bytes())
            build(folder, name)
            made[name] = read(folder)
        return made[name]

    return world


def read(folder):
    log = pd.read_parquet(folder / "predictions")
    joined = log.merge(pd.read_parquet(folder / "labels"), on="prediction_id", how="left", validate="one_to_one")
    return joined.sort_values(["event_time", "prediction_id"], ignore_index=True)


def between(rows, start, until):
    return rows[
        (rows["event_time"] >= pd.Timestamp(start, tz="UTC")) & (rows["event_time"] < pd.Timestamp(until, tz="UTC"))
    ]


def reference(rows):
    return between(rows, FIRST_DAY, REFERENCE_UNTIL)


def mature(rows, name):
    """The rows of an incident, from its start on, whose labels have had their time."""
    return between(rows, START.get(name, REFERENCE_UNTIL), INCIDENTS[name].checks[0].day - MATURE)


def auc(rows):
    return roc_auc_score(rows["is_fraud"], rows["score"])


def foreseen_auc(rows, before):
    """The AUC to expect of these scores if they are still as well calibrated as in the rows before."""
    calibrate = IsotonicRegression(out_of_bounds="clip").fit(before["score"], before["is_fraud"])
    chance = np.sort(calibrate.predict(rows["score"]))
    below = np.cumsum(1 - chance) - (1 - chance) / 2
    return (chance * below).sum() / (chance.sum() * (1 - chance).sum())


def psi(before, now):
    if before.dtype.kind in "if":
        edges = np.unique(np.nanquantile(before, np.linspace(0.1, 0.9, 9)))
        before, now = (pd.Series(np.searchsorted(edges, column.dropna())) for column in (before, now))
    old, new = (column.value_counts(normalize=True) for column in (before, now))
    old, new = old.align(new, fill_value=0.0)
    old, new = old.clip(1e-4), new.clip(1e-4)
    return ((new - old) * np.log(new / old)).sum()


def test_log_has_a_file_a_day_and_sound_rows(champion, tmp_path):
    (tmp_path / champion.name).write_bytes(champion.read_bytes())
    assert build(tmp_path, "quiet", date(2026, 1, 6)) == date(2026, 1, 6)
    assert [path.name for path in sorted((tmp_path / "predictions").iterdir())] == [
        f"2026-01-0{day}.parquet" for day in range(1, 6)
    ]
    assert [path.name for path in sorted((tmp_path / "labels").iterdir())] == [
        f"2026-01-0{day}.parquet" for day in range(2, 6)
    ]
    rows = read(tmp_path)
    assert rows["prediction_id"].is_unique
    assert str(rows["event_time"].dtype) == "datetime64[us, UTC]"
    assert (rows["event_time"].dt.hour == rows["hour"]).all()
    assert set(rows["model_version"]) == {"1"}
    assert rows["score"].between(0, 1, inclusive="neither").all()
    assert rows[["merchant", "country", "channel"]].nunique().tolist() == [8, 6, 3]
    assert 0.02 < rows["distance_km"].isna().mean() < 0.04
    assert rows.drop(columns=["distance_km", "is_fraud", "labelled_at"]).notna().all(axis=None)


def test_labels_come_one_to_three_days_later_and_none_from_the_future(worlds):
    rows = worlds("quiet")
    now = INCIDENTS["quiet"].checks[0].now
    waited = (rows["labelled_at"] - rows["event_time"]).dropna()
    assert waited.min() >= timedelta(days=1)
    assert waited.max() < MATURE
    assert rows["labelled_at"].max() < now
    assert rows[rows["event_time"] < now - MATURE]["is_fraud"].notna().all()
    assert rows[rows["event_time"] > now - timedelta(days=1)]["is_fraud"].isna().all()


def test_world_is_the_same_written_at_once_or_day_by_day(champion, tmp_path):
    once, daily = tmp_path / "once", tmp_path / "daily"
    for folder in (once, daily):
        folder.mkdir()
        (folder / champion.name).write_bytes(champion.read_bytes())
    build(once, "story", date(2026, 1, 6))
    for day in (2, 3, 4, 6, 5):
        build(daily, "story", date(2026, 1, day))
    pd.testing.assert_frame_equal(read(once), read(daily))


def test_champion_is_what_the_training_script_makes_of_january(champion, tmp_path, capsys):
    (tmp_path / champion.name).write_bytes(champion.read_bytes())
    build(tmp_path, "quiet", date(2026, 2, 5))
    january = train.Order("m", None, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC), ())
    rows = train.read_rows(tmp_path, january)
    assert "labelled" in capsys.readouterr().out
    np.testing.assert_allclose(train.fit(rows).predict_proba(rows[train.FEATURES])[:, 1], load_scorer(champion)(rows))
    np.testing.assert_allclose(reference(read(tmp_path))["score"], load_scorer(champion)(rows))


def test_model_file_needs_no_other_trust_than_said(champion):
    assert skops.io.get_untrusted_types(file=champion) == train.TRUSTED_TYPES


@pytest.mark.parametrize("name", sorted(INCIDENTS))
def test_every_incident_begins_in_a_sound_world(worlds, name):
    rows = reference(worlds(name))
    assert 0.06 < rows["is_fraud"].mean() < 0.08
    assert 0.85 < auc(rows) < 0.90
    assert abs(rows["score"].mean() - rows["is_fraud"].mean()) < 0.001


def test_quiet_is_quiet(worlds):
    rows = worlds("quiet")
    assert abs(auc(mature(rows, "quiet")) - foreseen_auc(mature(rows, "quiet"), reference(rows))) < 0.01
    for _, day in between(rows, REFERENCE_UNTIL, date.max).groupby(rows["event_time"].dt.date):
        assert max(psi(reference(rows)[name], day[name]) for name in [*train.FEATURES, "score"]) < 0.05


def test_unit_bug_multiplies_one_column_on_one_day(worlds):
    rows, quiet = worlds("unit_bug"), worlds("quiet")
    broken = rows["event_time"].dt.date == START["unit_bug"]
    np.testing.assert_allclose(rows["amount"] / quiet["amount"], np.where(broken, 100.0, 1.0))
    others = [name for name in train.FEATURES if name != "amount"]
    pd.testing.assert_frame_equal(rows[others], quiet[others])
    assert rows[broken]["score"].mean() > 5 * rows[~broken]["score"].mean()


def test_lost_labels_take_most_frauds_and_leave_the_scores(worlds):
    rows, quiet = worlds("lost_labels"), worlds("quiet")
    pd.testing.assert_series_equal(rows["score"], quiet["score"])
    hurt, sound = mature(rows, "lost_labels"), mature(quiet, "lost_labels")
    assert hurt["is_fraud"].sum() < 0.3 * sound["is_fraud"].sum()
    assert (hurt["is_fraud"] <= sound["is_fraud"].loc[hurt.index]).all()
    by_merchant = hurt.groupby("merchant")[["is_fraud", "score"]].sum()
    assert (by_merchant["is_fraud"] < 0.45 * by_merchant["score"]).all()


def test_concept_change_is_invisible_in_the_features_and_hurts_unforeseen(worlds):
    rows = worlds("concept_change")
    changed = mature(rows, "concept_change")
    assert max(psi(reference(rows)[name], changed[name]) for name in [*train.FEATURES, "score"]) < 0.01
    assert auc(changed) < auc(reference(rows)) - 0.08
    assert foreseen_auc(changed, reference(rows)) - auc(changed) > 0.05
    assert 1.0 < changed["is_fraud"].mean() / reference(rows)["is_fraud"].mean() < 1.5
    share = changed.groupby("merchant")["is_fraud"].mean() / changed.groupby("merchant")["score"].mean()
    assert share.min() < 0.5  # uneven: some merchants got safer, others far worse
    assert share.max() > 2.0


def test_concept_change_leaves_every_payment_as_it_was():
    before, after = (draw(date(2026, 2, 8), concept) for concept in ("cards", "wallets"))
    assert (before["is_fraud"] != after["is_fraud"]).any()
    pd.testing.assert_frame_equal(before.drop(columns="is_fraud"), after.drop(columns="is_fraud"))


def test_challenger_wins_clearly_every_day_after_the_change(worlds):
    rows = worlds("concept_change")
    now = INCIDENTS["concept_change"].checks[0].day
    until = now - MATURE
    challenger = train.fit(between(rows, until - timedelta(days=18), until - timedelta(days=4)))
    for day in range(1, 5):
        held_out = between(rows, until - timedelta(days=day), until - timedelta(days=day - 1))
        score = challenger.predict_proba(held_out[train.FEATURES])[:, 1]
        assert roc_auc_score(held_out["is_fraud"], score) > auc(held_out) + 0.05


def test_harder_traffic_hurts_as_foreseen(worlds):
    rows = worlds("harder_traffic")
    hard = mature(rows, "harder_traffic")
    assert auc(hard) < auc(reference(rows)) - 0.08
    assert abs(auc(hard) - foreseen_auc(hard, reference(rows))) < 0.01
    assert max(psi(reference(rows)[name], hard[name]) for name in train.FEATURES) > 0.1
    assert set(hard["merchant"]) == set(reference(rows)["merchant"])


def test_late_labels_leave_matured_days_without_any(worlds):
    rows = worlds("late_labels")
    start, now = START["late_labels"], INCIDENTS["late_labels"].checks[0].day
    assert between(rows, start - timedelta(days=1), now - MATURE)["is_fraud"].isna().all()
    assert between(rows, FIRST_DAY, start - MATURE)["is_fraud"].notna().all()


def test_story_goes_on_with_whatever_was_promoted(champion, tmp_path):
    (tmp_path / champion.name).write_bytes(champion.read_bytes())
    build(tmp_path, until=date(2026, 1, 4))
    assert continue_with(tmp_path, champion, "2", 1, date(2026, 1, 4)) == date(2026, 1, 5)
    assert continue_with(tmp_path, lambda rows: np.full(len(rows), 0.25), "3", 2) == date(2026, 1, 7)
    rows = read(tmp_path)
    served = rows.groupby(rows["event_time"].dt.day)["model_version"].agg(["min", "max"])
    assert served["min"].tolist() == served["max"].tolist() == ["1", "1", "1", "2", "3", "3"]
    assert set(rows[rows["model_version"] == "3"]["score"]) == {0.25}
    assert rows[rows["event_time"] < pd.Timestamp("2026-01-04", tz="UTC")]["is_fraud"].notna().all()


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda folder: build(folder, "quiet"), "holds the world 'story'"),
        (lambda folder: build(folder, until=FIRST_DAY), "begins on 2026-01-01"),
        (lambda folder: continue_with(folder, abs, "2", 1, date(2026, 1, 4)), "goes on at 2026-01-03"),
        (lambda folder: continue_with(folder, abs, "2", -1), "cannot carry on"),
        (lambda folder: continue_with(folder / "empty", abs, "2", 1), "there is no world"),
    ],
)
def test_impossible_wishes_are_refused_and_change_nothing(champion, tmp_path, act, said):
    (tmp_path / champion.name).write_bytes(champion.read_bytes())
    build(tmp_path, until=date(2026, 1, 3))
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    with pytest.raises(ValueError, match=said):
        act(tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


@pytest.mark.parametrize("plan", TIMELINES.values(), ids=lambda plan: plan.name)
def test_checks_are_in_order_and_episodes_do_not_overlap(plan):
    assert list(plan.checks) == sorted(plan.checks, key=lambda check: check.day)
    assert all(one.until <= other.start for one, other in zip(plan.episodes, plan.episodes[1:], strict=False))


def test_a_retrain_of_the_story_learns_from_the_new_fraudsters_only():
    model = yaml.safe_load((ROOT / "autopilot.yaml").read_text())["models"]["fraud-detector-v1"]
    spans = (model["training"]["window"], model["training"]["holdout"], model["monitor"]["labels"]["delay"])
    needed = timedelta(days=sum(int(span.removesuffix("d")) for span in spans))
    retrains = [check for plan in TIMELINES.values() for check in plan.checks if check.action == "retrain"]
    changes = [episode.start for plan in (STORY, INCIDENTS["concept_change"]) for episode in plan.episodes[-2:]]
    assert len(retrains) == 3
    assert all(check.day - needed in changes for check in retrains)


def test_configuration_names_the_columns_of_the_log():
    monitor = yaml.safe_load((ROOT / "autopilot.yaml").read_text())["models"]["fraud-detector-v1"]["monitor"]
    assert monitor["features"] == train.FEATURES
    assert (monitor["reference"]["from"], monitor["reference"]["until"]) == (FIRST_DAY, REFERENCE_UNTIL)


@pytest.mark.parametrize(
    ("environ", "start", "until", "excluded"),
    [
        ({}, datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC), 0),  # by hand: no limit
        (
            {
                "AUTOPILOT_TRAIN_FROM": "2025-12-01T01:00:00+01:00",
                "AUTOPILOT_TRAIN_UNTIL": "2026-01-04T00:00:00Z",
                "AUTOPILOT_EXCLUDE": "2026-01-02T00:00:00Z/2026-01-02T12:00:00Z,2026-01-03T00:00Z/2026-01-04T00:00Z",
            },
            datetime(2025, 12, 1, tzinfo=UTC),
            datetime(2026, 1, 4, tzinfo=UTC),
            2,
        ),
        ({"AUTOPILOT_EXCLUDE": ""}, datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC), 0),
    ],
)
def test_training_order_is_read_from_the_environment(environ, start, until, excluded):
    order = train.read_order(environ)
    assert (order.start, order.until, len(order.exclude)) == (start, until, excluded)


def test_training_keeps_to_half_open_intervals(champion, tmp_path):
    (tmp_path / champion.name).write_bytes(champion.read_bytes())
    build(tmp_path, until=date(2026, 1, 9))
    log = between(read(tmp_path), FIRST_DAY, date(2026, 1, 5))["event_time"].drop_duplicates().tolist()
    start, gap, gap_end, until = log[100], log[2000], log[2500], log[-100]
    times = train.read_rows(tmp_path, train.Order("m", None, start, until, ((gap, gap_end),)))["event_time"]
    assert times.drop_duplicates().tolist() == log[100:2000] + log[2500:-100]


@pytest.mark.parametrize("until", [datetime(2026, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)])
def test_training_on_nothing_ends_with_a_message(champion, tmp_path, until):
    (tmp_path / champion.name).write_bytes(champion.read_bytes())
    build(tmp_path, until=date(2026, 1, 4))
    with pytest.raises(SystemExit, match="nothing to learn from"):
        train.read_rows(tmp_path, train.Order("m", None, datetime(2024, 1, 1, tzinfo=UTC), until, ()))


def test_command_line_writes_a_world_and_names_its_checks(champion, tmp_path):
    folder = tmp_path / "a world"
    folder.mkdir()
    (folder / champion.name).write_bytes(champion.read_bytes())
    script = [sys.executable, str(ROOT / "examples" / "fraud_detector" / "world.py"), str(folder)]
    clean = {"PATH": os.defpath}
    done = subprocess.run(
        [*script, "--incident", "unit_bug"], cwd=tmp_path, env=clean, capture_output=True, text=True, check=True
    )
    assert "--now 2026-02-15T00:00:00Z   # broken_data, fix_data" in done.stdout
    register = [sys.executable, str(ROOT / "examples" / "fraud_detector" / "register_champion.py"), "--help"]
    assert subprocess.run(register, cwd=tmp_path, env=clean, capture_output=True, check=False).returncode == 0
    wrong = [*script, "--serve-with", str(champion), "--version", "2", "--days", "1", "--from", "2026-03-01"]
    done = subprocess.run(wrong, cwd=tmp_path, env=clean, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        1,
        f"world.py: the world in {folder} goes on at 2026-02-15, not at 2026-03-01\n",
    )
