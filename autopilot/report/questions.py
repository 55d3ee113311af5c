"""The four questions of a decision, in order: how each was answered, and by which numbers. From the ledger alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from autopilot import words
from autopilot.report.plain import loss_known
from autopilot.report.reading import compared
from graph.model import Json
from graph.policy.look_back_rules import LOOK_BACK_RULES
from graph.policy.metrics import OF_NUMBERS

Answer = Literal["no", "yes", "open", "not_asked"]
"""`open`: asked, and the numbers do not say, or not yet."""
QUESTIONS = (
    "Is the input broken?",
    "Are the labels broken?",
    "Is there harm that the mix of rows does not explain?",
    "Does a challenger pay back?",
)
_BEGINS = {
    "future_times": 1,
    "bad_labels": 2,
    "champion_known": 3,
    "labels_on_time": 2,
    "enough_labels": 2,
    "performance_measured": 3,
    "one_active_run": 4,
    "broken_since_change": 1,
    "language_model": 4,
}
"""Rules are stored in the order in which they were asked: with these another question begins."""
_EXPLAINS = frozenset({"label_free_estimate", "features_moved"})
"""What these find decides nothing: it stands beside the third question."""
_BESIDE = frozenset({"champion_known", "max_drift"}) | _EXPLAINS
"""Asked although the third question may not be: that these passed says nothing about harm."""
_LOOKED_BACK = frozenset(step.name for step in LOOK_BACK_RULES)
"""The first question, asked once more of all rows since the harm began."""
_NO_CURE = frozenset({"can_pay"})
_ANSWERS: dict[str, Answer] = {"passed": "yes", "failed": "no"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, its answer, the sentence that the answer rests on, and the rules that were asked for it."""

    number: int
    question: str
    answer: Answer
    detail: str
    facts: str = ""
    """What was measured for it, whatever the answer."""
    rules: tuple[Json, ...] = ()
    said: str = ""
    """The answer in words, where a plain yes or no would claim more than is known."""

    @property
    def numbers(self) -> list[Json]:
        """Return value and limit of each rule that saw one; what decided comes first."""
        seen = [rule for rule in self.rules if rule["outcome"] != "not_reached" and rule["value"] is not None]
        seen.sort(key=lambda rule: rule["outcome"] != "blocked")
        return [{"name": rule["rule"], "value": rule["value"], "limit": rule["limit"]} for rule in seen]


def questions(found: Json) -> list[Json]:
    """Return the questions as they stand in a run's document."""
    return [
        {
            "question": each.question,
            "answer": each.answer,
            "said": each.said,
            "detail": each.detail,
            "numbers": each.numbers,
        }
        for each in asked(found)
    ]


def asked(found: Json) -> list[Asked]:
    """Return the four questions of a run, in order; one that was never reached says why."""
    by_question = _by_question(found["rules"])
    said: list[Asked] = []
    for number, answered in enumerate((_input, _labels, _harm, _pay_back), 1):
        rules = by_question[number]
        if number == 4 and _broke_unseen(found):
            said.append(Asked(4, QUESTIONS[3], "not_asked", _why_not(found, said), rules=rules))
        elif any(map(_asks, rules)) or (number == 4 and found["validation"]):
            said.append(answered(found, rules))
        else:
            said.append(Asked(number, QUESTIONS[number - 1], "not_asked", _why_not(found, said), rules=rules))
    return said


def _broke_unseen(found: Json) -> bool:
    return any(rule["rule"] in _LOOKED_BACK and rule["outcome"] == "blocked" for rule in found["rules"])


def _asks(rule: Json) -> bool:
    """Tell whether a rule shows that its question was asked."""
    if rule["outcome"] == "blocked":
        return rule["rule"] not in _EXPLAINS
    return rule["outcome"] == "passed" and rule["rule"] not in _BESIDE


