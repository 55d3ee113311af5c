"""Write the simulated payments as a prediction log with labels, day by day, scored by the model that serves them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import skops.io

if not __package__:  # run as a script: Python looks beside this file only, our imports start at the repository's root
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from examples.fraud_detector.incidents import FIRST_DAY, INCIDENTS, REFERENCE_UNTIL, STORY, TIMELINES, Timeline
from examples.fraud_detector.payments import Floats, draw
from examples.fraud_detector.train import FEATURES, TRUSTED_TYPES, fit

Scorer = Callable[[pd.DataFrame], Floats]
LOGGED = pa.schema(
    {
        "prediction_id": pa.string(),
        "event_time": pa.timestamp("us", "UTC"),
        "model_version": pa.string(),
        "score": pa.float64(),
        "amount": pa.float64(),
        "merchant": pa.string(),
        "country": pa.string(),
        "channel": pa.string(),
        "hour": pa.int32(),
        "customer_age_days": pa.int32(),
        "n_payments_24h": pa.int32(),
        "device_risk": pa.float64(),
        "distance_km": pa.float64(),
    }
)
LABELLED = pa.schema({"prediction_id": pa.string(), "is_fraud": pa.int64(), "labelled_at": pa.timestamp("us", "UTC")})
FIRST_VERSION = "1"
LABEL_DELAY = timedelta(days=3)
LOST_SHARE = 0.8


def build(folder: Path, timeline: str = STORY.name, until: date | None = None) -> date:
    """Write the days of a timeline up to, not including, `until`, served by the first champion; return `until`.

    Days that are there already stay as they are, so a later `until` carries the same world on. Without one, the world
    ends at the first check that a person must answer, else at the last check.
    """
    plan = TIMELINES[timeline]
    until = until or _first_stop(plan)
    found = _state(folder).get("timeline", timeline)
    if until <= FIRST_DAY:
        raise ValueError(f"the world begins on {FIRST_DAY}; there is nothing to write until {until}")
    if found != timeline:
        raise ValueError(f"{folder} holds the world {found!r}; choose another folder for {timeline!r}")
    champion = champion_model(folder)
    start = _written_until(folder)
    if start < until:
        _write(folder, plan, (start, until), load_scorer(champion), FIRST_VERSION)
    return max(start, until)


def continue_with(folder: Path, model: Path | Scorer, version: str, days: int, start: date | None = None) -> date:
    """Carry the world in `folder` on by `days` days served by another model; return the day it now ends before.

    `model` is a skops file, an MLflow model folder, or a function from features to scores. `start`, when given, must be
    the first day not written yet: served days are history.
    """
    state = _state(folder)
    if not state:
        raise ValueError(f"there is no world in {folder} to carry on; write its first days without --serve-with")
    end = _written_until(folder)
    if start not in (None, end):
        raise ValueError(f"the world in {folder} goes on at {end}, not at {start}")
    if days < 1:
        raise ValueError(f"cannot carry on by {days} days")
    scorer = load_scorer(model) if isinstance(model, Path) else model
    _write(folder, TIMELINES[state["timeline"]], (end, end + timedelta(days)), scorer, version)
    return end + timedelta(days)


def champion_model(folder: Path) -> Path:
    """Return the skops file of the first champion: train.py's model of the reference month, fitted on first use."""
    path = folder / "champion.skops"
    if not path.exists():
        model = fit(pd.concat([draw(day) for day in _days(FIRST_DAY, REFERENCE_UNTIL)]))
        _replace(path, partial(skops.io.dump, model))
    return path


def load_scorer(model: Path) -> Scorer:
    """Return the probability of fraud as a function of rows, from a skops file or the MLflow folder around one."""
    pipeline = skops.io.load(model / "model.skops" if model.is_dir() else model, trusted=TRUSTED_TYPES)
    return lambda rows: np.asarray(pipeline.predict_proba(rows[FEATURES])[:, 1], dtype=np.float64)


def _write(folder: Path, plan: Timeline, span: tuple[date, date], scorer: Scorer, version: str) -> None:
    start, until = span
    # Labels written in the first days belong to payments of the days before.
    drawn = [_drawn(plan, day) for day in _days(max(start - LABEL_DELAY, FIRST_DAY), until)]
    rows = pd.concat(drawn, ignore_index=True)
    new = rows[rows["event_time"] >= _midnight(start)]
    served = new.assign(model_version=version, score=scorer(new))
    _write_days(folder / "predictions", served, "event_time", LOGGED, span)
    _write_days(folder / "labels", _as_labelled(rows, plan), "labelled_at", LABELLED, span)
    state = json.dumps({"timeline": plan.name, "until": until.isoformat()})
    _replace(folder / "world.json", lambda path: path.write_text(state))


