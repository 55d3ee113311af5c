"""Ask the language model about one decision, within its budget. Without one the rules are alone."""

from graph.advice import Advice
from graph.evidence import Evidence
from graph.model import Decision, Question
from graph.ports import Deps, Reasoner
from graph.reasoning import budget, care, inquiry, narrowing


def consulted(deps: Deps, run: str, evidence: Evidence, decision: Decision) -> Decision:
    """Return the decision with a language model's opinion on it: as it is, or a question to a person in its place."""
    if deps.reasoner is None or not care.worth_asking(decision):
        return decision
    said = _opinion(deps, deps.reasoner, run, evidence, decision)
    if said.outcome == "doubted":
        now = deps.clock.now()
        # About the data as a whole: the owner's answer excuses no column from a rule.
        deps.ledger.ask(run, deps.spec.name, Question("data", now), evidence.start or now)
    return narrowing.advised(decision, said)


def _opinion(deps: Deps, reasoner: Reasoner, run: str, evidence: Evidence, decision: Decision) -> Advice:
    now, caps = deps.clock.now(), deps.caps
    asked = inquiry.about(evidence, decision)
    # Reserved before anything is sent: whatever dies or races, no more can be used than was counted.
    refused = budget.too_long(asked.most_tokens, caps) or deps.ledger.reserve_tokens(run, deps.spec.name, caps, now)
    if refused:
        return narrowing.unasked(refused)
    reply = reasoner.ask(inquiry.INSTRUCTIONS, asked.text, asked.schema, caps.per_check - asked.most_tokens)
    deps.ledger.settle_tokens(run, reply.tokens)
    overruled = care.overruled(deps.ledger.history(deps.spec), now, deps.spec.policy.horizon)
    return narrowing.advice(decision, asked, reply, reasoner.name, overruled)
