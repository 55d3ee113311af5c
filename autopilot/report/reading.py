"""What a comparison says to the person who must decide: the recommendation and the numbers that matter."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, cast

from autopilot import words
from graph.model import Json
from graph.policy.metrics import OF_NUMBERS

Tone = Literal["good", "bad", "open"]

BOTH = "overall, harm"
_BOTH = "all rows = the window that triggered"
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
    "failed": Headline("Deny", "bad", "{it} did not pass"),
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
    if validation["outcome"] != "passed" and compared_gain(found):
        return Headline(said.word, said.tone, _refusal(found))
    text = said.text.format(it=challenger_noun(found), number=words.count(len(validation["checks"]), "check"))
    return Headline(said.word, said.tone, f"{text}{_because(found)}")


def _because(found: Json) -> str:
    """Return by how much, where the challenger passed; else what did not pass."""
    if found["validation"]["outcome"] != "passed":
        return f": {_refusal(found)}"
    telling = compared_gain(found)
    if not telling:
        return ""
    where = f"{words.count(telling['rows'], 'row')} ({part_name(telling['name'])})"
    return f" and is {by(telling['difference'])} in {telling['metric']} on {where}"


def compared_gain(found: Json) -> Json | None:
    """Return the difference that decides, with its interval: in the window that triggered, else over all rows."""
    comparison = found["validation"]["comparison"]
    telling = part(comparison, "harm") or part(comparison, "overall")
    return telling if telling and words.interval(telling["difference"]) != words.NOTHING else None


def by(difference: Json) -> str:
    """Return a gain in words; a loss is turned round: `worse by 0.1327 [-0.0134, 0.2891]`."""
    way, size = turned(difference)
    return f"{way} by {words.interval(size)}"


def turned(difference: Json) -> tuple[str, Json]:
    """Return `better`, or `worse` with the interval of the loss in place of that of the gain."""
    if difference["value"] >= 0:
        return "better", difference
    loss = {"value": -difference["value"], "low": 0.0 - difference["high"], "high": 0.0 - difference["low"]}
    return "worse", loss


def _refusal(found: Json) -> str:
    """Return how a challenger that did not pass compares, how sure that is, and which checks it did not pass."""
    telling, checks = compared_gain(found), found["validation"]["checks"]
    if not telling:
        return str(found["validation"]["reason"])
    passed = [check for check in checks if check["outcome"] == "passed"]
    kinds = {"error": "in error", "failed": "failed", "inconclusive": "undecided"}
    named = [
        f"{said}: {', '.join(names)}"
        for kind, said in kinds.items()
        if (names := [check_name(check["name"]) for check in checks if check["outcome"] == kind])
    ]
    counted = f"{len(passed)} of {words.count(len(checks), 'check')} passed"
    return f"{_standing(found, telling)}. {'; '.join([counted, *named])}"


def _standing(found: Json, telling: Json) -> str:
    """Return the metric of both, by how much one is better, and whether that may be chance."""
    gain, sure = telling["difference"], direction(telling["difference"])
    verb = "is better" if sure == "good" else "is worse" if gain["value"] < 0 else "is not shown to be better"
    values = ""
    if telling["champion"] is not None and telling["challenger"] is not None:
        values = f"{words.number(telling['challenger'])} against the champion's {words.number(telling['champion'])}, "
    chance = ", which may be chance" if sure == "open" else ""
    return f"{challenger_noun(found)} {verb}: {telling['metric']} {values}{by(gain)}{chance}"


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
    if found["outcome"] in ("validation_failed", "validation_inconclusive") and compared_gain(found):
        stays = f". Champion {found['champion']} stays" if found["champion"] else ""
        return Headline(word, tone, f"{_refusal(found)}{stays}{was}")
    return Headline(word, tone, f"{_counted(found)}{found['reason']}{was}")


def _answered(found: Json, recommended: Headline) -> Headline:
    """Return the recommendation while somebody is asked; once that is over, what stands until the run ends."""
    state = found["approval"]["state"] if found["approval"] else "pending"
    if state == "pending":
        return replace(recommended, word=f"Recommended: {recommended.word.lower()}")
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
    known = {"overall": "all rows", "harm": "window that triggered", "rest": "rows before it", BOTH: _BOTH}
    return known.get(name, name.removeprefix("slice:"))


def parts_once(parts: list[Json]) -> list[Json]:
    """Return the parts of the compared rows, one of them where all rows are those of the window that triggered."""
    by_name = {each["name"]: each for each in parts}
    overall, harm = by_name.get("overall"), by_name.get("harm")
    if not overall or not harm or "rest" in by_name or {**overall, "name": ""} != {**harm, "name": ""}:
        return parts
    return [{**overall, "name": BOTH}, *[each for each in parts if each["name"] not in ("overall", "harm")]]


def slices_kept(found: Json) -> str:
    """Return what it means that slices passed."""
    checks = [check for check in found["validation"]["checks"] if is_slice(check) and check["outcome"] == "passed"]
    margin = next((f" of {words.number(abs(check['limit']))}" for check in checks if check["limit"] is not None), "")
    return f"no loss beyond the margin{margin} is certain in {words.count(len(checks), 'slice')}"


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
    label, where = f"{telling['metric']} better by", part_name(telling["name"])
    if words.interval(telling["difference"]) == words.NOTHING:
        return Figure(f"{label}, {where}", words.NOTHING, both)
    way, size = turned(telling["difference"])
    value, _, between = words.interval(size).partition(" ")
    tone = direction(telling["difference"])
    chance = "; may be chance" if tone == "open" else ""
    return Figure(f"{telling['metric']} {way} by, {where}", value, f"{both}{chance}", tone, between)


def direction(difference: Json | None) -> Tone:
    """Return whether an interval of `better by` lies on one side of nothing."""
    if difference is None or difference["low"] is None or difference["high"] is None:
        return "open"
    return "good" if difference["low"] > 0 else "bad" if difference["high"] < 0 else "open"


def _rows(validation: Json) -> Iterator[Figure]:
    holdout = validation["holdout"]
    if holdout:
        positives = f"{holdout['positives']:,} positive; " if decides(validation["comparison"]) else ""
        note = f"{positives}{words.span(holdout['start'], holdout['end'])}"
        yield Figure("labelled rows", words.number(holdout["rows"]), note)


def decides(comparison: Json | None) -> bool:
    """Tell whether the models make decisions: a regression has neither positives nor flips."""
    return comparison is None or not OF_NUMBERS & set(comparison["metrics"])


def rows_of(part: Json) -> str:
    """Return a part's rows, with the positives among them where there can be any."""
    return words.number(part["rows"]) if part["metric"] in OF_NUMBERS else f"{part['rows']:,} ({part['positives']:,})"