def _drawn(plan: Timeline, day: date) -> pd.DataFrame:
    episode = plan.on(day)
    rows = draw(day, episode.concept, episode.traffic)
    rows["amount"] *= episode.amount_factor
    prefix = day.strftime("%Y%m%d")
    rows["prediction_id"] = [f"{prefix}-{number:04d}" for number in range(len(rows))]
    return rows


def _as_labelled(rows: pd.DataFrame, plan: Timeline) -> pd.DataFrame:
    """Return the label rows that really arrive, with what they say."""
    for episode in plan.episodes:
        inside = (rows["labelled_at"] >= _midnight(episode.start)) & (rows["labelled_at"] < _midnight(episode.until))
        if episode.labels == "stopped":
            rows = rows[~inside]
        elif episode.labels == "lost":
            rows = rows.assign(is_fraud=rows["is_fraud"] * ~(inside & (rows["label_luck"] < LOST_SHARE)))
    return rows


def _write_days(folder: Path, rows: pd.DataFrame, time: str, schema: pa.Schema, span: tuple[date, date]) -> None:
    rows = rows.sort_values(time, kind="stable")
    table = pa.Table.from_arrays([_column(rows[field.name], field.type) for field in schema], schema=schema)
    days = _days(span[0], span[1] + timedelta(1))
    edges = rows[time].searchsorted(pd.DatetimeIndex(days, tz="UTC"))
    for day, first, last in zip(days, edges, edges[1:], strict=False):
        if first < last:
            _replace(folder / f"{day}.parquet", partial(pq.write_table, table.slice(first, last - first)))


def _column(values: pd.Series, kind: pa.DataType) -> pa.Array:
    plain = values.dt.tz_convert(None) if pa.types.is_timestamp(kind) else values
    return pa.array(plain.to_numpy(), type=kind, from_pandas=True)


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    """Write beside the file and rename, so that nobody who reads the log meets half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.tmp")
    write(fresh)
    fresh.replace(path)


def _midnight(day: date) -> pd.Timestamp:
    return pd.Timestamp(day, tz="UTC")


def _days(start: date, until: date) -> list[date]:
    return [start + timedelta(number) for number in range((until - start).days)]


def _state(folder: Path) -> dict[str, str]:
    path = folder / "world.json"
    state: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    return state


def _written_until(folder: Path) -> date:
    return date.fromisoformat(_state(folder).get("until", FIRST_DAY.isoformat()))


def _first_stop(plan: Timeline) -> date:
    return next((check.day for check in plan.checks if check.answer), plan.checks[-1].day)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Write the simulated payments world as a prediction log.")
    parser.add_argument("folder", type=Path, help="where predictions/, labels/ and champion.skops go")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--story", action="store_true", help="the demo's time line (default)")
    what.add_argument("--incident", choices=list(INCIDENTS), help="one incident by itself")
    what.add_argument("--serve-with", type=Path, metavar="MODEL", help="carry on with this skops file or MLflow folder")
    parser.add_argument("--until", type=date.fromisoformat, metavar="DAY", help="first day not to write")
    carry_on = parser.add_argument_group("with --serve-with")
    carry_on.add_argument("--version", help="what to log as the model's version")
    carry_on.add_argument("--from", dest="start", type=date.fromisoformat, metavar="DAY", help="first day")
    carry_on.add_argument("--days", type=int, help="how many days")
    arguments = parser.parse_args()
    if arguments.serve_with and (arguments.version is None or arguments.days is None or arguments.until):
        parser.error("--serve-with needs --version and --days, and takes no --until")
    return arguments


def _carry_out(arguments: argparse.Namespace) -> date:
    if arguments.serve_with:
        return continue_with(arguments.folder, arguments.serve_with, arguments.version, arguments.days, arguments.start)
    return build(arguments.folder, arguments.incident or STORY.name, arguments.until)


def main() -> None:
    """Write what the command line asks for, then say which checks there are to make."""
    arguments = _arguments()
    try:
        end = _carry_out(arguments)
    except (ValueError, OSError) as problem:
        sys.exit(f"world.py: {problem}")
    plan = TIMELINES[_state(arguments.folder)["timeline"]]
    print(f"{plan.name}: {plan.summary}\n{arguments.folder} now holds the days up to {end - timedelta(1)}")
    for check in plan.checks:
        if check.day <= end:
            command = f"autopilot run fraud-detector-v1 --now {check.now:%Y-%m-%dT%H:%M:%SZ}"
            print(f"  {command}   # {check.verdict}, {check.action}")


if __name__ == "__main__":
    main()
