"""A scrape: every source in order, written as Prometheus asked for it.

A source is a function from a scene to metric families. What is new to be seen is one more of them here; its queries
must take the same time however many rows there are, and its labels must have few values.
"""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from autopilot.observing.budgets import money, tokens
from autopilot.observing.counters import counters
from autopilot.observing.fleet import alerted, models
from autopilot.observing.process import process
from autopilot.observing.queues import queues
from autopilot.observing.scene import Scene
from autopilot.observing.waiting import channels, owners, people_and_alerts, runs

Source = Callable[[Scene], Iterable[Metric]]

SOURCES: tuple[Source, ...] = (
    process,
    counters,
    models,
    runs,
    people_and_alerts,
    owners,
    channels,
    queues,
    alerted,
    money,
    tokens,
)


class _Scrape(Collector):
    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def collect(self) -> Iterator[Metric]:
        for source in SOURCES:
            yield from source(self._scene)


def exposition(scene: Scene, accept: str = "") -> tuple[bytes, str]:
    """Return the text of a scrape and its media type. Unavailable when the database does not answer."""
    encode, media_type = choose_encoder(accept)
    return encode(_Scrape(scene)), media_type
