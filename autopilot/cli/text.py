"""Runs and models as lines for a terminal."""

import shutil
import sys
from collections.abc import Sequence

from autopilot import words
from graph.model import Json, Question

_UNCUT = 100_000


def screen() -> int:
    """Return how many columns a table may have: what the terminal shows, and all there are where output is piped."""
    return shutil.get_terminal_size((words.WIDTH, 40)).columns if sys.stdout.isatty() else _UNCUT


def page() -> int:
    """Return how many columns running text may have."""
    return max(60, min(words.WIDTH, screen()))


def run_text(run: Json, paused: Json | None = None) -> str:
    """Return one run in a few lines: what was seen, what was done, who holds its model, what comes next."""
    said = [
        f"verdict {words.number(run['verdict'])} · cause {words.number(run['cause'])}"
        f" · action {words.number(run['action'])}",
        f"champion {run['champion'] or 'none'}" + (f" · challenger {run['challenger']}" if run["challenger"] else ""),
        *([f"job {run['job']['id']} ({run['job']['pipeline']}): {run['job']['state']}"] if run["job"] else []),
    ]
    lines = [f"{run['model']}  run {run['run']}", *_reason(run)]
    lines += [line for text in said for line in words.wrapped(text, "  ", "    ", page())]
    lines += _checks(run["checks"])
    if run["approval"] and run["outcome"] is None:
        until = words.moment(run["approval"]["expires_at"])
        lines.append(f"  waits for approval until {until}, fingerprint {run['approval']['fingerprint'][:16]}")
    if paused and run["outcome"] is None:
        lines += words.wrapped(f"{paused['text']}; nothing new begins until: {paused['next']}", "  ", "    ", page())
    # One command a line: a command that is broken over two cannot be copied.
    lines += [f"  next: {command}" for command in (run["next"] or "").split(", or: ") if command]
    return words.printable("\n".join(lines))


def _reason(run: Json) -> list[str]:
    """Say what became of the run; the end of a failed job's output keeps its lines."""
    first, _, output = (run["reason"] or "no decision yet").partition("\n")
    told = words.wrapped(f"{words.state(run)}: {first}", "  ", "    ", page())
    return told + [f"    | {words.cut(line, page() - 6)}" for line in output.splitlines()]


def _checks(checks: list[Json]) -> list[str]:
    """Show each check that did not pass, and count the others."""
    lines: list[str] = []
    for check in checks:
        if check["outcome"] != "passed":
            text = f"{check['name']}: {check['detail'] or check['outcome']}"
            lines += words.wrapped(text, f"  {words.MARK[check['outcome']]} ", "    ", page())
    passed = [check["name"] for check in checks if check["outcome"] == "passed"]
    if passed:
        names = [name for name in passed if not name.startswith("slice:")]
        names += [words.count(len(passed) - len(names), "slice")] if len(names) < len(passed) else []
        text = f"{len(passed)} of {words.count(len(checks), 'check')} passed: {', '.join(names)}"
        lines += words.wrapped(text, f"  {words.MARK['passed']} ", "    ", page())
    return lines


def answered_text(model: str, closed: Sequence[Question]) -> str:
    """Return one line per question that was answered, and what follows from it."""
    lines = []
    for each in closed:
        about = f"{each.kind} ({', '.join(each.features)})" if each.features else each.kind
        follows = (
            "the rows count again, and are not asked about within the horizon"
            if each.genuine
            else "the rows from its first window until now stay out of evidence and training"
        )
        asked = words.moment(each.asked_at.isoformat())
        lines.append(f"{model}: question about {about} of {asked} is closed; {follows}")
    return words.printable("\n".join([*lines, f"  next: autopilot run {model}"]))


def runs_text(runs: list[Json]) -> str:
    """Return one line per run."""
    if not runs:
        return "no runs yet; check a model with: autopilot run MODEL"
    rows = [
        [
            run["run"][:8],
            words.moment(run["started_at"]),
            run["model"],
            words.state(run),
            words.number(run["verdict"]),
            run["reason"] or words.NOTHING,
        ]
        for run in runs
    ]
    return words.printable(words.table(["run", "started", "model", "state", "verdict", "reason"], rows, screen()))
