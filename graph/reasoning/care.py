"""Which actions are more careful than which, and what an opinion may make of a decision: never a less careful one."""

from datetime import datetime, timedelta

from graph.model import Action, Decision, History
from graph.policy.restraint import WEEK
from graph.policy.words import span

CARE: dict[Action, int] = {"none": 0, "retrain": 1, "rollback": 1, "wait": 2, "fix_data": 3}
"""Silence is the least careful: nobody learns of the harm. To act is more careful, and to ask a person first more so.
To have the data fixed asks a person and keeps the rows out of use as well."""

_OBJECTED: dict[Action, Action] = {"wait": "wait", "fix_data": "wait", "none": "wait"}
PERMITTED: dict[Action, dict[Action, Action]] = {
    "none": {"none": "none"},
    "wait": {"wait": "wait"},
    "fix_data": {"fix_data": "fix_data"},
    "retrain": {"retrain": "retrain", **_OBJECTED},
    "rollback": {"rollback": "rollback", **_OBJECTED},
}
"""The rule's action → what may be answered to it → what is then done. Whatever is answered against acting becomes a
question to a person: the rule saw harm, and silence about it is no one's to decide. Only rules put rows in quarantine,
so `fix_data` cannot be answered into being."""

_PENDING = frozenset({"one_active_run", "open_question"})


def permitted(decision: Decision) -> dict[Action, Action]:
    """Return what may be answered about this decision, and what each answer leads to."""
    return PERMITTED[decision.action]


def worth_asking(decision: Decision) -> bool:
    """Tell whether an opinion can matter: not while all is well, and not while a run acts or the owner is asked."""
    quiet = decision.action == "none" and decision.verdict == "healthy"
    pending = any(rule.rule in _PENDING and rule.outcome == "blocked" for rule in decision.rules)
    return not quiet and not pending


def overruled(history: History, now: datetime, horizon: timedelta) -> str:
    """Return why a doubt does not hold the rule back any more, or an empty text.

    A question that nobody reads must not stop the rule for ever: the harm that it saw goes on meanwhile.
    """
    asked = [question for question in history.questions if question.kind == "data"]
    if any(each.genuine and each.answered_at and each.answered_at > now - horizon for each in asked):
        return "the owner has called the data genuine"
    if any(each.answered_at is None and each.asked_at <= now - WEEK for each in asked):
        return f"the owner was asked {span(WEEK)} ago and has not answered"
    return ""
