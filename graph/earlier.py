"""Score the version that served before, as it is, on the rows since a change: what does better need not be trained."""

import shutil
from dataclasses import replace
from pathlib import Path

from graph.evidence import Archived, Evidence
from graph.model import Comparison, Decision, Holdout, ModelRef
from graph.policy import creep
from graph.policy.paying import wrong_decisions
from graph.policy.restraint import worth_scoring_earlier
from graph.policy.retraining import newest_label
from graph.ports import Deps


def with_earlier(deps: Deps, run: str, evidence: Evidence, decision: Decision) -> Evidence:
    """Return the evidence with the previous champion beside the present one, where that could save a training."""
    if decision.since is None or not worth_scoring_earlier(decision, deps.spec):
        return evidence
    champion = deps.registry.alias(deps.spec.registry, "champion")
    previous = deps.registry.alias(deps.spec.registry, "previous")
    if champion is None or previous is None or previous.version == champion.version:
        return evidence
    if creep.looked_at(deps.ledger.attempts(deps.spec), previous, decision.since):
        # It was proposed for this very harm already: whatever came of that, the next one is trained.
        return evidence
    folder = deps.workspace / run / "earlier"
    try:
        comparison = _compared(deps, folder, decision, champion, previous)
    finally:
        # Users' rows and two models: most of these runs end here, and nobody sweeps after them.
        shutil.rmtree(folder, ignore_errors=True)
    found = wrong_decisions(comparison, deps.spec.validation) if comparison else None
    if found:
        return replace(evidence, archived=(Archived(previous.version, found),))
    why = "the registry no longer holds its files" if comparison is None else comparison.load_error or "too few rows"
    note = f"version {previous.version}, which served before, could not be scored: {why}"
    return replace(evidence, notes=(*evidence.notes, note))


def _compared(
    deps: Deps, folder: Path, decision: Decision, champion: ModelRef, previous: ModelRef
) -> Comparison | None:
    theirs = deps.registry.fetch(champion, folder / "champion")
    earlier = deps.registry.find_artifact(previous, folder / "previous")
    if earlier is None:
        return None
    return deps.evaluator.compare(deps.spec, _rows(deps, folder, decision), theirs, earlier, None)


def _rows(deps: Deps, folder: Path, decision: Decision) -> Holdout:
    """Cut the labelled rows since the change."""
    now = deps.clock.now()
    start, end = decision.since or now, newest_label(decision.harm_until, deps.spec, now)
    out = deps.ledger.quarantined(deps.spec.name)
    return deps.monitor.holdout(start, end, now, out, folder / "rows.parquet")
