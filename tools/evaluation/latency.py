"""Times single-row predictions."""

from collections.abc import Mapping
from time import perf_counter

import numpy as np
import pandas as pd

from tools.evaluation.loading import LoadedModel
from tools.evaluation.request import Role

_BUDGET_S = 20.0


def p95_ms(models: Mapping[Role, tuple[LoadedModel, pd.DataFrame]], rows: int) -> dict[str, float]:
    """Return name → 95th percentile, in milliseconds, of predicting one row, over up to `rows` rows.

    A tenth as many go before them to warm up. The models take turns, so that a busy moment of the machine hits them
    alike. A model that is so slow that the rows would take more than 20 s is timed on fewer.
    """
    warm_up = rows // 10
    used = dict.fromkeys(models, 0.0)
    timed: dict[Role, list[float]] = {name: [] for name in models}
    for turn in range(warm_up + rows):
        for name, (model, frame) in models.items():
            if used[name] > _BUDGET_S and (turn < warm_up or timed[name]):
                continue
            row = turn % len(frame)
            seconds = _time(model, frame.iloc[row : row + 1])
            used[name] += seconds
            if turn >= warm_up:
                timed[name].append(seconds)
    return {name: 1000 * float(np.quantile(seconds, 0.95)) for name, seconds in timed.items()}


def _time(model: LoadedModel, row: pd.DataFrame) -> float:
    start = perf_counter()
    model.score(row)
    return perf_counter() - start
