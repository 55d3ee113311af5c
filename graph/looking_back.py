"""Look at all rows since a change before something is made to fit them: a column that broke must not be learned."""

from dataclasses import replace

from graph.evidence import Evidence
from graph.model import Decision
from graph.policy.retraining import worth_looking_back
from graph.ports import Deps


def with_look_back(deps: Deps, run: str, evidence: Evidence, decision: Decision) -> Evidence:
    """Return the evidence with the features over the rows since the change, where the decision acts on them."""
    if not worth_looking_back(decision) or decision.since is None:
        return evidence
    back = deps.monitor.look_back(decision.since, deps.clock.now())
    return replace(evidence, look_back=back) if back else evidence
