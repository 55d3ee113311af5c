"""The rows of a replay's tables, the same on a terminal and on a page."""

from collections.abc import Callable

from autopilot import words
from graph.model import Json

Cell = Callable[[Json], str]
_EMPTY = frozenset({"", "0", words.NOTHING})


def counts(found: Json) -> list[list[str]]:
    """Return one row per count, a column per policy; what nobody has is left out, but for what is always asked."""
    policies = found["policies"]
    rows = [[label, *[cell(each) for each in policies]] for label, cell in _ROWS]
    return [row for row in rows if row[0] in _ALWAYS or set(row[1:]) - _EMPTY]


def labels(found: Json) -> list[str]:
    """Return what people call each policy, in the order of the columns."""
    return [each["label"] for each in found["policies"]]


def done(decided: Json) -> str:
    """Return what one policy made of one check; a mark where what came of it is not known."""
    action = "promoted" if decided.get("promoted") else decided["action"]
    return f"{words.spoken(decided['verdict'])}: {words.spoken(action)}{'?' if decided.get('known') is False else ''}"


def first_rules(first: Json) -> list[list[str]]:
    """Return the rules that came out otherwise, or held another value or limit, in the order they are asked in."""
    one, other = ({rule["rule"]: rule for rule in each["rules"]} for each in first["policies"].values())
    return [
        [rule, _judged(one.get(rule)), _judged(other.get(rule))]
        for rule in dict.fromkeys([*one, *other])
        if _numbers(one.get(rule)) != _numbers(other.get(rule))
    ]


def _numbers(rule: Json | None) -> tuple[object, ...] | None:
    return (rule["outcome"], rule["value"], rule["limit"]) if rule else None


def _judged(rule: Json | None) -> str:
    if rule is None:
        return words.NOTHING
    if rule["outcome"] == "not_reached":
        return f"{words.MARK['not_reached']} not reached"
    limit = "" if rule["limit"] is None else f" ({words.number(rule['limit'])})"
    return f"{words.MARK[rule['outcome']]} {words.number(rule['value'])}{limit}"


def _verdict(name: str) -> Cell:
    return lambda policy: words.number(policy["verdicts"].get(name, 0))


def _some(name: str) -> Cell:
    return lambda policy: words.number(policy[name])


def _trainings(policy: Json) -> str:
    unknown = policy["trainings_unknown"]
    return words.number(policy["trainings"]) + (f", {unknown:,} that nobody ran" if unknown else "")


def _promotions(policy: Json) -> str:
    unknown = policy["promotions_unknown"]
    return words.number(policy["promotions"]) + (f", {unknown:,} not known" if unknown else "")


def _harm(part: str) -> Cell:
    return lambda policy: words.number(float(policy["harm"][part])) if policy["harm"] else ""


def _cost(policy: Json) -> str:
    if policy["cost"] is None:
        return ""
    low, high = (words.number(policy["cost"][end]) for end in ("low", "high"))
    return low if low == high else f"{low} to {high}"


_ROWS: tuple[tuple[str, Cell], ...] = (
    ("checks", _some("checks")),
    ("· healthy", _verdict("healthy")),
    ("· degraded", _verdict("degraded")),
    ("· broken data", _verdict("broken_data")),
    ("· insufficient", _verdict("insufficient")),
    ("retrains", _trainings),
    ("candidates judged again", _some("judged_again")),
    ("returns to an earlier version", _some("returns")),
    ("degraded, but held back", _some("held_back")),
    ("promotions", _promotions),
    ("questions to the owner", _some("questions")),
    ("wrong beyond foreseen: before it acted", _harm("before")),
    ("· after it acted: at most avoidable", _harm("after")),
    ("cost at the owner's prices", _cost),
)
_ALWAYS = frozenset({"checks", "retrains", "promotions", "questions to the owner"})
