"""Scores that are no probabilities and labels that are no classes are counted, or refused when none could be right."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graph.codec import canonical, dump
from graph.errors import Misconfigured
from graph.evidence import Evidence
from tests.unit.tools.monitors.logs import LABELS, ROWS, World, day, rows_of, save


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, days=16)


def measured(world: World) -> Evidence:
    """Return the evidence of day 15, which must be proper JSON whatever was in the log."""
    found = world.monitor.measure("1", day(15))
    assert "NaN" not in canonical(dump(found))
    return found


def test_scores_that_are_no_probabilities_are_counted(world: World):
    bad = [None, np.nan, np.inf, -0.1, 1.1, 17.0]
    for number in (12, 14):
        world.write(number, {"score": [*bad, *rows_of(number)["score"][len(bad) :]]})
    found = measured(world)
    assert found.bad_scores == len(bad)
    assert found.labels is not None
    assert (found.labels.predictions, found.labels.labelled) == (ROWS, ROWS - len(bad))


@pytest.mark.parametrize("bad", [2, -1, np.nan])
def test_labels_that_are_neither_class_are_counted(world: World, bad: float):
    world.write(12, {"label": [bad] * 5 + rows_of(12)["label"].astype(float).tolist()[5:]})
    found = measured(world)
    assert found.bad_labels == 5
    assert found.labels is not None
    assert found.labels.labelled == ROWS - 5


def test_a_label_that_is_null_has_not_come(world: World):
    world.write(12, {"label": [None] * 5 + rows_of(12)["label"].tolist()[5:]})
    found = measured(world)
    assert found.bad_labels == 0
    assert found.labels is not None
    assert found.labels.labelled == ROWS - 5


@pytest.mark.parametrize("value", [0, 1])
def test_one_class_only(world: World, value: int):
    world.write(12, {"label": np.full(ROWS, value)})
    found = measured(world).labels
    assert found is not None
    assert (found.labelled, found.positives, found.realised) == (ROWS, value * ROWS, None)
    assert found.brier_excess is not None


@pytest.mark.parametrize("value", [0, 1])
def test_a_reference_of_one_class_makes_no_profile(world: World, value: int):
    for number in range(16):
        world.write(number, {"label": np.full(ROWS, value)})
    found = measured(world)
    assert found.labels is None
    assert any("is forming" in note for note in found.notes)


@pytest.mark.parametrize(
    ("column", "positive", "expected"),
    [
        (lambda y: y.astype(bool), True, 1),
        (lambda y: y.astype(float), 1, 1),
        (lambda y: y, "1", 1),
        (lambda y: y, 0, 0),
        (lambda y: np.where(y == 1, "fraud", "fine"), "fraud", 1),
        (lambda y: np.where(y == 1, "True", "false"), True, 1),
        (lambda y: np.where(y == 1, "1", "0"), 1, 1),
    ],
    ids=["truth", "float", "whole as text", "zero is positive", "words", "truth as text", "digits as text"],
)
@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_labels_may_be_written_in_many_ways(
    world: World, column: Callable[..., Any], positive, expected: int, suffix: str
):
    for number in range(16):
        rows = rows_of(number)
        (world.folder / "labels" / f"{number:02}.parquet").unlink()
        labels = {**{name: rows[name] for name in LABELS}, "label": column(rows["label"])}
        save(world.folder / "labels" / f"{number:02}{suffix}", labels)
    world.settings = {"positive": positive}
    found = measured(world)
    assert found.bad_labels == 0
    assert found.labels is not None
    assert found.labels.labelled == ROWS
    assert found.labels.positives == (rows_of(12)["label"] == expected).sum()


@pytest.mark.parametrize(
    ("values", "positive", "message"),
    [
        (["yes", "no"], 1, "column label: holds text such as 'yes', but the positive label is 1"),
        ([1, 0], "fraud", "column label: holds int64, but the positive label is 'fraud'"),
        ([1, 0], 7, "column label: labels must be 0 and 1, the positive label is 7"),
        ([[1], [0]], 1, "column label: holds list"),
    ],
)
def test_labels_that_do_not_fit_the_positive_one(world: World, values: list[Any], positive: Any, message: str):
    world.write(12, {"label": values * (ROWS // 2)})
    world.settings = {"positive": positive}
    with pytest.raises(Misconfigured) as raised:
        measured(world)
    assert message in raised.value.message
