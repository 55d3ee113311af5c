"""Several monitors of one model, or values without rows: each is judged by itself, and the worst verdict counts.

Broken data explain everything else. Harm that is seen outweighs what could not be seen. What could not be seen
outweighs health: silence is not health. Of equally bad ones that of the rows counts, which knows more.
"""

from collections.abc import Sequence
from dataclasses import replace

from graph.evidence import Evidence
from graph.model import Cause, Diagnosis, Rule, Verdict
from graph.policy.case import Case
from graph.policy.reading_rules import champion_known, seen, silence, step
from graph.policy.rules import Step, walk

WORST_FIRST: tuple[Verdict, ...] = ("broken_data", "degraded", "insufficient", "healthy")


def from_rows_alone(evidence: Evidence) -> bool:
    """Tell whether there is nothing but rows, so that their diagnosis is all."""
    return evidence.logged and not evidence.readings and not evidence.unanswered


def combined(by_rows: Diagnosis | None, case: Case) -> Diagnosis:
    """Return the diagnosis of everything together. `by_rows` None: there were no rows to look at.

    Every reading is judged, whatever the others say: each of them has its rule.
    """
    if by_rows is not None and from_rows_alone(case.evidence):
        return by_rows
    of_data, of_harm = _steps(case.evidence)
    first, last = _all(of_data, case), _all(of_harm, case)
    found = [*([by_rows] if by_rows else []), *first[1], *last[1]]
    decided = _worst(found) if found else _healthy(case)
    rules = (*first[0], *(by_rows.rules if by_rows else ()), *last[0])
    return replace(decided, rules=rules)


def _steps(evidence: Evidence) -> tuple[list[Step[Case, Diagnosis]], list[Step[Case, Diagnosis]]]:
    """Return what is asked about the data, before the rows' own questions, and about harm, after them."""
    of_data = [silence(each) for each in evidence.unanswered]
    of_data += [step(each) for each in evidence.readings if each.means == "broken_data"]
    of_harm = [] if evidence.logged else [Step("champion_known", champion_known)]
    return of_data, of_harm + [step(each) for each in evidence.readings if each.means == "degraded"]


def _all(steps: Sequence[Step[Case, Diagnosis]], case: Case) -> tuple[tuple[Rule, ...], list[Diagnosis]]:
    """Ask every one of these, also after one has decided."""
    walks = [walk((each,), case) for each in steps]
    return tuple(rule for each in walks for rule in each.rules), [each.conclusion for each in walks if each.conclusion]


def _worst(found: Sequence[Diagnosis]) -> Diagnosis:
    """Return the first of the worst; readings that are as bad for the same reason are named together with it."""
    worst = min(found, key=lambda each: WORST_FIRST.index(each.verdict))
    if worst.rules:
        return worst
    alike = [each for each in found if each.verdict == worst.verdict and not each.rules]
    causes: list[Cause] = [each.cause for each in alike if each.cause != "unknown"]
    return replace(
        worst,
        cause=causes[0] if causes else worst.cause,
        reason="; ".join(each.reason for each in alike),
        blame=tuple(blame for each in alike for blame in each.blame),
    )


def _healthy(case: Case) -> Diagnosis:
    """Conclude that no value crosses a limit. Without a single one nothing was seen."""
    if not case.evidence.readings:
        return Diagnosis("insufficient", "unknown", "nothing was measured")
    return Diagnosis("healthy", "none", "; ".join(seen(each) for each in case.evidence.readings))