def _by_question(rules: Iterable[Json]) -> dict[int, tuple[Json, ...]]:
    sorted_out: dict[int, list[Json]] = {1: [], 2: [], 3: [], 4: []}
    number = 1
    for rule in rules:
        number = _BEGINS.get(rule["rule"], number)
        sorted_out[number].append(rule)
    return {number: tuple(found) for number, found in sorted_out.items()}


def _why_not(found: Json, before: Sequence[Asked]) -> str:
    """Return why a question was not asked."""
    decided = found["decision"]
    if decided is None:
        return "there is no decision yet"
    evidence = found["evidence"]
    if evidence is None and not found.get("folded_at"):
        return "a person asked for a return"
    told = next((each for each in before if each.answer in ("yes", "open")), None)
    if told is None and evidence and not evidence.get("logged", True):
        return _unseen(evidence)
    if told is None:
        explained = any(rule["rule"] == "explained_drop" and rule["outcome"] == "blocked" for rule in found["rules"])
        return "no other model would do better on these rows" if explained else "there is nothing to cure"
    return f"question {told.number} {'already answered' if told.answer == 'yes' else 'has no answer yet'}"


def _stop(rules: Iterable[Json]) -> Json | None:
    """Return the rule that decided, if one of these did."""
    stops = [rule for rule in rules if rule["outcome"] == "blocked" and rule["rule"] not in _EXPLAINS]
    # Drift is asked out of turn: where the owner set a limit it decides although something else is not clear.
    stops.sort(key=lambda rule: rule["rule"] != "max_drift")
    return stops[0] if stops else None


def _input(found: Json, rules: tuple[Json, ...]) -> Asked:
    return _judged(1, rules, _folded(found) or _rows(found["evidence"]), _broken(found["decision"]))


def _labels(found: Json, rules: tuple[Json, ...]) -> Asked:
    return _judged(2, rules, _folded(found) or _labelled(found["evidence"]), _broken(found["decision"]))


def _broken(decided: Json) -> Answer:
    """Return what it means that a rule on data or labels stopped the check: broken, or too little to tell."""
    return "yes" if decided["verdict"] == "broken_data" else "open"


def _harm(found: Json, rules: tuple[Json, ...]) -> Asked:
    facts, stop = _folded(found) or _performance(found["evidence"]), _stop(rules)
    if stop and stop["rule"] == "explained_drop":
        return Asked(3, QUESTIONS[2], "no", stop["detail"], facts, rules)
    if stop and stop["rule"] == "max_drift":
        owner = f"{loss_known(found)}; the owner's max_drift counts drift as harm"
        return Asked(3, QUESTIONS[2], "yes", f"{owner}: {stop['detail']}", f"{owner}; {facts}", rules, "drift counts")
    stands = found["decision"]["verdict"] == "degraded" or _broke_unseen(found)
    return _judged(3, rules, facts, "yes" if stands else "open")


def _judged(number: int, rules: tuple[Json, ...], facts: str, stopped: Answer) -> Asked:
    stop = _stop(rules)
    if stop is None:
        reached = sum(rule["outcome"] != "not_reached" for rule in rules)
        detail = f"{facts}; none of {words.count(reached, 'rule')} objects"
        return Asked(number, QUESTIONS[number - 1], "no", detail, facts, rules)
    return Asked(number, QUESTIONS[number - 1], stopped, stop["detail"] or stop["rule"], facts, rules)


def _folded(found: Json) -> str:
    """Return what stands in the place of numbers that are not kept any more; nothing while they are."""
    return f"what was measured is not kept since {words.day(found['folded_at'])}" if found.get("folded_at") else ""


def _rows(evidence: Json | None) -> str:
    if evidence is None:
        return "nothing was measured"
    if not evidence.get("logged", True):
        return f"{_unseen(evidence)}; {_values(evidence)}"
    usual = f" where {evidence['expected_rows']:,.0f} are usual" if evidence["expected_rows"] else ""
    return f"{words.count(evidence['rows'], 'row')}{usual}, {words.span(evidence['start'], evidence['end'])}"


