"""Runs and models as lines for a terminal."""

from graph.model import Json

_MARK = {"passed": "✓", "failed": "✗", "inconclusive": "?", "error": "!"}


def run_text(run: Json) -> str:
    """Return one run in a few lines: what was seen, what was done, what comes next."""
    state = run["outcome"] or run["status"]
    lines = [
        f"{run['model']}  run {run['run']}",
        f"  {state}: {run['reason']}",
        f"  verdict {run['verdict'] or '-'} · cause {run['cause'] or '-'} · action {run['action'] or '-'}",
    ]
    versions = f"champion {run['champion'] or 'none'}"
    lines.append(f"  {versions}" + (f" · challenger {run['challenger']}" if run["challenger"] else ""))
    if run["job"]:
        lines.append(f"  job {run['job']['id']} ({run['job']['pipeline']}): {run['job']['state']}")
    lines += [
        f"  {_MARK[check['outcome']]} {check['name']}: {check['detail'] or check['outcome']}" for check in run["checks"]
    ]
    if run["approval"] and run["outcome"] is None:
        lines.append(
            f"  waits for approval until {run['approval']['expires_at']}, fingerprint {run['approval']['fingerprint'][:12]}"
        )
    if run["next"]:
        lines.append(f"  next: {run['next']}")
    return "\n".join(lines)


def runs_text(runs: list[Json]) -> str:
    """Return one line per run."""
    if not runs:
        return "no runs yet; check a model with: autopilot run MODEL"
    rows = [
        [
            run["run"][:8],
            run["started_at"],
            run["model"],
            run["outcome"] or run["status"],
            run["verdict"] or "-",
            run["reason"],
        ]
        for run in runs
    ]
    return table(["run", "started", "model", "state", "verdict", "reason"], rows)


def status_text(status: Json) -> str:
    """Return one line per model."""
    rows = [
        [
            model["model"],
            model["verdict"] or "unknown",
            model["action"] or "-",
            model["waiting_for"] or "-",
            model["champion"] or "none",
            model["checked_at"] or "never",
            model["reason"],
        ]
        for model in status["models"]
    ]
    return table(["model", "verdict", "action", "waits for", "champion", "checked", "reason"], rows)


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return left-aligned columns; the last one is as long as it is."""
    widths = [max(len(str(row[column])) for row in [head, *rows]) for column in range(len(head) - 1)]
    lines = []
    for row in [head, *rows]:
        cells = [str(cell).ljust(width) for cell, width in zip(row[:-1], widths, strict=True)]
        lines.append("  ".join([*cells, str(row[-1])]).rstrip())
    return "\n".join(lines)
