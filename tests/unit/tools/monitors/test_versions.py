"""Whose rows count: the champion's, the profile it is measured against, and what is said while that profile forms."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.unit.tools.monitors.logs import ROWS, World, day, rows_of
from tools.monitors.predictions import LabelSource


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Version 2 takes over on day 12."""
    world = World(tmp_path, days=40)
    for number in range(12, 40):
        world.write(number, {"version": ["2"] * ROWS})
    return world


def test_the_reference_serves_the_version_that_served_it(world: World):
    found = world.monitor.measure("1", day(13))
    assert found.labels is not None
    assert found.labels.predictions == ROWS
    assert found.notes == ()


def test_rows_of_another_version_are_left_out_of_performance(world: World):
    found = world.monitor.measure("1", day(15))
    assert found.rows == ROWS
    assert len(found.features) == 3
    assert found.labels is None
    assert found.score_psi is None
    assert found.notes == (
        "300 rows of the labelled window were served by 2, not by version 1, and are left out of performance",
    )


def test_a_mixed_window_counts_the_champions_part(world: World):
    half = ["1"] * (ROWS // 2) + ["2"] * (ROWS - ROWS // 2)
    world.write(11, {"version": half})
    found = world.monitor.measure("1", day(14))
    assert found.labels is not None
    assert found.labels.predictions == ROWS // 2
    assert found.labels.positives == rows_of(11)["label"][: ROWS // 2].sum()
    assert "150 rows of the labelled window were served by 2" in found.notes[0]


def test_a_new_version_is_measured_once_its_own_profile_has_formed(world: World):
    for number in range(12, 40):
        world.write(number, {"version": ["2"] * ROWS, "score": np.sqrt(rows_of(number)["score"])})
    early = world.monitor.measure("2", day(17))
    assert early.labels is None
    assert early.score_psi is None
    assert len(early.features) == 3
    assert any(
        note.startswith("the profile of version 2 is forming: its matured rows hold 900 lab") for note in early.notes
    )
    ready = world.monitor.measure("2", day(24))
    assert ready.labels is not None
    assert ready.labels.brier_excess is not None
    # Scores are no probabilities here, and 7 windows of its own rows say so: not the reference's.
    assert ready.labels.brier_excess.low < 0 < ready.labels.brier_excess.high
    assert ready.labels.expected_positives == pytest.approx(rows_of(21)["score"].sum(), rel=0.25)
    (name,) = (name for _, name in world.store.profiles if name.startswith("2#"))
    sealed = world.store.profiles["shop", name]
    assert (sealed["start"], sealed["end"]) == ("2026-01-13T00:00:00Z", "2026-01-20T00:00:00Z")
    assert world.monitor.measure("2", day(38)).labels is not None
    assert world.store.profiles["shop", name] == sealed


def test_a_profile_does_not_form_on_quarantined_days(world: World):
    broken = world.monitor.measure("2", day(14))
    world.store.quarantine("shop", [each for each in broken.windows if each.start == day(13)])
    assert world.monitor.measure("2", day(21)).labels is None
    assert world.monitor.measure("2", day(22)).labels is not None
    (name,) = (name for _, name in world.store.profiles if name.startswith("2#"))
    assert sum(world.store.profiles["shop", name]["cells"]["rows"]) == 7 * ROWS


def test_a_version_that_never_served_forms_nothing(world: World):
    found = world.monitor.measure("9", day(30))
    assert found.labels is None
    assert "version 9 has served no row of the log yet" in found.notes


def test_versions_may_be_whole_numbers(world: World):
    for number in range(40):
        world.write(number, {"version": np.full(ROWS, 1)})
    found = world.monitor.measure("1", day(15)).labels
    assert found is not None
    assert found.predictions == ROWS


def test_a_log_without_versions_counts_every_row_and_says_so(world: World):
    world.settings = {"version": None}
    found = world.monitor.measure("2", day(15))
    assert found.labels is not None
    assert found.labels.predictions == ROWS
    assert found.notes == ("the log does not say which version served a row: its scores count as the champion's",)


def test_without_a_champion_rows_and_labels_are_counted(world: World):
    for number in range(40):
        rows = rows_of(number)
        world.write_log(number, {name: rows[name] for name in ("id", "at", "amount", "visits", "word")})
    world.settings = {"version": None}
    found = world.monitor.measure(None, day(15))
    assert found.champion is None
    assert len(found.features) == 3
    assert (found.bad_scores, found.score_psi) == (0, None)
    assert found.labels is not None
    assert (found.labels.labelled, found.labels.positives) == (ROWS, rows_of(12)["label"].sum())
    assert found.labels.reference_positive_share == pytest.approx(0.117, abs=0.01)
    assert (found.labels.realised, found.labels.brier_excess, found.labels.expected_positives) == (None, None, 0)


def test_a_reference_with_too_few_labels_gives_way_to_later_rows(world: World):
    for number in range(10):
        (world.folder / "labels" / f"{number:02}.parquet").unlink()
    world.settings = {"version": None}
    early = world.monitor.measure("1", day(13.5))
    assert early.labels is None
    assert any("is forming: its matured rows hold 300 labels" in note for note in early.notes)
    ready = world.monitor.measure("1", day(14))
    assert ready.labels is not None
    assert ready.labels.reference_labelled_share == pytest.approx(600 / 3600)


def test_the_reference_must_be_over_and_its_labels_due(world: World):
    running = world.monitor.measure("1", day(9))
    assert running.features == ()
    assert running.reference_rows == 0
    assert running.rows == ROWS
    assert running.notes == (
        "the reference period 2026-01-01 00:00 to 2026-01-11 00:00 is not over yet",
        "the labels of the reference period are not due yet",
    )
    assert world.store.profiles == {}
    over = world.monitor.measure("1", day(11))
    assert len(over.features) == 3
    assert over.labels is None


def test_another_reference_or_meaning_makes_another_profile(world: World):
    world.monitor.measure("1", day(12.5))
    assert len(profiles(world)) == 2
    world.settings = {"reference": (day(0), day(9))}
    assert world.monitor.measure("1", day(12.5)).reference_rows == 9 * ROWS
    world.settings = {"threshold": 0.1}
    world.monitor.measure("1", day(12.5))
    world.settings = {"labels": LabelSource(str(world.folder / "labels"), "id", "label", None, timedelta(days=2))}
    world.monitor.measure("1", day(12.5))
    assert len(profiles(world)) == 6


def profiles(world: World) -> list[str]:
    """Return the names of the profiles, without what is kept beside them: nulls, and how columns foresee each other."""
    return [name for _, name in world.store.profiles if not name.startswith(("nulls#", "rows#"))]
