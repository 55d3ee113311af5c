"""What comes after a run: what the next check does, and what a challenger that was refused would have to show."""

from collections.abc import Iterator
from datetime import timedelta

from autopilot import words
from graph.codec import load
from graph.model import Json
from graph.policy.words import span

AFTERWARDS = {
    "no_action": "nothing; the next check looks again",
    "waiting": "nothing; the next check looks again",
    "data_issue": "have the data fixed; the window stays out of evidence and training",
    "shadowed": "nothing in shadow; when to let it act is said by: autopilot explain {model}",
    "validation_failed": "the next check may train another, within cool-down and budgets",
    "validation_inconclusive": "the next check judges this candidate again before it trains another",
    "denied": "the next check may train another, within cool-down and budgets",
    "expired": "the next check may train another, within cool-down and budgets",
    "voided": "the next check decides anew",
    "cancelled": "the next check decides anew",
    "promoted": "to go back: autopilot rollback {model}",
    "rolled_back": "to return: autopilot rollback {model}",
    "failed": "find the reason first; the next check may train again, within cool-down and budgets",
}
"""What to do, or what happens by itself, after each outcome."""
_MAY_TRAIN = ("validation_failed", "denied", "expired", "failed")
_MOVED = ("promoted", "rolled_back")
_PASSES = {
    "superiority": "the metric better for certain",
    "minimum": "the minimum that you set",
    "non_inferiority": "no loss beyond the margin on the rows before",
    "origin": "no certain loss beside the version approved first",
    "calibration": "a Brier score of at most {limit}",
    "suspicion": "at most {share} of the champion's confident decisions reversed, or labels that clearly side with it",
    "latency": "at most {limit} ms per row",
    "negative_flips": "fewer rows that go from right to wrong",
    "found_slice": "no certain loss in any slice",
    "slice": "no certain loss in any slice",
    "rows": "enough labelled rows ({limit})",
    "attempt": "enough new labelled rows",
    "pay_back": "a saving worth the price of a promotion",
    "loads": "a model that loads",
    "schema": "inputs and outputs as logged",
    "custom": "your metric command satisfied",
}


def coming(found: Json) -> str:
    """Return what happens next where nothing waits for a person; nothing while the run still goes on."""
    outcome = found["outcome"]
    if outcome is None:
        return ""
    if outcome in _MOVED:
        return f"no decision is needed: the next check judges version {_serving(found)} on its own rows"
    said = AFTERWARDS.get(outcome, "")
    if outcome == "data_issue" or not said:
        return said
    said = said.removeprefix("nothing; ")
    if outcome in _MAY_TRAIN and found["policy"]:
        said = said.replace("within cool-down and budgets", _limits(found["policy"]["policy"]))
    passes = "; ".join(needs(found)) if outcome.startswith("validation_") else ""
    return f"no decision is needed: {said}{f'. A challenger passes with: {passes}' if passes else ''}"


def _serving(found: Json) -> str:
    return str(found["promotion"]["to_version"]) if found["promotion"] else "that serves now"


def _limits(policy: Json) -> str:
    """Return cool-down and budgets in numbers."""
    pause = span(load(timedelta, policy["cooldown"]))
    week, month = policy["retrains_per_week"], policy["retrains_per_month"]
    return f"{pause} after the last training at the earliest, at most {week} a week and {month} a month"


def needs(found: Json) -> list[str]:
    """Return what each check that did not pass asks for."""
    return list(dict.fromkeys(_needs(found["validation"]))) if found["validation"] else []


def _needs(validation: Json) -> Iterator[str]:
    for check in validation["checks"]:
        if check["outcome"] != "passed":
            kind, _, about = check["name"].partition(":")
            limit, beside = check["limit"], f" ({about})" if about and kind != "slice" else ""
            share = f"{limit:.0%}" if isinstance(limit, float) else ""
            yield _PASSES.get(kind, f"check {kind} passed").format(limit=words.number(limit), share=share) + beside
