"""Champion against challenger as text: the recommendation, the numbers that matter, the doubts, then everything."""

from collections.abc import Iterator

from autopilot import words
from autopilot.report.explain import answer_text
from autopilot.report.reading import (
    compared,
    deciding_metric,
    doubts,
    figures,
    headline,
    is_slice,
    metric_names,
    part_name,
    rows_head,
    rows_of,
)
from graph.model import Json


def report_text(found: Json, width: int = words.WIDTH) -> str:
    """Return the comparison that a run's approval is sealed to; says so when the run compared nothing."""
    if found["validation"] is None:
        return words.printable("\n".join([*_top(found, width), *_undo(found)]))
    parts = [_top(found, width), _numbers(found, width), _doubts(found, width), _compared(found), _metrics(found)]
    parts += [_calibration(found), _checks(found, width), _why(found, width), _seal(found, width), _undo(found)]
    return words.printable("\n\n".join("\n".join(part) for part in parts if part))


def _top(found: Json, width: int) -> list[str]:
    said = headline(found)
    title = f"{found['model']} · {words.state(found)} · run {found['run']} · {words.moment(found['started_at'])}"
    lines = [*words.wrapped(title, "", "  ", width), ""]
    return lines + words.wrapped(f"{said.word.upper()}: {said.text}", "  ", "  ", width)


def _numbers(found: Json, width: int) -> list[str]:
    rows = [[figure.label, figure.value, figure.note] for figure in figures(found)]
    return [compared(found), words.table(["", "", ""], rows, width, indent="  ").partition("\n")[2]]


def _doubts(found: Json, width: int) -> list[str]:
    said = [line for doubt in doubts(found) for line in words.wrapped(doubt, "  ! ", "    ", width)]
    return ["doubts", *said] if said else ["doubts", "  none: no check, slice or metric speaks against it"]


def _compared(found: Json) -> list[str]:
    comparison = found["validation"]["comparison"]
    parts = comparison["differences"] if comparison else []
    if not parts:
        return []
    rows = [
        [
            part_name(part["name"]),
            words.number(part["champion"]),
            words.number(part["challenger"]),
            words.interval(part["difference"], signed=True),
            rows_of(part),
            f"{part['blocks']:,}",
        ]
        for part in parts
    ]
    metric = parts[0]["metric"]
    head = [metric, "champion", "challenger", "better by [95 %]", rows_head(metric), "time blocks"]
    return [words.table(head, rows)]


def _metrics(found: Json) -> list[str]:
    comparison = found["validation"]["comparison"]
    if not comparison or not comparison["metrics"]:
        return []
    rows = [[name, *_both(comparison["metrics"][name])] for name in metric_names(comparison, deciding_metric(found))]
    rows += [[name, *_both(entry), *_own(entry)] for name, entry in sorted(comparison["custom"].items())]
    return [words.table(["all rows", "champion", "challenger", ""], [[*row, ""][:4] for row in rows])]


def _both(entry: Json) -> list[str]:
    return [words.number(entry.get(side)) for side in ("champion", "challenger")]


def _own(entry: Json) -> list[str]:
    """Say what the owner's metric command made of its number."""
    passed = entry.get("passed")
    return ["by your command" if passed is None else f"by your command: {'passed' if passed else 'not passed'}"]


def _calibration(found: Json) -> list[str]:
    comparison = found["validation"]["comparison"]
    if not comparison or not comparison["calibration"]:
        return []
    kinds = ("brier", "slope", "intercept", "mean_score", "positive_share")
    rows = [
        [side, *[words.number(known.get(kind)) for kind in kinds], _latency(comparison, side)]
        for side in ("champion", "challenger")
        if (known := comparison["calibration"].get(side))
    ]
    return [words.table(["calibration", *[words.spoken(kind) for kind in kinds], "p95 per row"], rows)]


def _latency(comparison: Json, side: str) -> str:
    measured = comparison["latency_ms"].get(side)
    return words.NOTHING if measured is None else f"{measured:.1f} ms"


def _checks(found: Json, width: int) -> list[str]:
    checks = found["validation"]["checks"]
    lines = ["checks"]
    for check in checks:
        if not is_slice(check):
            text = f"{check['name']}: {check['detail'] or check['outcome']}"
            lines += words.wrapped(text, f"  {words.MARK[check['outcome']]} ", "    ", width)
    return lines + [f"  {words.MARK[outcome]} {text}" for outcome, text in _slices(checks)]


def _slices(checks: list[Json]) -> Iterator[tuple[str, str]]:
    """Yield how many slices fared how; the table has their numbers."""
    outcomes = [check["outcome"] for check in checks if is_slice(check)]
    for outcome, said in (("failed", "a loss"), ("passed", "no loss shown")):
        if outcome in outcomes:
            yield outcome, f"{said} in {words.count(outcomes.count(outcome), 'slice')}"


def _why(found: Json, width: int) -> list[str]:
    decided = found["decision"]
    if decided is None:
        return []
    said = [decided["reason"], *[f"{blame['feature']}: {blame['detail']}" for blame in found["blame"]]]
    return ["why it was looked into", *[line for text in said for line in words.wrapped(text, "  ", "  ", width)]]


def _seal(found: Json, width: int) -> list[str]:
    approval = found["approval"]
    if approval is None:
        return []
    waits = f" until {words.moment(approval['expires_at'])}" if approval["state"] == "pending" else ""
    lines = [f"approval {approval['state']}{waits}", f"  sealed to {approval['fingerprint']}"]
    for text in (*map(answer_text, approval["answers"]), approval["reason"]):
        lines += words.wrapped(text, "  ", "  ", width) if text else []
    return lines + [f"  {command}" for command in commands(found)]


def commands(found: Json) -> Iterator[str]:
    """Yield what a person types to answer, while an answer is waited for."""
    if found["approval"] and found["approval"]["state"] == "pending" and found["outcome"] is None:
        yield f"autopilot approve {found['run']} --as NAME --comment TEXT"
        yield f"autopilot deny {found['run']} --as NAME --comment TEXT"


def _undo(found: Json) -> list[str]:
    return [f"how to go back: autopilot rollback {found['model']}"] if found["promotion"] else []
