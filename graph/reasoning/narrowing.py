"""From an answer to what is done: the rule's action, or a question to a person in its place. Never anything else."""

from dataclasses import replace

from graph.advice import Advice, Asked, Reply
from graph.model import Decision, Rule, RuleOutcome
from graph.reasoning.answer import Answer, parse
from graph.reasoning.care import CARE, permitted
from graph.reasoning.grounding import ungrounded, unknown_ids
from graph.reasoning.inquiry import INSTRUCTIONS, Inquiry
from graph.reasoning.names import revealed

RULE = "language_model"
LONGEST_ANSWER = 4000
"""Characters of an answer that are kept: a usable one has a quarter of them."""
_ASKED_FIRST = "a person is asked before anything is done"
_RULES: dict[str, RuleOutcome] = {"agreed": "passed", "unused": "passed", "doubted": "blocked"}


def unasked(why: str) -> Advice:
    """Return that nothing was asked, and why."""
    return Advice("not_asked", why)


def advice(decision: Decision, asked: Inquiry, reply: Reply, model: str, overruled: str) -> Advice:
    """Return what becomes of a reply. An answer counts whole or not at all.

    `overruled`: why a doubt is shown and changes nothing, if it does not; see `care`.
    """
    found = Advice(
        outcome="unused",
        why=_storable(reply.problem),
        asked=Asked(model, INSTRUCTIONS, asked.question, asked.names),
        answered=_storable(reply.text[:LONGEST_ANSWER]) if reply.text is not None else None,
        tokens=reply.tokens,
    )
    if reply.text is None:
        return found
    answer = parse(reply.text)
    if isinstance(answer, str):
        return replace(found, why=answer)
    return _weighed(found, decision, asked, answer, overruled)


def _weighed(found: Advice, decision: Decision, asked: Inquiry, answer: Answer, overruled: str) -> Advice:
    said = replace(found, cause=answer.cause, confidence=answer.confidence, action=answer.action)
    problem = _objection(decision, asked, answer)
    if problem:
        return replace(said, why=problem)
    said = replace(said, evidence=tuple(answer.evidence), explanation=answer.explanation)
    if answer.action == decision.action:
        return replace(said, outcome="agreed", why=f"it would {_do(decision.action)} too")
    if overruled:
        return replace(said, why=f"it would {_do(answer.action)}, but {overruled}")
    return replace(said, outcome="doubted", why=_ASKED_FIRST)


def _objection(decision: Decision, asked: Inquiry, answer: Answer) -> str:
    """Return why an answer of the right form does not count, or an empty text."""
    unknown = unknown_ids(answer.evidence, asked.facts)
    if unknown:
        return f"it rests on {unknown[0]!r}, which it was not shown"
    stray = ungrounded(answer.explanation, asked.facts)
    if stray:
        return f"it writes {stray!r}, which is not in the evidence that it was shown"
    done = permitted(decision).get(answer.action)
    if done is None or CARE[done] < CARE[decision.action]:
        return f"{answer.action} is not among what it may answer here: {', '.join(asked.permitted)}"
    return ""


def advised(decision: Decision, said: Advice) -> Decision:
    """Return the decision with what was said about it: the same one, or in its place a question to a person.

    Depends on nothing else, so a stored decision replays with its stored advice.
    """
    outcome = _RULES.get(said.outcome, "not_reached")
    # Why an answer counts or does not stands in the advice; here only what it did to the decision.
    rule = Rule(RULE, outcome, said.action, decision.action, said.why if outcome == "blocked" else "")
    told = replace(decision, rules=(*decision.rules, rule), advice=said)
    return _asks_first(told, said) if said.outcome == "doubted" else told


def _asks_first(decision: Decision, said: Advice) -> Decision:
    names = said.asked.names if said.asked else {}
    reason = (
        f"{decision.reason}, but {_ASKED_FIRST}: the language model suspects "
        f"{str(said.cause).replace('_', ' ')} and says “{revealed(said.explanation, names)}”"
    )
    return replace(
        decision,
        action="wait",
        reason=reason,
        reuse=None,
        return_to=None,
        train_from=None,
        train_until=None,
        harm_from=None,
        harm_until=None,
        exclude=(),
    )


def _storable(text: str) -> str:
    """Return text as a database takes it: without NUL and without halves of characters."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def _do(action: str) -> str:
    return {"retrain": "retrain", "rollback": "go back", "wait": "wait", "fix_data": "have the data fixed"}.get(
        action, "do nothing"
    )
