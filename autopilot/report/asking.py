"""The four questions on the screen: each answer in the margin, beside it what was measured, below it its rules."""

from collections.abc import Iterator

from autopilot import words
from autopilot.report.questions import Asked, asked
from autopilot.report.reading import is_slice, lost_slices
from autopilot.report.screen import Screen
from graph.model import Json

_MOST_DRIFTED = 3
_MOST_NOTES = 3
_FAULTY_ROWS = {
    "bad_scores": "unusable scores",
    "duplicate_ids": "repeated ids",
    "future_rows": "rows from the future",
}
_LABELS = ("label_quality", "label_shift")
"""Causes for which it matters where among the scores the positives are."""
_TOLD = ("pay_back", "superiority")
"""Checks whose gain is told even where they passed."""


def questions_asked(page: Screen, found: Json) -> None:
    """Show each question with its answer and numbers; rules that were not reached are named at the end."""
    if found["decision"] is None:
        return
    page.gap()
    page.say("rules", f"{_counts(found['rules'])}; four questions in order, until one answers; value (limit)")
    for each in asked(found):
        page.say(_margin(each), f"{each.question} {_beside(each)}")
        page.say_all("", _measured(each.number, found) if each.answer != "not_asked" else [])
        _points(page, each, found)
    rest = [rule["rule"] for rule in found["rules"] if rule["outcome"] == "not_reached"]
    if page.brevity:
        page.line(words.MARK["not_reached"], f"every rule with its value: autopilot explain {found['run'][:8]} --json")
    elif rest:
        page.points(words.MARK["not_reached"], [f"not reached: {', '.join(rest)}"])


def _counts(rules: list[Json]) -> str:
    outcomes = [rule["outcome"] for rule in rules]
    by_outcome = {outcome: outcomes.count(outcome) for outcome in ("passed", "blocked", "not_reached")}
    return ", ".join(f"{number} {words.spoken(outcome)}" for outcome, number in by_outcome.items() if number)


def _margin(each: Asked) -> str:
    return f"{each.number} {'–' if each.answer == 'not_asked' else each.answer}"


def _beside(each: Asked) -> str:
    said = f"not asked: {each.detail}" if each.answer == "not_asked" else each.facts
    return f"{said[:1].upper()}{said[1:]}"


def _measured(number: int, found: Json) -> Iterator[str]:
    """Yield what else was measured for a question."""
    evidence = found["evidence"]
    if evidence is None:
        return
    if number == 1:
        yield from _amiss(evidence, _FAULTY_ROWS)
        yield from _drift(evidence)
        yield from (f"note: {note}" for note in evidence["notes"][:_MOST_NOTES])
    if number == 2:
        yield from _amiss(evidence, {"orphan_labels": "labels without a prediction", "bad_labels": "labels of no use"})
        if evidence["labels"] and found["decision"]["cause"] in _LABELS:
            yield from _thirds(evidence["labels"])


def _amiss(evidence: Json, kinds: dict[str, str]) -> Iterator[str]:
    """Yield counts of faulty rows, where there are any."""
    said = [f"{evidence[kind]:,} {noun}" for kind, noun in kinds.items() if evidence[kind]]
    if said:
        yield ", ".join(said)


def _drift(evidence: Json) -> Iterator[str]:
    known = [feature for feature in evidence["features"] if feature["psi"] is not None]
    if not known:
        return
    top = sorted(known, key=lambda each: (-each["psi"], each["name"]))[:_MOST_DRIFTED]
    moved = sum(each["psi"] > (each["psi_noise"] or 0.0) for each in known)
    shown = ", ".join(f"{each['name']} {words.number(round(each['psi'], 3))}{_noise(each)}" for each in top)
    yield f"PSI (noise): {shown}; {moved} of {len(known)} beyond noise"


def _noise(feature: Json) -> str:
    return "" if feature["psi_noise"] is None else f" ({words.number(round(feature['psi_noise'], 3))})"


def _thirds(labels: Json) -> Iterator[str]:
    low, high = labels["positive_lift_low"], labels["positive_lift_high"]
    if low is not None and high is not None:
        yield (
            f"positives per foreseen one: {words.number(low)} among the third of rows with the lowest scores,"
            f" {words.number(high)} with the highest"
        )


def _points(page: Screen, each: Asked, found: Json) -> None:
    """Show what decided and what has something to say; the rest in one paragraph."""
    reason = found["decision"]["reason"]
    for rule in each.rules:
        if rule["outcome"] == "blocked":
            # What decided is told in full at the top.
            why = "as said above" if rule["detail"] in reason else rule["detail"]
            page.point(words.MARK["blocked"], f"{_seen('rule', rule)}: {why}")
    passed = [rule for rule in each.rules if rule["outcome"] == "passed"]
    told = list(dict.fromkeys(rule["detail"] for rule in passed if _tells(rule, reason)))
    written = told if page.brevity <= 2 else []
    for detail in written:
        names = [_seen("rule", rule) for rule in passed if rule["detail"] == detail]
        if len(names) > 1:
            page.point(words.MARK["passed"], f"{detail}: {', '.join(names)}")
        else:
            page.line(words.MARK["passed"], f"{names[0]}: {detail}")
    named = [_seen("rule", rule) for rule in passed if rule["detail"] in told and rule["detail"] not in written]
    rest = [_seen("rule", rule) for rule in passed if rule["detail"] not in told]
    rest += _checked(page, found) if each.number == 4 else []
    page.points(words.MARK["passed"], [*named, *_shortened(page, rest, bool(named))])


def _shortened(page: Screen, seen: list[str], others: bool) -> list[str]:
    """Return what was as it should be, in as few words as the page has room for; `others` are named before."""
    # A name alone is one word; whatever has a value, or says something, is more.
    kept = [text for text in seen if page.brevity == 0 or (page.brevity == 1 and " " in text)]
    left = len(seen) - len(kept)
    count = f"{left} more" if kept or others else str(left)
    return [*kept, f"{count} as {'they' if left > 1 else 'it'} should be"] if left else kept


def _tells(rule: Json, reason: str) -> bool:
    """Tell whether a passed rule says more than where its largest value is, and than the reason says already."""
    return bool(rule["detail"]) and not rule["detail"].startswith("largest in ") and rule["detail"] not in reason


def _seen(name: str, judged: Json) -> str:
    value = "" if judged["value"] is None else f" {words.number(judged['value'])}"
    limit = "" if judged["limit"] is None else f" ({words.number(judged['limit'])})"
    return f"{judged[name]}{value}{limit if value else ''}"


def _checked(page: Screen, found: Json) -> list[str]:
    """Show the telling checks of the challenger, if one was judged; return the others."""
    validation = found["validation"]
    if validation is None:
        return []
    by_passed: dict[bool, list[Json]] = {True: [], False: []}
    for check in validation["checks"]:
        by_passed[check["outcome"] == "passed"].append(check)
    for check in by_passed[False]:
        if not is_slice(check):
            page.point(words.MARK[check["outcome"]], f"{check['name']}: {check['detail'] or check['outcome']}")
    page.points(words.MARK["failed"], list(lost_slices(found)))
    told = [check for check in by_passed[True] if check["name"] in _TOLD]
    for check in told:
        page.point(words.MARK["passed"], f"{check['name']}: {check['detail']}")
    slices = sum(is_slice(check) for check in by_passed[True])
    rest = [_seen("name", check) for check in by_passed[True] if check not in told and not is_slice(check)]
    return rest + ([f"no certain loss in {words.count(slices, 'slice')}"] if slices else [])
