"""Explanations as the ledger's view makes them, of decisions and judgements that the real policy made."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from autopilot import view
from graph.codec import dump
from graph.evidence import Evidence, FeatureEvidence, Interval
from graph.model import (
    Answer,
    Approval,
    Candidate,
    Comparison,
    Decision,
    History,
    Holdout,
    Json,
    ModelRef,
    Promotion,
    RunOutcome,
    TrainingJob,
    Validation,
)
from graph.policy import evidence as questions
from graph.policy import gate, retraining
from graph.spec import ModelSpec, ValidationSpec
from tests.unit.graph.policy.builders import (
    AMOUNT,
    APPROVAL,
    DAY,
    DELAY,
    HOUR,
    MERCHANT,
    NOW,
    QUIET,
    SPEC,
    compared,
    part,
    with_labels,
)

RUN = "7ccb3800-e2db-4351-b5d7-9523e4d7c956"
CHAMPION = ModelRef("fraud-v1", "3", "run-of-3", "c" * 64)
CHALLENGER = ModelRef("fraud-v1-candidates", "7", None, "d" * 64)
HOLDOUT = Holdout("/work/holdout.parquet", "e" * 64, 2000, 120, NOW - 10 * DAY, NOW - 4 * DAY)
JOB = TrainingJob(f"fraud.{RUN}", f"fraud.{RUN}", "local", "succeeded", "exit code 0", f"/jobs/fraud.{RUN}/output.log")
FAILED_JOB = replace(
    JOB,
    state="failed",
    detail=f"exit code 3; its output in {JOB.log} ends:\nTraceback (most recent call last):\nKeyError: 'amount'",
)
SLICES = (part("slice:merchant=grocery"), part("slice:merchant=fuel", -0.02, 0.03, positives=4))
NINE = (
    AMOUNT,
    MERCHANT,
    *(replace(AMOUNT, name=f"feature_{number}", psi=0.001 * number) for number in range(1, 8)),
)
STRICT = replace(
    SPEC, validation=ValidationSpec(slices=("merchant",), max_latency_ms=20.0, minimum={"roc_auc": 0.8}, margin=0.005)
)


@dataclass
class Shelf:
    """What the view reads of the ledger, for one run."""

    decision: Decision | None = None
    evidence_: Evidence | None = None
    validation_: Validation | None = None
    approval_: Approval | None = None
    promotion: Promotion | None = None
    spec: ModelSpec = STRICT
    row: Json = field(default_factory=dict)
    audit: tuple[Json, ...] = ()
    cost: Json | None = None
    folded_at: datetime | None = None

    def explanation(self) -> Json:
        """Return the document."""
        return view.explanation(self, self._row())  # type: ignore[arg-type]

    def _row(self) -> Json:
        decision = self.decision
        decided = (
            {name: getattr(decision, name) for name in ("verdict", "cause", "action", "reason")} if decision else {}
        )
        fresh = {
            **{"run": RUN, "model": "fraud", "status": "running", "outcome": None, "challenger": None, "job": None},
            **{"verdict": None, "cause": None, "action": None, "reason": None, "champion": "3"},
            **{"started_at": NOW, "updated_at": NOW, "requested_by": None, "void_reason": None, "error": None},
        }
        return {**fresh, **decided, **self.row}

    def validation(self, run: str) -> Validation | None:
        return self.validation_

    def approval(self, run: str) -> Approval | None:
        return self.approval_

    def evidence(self, run: str) -> Evidence | None:
        return self.evidence_

    @property
    def decisions(self) -> Any:
        decision, folded = self.decision, self.folded_at
        row = {"document": dump(decision), "policy": dump(self.spec), "folded_at": folded} if decision else None
        return SimpleNamespace(row=lambda run: row)

    @property
    def shadow(self) -> Any:
        return SimpleNamespace(standing=lambda model: None, looks=lambda model, since: [])

    @property
    def approvals(self) -> Any:
        moved = self.promotion
        row = {**dump(moved), "run": RUN, "at": moved.at} if moved else None
        return SimpleNamespace(promotion=lambda run: row)

    @property
    def effects(self) -> Any:
        training = {"key": JOB.key, "kind": "training", "state": "done", "external_id": JOB.id}
        rows = [{**training, "intended_at": NOW, "done_at": NOW}] if self.row.get("job") else []
        return SimpleNamespace(of=lambda run: rows)

    @property
    def costs(self) -> Any:
        return SimpleNamespace(of=lambda run: self.cost)

    @property
    def runs(self) -> Any:
        return SimpleNamespace(
            audit_of=lambda run: list(self.audit), traces=lambda run: [], trace_links=lambda runs: {}
        )


def checked(evidence: Evidence, *, spec: ModelSpec = STRICT, outcome: RunOutcome | None = None, **row: Any) -> Shelf:
    """Return a run that checked this evidence, decided by the real rules."""
    diagnosis = questions.judge(evidence, spec.policy, DELAY)
    decision = retraining.decide(evidence, diagnosis, History(), spec, NOW)
    status = "done" if outcome else "running"
    return Shelf(decision, evidence, spec=spec, row={"outcome": outcome, "status": status, **row})


def quiet() -> Json:
    """A healthy day."""
    return checked(replace(QUIET, features=NINE), outcome="no_action").explanation()


def broken(name: str = "amount") -> Json:
    """A feature whose values are a hundred times too large."""
    amount = replace(AMOUNT, name=name, factor=100.0, factor_residual=0.01, psi=7.5, above=900)
    return checked(replace(QUIET, features=(amount, MERCHANT)), outcome="data_issue").explanation()


DEGRADED = replace(
    with_labels(realised=Interval(0.66, 0.61, 0.71), foreseen=0.88, brier_excess=Interval(0.04, 0.02, 0.06)),
    features=(replace(AMOUNT, psi=0.3), *NINE[1:]),
)


def judged(comparison: Comparison, shelf: Shelf, champion: ModelRef | None = CHAMPION) -> Validation:
    """Return the real gate's judgement of a comparison."""
    assert shelf.decision
    checks = gate.judge(comparison, shelf.spec, shelf.decision, champion is None)
    outcome, reason = gate.verdict(checks)
    return Validation(outcome, reason, checks, comparison, champion, CHALLENGER, HOLDOUT, NOW + HOUR)


