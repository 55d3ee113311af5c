"""Decisions that the real rules made, and answers to the questions about them."""

import json
from dataclasses import replace
from typing import Any

from graph.advice import Reply
from graph.evidence import Evidence, Interval
from graph.model import Decision, History
from graph.policy import evidence as questions
from graph.policy import retraining
from tests.unit.graph.policy.builders import AMOUNT, DELAY, MERCHANT, NOW, QUIET, SPEC, with_labels

HARMED = with_labels(realised=Interval(0.80, 0.77, 0.83), brier_excess=Interval(0.02, 0.015, 0.025))
MOVED = replace(HARMED, features=(replace(AMOUNT, psi=0.3124), MERCHANT))
BROKEN = replace(QUIET, features=(replace(AMOUNT, factor=100.0, factor_residual=0.01, psi=7.5, above=900), MERCHANT))
SILENT = replace(QUIET, rows=0, start=None, end=None, features=(), labels=None)
FIRST = replace(QUIET, champion=None)

GOOD: dict[str, Any] = {
    "cause": "concept_drift",
    "confidence": 0.8,
    "evidence": ["labels.realised", "col_01.psi"],
    "action": "retrain",
    "explanation": "The metric is 0.8 where the scores foresee 0.91, and col_01 moved by 0.312.",
}
"""What a sound answer about MOVED looks like."""


def decided(evidence: Evidence, history: History | None = None) -> Decision:
    history = history or History()
    diagnosis = questions.judge(evidence, SPEC.policy, DELAY, history)
    return retraining.decide(evidence, diagnosis, history, SPEC, NOW)


def reply(**changes: object) -> Reply:
    return Reply(json.dumps({**GOOD, **changes}), tokens=900)
