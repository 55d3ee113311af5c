"""What broke and since when: a plain sentence first, then the statistics."""

from collections.abc import Iterable
from datetime import datetime

from autopilot import words
from autopilot.report.around import harm
from graph.model import Json
from graph.policy.metrics import OF_NUMBERS

PER = 1000
"""Rows to which wrong decisions are told."""
_BROKEN = {"data_quality": "the input is broken", "label_quality": "the labels are broken"}
_CAUSES = {
    "concept_drift": "inputs mean something else now (concept drift)",
    "label_shift": "positives became more or less frequent everywhere alike (label shift)",
}


def counts_drift(found: Json) -> Json | None:
    """Return the rule `max_drift` where it is why the run acts: by the owner's limit, without certain harm."""
    decided = found["decision"]
    if not decided or decided["verdict"] != "degraded" or decided["cause"] != "covariate_shift":
        return None
    return next((each for each in found["rules"] if each["rule"] == "max_drift" and each["outcome"] == "blocked"), None)


def loss_known(found: Json) -> str:
    """Return what is known of a loss where drift is why the run acts."""
    seen = {each["rule"]: each for each in found["rules"]}.get("unexplained_drop")
    if not seen or seen["outcome"] != "passed" or seen["value"] is None:
        return "no labels tell whether there is a loss"
    return "no loss is certain" if seen["limit"] is not None and seen["value"] >= seen["limit"] else "no loss is seen"


def broke(found: Json) -> tuple[str, str]:
    """Return what broke in a sentence, and the numbers behind it; nothing of a healthy model."""
    decided = found["decision"]
    if not decided or not found["evidence"] or decided["verdict"] == "healthy":
        return "", ""
    drift, reason = counts_drift(found), decided["reason"]
    if drift:
        limit = words.number(drift["limit"])
        said = f"inputs moved (covariate shift), {loss_known(found)}; this acts because your max_drift is {limit}"
        return said, reason
    if decided["verdict"] == "broken_data":
        return _BROKEN.get(decided["cause"], "the data is broken"), reason
    told = _excess(found) or _metric(found)
    if decided["verdict"] != "degraded" or not told:
        cause = "" if decided["cause"] == "none" else f"{words.spoken(decided['cause'])}: "
        return f"{cause}{reason}", ""
    cause = _CAUSES.get(decided["cause"], words.spoken(decided["cause"]))
    return f"{told}: {cause}", reason


def _excess(found: Json) -> str:
    """Return the wrong decisions since the dated beginning, beside those that were foreseen."""
    since = found["decision"].get("since")
    windows = [each for each in found["evidence"].get("harm") or () if since and _at(each["start"]) >= _at(since)]
    rows = sum(each["rows"] for each in windows)
    wrong, more = (sum(each[key] for each in windows) for key in ("wrong", "wrong_excess"))
    if not rows or more <= 0:
        return ""
    seen, foreseen = (f"{PER * number / rows:,.0f}" for number in (wrong, wrong - more))
    day, days = words.day(since), words.count(len(windows), "window")
    return (
        f"since {day} champion {found['champion']} makes {seen} wrong decisions in {PER:,} rows where its scores "
        f"foresee {foreseen} ({days}, {words.count(rows, 'row')})"
    )


def _metric(found: Json) -> str:
    labels = found["evidence"]["labels"]
    if not labels or labels["foreseen"] is None or words.interval(labels["realised"]) == words.NOTHING:
        return ""
    by = "predictions" if labels["metric"] in OF_NUMBERS else "scores"
    return f"champion {found['champion']} does worse than its {by} foresee"


def since(found: Json, past: Json) -> str:
    """Return since when, as far as it is known, and how."""
    decided, evidence = found["decision"], found["evidence"]
    if not decided or not evidence or decided["verdict"] not in ("degraded", "broken_data"):
        return ""
    if decided.get("since"):
        return f"{words.day(decided['since'])}, as the sequential test dates it{_before_it(found)}"
    what = "the drift: " if counts_drift(found) else ""
    beginning = _moved_since(found["blame"], past["checks"])
    if beginning:
        return f"{what}{beginning}"
    if not evidence["start"]:
        return ""
    seen = words.span(evidence["start"], evidence["end"])
    return f"{what}at the latest {words.day(evidence['start'])}: seen in {seen}, no check looked before"


def _before_it(found: Json) -> str:
    """Return from when on windows are known, and how many of those before the dated beginning stood out, too."""
    known = harm(found["evidence"])
    start = _at(found["decision"]["since"])
    before = [point for point in known.points if point.start < start] if known else []
    if not before:
        return ""
    strange = sum(point.strange for point in before)
    known_from = f"of {words.count(len(before), 'window')} before it, from {before[0].start:%Y-%m-%d} on"
    if not strange:
        return f"; {known_from}, none was worse than chance"
    return f"; {known_from}, {strange} {'was' if strange == 1 else 'were'} worse than chance by themselves"


def _moved_since(blame: Iterable[Json], checks: Iterable[Json]) -> str:
    """Return since which check's window the first blamed feature lies beyond chance, check after check."""
    name = next((each["feature"] for each in blame), None)
    known = [
        (check, feature)
        for check in checks
        for feature in check["features"]
        if feature["name"] == name and feature["psi"] is not None and check["start"]
    ]
    moved = [feature["psi"] > (feature["psi_noise"] or 0.0) for _, feature in known]
    held = next((at for at, each in enumerate(reversed(moved)) if not each), len(moved))
    if not held or len(known) < 2:
        return ""
    first = known[-held][0]["start"]
    begun = f"{words.day(first)}: {name} lies beyond chance in each of the last {words.count(held, 'check')}"
    return begun if held < len(known) else f"at the latest {begun}, since checks began"


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
