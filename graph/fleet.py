"""What models want of each other when there are fewer training slots than wishes: frozen values, JSON-able."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Basis = Literal["prices", "loss", "unknown"]
"""What a gain was reckoned from: the owner's prices, the unexplained loss alone, or nothing that was measured."""


@dataclass(frozen=True, slots=True)
class Want:
    """What one training is worth, as far as a check can tell."""

    basis: Basis
    gain: float = 0.0
    """Wrong decisions, or unexplained loss, that a perfect cure saves over the horizon."""
    cost: float = 0.0
    """Of a training and a promotion, in the same unit; 0 without prices."""
    log_e: float | None = None
    """Natural logarithm of the e-value against "there is no harm"; None where the wish does not rest on one."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A model's standing wish for a training."""

    model: str
    run: str
    """The check that wished it last."""
    since: datetime
    seen_at: datetime
    """When that check was."""
    stands_for: timedelta
    """How long after `seen_at` it stands without another check."""
    want: Want
    tags: tuple[str, ...] = ()
    gave_back_at: datetime | None = None
    """When its model last gave a slot back with which nothing began."""


@dataclass(frozen=True, slots=True)
class Holder:
    """An open run that was given a training and has no challenger yet."""

    run: str
    model: str
    decided: bool
    """False where its check died before it wrote its decision down."""
    since: datetime
    called: bool
    """True once its job was asked for: it may train, whatever is known of it."""
    job: str | None
    """The state of its job when that was last seen."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A training that was begun lately."""

    model: str
    at: datetime
    log_e: float | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a wish stands among those of all models: what its two rules say, and its decision keeps."""

    want: Want
    granted: bool
    """True where it may begin now."""
    slots: int | None
    """How many trainings at a time; None: no limit."""
    in_use: tuple[str, ...]
    """Models that train now, by name."""
    number: int | None
    """Its place in the line, from 1; None where it is not sure enough to stand in it."""
    of: int
    """How many stand in the line."""
    ahead: str | None
    """Who stands right before it."""
    first_from: datetime
    """From when on it may be given a slot: the others of its round are to have asked by then."""
    level: float
    """Which part of all retrains may be for nothing."""
    hypotheses: int
    """How many times a retrain for nothing was possible: models, and what was begun lately."""
    sure: int
    """How many wishes and begun trainings are sure enough together."""
    log_e_asked: float | None
    """What its own log e is held against; None where it has none."""
    behind_until: datetime | None = None
    """Until when it stands behind all others, because it gave a slot back."""
