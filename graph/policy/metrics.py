"""Which way a metric points, so that every rule can say "better" and mean the same."""

LOWER_IS_BETTER = frozenset({"log_loss", "brier", "rmse", "mae"})
OF_NUMBERS = frozenset({"rmse", "mae"})
"""Metrics of a regression, which has neither positives nor decisions."""
RANKING = frozenset({"roc_auc"})
"""Metrics that depend on the order of the scores only: more or fewer positives alike leave them as they are."""


def better_by(metric: str, value: float, than: float) -> float:
    """Return how much better `value` is `than` the other; negative is worse. Of an unknown metric, higher is better."""
    return than - value if metric in LOWER_IS_BETTER else value - than


def reaches(metric: str, value: float, limit: float) -> bool:
    """Tell whether a value is at least as good as the limit."""
    return better_by(metric, value, limit) >= 0
