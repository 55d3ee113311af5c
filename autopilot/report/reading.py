"""What a comparison says to the person who must decide: the recommendation, the numbers that matter, the doubts."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, cast

from autopilot import words
from graph.model import Json
from graph.policy.metrics import OF_NUMBERS, better_by

Tone = Literal["good", "bad", "open"]

CONFIDENT = 1.25
"""A calibration slope this far from 1, either way, is worth a word: scores are then read as more than they are."""
_METRICS = ("roc_auc", "average_precision", "log_loss", "brier", "f1", "accuracy")


@dataclass(frozen=True, slots=True)
class Headline:
    """The recommendation while a person is asked, else what became of the run: a word or two, and a sentence."""

    word: str
    tone: Tone
    text: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that matters, and what to hold it against."""

    label: str
    value: str
    note: str = ""
    tone: Tone = "open"
    interval: str = ""
    """Between what the value lies, 95 %, where it was measured on a sample."""

    @property
    def text(self) -> str:
        """Return the value, with its interval if it has one."""
        return f"{self.value} {self.interval}".rstrip()


_ADVICE: dict[str, Headline] = {
    "passed": Headline("Approve", "good", "{it} passed all {number}"),
    "failed": Headline("Deny", "bad", "{it} failed the gate"),
    "inconclusive": Headline("Deny for now", "open", "the numbers do not decide it"),
    "error": Headline("Deny", "bad", "{it} could not be judged"),
}
_ENDED: dict[str, tuple[str, Tone]] = {
    "promoted": ("Promoted", "good"),
    "rolled_back": ("Rolled back", "good"),
    "denied": ("Denied", "bad"),
    "expired": ("Expired", "open"),
    "voided": ("Voided", "open"),
    "cancelled": ("Cancelled", "open"),
    "validation_failed": ("Not good enough", "bad"),
    "validation_inconclusive": ("Undecided", "open"),
    "failed": ("Failed", "bad"),
}


def advice(found: Json) -> Headline:
    """Return the recommendation that the checks make, whatever became of it."""
    validation = found["validation"]
    said = _ADVICE[validation["outcome"]]
    text = said.text.format(it=challenger_noun(found), number=words.count(len(validation["checks"]), "check"))
    return Headline(said.word, said.tone, f"{text}{_because(found)}")


def _because(found: Json) -> str:
    """Return by how much, where the challenger passed; else what did not pass."""
    validation = found["validation"]
    if validation["outcome"] != "passed":
        return f": {validation['reason']}"
    comparison = validation["comparison"]
    telling = part(comparison, "harm") or part(comparison, "overall")
    if not telling or words.interval(telling["difference"]) == words.NOTHING:
        return ""
    by = words.interval(telling["difference"], signed=True)
    where = f"{words.count(telling['rows'], 'row')} ({part_name(telling['name'])})"
    return f" and is better by {by} in {telling['metric']} on {where}"


def headline(found: Json) -> Headline:
    """Return what a reader wants to know first."""
    stands = words.spoken(words.state(found)).capitalize()
    if found["validation"] is None:
        # The end of a failed job's output comes later, with its lines.
        reason = (found["reason"] or "there is no decision yet").partition("\n")[0].removesuffix(" ends:")
        return Headline(stands, _ENDED.get(found["outcome"], ("", "open"))[1], f"nothing was compared: {reason}")
    recommended = advice(found)
    if found["outcome"] is None:
        return _answered(found, recommended)
    word, tone = _ENDED.get(found["outcome"], (stands, "open"))
    was = f"; the recommendation was: {recommended.word.lower()}" if found["approval"] else ""
    return Headline(word, tone, f"{_counted(found)}{found['reason']}{was}")


def _answered(found: Json, recommended: Headline) -> Headline:
    """Return the recommendation while somebody is asked; once that is over, what stands until the run ends."""
    state = found["approval"]["state"] if found["approval"] else "pending"
    if state == "pending":
        return recommended
    tone = {"approved": "good", "denied": "bad"}.get(state, "open")
    said = found["approval"]["reason"] or f"the recommendation was: {recommended.word.lower()}"
    return Headline(words.spoken(state).capitalize(), cast(Tone, tone), said)


def _counted(found: Json) -> str:
    """Return how many checks stood against the challenger, where they ended the run."""
    outcomes = [check["outcome"] for check in found["validation"]["checks"]]
    counts = [(outcomes.count(kind), kind) for kind in ("error", "failed", "inconclusive")]
    said = [f"{number} {kind}" for number, kind in counts if number]
    ended = found["outcome"] in ("validation_failed", "validation_inconclusive")
    return f"of {words.count(len(outcomes), 'check')} {', '.join(said)}; " if ended and said else ""


def is_return(found: Json) -> bool:
    """Tell whether an earlier version is asked back, rather than a new one brought in."""
    return bool(found["action"] == "rollback")


