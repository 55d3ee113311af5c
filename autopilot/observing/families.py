"""Metric families of Prometheus' library, from plain values."""

from collections.abc import Mapping, Sequence

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

PREFIX = "autopilot_"
Values = Mapping[str, float]
"""A value for each value of the one label."""


def gauge(name: str, about: str, value: float) -> Metric:
    """Return one number that rises and falls."""
    return GaugeMetricFamily(f"{PREFIX}{name}", about, value=value)


def gauges(name: str, about: str, label: str, values: Values) -> Metric:
    """Return one such number for each value of a label."""
    found = GaugeMetricFamily(f"{PREFIX}{name}", about, labels=[label])
    for each, value in values.items():
        found.add_metric([each], value)
    return found


def counter(name: str, about: str, labels: Sequence[str], values: Mapping[tuple[str, ...], float]) -> Metric:
    """Return numbers that only rise, by the values of their labels; `_total` is added to the name."""
    found = CounterMetricFamily(f"{PREFIX}{name}", about, labels=labels)
    for each, value in values.items():
        found.add_metric(each, value)
    return found
