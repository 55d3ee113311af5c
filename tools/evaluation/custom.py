"""Runs the owner's metric command on a Parquet of the judged rows and reads the one JSON object that it prints.

The file holds `label`, `event_time`, `champion_score` (null without a champion), `challenger_score` and the features.
The object is name → {"champion": number, "challenger": number, "passed": true or false}, each part optional, or
name → number, which is the challenger's.
"""

import json
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from graph.model import Json
from tools.evaluation.holdout import Rows, Scores
from tools.evaluation.processes import run
from tools.evaluation.request import Request

_MOST_BYTES = 1_000_000
_MOST_METRICS = 100
_LARGEST = sys.float_info.max
_ITSELF = "metric_command"
"""The entry that stands for the command when it gave no usable metric."""


def measure(request: Request, rows: Rows, champion: Scores | None, challenger: Scores, folder: Path) -> dict[str, Json]:
    """Return name → {"champion", "challenger", "passed"} as printed; what went wrong is an entry with passed false."""
    file = folder / "scored.parquet"
    _write(request, file, rows, champion, challenger)
    command = [*request.validation.metric_command, str(file)]
    try:
        ended = run(command, folder, request.command_timeout_s, _MOST_BYTES, request.command_environment)
    except OSError as error:
        return _failed(f"the metric command {command[0]} could not be started: {error.strerror}")
    finally:
        file.unlink(missing_ok=True)
    if ended.code != 0:
        return _failed(f"the metric command {ended.how(request.command_timeout_s)}: {ended.err[-500:].strip()}")
    if ended.out_bytes > _MOST_BYTES:
        return _failed(f"the metric command printed more than {_MOST_BYTES} bytes; it must print one JSON object")
    return _read(ended.out)


def _write(request: Request, file: Path, rows: Rows, champion: Scores | None, challenger: Scores) -> None:
    ours = {
        "label": pa.array(rows.label) if request.task == "regression" else pa.array(rows.label).cast(pa.int8()),
        "event_time": pa.array(rows.time).cast(pa.timestamp("us", tz="UTC")),
        "champion_score": pa.nulls(len(rows.label), pa.float64()) if champion is None else pa.array(champion),
        "challenger_score": pa.array(challenger),
    }
    features = {name: rows.features[name] for name in rows.features.column_names if name not in ours}
    pq.write_table(pa.table({**ours, **features}), file)


def _failed(error: str, name: str = _ITSELF) -> dict[str, Json]:
    return {name: {"champion": None, "challenger": None, "passed": False, "error": error}}


def _read(printed: str) -> dict[str, Json]:
    try:
        document = json.loads(printed)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or not 0 < len(document) <= _MOST_METRICS:
        start = " ".join(printed.split())[:100] or "nothing"
        return _failed(f"the metric command must print one JSON object with at least one metric; it printed {start}")
    metrics: dict[str, Json] = {}
    for name, value in document.items():
        metrics |= _entry(name, value)
    return metrics


def _entry(name: str, value: object) -> dict[str, Json]:
    entry = value if isinstance(value, dict) else {"challenger": value}
    unknown = set(entry) - {"champion", "challenger", "passed"}
    if unknown or not entry:
        got = ", ".join(sorted(unknown))[:100] or "nothing"
        return _failed(f"expected champion, challenger or passed, got {got}", name)
    for part in ("champion", "challenger"):
        number = entry.get(part)
        if number is not None and not _is_number(number):
            return _failed(f"{part} is {str(number)[:50]}, which is not a number", name)
    if not isinstance(entry.get("passed"), bool | None):
        return _failed(f"passed is {str(entry['passed'])[:50]}, which is neither true nor false", name)
    return {name: {part: entry.get(part) for part in ("champion", "challenger", "passed")}}


def _is_number(value: object) -> bool:
    # Compared, not converted: a whole number of a thousand digits is valid JSON and no float.
    return isinstance(value, int | float) and not isinstance(value, bool) and -_LARGEST <= value <= _LARGEST