def measured(decided: Json) -> bool:
    """Tell whether a decision rests on evidence: a return that a person asked for aims at no harm that was seen."""
    return not decided["return_to"] or decided["harm_from"] is not None


def conclusion(decided: Json) -> str:
    """Return a decision in the product's words: what was found, because of what, and what is done."""
    action = "no action" if decided["action"] == "none" else decided["action"]
    if not measured(decided):
        return f"a person asked → {action}"
    cause = "" if decided["cause"] == "none" else f", {decided['cause']}"
    return f"{decided['verdict']}{cause} → {action}"


def challenger_noun(found: Json) -> str:
    """Return what the challenger is called in a sentence."""
    return "the earlier version" if is_return(found) else "the challenger"


def metric_names(comparison: Json, first: str | None) -> list[str]:
    """Return the measured metrics, the one that decides first; storage does not keep an order."""
    order = [first, *_METRICS]
    return sorted(comparison["metrics"], key=lambda name: (order.index(name) if name in order else len(order), name))


def compared(found: Json) -> str:
    """Return what was held against what, and on which rows."""
    validation = found["validation"]
    champion = f"champion {validation['champion']['version']}" if validation["champion"] else "no champion"
    noun = "version" if is_return(found) else "challenger"
    holdout = validation["holdout"]
    both = f"{noun} {validation['challenger']['version']} against {champion}"
    if holdout is None:
        return both
    return f"{both}, {words.count(holdout['rows'], 'row')} of {words.span(holdout['start'], holdout['end'])}"


def deciding_metric(found: Json) -> str | None:
    """Return the metric of the model's policy."""
    policy = found["policy"]
    return str(policy["policy"]["metric"]) if policy else None


def part(comparison: Json | None, name: str) -> Json | None:
    """Return one part of the compared rows by its name, if it has rows."""
    parts: list[Json] = comparison["differences"] if comparison else []
    return next((each for each in parts if each["name"] == name and each["rows"]), None)


def part_name(name: str) -> str:
    """Return which rows a difference is about."""
    known = {"overall": "all rows", "harm": "window that triggered", "rest": "rows before it"}
    return known.get(name, name.removeprefix("slice:"))


def figures(found: Json) -> list[Figure]:
    """Return the numbers beside the three that matter: checks, rows, flips, latency."""
    validation, comparison = found["validation"], found["validation"]["comparison"]
    passed = sum(check["outcome"] == "passed" for check in validation["checks"])
    checks = Figure("checks passed", f"{passed} of {len(validation['checks'])}", "", advice(found).tone)
    if comparison is None or not comparison["metrics"]:
        return [checks]
    return [checks, *_rows(validation), *_cost(found, comparison)]


def gain(found: Json, comparison: Json) -> Iterator[Figure]:
    """Yield by how much the challenger is better where it matters; without a champion, what it reaches."""
    telling = part(comparison, "harm") or part(comparison, "overall")
    if telling:
        yield _better(telling, challenger_noun(found))
        return
    name = metric_names(comparison, deciding_metric(found))[0]
    asked = found["policy"]["validation"]["minimum"].get(name) if found["policy"] else None
    note = f"asked for is {words.number(asked)}" if asked is not None else "no champion to compare with"
    yield Figure(name, words.number(comparison["metrics"][name]["challenger"]), note)


def _better(telling: Json, noun: str) -> Figure:
    both = f"champion {words.number(telling['champion'])}, {noun.removeprefix('the ')}"
    both = f"{both} {words.number(telling['challenger'])}"
    value, _, between = words.interval(telling["difference"], signed=True).partition(" ")
    label = f"{telling['metric']} better by, {part_name(telling['name'])}"
    return Figure(label, value, both, direction(telling["difference"]), between)


def direction(difference: Json | None) -> Tone:
    """Return whether an interval of `better by` lies on one side of nothing."""
    if difference is None or difference["low"] is None or difference["high"] is None:
        return "open"
    return "good" if difference["low"] > 0 else "bad" if difference["high"] < 0 else "open"


def _rows(validation: Json) -> Iterator[Figure]:
    holdout = validation["holdout"]
    if holdout:
        positives = f"{holdout['positives']:,} positive; " if _decides(validation["comparison"]) else ""
        note = f"{positives}{words.span(holdout['start'], holdout['end'])}"
        yield Figure("labelled rows", words.number(holdout["rows"]), note)


def _decides(comparison: Json | None) -> bool:
    """Tell whether the models make decisions: a regression has neither positives nor flips."""
    return comparison is None or not OF_NUMBERS & set(comparison["metrics"])


def rows_of(part: Json) -> str:
    """Return a part's rows, with the positives among them where there can be any."""
    return words.number(part["rows"]) if part["metric"] in OF_NUMBERS else f"{part['rows']:,} ({part['positives']:,})"