FINE = compared(part("overall"), part("harm"), part("rest", -0.002, 0.004), *SLICES)


def trained(comparison: Comparison = FINE, evidence: Evidence = DEGRADED, **row: Any) -> Shelf:
    """Return a run that degradation started, trained and judged."""
    shelf = checked(evidence, job=dump(JOB), challenger="7", **row)
    shelf.validation_ = judged(comparison, shelf)
    return shelf


def waiting(comparison: Comparison = FINE) -> Json:
    """A run that asks a person."""
    shelf = trained(comparison)
    shelf.row["status"] = "awaiting_approval"
    shelf.approval_ = replace(APPROVAL, run=RUN, fingerprint="f" * 64)
    return shelf.explanation()


def promoted(comment: str = "clear gain", evidence: Evidence = DEGRADED) -> Json:
    """A run whose challenger a person approved."""
    answer = Answer("ana", "approve", "cli", NOW + 2 * HOUR, comment, "root")
    shelf = trained(evidence=evidence, outcome="promoted", reason=f'version 4 is champion; approved by ana "{comment}"')
    shelf.approval_ = replace(APPROVAL, run=RUN, state="approved", fingerprint="f" * 64, answers=(answer,))
    shelf.promotion = Promotion("fraud-v1", "3", "4", "7", "d" * 64, NOW + 2 * HOUR)
    shelf.audit = ({"at": NOW + 2 * HOUR, "actor": "ana", "act": "approve", "detail": {}},)
    return shelf.explanation()


def failed_job() -> Json:
    """A run whose training failed."""
    reason = f"the training job failed: {FAILED_JOB.detail}"
    return checked(DEGRADED, outcome="failed", job=dump(FAILED_JOB), reason=reason).explanation()


