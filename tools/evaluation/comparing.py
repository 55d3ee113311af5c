"""Compares champion and challenger on the holdout: load, score, measure. Runs in the child; judges nothing."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from graph.model import Comparison, Difference, Json
from tools.evaluation import custom, found, holdout, latency, measures, pairing, reversals, scoring
from tools.evaluation.holdout import Flags, Labels, Rows, Scores
from tools.evaluation.request import Request, Role, nothing_measured
from tools.evaluation.scoring import Note, Scored, progress

Name = TypeVar("Name", bound=str)
Keep = Callable[[Comparison], None]
"""Takes what is measured so far, in case the rest kills the process."""
_SIDES: tuple[Role, ...] = ("champion", "challenger")


def compare(request: Request, folder: Path, note: Note, keep: Keep = lambda _: None) -> Comparison:
    """Return everything measured. Lets through what a model raises: the parent then says which model, doing what.

    The version that was approved first comes last: what it does wrong must not cost the challenger its judgement.
    """
    note("reading")
    rows = holdout.read(request)
    sides: dict[Role, str | None] = {"challenger": request.challenger, "champion": request.champion}
    models, refusals = scoring.load(request, sides, note)
    if refusals or not len(rows.label):
        return nothing_measured(len(rows.label), measures.positives(rows.label), "; ".join(refusals) or None)
    scored, errors = scoring.score(models, rows, note, request.task)
    timed = {role: (each.model, each.frame) for role, each in scored.items()}
    note(progress("models", "timing"))
    latencies = latency.p95_ms(timed, request.timed_rows)
    note("measuring")
    comparison = _measure(request, rows, scored, tuple(errors), latencies, folder)
    if request.origin is None or "challenger" not in scored:
        return comparison
    keep(comparison)
    return _with_origin(request, rows, scored["challenger"].scores, comparison, note)


def _with_origin(request: Request, rows: Rows, challenger: Scores, comparison: Comparison, note: Note) -> Comparison:
    models, refusals = scoring.load(request, {"origin": request.origin}, note)
    scored, errors = scoring.score(models, rows, note, request.task)
    if "origin" not in scored:
        return replace(comparison, origin_error="; ".join([*refusals, *errors]))
    everything = next(chosen for name, chosen in holdout.parts(request, rows) if name == "overall")
    beside = pairing.difference(request, rows, "origin", everything, scored["origin"].scores, challenger)
    return replace(comparison, origin=beside)


def _measure(
    request: Request,
    rows: Rows,
    scored: Mapping[Role, Scored],
    errors: tuple[str, ...],
    latencies: Mapping[str, float],
    folder: Path,
) -> Comparison:
    scores = {role: each.scores for role, each in scored.items()}
    comparison = Comparison(
        rows=len(rows.label),
        positives=measures.positives(rows.label),
        differences=(),
        metrics=_metrics(rows.label, scores, request.threshold),
        calibration=_calibration(rows.label, scores),
        latency_ms=dict(latencies),
        negative_flips=0,
        schema_errors=errors,
        custom=_custom(request, rows, scores, folder),
    )
    return _paired(request, rows, comparison, *(scores[role] for role in _SIDES)) if len(scores) == 2 else comparison


def _paired(request: Request, rows: Rows, comparison: Comparison, champion: Scores, challenger: Scores) -> Comparison:
    """Add what is measured of both models on the same rows."""
    parts = list(holdout.parts(request, rows))
    lost, searched = found.search(request, rows, champion, challenger)
    differences = tuple(_differences(request, rows, parts, champion, challenger))
    both = replace(comparison, differences=differences, found=lost, searched=searched)
    return both if request.task == "regression" else _decided(request, rows, both, parts, champion, challenger)


def _decided(
    request: Request,
    rows: Rows,
    comparison: Comparison,
    parts: list[tuple[str, Flags]],
    champion: Scores,
    challenger: Scores,
) -> Comparison:
    """Add what is measured of the two models' decisions."""
    return replace(
        comparison,
        negative_flips=measures.negative_flips(measures.flags(rows.label), champion, challenger, request.threshold),
        errors=tuple(
            pairing.errors(request, rows, name, chosen, champion, challenger)
            for name, chosen in parts
            if name in ("overall", "harm") and chosen.any()
        ),
        reversals=reversals.reversals(rows, request.threshold, champion, challenger),
        told_apart=reversals.told_apart(rows, champion, challenger),
    )


def _differences(
    request: Request, rows: Rows, parts: list[tuple[str, Flags]], champion: Scores, challenger: Scores
) -> Iterator[Difference]:
    for name, chosen in parts:
        yield pairing.difference(request, rows, name, chosen, champion, challenger)


def _custom(request: Request, rows: Rows, scores: Mapping[Role, Scores], folder: Path) -> dict[str, Json]:
    asked = request.validation.metric_command and "challenger" in scores
    if not asked or (request.champion is not None and "champion" not in scores):
        return {}
    return custom.measure(request, rows, scores.get("champion"), scores["challenger"], folder)


def _calibration(label: Labels, scores: Mapping[Role, Scores]) -> dict[str, dict[str, float | None]]:
    if measures.are_numbers(label):
        return {}
    known = measures.flags(label)
    return {role: _known(measures.calibration(known, score)) for role, score in scores.items()}


def _metrics(label: Labels, scores: Mapping[Role, Scores], threshold: float) -> dict[str, dict[str, float | None]]:
    values = {role: _known(measures.metrics(label, score, threshold)) for role, score in scores.items()}
    names = next(iter(values.values()), {})
    return {name: {role: values.get(role, {}).get(name) for role in _SIDES} for name in names}


def _known(values: Mapping[Name, float]) -> dict[Name, float | None]:
    """Return the values with None for what is not defined: NaN is no number in JSON and never one in a report."""
    return {name: value if math.isfinite(value) else None for name, value in values.items()}
