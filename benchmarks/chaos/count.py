"""What happened, counted where it happened: in the trainer's log, in MLflow's database, by ids that are derived."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from autopilot.clock import parse
from autopilot.fleet.checking import check_run
from benchmarks.chaos.town import APPROVED, Town
from tests.crash.installation import NOW, ONCE_EACH

_TRIES = 60
"""Failures of one tick that a run may be derived from."""


def settled(town: Town, since: datetime, *, everything: bool) -> bool:
    """Tell whether every model was checked for a time not before `since`; and, if `everything`, no run is open."""
    with town.connect() as ledger:
        row = ledger.execute(
            "select (select count(*) from autopilot.watches where checked_until >= %s),"
            " (select count(*) from autopilot.runs where outcome = 'promoted')",
            [since],
        ).fetchone()
    checked, promoted = row or (0, 0)
    return checked == len(town.models) and (not everything or promoted == len(town.drifted))


def decisions(town: Town) -> float:
    """Return how many checks were decided: that nothing happened twice says little where nothing happened."""
    with town.connect() as ledger:
        return _one(ledger, "select count(*) from autopilot.decisions")


def counted(town: Town, since: datetime) -> dict[str, float]:
    """Return how often something happened that must not: 0 each in a sound fleet.

    `since` is a time for which, or for a later one, each model was due and is to be decided.
    """
    with town.connect() as ledger, town.connect("mlflow") as mlflow:
        afresh = replace(town.scene, site=replace(town.site, ledger=ledger, mlflow=mlflow))
        seen = {model: _happened(afresh, model) for model in town.drifted}
        wrong = _wrong(seen)
        ticks = _ticks(town, ledger)
        return {
            "double_retrains": wrong["executions of the training command"] + wrong["trainings paid for"],
            "double_promotions": wrong["moves of aliases"] + wrong["new versions"] + wrong["promotions"],
            "incidents_not_promoted": wrong["outcome"],
            "other_effects_not_once": wrong["candidates"]
            + wrong["releases"]
            + wrong["approvals"]
            + wrong["effects without a record"]
            + wrong["answers"],
            "lost_approvals": _lost(town, ledger),
            "ticks_decided_twice": sum(count - 1 for (_, tick), count in ticks.items() if tick),
            "decisions_of_no_tick": sum(count for (_, tick), count in ticks.items() if tick is None),
            "models_left_behind": len({*town.models} - {model for model, tick in ticks if tick and tick >= since}),
            "open_runs": _one(ledger, "select count(*) from autopilot.runs where outcome is null"),
        }


def _happened(scene: Any, model: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = scene.happened(model)
    except AssertionError:
        return dict.fromkeys(ONCE_EACH, "no single run")
    return found


def _wrong(seen: dict[str, dict[str, Any]]) -> Counter[str]:
    wrong: Counter[str] = Counter()
    for model, found in seen.items():
        for what, expected in ONCE_EACH.items():
            if found[what] != expected:
                wrong[what] += 1
                print(f"{model}: {what}: {found[what]}, expected {expected}")
    return wrong


def _ticks(town: Town, ledger: Any) -> Counter[tuple[str, datetime | None]]:
    """Return how often each model was decided for each time of its schedule; None for a decision of no such time."""
    rows = ledger.execute("select model, run::text from autopilot.decisions").fetchall()
    known = {model: dict(_runs(model, town.now())) for model in town.models}
    return Counter((model, known[model].get(run)) for model, run in rows)


def _runs(model: str, now: datetime) -> Iterator[tuple[str, datetime]]:
    tick = parse(NOW, "NOW") - timedelta(minutes=15)
    while tick <= now + timedelta(minutes=15):
        for failures in range(_TRIES):
            yield check_run(model, tick, failures), tick
        tick += timedelta(minutes=1)


def _lost(town: Town, ledger: Any) -> int:
    """Count the approvals that a door took and that led to nothing."""
    file = town.scene.folder / APPROVED
    taken = set(file.read_text().split()) if file.exists() else set()
    rows = ledger.execute("select run::text from autopilot.runs where outcome = 'promoted'").fetchall()
    return len(taken - {row[0] for row in rows})


def _one(ledger: Any, sql: str) -> int:
    row = ledger.execute(sql).fetchone()
    return int(row[0])
