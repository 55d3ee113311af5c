"""The training contract: the six parameters that every pipeline, wherever it runs, is given."""

from datetime import UTC, datetime

from graph.errors import Misconfigured
from graph.model import TrainingOrder

NAMES = (
    "AUTOPILOT_MODEL",
    "AUTOPILOT_RUN",
    "AUTOPILOT_KEY",
    "AUTOPILOT_TRAIN_FROM",
    "AUTOPILOT_TRAIN_UNTIL",
    "AUTOPILOT_EXCLUDE",
)


def parameters(order: TrainingOrder) -> dict[str, str]:
    """Return the order as AUTOPILOT_* names and text. Misconfigured when one of its times has no zone."""
    values = (
        order.model,
        order.run,
        order.key,
        _stamp(order.train_from, order),
        _stamp(order.train_until, order),
        ",".join(f"{_stamp(start, order)}/{_stamp(end, order)}" for start, end in order.exclude),
    )
    return dict(zip(NAMES, values, strict=True))


def _stamp(moment: datetime, order: TrainingOrder) -> str:
    if moment.tzinfo is None:
        raise Misconfigured(
            f"{order.model}: the training order of run {order.run} has a time without a zone ({moment.isoformat()})",
            "every time in an order is UTC",
        )
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
