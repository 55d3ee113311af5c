"""What the world says first: the features, the prices, how labels come, and the rows of the champion's past."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from autopilot.judge.rows import read
from graph.model import Json
from graph.spec import ApprovalSpec, ModelSpec, Policy, Prices, Training, ValidationSpec

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
TICK = timedelta(days=1)
MODEL = "judged"


@dataclass(frozen=True, slots=True)
class Start:
    """The stream as it begins; one tick stands for one day."""

    features: tuple[str, ...]
    categorical: frozenset[str]
    delay: int
    rows_per_tick: int
    threshold: float
    champion: str
    spec: ModelSpec
    reference: pa.Table
    holdout: pa.Table


def read_start(message: Json) -> Start:
    """Return the stream's start. Raises Misconfigured for files and fields that are not as the contract says."""
    features = {str(each["name"]): str(each["kind"]) for each in message["features"]}
    categorical = frozenset(name for name, kind in features.items() if kind == "categorical")
    names = tuple(features)
    delay = int(message["label_delay"])
    prices = Prices(**{name: float(message["prices"][name]) for name in ("train", "promote", "alert")})
    return Start(
        features=names,
        categorical=categorical,
        delay=delay,
        rows_per_tick=int(message["rows_per_tick"]),
        threshold=float(message["threshold"]),
        champion=str(message["champion"]),
        spec=_spec(names, delay, prices, float(message["horizon"])),
        reference=read(message["reference"], names, categorical, ("score", "label")),
        holdout=read(message["holdout"], names, categorical, ("score", "label")),
    )


def _spec(features: tuple[str, ...], delay: int, prices: Prices, horizon: float) -> ModelSpec:
    """Return the policy of an owner who says nothing but prices: no cool-down and no budget stand in for them."""
    policy = Policy(
        metric="accuracy",
        cooldown=timedelta(0),
        retrains_per_week=1_000_000,
        retrains_per_month=1_000_000,
        min_rows=1,
        min_labels=1,
        min_positives=0,
        breaker_after=1_000_000,
        prices=prices,
        horizon=horizon * TICK,
    )
    return ModelSpec(
        name=MODEL,
        registry=MODEL,
        features=features,
        label_delay=delay * TICK,
        policy=policy,
        training=Training(window=None, holdout=3 * TICK),
        validation=ValidationSpec(),
        approval=ApprovalSpec(),
    )


def time_of(tick: int) -> datetime:
    """Return when a tick begins."""
    return EPOCH + tick * TICK


def tick_of(time: datetime) -> int:
    """Return the tick that begins at a time."""
    return (time - EPOCH) // TICK
