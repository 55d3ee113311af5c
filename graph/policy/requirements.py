"""What a challenger must show beside its differences: rows, schema, calibration, latency, the owner's minimums."""

from collections.abc import Mapping

from graph.model import Check, CheckOutcome, Comparison
from graph.policy.metrics import better_by, reaches
from graph.policy.words import finite, number, percent, plural, rounded
from graph.spec import ValidationSpec

CALIBRATION_LOSS = 0.1
"""A challenger's Brier score may be a tenth above the champion's: ranking may improve while probabilities go astray,
and whoever reads the score as a probability is served worse. Relative: with rare positives Brier scores are small."""
STRAIGHT = 1.25
"""A calibration slope this far from 1, either way, is worth a word."""


def schema(comparison: Comparison) -> Check:
    """Judge whether the models take and give what the log holds."""
    if comparison.schema_errors:
        return Check(
            "schema", "failed", float(len(comparison.schema_errors)), 0.0, "; ".join(comparison.schema_errors[:3])
        )
    return Check("schema", "passed", 0.0, 0.0, "inputs and outputs are as logged")


def rows(comparison: Comparison, validation: ValidationSpec) -> Check:
    """Judge whether there are enough rows to compare on: too few are inconclusive, never passed."""
    enough = comparison.rows >= validation.min_rows and comparison.positives >= validation.min_positives
    seen = _counted(comparison.rows, comparison.positives, validation)
    wanted = _counted(validation.min_rows, validation.min_positives, validation)
    detail = f"{seen} to compare on" if enough else f"only {seen} to compare on, {wanted} are asked for"
    return Check("rows", "passed" if enough else "inconclusive", seen, wanted, detail)


def _counted(rows: int, positives: int, validation: ValidationSpec) -> str:
    """Return rows in words, with the positives where any are asked for: the labels of a regression have none."""
    both = f"{plural(rows, 'row')}, {plural(positives, 'positive')}"
    return both if validation.min_positives else plural(rows, "row")


def calibration(comparison: Comparison) -> Check:
    """Judge whether the challenger's probabilities are about as good as the champion's."""
    champion, challenger = (
        finite(comparison.calibration.get(side, {}).get("brier")) for side in ("champion", "challenger")
    )
    if champion is None or challenger is None:
        return Check("calibration", "inconclusive", detail="a Brier score is missing")
    limit = champion * (1 + CALIBRATION_LOSS)
    outcome: CheckOutcome = "passed" if challenger <= limit else "failed"
    detail = f"Brier score {number(challenger)} against {number(champion)}, at most {number(limit)}{_line(comparison)}"
    return Check("calibration", outcome, rounded(challenger), rounded(limit), detail)


def _line(comparison: Comparison) -> str:
    """Return how scores and labels agree, all rows together and from low to high scores, where that is known."""
    known = comparison.calibration["challenger"]
    return f"{_level(known)}{_slope(known)}"


def _level(known: Mapping[str, float | None]) -> str:
    """Say it where the scores foresee far fewer or far more positives than there are."""
    mean, share = finite(known.get("mean_score")), finite(known.get("positive_share"))
    if not mean or not share or 1 / STRAIGHT <= mean / share <= STRAIGHT:
        return ""
    way = "too low" if mean < share else "too high"
    return f"; its scores are {way}: they foresee {percent(mean)} positives where {percent(share)} are"


def _slope(known: Mapping[str, float | None]) -> str:
    slope, intercept = finite(known.get("slope")), finite(known.get("intercept"))
    if slope is None or intercept is None:
        return ""
    return f"; slope {number(slope)}, intercept {number(intercept)} where 1 and 0 are right: {spread(slope)}"


def spread(slope: float) -> str:
    """Return in words what a calibration slope says of how far the scores lie apart."""
    if slope < 1 / STRAIGHT:
        return "high scores too high or low ones too low (overconfident)"
    if slope > STRAIGHT:
        return "high scores too low or low ones too high (underconfident)"
    return "as sure as it should be"


