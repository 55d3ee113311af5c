"""What the process itself knows: its version, whether it works by the newest file, whether Slack is heard."""

from collections.abc import Iterator

from prometheus_client.metrics_core import Metric

from autopilot import __version__
from autopilot.observing.families import gauge, gauges
from autopilot.observing.scene import Scene


def process(scene: Scene) -> Iterator[Metric]:
    """Yield it."""
    yield gauges("info", "1, with the version that runs.", "version", {__version__: 1.0})
    about = "1 when autopilot.yaml as it is now is at work; 0 when it has an error and the one before is."
    yield gauge("config_read", about, float(scene.config_read))
    about = "1 when what people do in Slack is heard, or nothing is expected over Socket Mode."
    yield gauge("slack_heard", about, float(scene.slack_heard))
