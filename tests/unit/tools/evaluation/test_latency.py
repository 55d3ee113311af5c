"""Timing of single predictions: of how many rows, whose turn it is, and when there is no more time for it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tools.evaluation import latency
from tools.evaluation.holdout import Scores
from tools.evaluation.loading import LoadedModel
from tools.evaluation.mlmodel import SavedModel
from tools.evaluation.request import TIMED_ROWS, Role

FRAME = pd.DataFrame({"amount": [0.0, 1.0, 2.0]})


def model(role: Role, asked: list[tuple[Role, float]]) -> tuple[LoadedModel, pd.DataFrame]:
    """Return a model that notes which row it is asked about, with its rows."""

    def score(frame: pd.DataFrame) -> Scores:
        assert frame.shape == (1, 1)
        asked.append((role, frame["amount"].item()))
        return np.zeros(1)

    saved = SavedModel(role, Path(), (), None, "none", None, None)
    return LoadedModel(saved, None, score), FRAME


def test_a_hundred_rows_are_timed_after_ten():
    asked: list[tuple[Role, float]] = []
    found = latency.p95_ms({"challenger": model("challenger", asked)}, TIMED_ROWS)
    assert [row for _, row in asked] == [turn % 3 for turn in range(110)]
    assert found["challenger"] > 0


def test_models_take_turns():
    asked: list[tuple[Role, float]] = []
    latency.p95_ms({role: model(role, asked) for role in ("champion", "challenger")}, 2)
    assert asked == [("champion", 0), ("challenger", 0), ("champion", 1), ("challenger", 1)]


@pytest.fixture
def slow_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock on which every prediction takes nine seconds."""
    ticks: Iterator[int] = iter(range(0, 10_000, 9))
    monkeypatch.setattr(latency, "perf_counter", lambda: next(ticks))


@pytest.mark.usefixtures("slow_clock")
@pytest.mark.parametrize(("rows", "predictions"), [(TIMED_ROWS, 4), (2, 2), (5, 3)])
def test_a_slow_model_is_timed_on_fewer_rows_but_on_one_at_least(rows: int, predictions: int):
    asked: list[tuple[Role, float]] = []
    found = latency.p95_ms({"challenger": model("challenger", asked)}, rows)
    assert len(asked) == predictions
    assert found == {"challenger": pytest.approx(9000)}
