"""What must be seen before a training is paid for, where rows are not all that a model is judged by."""

from graph.evidence import Evidence, Reading
from graph.policy.case import Case
from graph.policy.combination import from_rows_alone
from graph.policy.reading_rules import why_unusable
from graph.policy.restraint import Instead, RestraintFinding, Wish, wait
from graph.policy.rules import Finding, Step


def everything_answered(wish: Wish) -> RestraintFinding:
    """Block while what may say that the data are broken says nothing: a challenger would learn from them."""
    silent = [each.monitor for each in wish.evidence.unanswered]
    silent += [each.name for each in wish.evidence.readings if each.means == "broken_data" and _mute(each, wish)]
    if not silent:
        return Finding(0, 0)
    reason = f"whether the data are sound is not known: {', '.join(silent)} did not say"
    return wait(reason, len(silent), 0)


def rows_to_judge_on(wish: Wish) -> RestraintFinding:
    """Block where no log holds rows to compare two models on, unless the pipeline itself reports their metrics."""
    kind = wish.spec.validation.kind
    if wish.evidence.logged or kind == "reported":
        return Finding(kind)
    reason = (
        "no prediction log holds rows to compare two models on: set validation.kind: reported and log "
        f"{wish.spec.policy.metric} in the pipeline, or add a monitor of kind predictions or sql"
    )
    return wait(reason, kind, "reported")


def _mute(reading: Reading, wish: Wish) -> bool:
    return bool(why_unusable(reading, Case(wish.evidence, wish.spec.policy, wish.spec.label_delay)))


def sight_rules(evidence: Evidence) -> tuple[Step[Wish, Instead], ...]:
    """Return the rules where they have something to say; a model judged by rows alone is asked nothing more."""
    return () if from_rows_alone(evidence) else SIGHT_RULES


SIGHT_RULES = (Step("everything_answered", everything_answered), Step("rows_to_judge_on", rows_to_judge_on))
