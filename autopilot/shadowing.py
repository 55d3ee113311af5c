"""A model in shadow: why it is there, how far people did what it would have begun, and how it is let act again."""

from datetime import datetime

from autopilot import words
from checkpoints.ledger.book import PostgresLedger
from graph.codec import dump
from graph.errors import Refused
from graph.model import Json
from graph.policy.agreement import SIGHT, agreement, suggestion


def shadow(book: PostgresLedger, model: str, mode: str, now: datetime) -> Json | None:
    """Return how a model stands in shadow in the light of its checks up to `now`; None where it may act.

    `mode` is what its entry says.
    `held` is the run whose return holds it there beside its entry, or null; `cases` is what people did beside what the
    checks would have begun, oldest first; `agreed` of `closed` cases agreed; `suggestion` says so in one sentence.
    """
    held = book.shadow.standing(model)
    if held is None and mode != "shadow":
        return None
    looks = [look for look in book.shadow.looks(model, now - SIGHT) if look.at <= now]
    found = agreement(looks, now)
    return {
        "held": {"run": held.run, "since": words.rfc3339(held.at)} if held else None,
        "cases": [{**dump(case), "at": words.rfc3339(case.at)} for case in found.cases],
        "closed": found.closed,
        "agreed": found.agreed,
        "suggestion": suggestion(found),
    }


def shadow_text(found: Json, model: str) -> list[str]:
    """Return what a person is told about a model in shadow, a line each."""
    held = found["held"]
    why = (
        f"since the return of run {held['run'][:8]}, {words.moment(held['since'])}, whatever its entry says;"
        f" lift it with: autopilot supervise {model} --as NAME"
        if held
        else "by its entry (mode: shadow)"
    )
    return [f"decides and touches nothing, {why}", str(found["suggestion"])]


def supervise(
    book: PostgresLedger, model: str, by: str, os_user: str | None, comment: str, now: datetime
) -> tuple[str, ...]:
    """Let a model that was held in shadow act again as its entry says; return the runs whose return held it.

    Refused when nothing holds it there.
    """
    lifted = tuple(each.run for each in book.shadow.lift(model, by, os_user, comment, now))
    if not lifted:
        raise Refused(
            f"{model} is not held in shadow", "a return holds a model there; otherwise its entry says: mode: supervised"
        )
    book.runs.audit(by, "supervise", now, model, lifted[0], {"comment": comment, "returns": list(lifted)})
    return lifted
