"""pause and unpause: what is asked for is looked at, written down, and told with what follows from it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from autopilot.fleet.roster import Roster
from autopilot.fleet.standing import paused
from checkpoints.ledger.book import PostgresLedger
from graph.errors import Misconfigured, NotFound, Refused
from graph.model import Json
from graph.pause import Pause, Scope
from graph.policy import pausing

MOST_REASON = 500


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be stopped, or to go on: one model, a tag's, or all."""

    scope: Scope
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Who:
    """Who says so, and as whom the system knows them."""

    name: str
    os_user: str


def said(book: PostgresLedger, model: str, tags: Collection[str]) -> Json | None:
    """Return who holds a model, as documents have it; None where nobody does."""
    return paused(pausing.holding(model, tags, book.pauses()))


def target(model: str | None, tag: str | None, every: bool) -> Target:
    """Return what a person named. Misconfigured unless it is one thing."""
    if sum((model is not None, tag is not None, every)) != 1:
        raise Misconfigured("name one: a MODEL, --tag T or --all")
    if model is not None:
        return Target("model", model)
    return Target("tag", tag) if tag is not None else Target("all")


def held(roster: Roster, of: Target) -> list[str]:
    """Return the models that a pause of this kind stops now."""
    if of.scope == "all":
        return sorted(roster.models)
    if of.scope == "tag":
        return sorted(name for name, entry in roster.models.items() if of.name in entry.tags)
    return [str(of.name)]


def pause(book: PostgresLedger, roster: Roster | None, of: Target, reason: str, who: Who, now: datetime) -> Pause:
    """Stop models. Refused, and nothing changed, where the very same is paused already.

    Without a roster, because the file is broken, whatever is named is paused.
    """
    reason = reason.strip()
    if not reason or len(reason) > MOST_REASON or not reason.isprintable():
        raise Misconfigured(f"a pause needs a reason, in a line of at most {MOST_REASON} characters", "--reason TEXT")
    if roster is not None:
        _require_known(roster, of)
    shown = held(roster, of) if roster else None
    made = book.paused.pause(of.scope, of.name, reason, who.name, who.os_user, now, shown)
    if made is None:
        raise _there_already(of, book.pauses())
    return made


def _there_already(of: Target, pauses: Collection[Pause]) -> Refused:
    there = next((each for each in pauses if Target(each.scope, each.name) == of), None)
    if there is None:
        return Refused(f"the pause of {_whose(of)} was lifted just now; nothing was changed", "pause it again")
    return Refused(
        f"{_whose(of)} is {pausing.told(there)}; nothing was changed", f"lift it first: {pausing.lifted_by(there)}"
    )


def unpause(book: PostgresLedger, of: Target, reason: str, who: Who, now: datetime) -> Pause:
    """Lift one pause and return it as it was. Refused where this very one is not there. Others hold all the same."""
    lifted = book.paused.lift(of.scope, of.name, reason.strip(), who.name, who.os_user, now)
    if lifted is None:
        raise Refused(f"no pause of {_whose(of)} is there to lift", _others(book.pauses()))
    return lifted


def _require_known(roster: Roster, of: Target) -> None:
    if of.scope == "model" and of.name not in roster.models:
        raise NotFound(f"no model {of.name!r} in the configuration", f"it has: {', '.join(sorted(roster.models))}")
    tags = sorted({tag for entry in roster.models.values() for tag in entry.tags})
    if of.scope == "tag" and of.name not in tags:
        raise NotFound(f"no model has the tag {of.name!r}", f"tags are: {', '.join(tags) or 'none'}")


def _whose(of: Target) -> str:
    return {"all": "every model", "tag": f"the tag {of.name}", "model": str(of.name)}[of.scope]


def _others(pauses: Collection[Pause]) -> str:
    return "; ".join(pausing.lifted_by(each) for each in pauses) or "nothing is paused: autopilot status"
