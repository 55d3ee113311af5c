"""What autopilot.yaml says about the fleet, as far as its screen needs it: small enough to be kept beside the file."""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

from autopilot import spec as written
from graph.codec import dump, load
from graph.errors import Misconfigured

USUAL = timedelta(days=30)
"""Over which time the expenses of a model without a budget are shown."""
_KEPT = "roster.json"
_SHAPES = Path(__file__).parents[1] / "autopilot.schema.json"


@dataclass(frozen=True, slots=True)
class Purse:
    """What trainings are paid in, of one model or of all, and what they may cost; None where nothing limits it."""

    currency: str
    per: timedelta
    limit: float | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One model as its owner labels it."""

    tags: tuple[str, ...] = ()
    owner: str | None = None
    group: str | None = None
    mode: str = "supervised"
    schedule: str | None = None
    purse: Purse | None = None


@dataclass(frozen=True, slots=True)
class Roster:
    """Every model of the file by name, and the budget of all."""

    models: Mapping[str, Entry]
    purse: Purse | None = None


EMPTY = Roster({})


def of(file: written.File) -> Roster:
    """Return the roster of a file."""
    budget = file.budget
    purse = Purse(budget.currency, budget.per, budget.amount) if budget else None
    return Roster({name: _entry(entry) for name, entry in file.models.items()}, purse)


def _entry(entry: written.Model) -> Entry:
    return Entry(tuple(entry.tags), entry.owner, entry.group, entry.mode, entry.schedule, _own(entry))


def _own(entry: written.Model) -> Purse | None:
    cost, budget = entry.pipeline.cost, entry.policy.budget
    if cost is None:
        return None
    return Purse(cost.price.currency, budget.per if budget else USUAL, budget.amount if budget else None)


def read(config: Path, home: Path) -> Roster:
    """Return the roster of the file at `config`, empty where there is no file. Misconfigured when it has an error.

    Thousands of entries take many seconds to read and to check, and a screen is looked at again and again: what came of
    it is kept in the home, for exactly these bytes and the shapes of this release.
    """
    try:
        text = config.read_bytes()
    except OSError:
        return of(written.read(config)) if config.exists() else EMPTY
    seal, kept = sha256(_SHAPES.read_bytes() + text).hexdigest(), home / _KEPT
    known = _recalled(kept, seal)
    if known is None:
        known = of(written.read(config))
        _keep(kept, seal, known)
    return known


def tags(config: Path, home: Path, model: str) -> tuple[str, ...]:
    """Return a model's tags; none where the file cannot be read. What a run did can be told without it."""
    try:
        entry = read(config, home).models.get(model)
    except Misconfigured:
        return ()
    return entry.tags if entry else ()


def _recalled(kept: Path, seal: str) -> Roster | None:
    """Return what was kept for these very bytes. Whatever else lies there is made anew."""
    try:
        document = json.loads(kept.read_bytes())
        return load(Roster, document["roster"]) if document["seal"] == seal else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(kept: Path, seal: str, roster: Roster) -> None:
    beside = kept.with_name(f"{kept.name}.{os.getpid()}")
    # A home that cannot be written costs the time of reading the file again, and nothing else.
    with suppress(OSError):
        beside.write_text(json.dumps({"seal": seal, "roster": dump(roster)}), "utf-8")
        beside.replace(kept)