def _unseen(evidence: Json) -> str:
    """Return why no rows were looked at."""
    silent = ", ".join(each["monitor"] for each in evidence.get("unanswered", ()))
    return f"{silent} did not answer" if silent else "no monitor looks at rows"


def _values(evidence: Json) -> str:
    """Return the owner's own values as they were read."""
    said = (
        f"{each['name']} is {words.number(each['value']) if each['value'] is not None else 'not known'}"
        for each in evidence["readings"]
    )
    return ", ".join(said) or "no value is watched"


def _labelled(evidence: Json | None) -> str:
    labels = evidence["labels"] if evidence else None
    if not labels:
        return "there are no labels to judge by"
    came = f"{labels['labelled']:,} of {words.count(labels['predictions'], 'row')} have one"
    when = words.span(labels["start"], labels["end"])
    return f"{came}, {when}" if labels["metric"] in OF_NUMBERS else f"{came}, {when}; {_positive(labels)}"


def _positive(labels: Json) -> str:
    due = ""
    if labels["expected_positives"]:
        spread = f" ± {labels['expected_positives_sd']:.0f}" if labels["expected_positives_sd"] else ""
        due = f" where the scores foresee {labels['expected_positives']:,.0f}{spread}"
    return f"{labels['positives']:,} positive{due}"


def _performance(evidence: Json | None) -> str:
    if evidence is None or not evidence["champion"]:
        return "there is no champion"
    if not evidence.get("logged", True):
        return _values(evidence)
    champion, labels = f"champion {evidence['champion']}", evidence["labels"]
    if not labels or not labels["realised"]:
        return f"how well {champion} does could not be measured"
    foreseen = ""
    if labels["foreseen"] is not None:
        by = "predictions" if labels["metric"] in OF_NUMBERS else "scores"
        foreseen = f" where its {by} foresee {words.number(labels['foreseen'])}"
    had = labels["reference_value"]
    beside = f" ({words.number(had)} on the reference)" if had is not None else ""
    return f"{champion} has {labels['metric']} {words.interval(labels['realised'])}{foreseen}{beside}"


def _pay_back(found: Json, rules: tuple[Json, ...]) -> Asked:
    stop, validation = _stop(rules), found["validation"]
    if validation:
        answer = _ANSWERS.get(validation["outcome"], "open")
        return Asked(4, QUESTIONS[3], answer, _worth(validation), compared(found), rules)
    if stop is None:
        said = _coming(found)
        return Asked(4, QUESTIONS[3], "open", said, said, rules)
    if found["decision"]["action"] == "rollback":
        return Asked(4, QUESTIONS[3], "yes", stop["detail"], "an earlier version does, as it is", rules)
    held: Answer = "no" if stop["rule"] in _NO_CURE else "open"
    said = "none could" if held == "no" else "nothing is trained now"
    return Asked(4, QUESTIONS[3], held, stop["detail"], said, rules)


def _worth(validation: Json) -> str:
    """Return the sentence that tells most of what was judged: what did not pass, else the gain."""
    checks: list[Json] = validation["checks"]
    order = ("pay_back", "superiority")
    telling = [check for name in order for check in checks if check["name"] == name and check["detail"]]
    if validation["outcome"] == "passed" and telling:
        return str(telling[0]["detail"])
    return str(validation["reason"])


def _coming(found: Json) -> str:
    """Return what stands between a retrain that nothing held back and its judgement."""
    decided, job = found["decision"], found["job"]
    if found["outcome"] == "shadowed":
        return "in shadow nothing is trained"
    if decided["return_to"]:
        return f"version {decided['return_to']} is judged before anybody is asked"
    if job and job["state"] in ("failed", "cancelled"):
        return f"the training {job['state']}, so there is none to judge"
    if found["outcome"]:
        return "the run ended before one was judged"
    return "one is judged once it is trained, on rows that it never saw"
