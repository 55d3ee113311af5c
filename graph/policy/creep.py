"""Many challengers on the same rows, and many small losses in a row: neither may pass for progress.

Approvals that each allow a small loss add up ("bio-creep": Feng, Emerson, Simon, Biometrics 2021), and whoever tries
often enough on the same rows wins by chance (Feng et al., "Sequential algorithmic modification with test data reuse",
UAI 2022). So a challenger is also held against the version that was approved first, and an attempt on rows that
earlier ones used since the last promotion is judged at a stricter level: the k-th at 0.05 / (k (k + 1)), one-sided.
The first then has the level of an ordinary 95 % interval, and all together, however many, spend at most 0.05.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from graph.attempt import Attempt
from graph.evidence import Evidence
from graph.model import Artifact, Check, CheckOutcome, Comparison, Holdout, ModelRef
from graph.policy.differences import part, told, whole
from graph.policy.words import moment, number, plural, rounded
from graph.spec import ValidationSpec

FAMILY = 0.05
"""Level of all attempts on the same rows together, one-sided."""
FRESH = 0.5
"""An undecided challenger is tested again when so large a part of its rows is new: each test costs level, and nearly
the same rows say nearly the same."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What is known of a judgement before anything is measured."""

    attempt: int = 1
    """1 for the first on its rows since the last promotion."""
    look: int = 1
    """How often this very challenger is judged by then, on any rows."""
    origin: ModelRef | None = None
    """The version that was approved first; None where there is none to compare with."""
    serves: bool = False
    """That version is the champion."""
    lost: str = ""
    """Why that version's files cannot be had any more."""
    evidence: Evidence | None = None
    """What the check saw that started the run; None for a return that a person asked for."""
    genuine: bool = False
    """The owner has called the labels genuine."""
    lasting: timedelta | None = None
    """How long a cure is expected to pay; None: the policy's horizon."""

    @property
    def alpha(self) -> float:
        """Return the one-sided level of this attempt."""
        return FAMILY / (self.attempt * (self.attempt + 1))


def attempt(past: Sequence[Attempt], challenger: ModelRef, holdout: Holdout) -> int:
    """Return which attempt a judgement on these rows is: 1, and one more for each that spent level on some of them.

    A challenger that was shown to be better and held back by something else is not tested anew: that must hold again.
    """
    used = [
        spent
        for spent in past
        if spent.alpha > 0 and not (_same(spent.challenger, challenger) and spent.superiority == "passed")
    ]
    return 1 + sum(spent.start < holdout.end and holdout.start < spent.end for spent in used)


def look(past: Sequence[Attempt], challenger: ModelRef) -> int:
    """Return how often a challenger is scored by then: 1, and one more for each time since the last promotion."""
    return 1 + sum(spent.alpha > 0 and _same(spent.challenger, challenger) for spent in past)


def looked_at(past: Sequence[Attempt], challenger: ModelRef, since: datetime) -> bool:
    """Tell whether a challenger was judged after a moment, whatever came of it."""
    return any(_same(spent.challenger, challenger) and spent.at >= since for spent in past)


def too_early(past: Sequence[Attempt], challenger: ModelRef, holdout: Holdout) -> Check | None:
    """Return the check that puts a further test of an undecided challenger off, or None when it is due."""
    undecided = [
        spent
        for spent in past
        if _same(spent.challenger, challenger) and spent.alpha > 0 and spent.superiority == "inconclusive"
    ]
    if not undecided:
        return None
    last = max(undecided, key=lambda spent: spent.end)
    due = last.end + FRESH * (last.end - last.start)
    if holdout.end >= due:
        return None
    detail = (
        f"candidate {challenger.version} stayed undecided on rows until {moment(last.end)}; it is tested again once "
        f"there are labelled rows until {moment(due)}"
    )
    return Check("attempt", "inconclusive", moment(holdout.end), moment(due), detail)


def unscored(holdout: Holdout) -> Comparison:
    """Return the comparison of models that nobody scored."""
    return Comparison(holdout.rows, holdout.positives, (), {}, {}, {}, 0)


def _same(one: ModelRef, other: ModelRef) -> bool:
    return (one.name, one.version) == (other.name, other.version)


def attempts(trial: Trial) -> Check:
    """Return which attempt this is and at which level it is judged."""
    level = f"judged at the one-sided level {number(trial.alpha)}"
    if trial.attempt == 1:
        detail = f"the first on these rows since the last promotion, {level}"
    else:
        earlier = plural(trial.attempt - 1, "earlier attempt")
        detail = f"number {trial.attempt} on rows that {earlier} used since the last promotion, {level}"
    return Check("attempt", "passed", float(trial.attempt), None, detail)


def origin(comparison: Comparison, validation: ValidationSpec, trial: Trial) -> tuple[Check, ...]:
    """Judge whether the challenger is worse than the version that was approved first.

    A loss beyond the margin fails, any other certain loss is inconclusive, no certain loss passes: the interval may
    reach below the margin where rows are few, but not lie below zero. A version that can no longer be scored is said,
    and held against nobody.
    """
    if trial.origin is None:
        return ()
    limit = 0.0 - validation.margin
    who = f"version {trial.origin.version}, which was approved first"
    gone = trial.lost or comparison.origin_error
    if gone:
        return (Check("origin", "passed", None, rounded(limit), f"{who}, cannot be compared any more: {gone}"),)
    found = part(comparison, "overall") if trial.serves else comparison.origin
    measured = whole(found.difference) if found else None
    if found is None or measured is None:
        detail = f"{who}, cannot be compared: no interval could be made"
        return (Check("origin", "inconclusive", None, rounded(limit), detail),)
    outcome: CheckOutcome = "failed" if measured.high < limit else "inconclusive" if measured.high < 0 else "passed"
    value = measured.low if outcome == "passed" else measured.high
    detail = f"{told(found, measured, 'on all rows')} than {who}{' and still serves' if trial.serves else ''}"
    if outcome == "passed" and measured.value < 0:
        detail = f"{detail}; no loss is certain"
    return (Check("origin", outcome, rounded(value), rounded(limit), detail),)


def spent(checks: Sequence[Check], trial: Trial) -> float:
    """Return the level that an attempt has used up: none when it was none, or nothing could be tested."""
    tested = {check.name for check in checks if check.value is not None}
    return trial.alpha if tested >= {"attempt", "superiority"} else 0.0


def lost(origin: ModelRef, artifact: Artifact | None) -> str:
    """Return why the files of the version that was approved first are not to be scored; nothing when they are."""
    if artifact is None:
        return "the registry no longer holds its files"
    return "" if origin.digest in (None, artifact.digest) else "its files are not those that were approved"
