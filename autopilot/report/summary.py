"""Champion against challenger as text: the recommendation, the numbers that matter, the doubts, then everything."""

from collections.abc import Iterator

from autopilot import accounts, words
from autopilot.report.blamed import moved
from autopilot.report.brief import facts, numbers
from autopilot.report.doubting import doubts, doubts_title
from autopilot.report.events import durations
from autopilot.report.explain import answer_text
from autopilot.report.reading import (
    Figure,
    check_name,
    compared,
    deciding_metric,
    figures,
    headline,
    is_slice,
    metric_names,
    part_name,
    parts_once,
    rows_head,
    rows_of,
    slices_kept,
)
from graph.model import Json

ALONE: Json = {"checks": [], "quarantined": [], "distributions": []}
"""The past of a run of which nothing else is known."""
_MARGIN = len("what happens next  ")


def report_text(found: Json, width: int = words.WIDTH, past: Json = ALONE) -> str:
    """Return the comparison that a run's approval is sealed to; says so when the run compared nothing.

    `past`: what earlier checks measured and how features lie. The first screen comes first: recommendation, numbers,
    doubts, then what broke, since when, and the way back.
    """
    judged = found["validation"] is not None
    parts = [
        _top(found, width),
        _numbers(found, width),
        _doubts(found, width) if judged else [],
        _facts(found, past, width),
    ]
    parts += [_features(found, past, width)]
    parts += [_beside(found, width), _compared(found), _metrics(found), _calibration(found)] if judged else []
    parts += [_checks(found, width) if judged else [], _spent(found), _seal(found, width)]
    return words.printable("\n\n".join("\n".join(part) for part in parts if part))


def _top(found: Json, width: int) -> list[str]:
    said = headline(found)
    title = f"{found['model']} · {words.state(found)} · run {found['run']} · {words.moment(found['started_at'])}"
    lines = [*words.wrapped(title, "", "  ", width), ""]
    return lines + words.wrapped(f"{said.word.upper()}: {said.text}", "  ", "  ", width)


def _numbers(found: Json, width: int) -> list[str]:
    lines = _figures(numbers(found), width)
    return ["numbers that matter [95 %]", *lines] if lines else []


def _figures(known: list[Figure], width: int) -> list[str]:
    rows = [[figure.label, figure.text, figure.note] for figure in known]
    return words.table(["", "", ""], rows, width, indent="  ").splitlines()[1:] if rows else []


def _facts(found: Json, past: Json, width: int) -> list[str]:
    lines = []
    for each in facts(found, past):
        lines += words.wrapped(each.text, each.term.ljust(_MARGIN), " " * _MARGIN, width)
        lines += words.wrapped(each.detail, " " * _MARGIN, " " * _MARGIN, width) if each.detail else []
        # One command a line: a command that is broken over two cannot be copied.
        lines += [f"{' ' * _MARGIN}{each.command}"] if each.command else []
    return lines


def _features(found: Json, past: Json, width: int) -> list[str]:
    """Say where the rows of the telling features went."""
    lines = []
    for each in past["distributions"]:
        lines += words.wrapped(f"{each['feature']}: {moved(each)}", "  ", "    ", width)
    return ["features beside the reference", *lines] if lines else []


def _beside(found: Json, width: int) -> list[str]:
    return [compared(found), *_figures(figures(found), width)]


def _doubts(found: Json, width: int) -> list[str]:
    said = [line for doubt in doubts(found) for line in words.wrapped(doubt, "  ! ", "    ", width)]
    title = doubts_title(found)
    return [title, *said] if said else [title, "  none: no check, slice or metric speaks against it"]


def _compared(found: Json) -> list[str]:
    comparison = found["validation"]["comparison"]
    parts = parts_once(comparison["differences"]) if comparison else []
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
    head = [metric, "champion", "challenger", "better + worse - [95 %]", rows_head(metric), "time blocks"]
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
    lines = [words.count(len(checks), "check")]
    for check in checks:
        if not is_slice(check):
            text = f"{check_name(check['name'])}: {check['detail'] or check['outcome']}"
            lines += words.wrapped(text, f"  {words.MARK[check['outcome']]} ", "    ", width)
    return lines + [f"  {words.MARK[outcome]} {text}" for outcome, text in _slices(found, checks)]


def _slices(found: Json, checks: list[Json]) -> Iterator[tuple[str, str]]:
    """Yield how many slices fared how, each a check; the table has their numbers."""
    outcomes = [check["outcome"] for check in checks if is_slice(check)]
    for outcome, said in (("failed", "a certain loss"), ("passed", slices_kept(found))):
        if outcome in outcomes:
            yield outcome, f"slices ({words.count(outcomes.count(outcome), 'check')}): {said}"


def _spent(found: Json) -> list[str]:
    known = [f"{what} {took}" for what, took in durations(found).items() if took]
    known += [f"cost {accounts.cost_text(found['cost'])}"] if found["cost"] else []
    return [f"took: {'; '.join(known)}"] if known else []


def _seal(found: Json, width: int) -> list[str]:
    approval = found["approval"]
    if approval is None:
        return []
    waits = f" until {words.moment(approval['expires_at'])}" if approval["state"] == "pending" else ""
    lines = [f"approval {approval['state']}{waits}", f"  sealed to {approval['fingerprint']}"]
    for text in (*map(answer_text, approval["answers"]), approval["reason"]):
        lines += words.wrapped(text, "  ", "  ", width) if text else []
    return lines
