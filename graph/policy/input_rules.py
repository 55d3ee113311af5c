"""Question 1, the log as a whole: did rows arrive, once each, from the past, with usable scores?"""

from graph.policy.case import Case, EvidenceFinding, insufficient, stray
from graph.policy.rules import Finding, Step
from graph.policy.words import finite, plural

THIN_TRAFFIC = 0.1
"""Below this part of the usual rows the traffic is worth a remark: a tenth is not a quiet day."""


def future_times(case: Case) -> EvidenceFinding:
    """Block when more than a stray row claims to come from the future."""
    found = case.evidence
    rows = found.rows + found.future_rows
    return stray("data_quality", found.future_rows, rows, "rows", "carry a time that lies in the future")


def rows_arrived(case: Case) -> EvidenceFinding:
    """Block on an empty log: silence is not health."""
    found = case.evidence
    if found.rows > 0:
        return Finding(found.rows, 1)
    return insufficient("unknown", f"no rows arrived: {found.source} holds none for the newest window", 0, 1)


def duplicate_ids(case: Case) -> EvidenceFinding:
    """Block when more than a stray row repeats an id: counts and labels would be joined to the wrong rows."""
    found = case.evidence
    return stray("data_quality", found.duplicate_ids, found.rows, "rows", "repeat an id that another row already has")


def bad_scores(case: Case) -> EvidenceFinding:
    """Block when more than a stray score is no probability."""
    found = case.evidence
    return stray("data_quality", found.bad_scores, found.rows, "scores", "are null, NaN or outside 0 to 1")


def enough_rows(case: Case) -> EvidenceFinding:
    """Block below `min_rows`: shares of a handful of rows say nothing."""
    rows, wanted = case.evidence.rows, case.policy.min_rows
    if rows >= wanted:
        return Finding(rows, wanted, thin_traffic(case))
    return insufficient("unknown", f"only {plural(rows, 'row')} arrived and min_rows asks for {wanted}", rows, wanted)


def thin_traffic(case: Case) -> str:
    """Return a remark when far fewer rows arrived than in the reference period, else an empty text."""
    rows, usual = case.evidence.rows, finite(case.evidence.expected_rows) or 0.0
    return f"only {plural(rows, 'row')} arrived where about {usual:.0f} used to" if rows < THIN_TRAFFIC * usual else ""


LOG_RULES = (
    Step("future_times", future_times),
    Step("rows_arrived", rows_arrived),
    Step("duplicate_ids", duplicate_ids),
    Step("bad_scores", bad_scores),
    Step("enough_rows", enough_rows),
)