def latency(comparison: Comparison, validation: ValidationSpec) -> tuple[Check, ...]:
    """Judge the challenger's p95 per row, where the owner set a limit."""
    limit = validation.max_latency_ms
    if limit is None:
        return ()
    measured = finite(comparison.latency_ms.get("challenger"))
    if measured is None:
        return (Check("latency", "inconclusive", None, limit, "the latency was not measured"),)
    outcome: CheckOutcome = "passed" if measured <= limit else "failed"
    detail = f"p95 {number(measured)} ms per row, at most {number(limit)} ms"
    return (Check("latency", outcome, rounded(measured), limit, detail),)


def minimums(comparison: Comparison, validation: ValidationSpec) -> tuple[Check, ...]:
    """Judge each of the owner's minimums on the challenger's value, ours or that of the metric command."""
    values: dict[str, float | None] = {
        name: _number(entry.get("challenger")) for name, entry in comparison.custom.items()
    }
    values |= {name: entry.get("challenger") for name, entry in comparison.metrics.items()}
    return tuple(
        minimum(name, values, limit, unmeasured="inconclusive") for name, limit in sorted(validation.minimum.items())
    )


def minimum(name: str, values: Mapping[str, float | None], limit: float, unmeasured: CheckOutcome) -> Check:
    """Judge one minimum; where lower is better it is the most that is borne. An unknown name is an error."""
    check = f"minimum:{name}"
    if name not in values:
        known = ", ".join(sorted(values)) or "none"
        return Check(check, "error", None, limit, f"{name} was not measured; measured were: {known}")
    value = finite(values[name])
    if value is None:
        return Check(check, unmeasured, None, limit, f"{name} has no value on these rows")
    outcome: CheckOutcome = "passed" if reaches(name, value, limit) else "failed"
    return Check(check, outcome, rounded(value), limit, f"{name} is {number(value)}, asked for is {number(limit)}")


def without_minimum(metric: str) -> Check:
    """Return the check that stands for a first candidate nobody set a minimum for."""
    detail = f"no champion to compare with and no minimum to reach: set validation.minimum, for instance {metric}: 0.8"
    return Check("minimum", "inconclusive", detail=detail)


def custom(comparison: Comparison, validation: ValidationSpec) -> tuple[Check, ...]:
    """Judge what the owner's metric command printed. A number without `passed` needs a limit in `minimum`."""
    return tuple(
        _custom(name, entry)
        for name, entry in sorted(comparison.custom.items())
        if entry.get("passed") is not None or name not in validation.minimum
    )


def _custom(name: str, entry: Mapping[str, object]) -> Check:
    check, passed = f"custom:{name}", entry.get("passed")
    value = rounded(_number(entry.get("challenger")))
    if passed is None:
        return Check(check, "inconclusive", value, None, f"print passed, or set validation.minimum for {name}")
    said = f"the metric command says {'passed' if passed else 'not passed'}"
    return Check(check, "passed" if passed else "failed", value, None, str(entry.get("error") or said))


def _number(value: object) -> float | None:
    return finite(float(value)) if isinstance(value, int | float) else None


def better_than(metric: str, champion: Mapping[str, float], challenger: Mapping[str, float]) -> Check:
    """Judge two logged numbers: better by anything passes, else it fails; a missing or NaN one is an error."""
    old, new = finite(champion.get(metric)), finite(challenger.get(metric))
    missing = [side for side, value in (("champion", old), ("challenger", new)) if value is None]
    if old is None or new is None:
        detail = f"the run of the {' and of the '.join(missing)} logged no usable {metric}"
        return Check("superiority", "error", None, 0.0, detail)
    gain = better_by(metric, new, old)
    outcome: CheckOutcome = "passed" if gain > 0 else "failed"
    detail = f"{metric} {number(new)} against {number(old)}, as their pipelines logged them"
    return Check("superiority", outcome, rounded(gain), 0.0, detail)