def rows_head(metric: str) -> str:
    """Return the head over `rows_of`."""
    return "rows" if metric in OF_NUMBERS else "rows (positive)"


def _cost(found: Json, comparison: Json) -> Iterator[Figure]:
    if found["validation"]["champion"] and decides(comparison):
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


def is_slice(named: Json) -> bool:
    """Tell whether a check or a difference is about one slice."""
    return str(named["name"]).startswith("slice:")


def lost_slices(found: Json) -> Iterator[str]:
    """Yield one text on the slices whose check did not pass, if there are any."""
    comparison = found["validation"]["comparison"]
    parts = [each for each in comparison["differences"] if is_slice(each)] if comparison else []
    lost = [each for each in parts if each["name"] in _failed(found["validation"])]
    if lost:
        ordered = sorted(lost, key=lambda each: each["difference"]["value"] if each["difference"] else 0.0)
        yield f"fails in {len(lost)} of {words.count(len(parts), 'slice')}: {', '.join(map(_lost, ordered))}"


def _failed(validation: Json) -> set[str]:
    return {check["name"] for check in validation["checks"] if check["outcome"] != "passed"}


def _lost(part: Json) -> str:
    size = f" worse by {words.number(-part['difference']['value'])}" if part["difference"] else ""
    return f"{part_name(part['name'])}{size}"


def check_name(name: str) -> str:
    """Return a check's name as it is read: `origin` is not where anything comes from."""
    return {"origin": "first approved version (origin)"}.get(name, name)


def loss_text(labels: Json) -> str:
    """Return what the loss is that the mix of rows does not explain."""
    return "Brier loss beyond what is foreseen" if labels["brier_excess"] else "loss beyond what is foreseen"
