"""Champion against challenger as text: the recommendation, the numbers that matter, the doubts."""

from autopilot.cli.text import table
from autopilot.report import words
from graph.model import Json

_ADVICE = {
    "passed": "approve: the challenger passed every check",
    "failed": "deny: the challenger failed the gate",
    "inconclusive": "deny for now: the numbers do not decide it",
    "error": "deny: the challenger could not be judged",
}


def advice(found: Json) -> str:
    """Return the recommendation in one line."""
    return _ADVICE[found["validation"]["outcome"]]


def report_text(found: Json) -> str:
    """Return the comparison that a run's approval is sealed to; says so when the run compared nothing."""
    validation = found["validation"]
    if validation is None:
        return f"{words.headline(found)}\n  this run compared nothing: {found['reason']}"
    parts = [
        words.headline(found),
        f"  {advice(found)}",
        f"  {validation['reason']}",
        "",
        *_why(found),
        "",
        *_where(validation),
    ]
    if validation["comparison"]:
        parts += ["", differences(validation["comparison"]), "", metrics(validation["comparison"])]
    parts += ["", "checks", *_checks(validation)]
    return "\n".join([*parts, "", *_seal(found)])


def _why(found: Json) -> list[str]:
    decision = found["decision"] or {}
    lines = [f"why: {decision.get('reason', '–')}"]
    return lines + [f"  {blame['feature']}: {blame['detail']}" for blame in decision.get("blame", [])[:5]]


def _where(validation: Json) -> list[str]:
    champion = validation["champion"]["version"] if validation["champion"] else "none"
    lines = [f"champion {champion} against {validation['challenger']['name']} {validation['challenger']['version']}"]
    holdout = validation["holdout"]
    if holdout:
        span = f"{words.moment(holdout['start'])} to {words.moment(holdout['end'])}"
        lines.append(
            f"on {holdout['rows']} labelled rows ({holdout['positives']} positive) of {span}, which neither was trained on"
        )
    return lines


def differences(comparison: Json) -> str:
    """Return the paired differences as a table; positive is better whatever the metric."""
    rows = [
        [
            part["name"],
            part["metric"],
            words.number(part["champion"]),
            words.number(part["challenger"]),
            words.interval(part["difference"], signed=True),
            f"{part['rows']} rows, {part['positives']} positive, {part['blocks']} time blocks",
        ]
        for part in comparison["differences"]
    ]
    return table(["rows of", "metric", "champion", "challenger", "better by [95 %]", "from"], rows)


def metrics(comparison: Json) -> str:
    """Return every metric of both as a table."""
    rows = [
        [name, words.number(both.get("champion")), words.number(both.get("challenger"))]
        for name, both in comparison["metrics"].items()
    ]
    return table(["metric", "champion", "challenger"], rows)


def _checks(validation: Json) -> list[str]:
    return [
        f"  {words.MARK[check['outcome']]} {check['name']}: {check['detail'] or check['outcome']}"
        for check in validation["checks"]
    ]


def _seal(found: Json) -> list[str]:
    approval = found["approval"]
    undo = f"how to go back: autopilot rollback {found['model']}"
    if approval is None:
        return [undo]
    return [f"approval {approval['state']}, sealed to {approval['fingerprint']}", undo]