def no_champion() -> Json:
    """A first candidate that a person is asked about."""
    labels: Json = {"realised": None, "foreseen": None, "brier_excess": None, "reference_value": None}
    labels |= {"expected_positives": 0.0, "expected_positives_sd": 0.0}
    labels |= {"positive_lift_low": None, "positive_lift_high": None}
    shelf = checked(replace(with_labels(**labels), champion=None), job=dump(JOB), challenger="7", champion=None)
    alone = replace(
        FINE,
        differences=(),
        metrics={"roc_auc": {"champion": None, "challenger": 0.88}},
        calibration={"challenger": {"brier": 0.05, "slope": 1.0}},
        latency_ms={"challenger": 3.0},
        negative_flips=0,
    )
    shelf.validation_ = judged(alone, shelf, champion=None)
    shelf.row["status"] = "awaiting_approval"
    shelf.approval_ = replace(APPROVAL, run=RUN)
    return shelf.explanation()


def empty_log() -> Json:
    """A check that found nothing to look at."""
    nothing = replace(QUIET, rows=0, start=None, end=None, features=(), labels=None, notes=("no file matches it",))
    return checked(nothing, outcome="waiting").explanation()


def undecided() -> Json:
    """A run whose check has not decided yet."""
    return Shelf().explanation()


def folded() -> Json:
    """A quiet check whose windows have folded since."""
    shelf = checked(QUIET, outcome="no_action")
    shelf.folded_at = NOW + 20 * DAY
    return shelf.explanation()


def asked_back(comparison: Comparison) -> Json:
    """A return to an earlier version that a person asked for."""
    decision = retraining.request_rollback(STRICT, History(), NOW, "ben", "2")
    shelf = Shelf(decision, row={"requested_by": "ben", "status": "awaiting_approval", "challenger": "2"})
    shelf.validation_ = replace(judged(comparison, shelf), challenger=ModelRef("fraud-v1", "2", None, "d" * 64))
    shelf.approval_ = replace(APPROVAL, run=RUN, requested_by="ben")
    shelf.audit = ({"at": NOW, "actor": "ben", "act": "rollback", "detail": {"to": "2"}},)
    return shelf.explanation()


def every() -> dict[str, Json]:
    """Return one document of each kind, by name."""
    unable = replace(
        FINE, differences=(), metrics={}, calibration={}, latency_ms={}, load_error="sklearn.Odd: trust it"
    )
    return {
        "quiet": quiet(),
        "folded": folded(),
        "broken": broken(),
        "waiting": waiting(),
        "promoted": promoted(),
        "failed_job": failed_job(),
        "no_champion": no_champion(),
        "empty_log": empty_log(),
        "undecided": undecided(),
        "asked_back": asked_back(worse()),
        "not_loaded": trained(unable, outcome="validation_failed").explanation(),
        "reported": reported(),
        "training": checked(DEGRADED, status="training", job=dump(replace(JOB, state="running"))).explanation(),
        "stopped": checked(
            DEGRADED, error={"kind": "unavailable", "message": "MLflow away", "hint": "wait"}
        ).explanation(),
    }


def worse() -> Comparison:
    """A challenger that is worse everywhere."""
    parts = (
        part("overall", -0.2, -0.1),
        part("slice:merchant=grocery", -0.3, -0.2),
        part("slice:merchant=fuel", -0.1, 0.02),
    )
    calibration: dict[str, dict[str, float | None]] = {
        "champion": {"brier": 0.05, "slope": 1.0},
        "challenger": {"brier": 0.09, "slope": 0.3},
    }
    metrics: dict[str, dict[str, float | None]] = {
        "roc_auc": {"champion": 0.85, "challenger": 0.7},
        "log_loss": {"champion": 0.2, "challenger": 0.3},
    }
    return compared(*parts, calibration=calibration, metrics=metrics, negative_flips=180)


def reported() -> Json:
    """A judgement by the numbers that pipelines logged."""
    shelf = checked(DEGRADED, job=dump(JOB), challenger="7", outcome="validation_failed")
    checks = gate.reported({"roc_auc": 0.9}, {"roc_auc": 0.8}, shelf.spec)
    outcome, reason = gate.verdict(checks)
    shelf.validation_ = Validation(outcome, reason, checks, None, CHAMPION, CHALLENGER, None, NOW)
    return shelf.explanation()


def odd_feature(name: str) -> FeatureEvidence:
    """A feature of any name that moved."""
    return replace(AMOUNT, name=name, psi=0.4)


def kept_candidate() -> Candidate:
    """A candidate that an earlier run left undecided."""
    return Candidate("7", "run-of-7", "key")
