"""How a decision, a job or a judgement ends a run, or lets it go on."""

from graph.model import Action, ApprovalState, CheckOutcome, Decision, RunOutcome, TrainingJob

ACTIVE = frozenset({"queued", "running"})
OVER = frozenset({"succeeded", "failed", "cancelled"})
"""States in which a job surely trains no more: one that is `unknown` may."""

_AT_ONCE: dict[Action, RunOutcome] = {"none": "no_action", "wait": "waiting", "fix_data": "data_issue"}
_UNANSWERED: dict[ApprovalState, RunOutcome] = {"denied": "denied", "expired": "expired", "voided": "voided"}
_INVALID: dict[CheckOutcome, RunOutcome] = {
    "failed": "validation_failed",
    "inconclusive": "validation_inconclusive",
    "error": "validation_failed",
}


def asked_by_person(decision: Decision) -> bool:
    """Tell whether a person asked for this return. They see what is measured; no rule on trying often holds them up."""
    return decision.return_to is not None and decision.verdict != "degraded"


def of_decision(decision: Decision, mode: str) -> RunOutcome | None:
    """Return the outcome of a check that does not act; None when it acts.

    In shadow, by the model's entry or since it went back to an earlier version, nothing acts unasked.
    """
    if decision.action in _AT_ONCE:
        return _AT_ONCE[decision.action]
    in_shadow = mode == "shadow" or decision.demoted is not None
    return "shadowed" if in_shadow and not asked_by_person(decision) else None


def of_job(job: TrainingJob) -> RunOutcome | None:
    """Return the outcome of a run whose job ended without a model; None while it may have made one.

    `unknown` may have: the supervisor is gone, but the result channel is MLflow, and it decides.
    """
    if job.state == "cancelled":
        return "cancelled"
    return "failed" if job.state == "failed" else None


def of_validation(outcome: CheckOutcome, by_person: bool) -> RunOutcome | None:
    """Return the outcome of a run that validation ends; None when a person is to be asked.

    A return that a person asked for goes to approval with whatever was found, unless the model cannot be judged at all.
    """
    if outcome == "passed" or (by_person and outcome != "error"):
        return None
    return _INVALID[outcome]


def of_approval(state: ApprovalState) -> RunOutcome | None:
    """Return the outcome of a run whose approval was not given; None when it was."""
    return _UNANSWERED.get(state)