def rows_head(metric: str) -> str:
    """Return the head over `rows_of`."""
    return "rows" if metric in OF_NUMBERS else "rows (positive)"


def _cost(found: Json, comparison: Json) -> Iterator[Figure]:
    if found["validation"]["champion"] and _decides(comparison):
        flips = comparison["negative_flips"]
        note = f"{words.share(flips, comparison['rows'])} of rows: the champion right, {challenger_noun(found)} wrong"
        yield Figure("negative flips", words.number(flips), note)
    latency = comparison["latency_ms"]
    if "challenger" in latency:
        before = f"champion {latency['champion']:.1f} ms" if "champion" in latency else ""
        limit = found["policy"]["validation"]["max_latency_ms"] if found["policy"] else None
        most = f"at most {words.number(limit)} ms" if limit else ""
        note = ", ".join(each for each in (before, most) if each)
        yield Figure("p95 per row", f"{latency['challenger']:.1f} ms", note)


def doubts(found: Json) -> list[str]:
    """Return what speaks against the recommendation, or leaves it open; the worst first."""
    validation = found["validation"]
    said = [
        f"{check['name']} {check['outcome']}: {check['detail']}"
        for check in validation["checks"]
        if check["outcome"] != "passed" and not is_slice(check)
    ]
    comparison = validation["comparison"]
    if comparison is None:
        return [*said, "both models' numbers are as their pipelines logged them; nothing was scored here"]
    if comparison["load_error"]:
        return said
    if validation["champion"] is None:
        said.append("there is no champion to compare with: only the minimums speak")
    elif part(comparison, "harm") and not part(comparison, "rest"):
        said.append("compared on the window that triggered only: how it does on rows from before it is not known")
    said += [check["detail"] for check in validation["checks"] if _untold(check)]
    return [*said, *_slices(found, comparison), *_losses(found, comparison), *_calibration(found, comparison)]


def _untold(check: Json) -> bool:
    """Tell whether a check held nothing against the challenger only because nothing could be compared."""
    return check["name"] == "origin" and check["outcome"] == "passed" and check["value"] is None


def is_slice(named: Json) -> bool:
    """Tell whether a check or a difference is about one slice."""
    return str(named["name"]).startswith("slice:")


def _slices(found: Json, comparison: Json) -> Iterator[str]:
    parts = [each for each in comparison["differences"] if is_slice(each)]
    failed = _failed(found["validation"])
    worse = [each for each in parts if (_value(each) or 0) < 0 and each["name"] not in failed]
    least = found["policy"]["validation"]["min_positives"] if found["policy"] else 0
    thin = [f"{part_name(each['name'])} ({each['positives']})" for each in parts if each["positives"] < least]
    yield from lost_slices(found)
    if worse:
        of = words.count(len(parts), "slice")
        yield f"worse in {len(worse)} of {of}, not certainly beyond the margin: {_by_how_much(worse)}"
    if thin:
        yield f"few positives to judge by: {', '.join(thin)}"


def lost_slices(found: Json) -> Iterator[str]:
    """Yield one text on the slices whose check did not pass, if there are any."""
    comparison = found["validation"]["comparison"]
    parts = [each for each in comparison["differences"] if is_slice(each)] if comparison else []
    lost = [each for each in parts if each["name"] in _failed(found["validation"])]
    if lost:
        yield f"fails in {len(lost)} of {words.count(len(parts), 'slice')}, better by: {_by_how_much(lost)}"


def _failed(validation: Json) -> set[str]:
    return {check["name"] for check in validation["checks"] if check["outcome"] != "passed"}


def _by_how_much(parts: list[Json]) -> str:
    ordered = sorted(parts, key=lambda each: _value(each) or 0)
    return ", ".join(f"{part_name(each['name'])} {words.number(_value(each), signed=True)}" for each in ordered)


def _value(difference: Json) -> float | None:
    interval = difference["difference"]
    value: float | None = interval["value"] if interval else None
    return value


def _losses(found: Json, comparison: Json) -> Iterator[str]:
    said = []
    for name in metric_names(comparison, deciding_metric(found)):
        champion, challenger = (comparison["metrics"][name].get(side) for side in ("champion", "challenger"))
        if champion is not None and challenger is not None and better_by(name, challenger, champion) < 0:
            said.append(f"{name} {words.number(challenger)} against {words.number(champion)}")
    if said:
        yield f"worse over all rows: {', '.join(said)}"


def _calibration(found: Json, comparison: Json) -> Iterator[str]:
    slope = comparison["calibration"].get("challenger", {}).get("slope")
    if slope is None or 1 / CONFIDENT <= slope <= CONFIDENT:
        return
    how = "overconfident" if slope < 1 else "underconfident"
    yield f"{challenger_noun(found)}'s scores are {how}: calibration slope {words.number(slope)}, where 1 is right"
