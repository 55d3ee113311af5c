"""An evaluator that says what the test told it to."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from graph.errors import AutopilotError
from graph.evidence import Interval
from graph.model import Artifact, Comparison, Difference, Holdout, Reversal
from graph.spec import ModelSpec
from tools.evaluation.request import nothing_measured


@dataclass(frozen=True, slots=True)
class Call:
    """What one comparison was asked for."""

    spec: ModelSpec
    holdout: Holdout
    champion: Artifact | None
    challenger: Artifact
    harm_from: datetime | None
    origin: Artifact | None = None


def measured(gain: float = 0.05, spread: float = 0.02, harm_gain: float | None = None, **changes: Any) -> Comparison:
    """Return a comparison in which the challenger is better by `gain` ± `spread`, in the harm by `harm_gain`."""
    gains = {"overall": gain, "harm": gain if harm_gain is None else harm_gain, "rest": gain}
    differences = tuple(
        Difference(
            name=name,
            metric="roc_auc",
            champion=0.8,
            challenger=0.8 + value,
            difference=Interval(value, value - spread, value + spread),
            rows=1000,
            positives=100,
            blocks=20,
        )
        for name, value in gains.items()
    )
    calibration: dict[str, float | None] = {
        "brier": 0.05, "slope": 1.0, "intercept": 0.0, "mean_score": 0.1, "positive_share": 0.1
    }  # fmt: skip
    comparison = Comparison(
        rows=1000,
        positives=100,
        differences=differences,
        metrics={"roc_auc": {"champion": 0.8, "challenger": 0.8 + gain}},
        calibration={"champion": calibration, "challenger": calibration},
        latency_ms={"champion": 1.0, "challenger": 1.0},
        negative_flips=0,
        errors=tuple(replace(each, metric="errors", champion=0.2, challenger=0.2 - gain) for each in differences[:2]),
        origin=replace(differences[0], name="origin"),
        reversals=(Reversal("positive", 60, 6, None), Reversal("negative", 800, 8, None)),
    )
    return replace(comparison, **changes)


class FakeEvaluator:
    """Port Evaluator. Gives out `answers` in turn, the last one for ever, fitted to what was asked."""

    def __init__(self, *answers: Comparison) -> None:
        self.answers = list(answers or (measured(),))
        self.calls: list[Call] = []
        self.unloadable: set[str] = set()
        """Digests of artifacts that cannot be loaded."""
        self.away: AutopilotError | None = None
        """Raised by every call while it is set."""

    def compare(
        self,
        spec: ModelSpec,
        holdout: Holdout,
        champion: Artifact | None,
        challenger: Artifact,
        harm_from: datetime | None,
        origin: Artifact | None = None,
    ) -> Comparison:
        if self.away is not None:
            raise self.away
        call = Call(spec, holdout, champion, challenger, harm_from, origin)
        self.calls.append(call)
        for role, artifact in (("challenger", challenger), ("champion", champion)):
            if artifact is not None and artifact.digest in self.unloadable:
                return nothing_measured(holdout.rows, holdout.positives, f"the {role} cannot be loaded")
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        lost = origin is not None and origin.digest in self.unloadable
        return _fitted(replace(answer, origin=None, origin_error="it cannot be loaded") if lost else answer, call)


def _fitted(answer: Comparison, call: Call) -> Comparison:
    absent = () if call.harm_from else ("harm", "rest")
    told = [replace(d, metric=call.spec.policy.metric) for d in answer.differences if d.name not in absent]
    fitted = replace(answer, rows=call.holdout.rows, positives=call.holdout.positives, differences=tuple(told))
    fitted = replace(fitted, errors=tuple(each for each in answer.errors if each.name not in absent))
    beside = replace(answer.origin, metric=call.spec.policy.metric) if call.origin and answer.origin else None
    fitted = replace(fitted, origin=beside)
    if call.champion is not None:
        return fitted
    return replace(
        fitted,
        differences=(),
        metrics={name: {**values, "champion": None} for name, values in answer.metrics.items()},
        calibration={role: values for role, values in answer.calibration.items() if role != "champion"},
        latency_ms={role: value for role, value in answer.latency_ms.items() if role != "champion"},
        negative_flips=0,
        errors=(),
        reversals=(),
    )
