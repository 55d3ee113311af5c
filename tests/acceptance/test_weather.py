"""A year of real weather: the season asks for a new model every month; which one deserves a promotion?"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from autopilot.report.explain import MOST_LINES, explain_text
from tests.acceptance.desk import Desk, Forge
from tests.acceptance.weather_train import FEATURES

pytestmark = [pytest.mark.real_data, pytest.mark.timeout(1200)]

CSV = "nyc-weather-2013.csv.gz"
TRAIN = Path(__file__).with_name("weather_train.py")
KNOWN = timedelta(hours=6)
"""After this long a label has come."""
JUDGED = {9: "passed", 11: "refused", 12: "refused"}
FREE = "weather"


def month(number: int) -> datetime:
    """Return when a month of 2013 begins; the thirteenth is the next January."""
    return datetime(2013 + (number - 1) // 12, (number - 1) % 12 + 1, 1, tzinfo=UTC)


def days(start: datetime, until: datetime) -> str:
    return f"{(until - start).days}d"


def entry(model: str, log: str, window: str, training: str, **policy: Any) -> dict[str, Any]:
    """Return a model's entry: judged on its last `window`, trained on the `training` before it."""
    return {
        "task": "binary_classification",
        "registry": {"model": model},
        "monitor": {
            "kind": "predictions",
            "source": f"{log}/*.parquet",
            "id": "id",
            "timestamp": "time",
            "version": "version",
            "prediction": "score",
            "features": FEATURES,
            "labels": {"source": "labels.parquet", "id": "id", "label": "wet", "timestamp": "known_at", "delay": "6h"},
            "window": window,
            "reference": {"from": "2013-01-01", "until": "2013-04-01"},
        },
        "policy": {"metric": "log_loss", "max_drift": 0.1, **policy},
        "training": {"window": training, "holdout": window},
        "pipeline": {"kind": "local", "command": ["python", str(TRAIN), "."], "deadline": "5m"},
        "validation": {"slices": ["origin"]},
        "approval": {"approvers": ["ana"]},
    }


def name(number: int) -> str:
    return f"weather-{number:02}"


@pytest.fixture(scope="module")
def weather(forge: Forge, home: Path, test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Champions of January to March: one per month to judge, all with one log, and one that goes its own way."""
    desk = Desk(forge, home, tmp_path_factory.mktemp("weather")).with_forked_children()
    monthly = {
        name(each): entry(name(each), "fixed", days(month(each), month(each + 1)), days(month(each - 3), month(each)))
        for each in JUDGED
    }
    desk.write({"people": {"ana": {}}, "models": {**monthly, FREE: entry(FREE, "free", "30d", "90d", cooldown="25d")}})
    built = desk.call("tests.acceptance.weather", "build", str(desk.folder), str(test_data / CSV), *monthly, FREE)
    assert built.code == 0, built.err
    serve(desk, "fixed", name(9), month(1), month(13))
    return desk


def serve(desk: Desk, log: str, of: str, start: datetime, until: datetime) -> None:
    words = ("serve", str(desk.folder), log, of, start.isoformat(), until.isoformat())
    said = desk.call("tests.acceptance.weather", *words)
    assert said.code == 0, said.err


@pytest.mark.parametrize(("number", "wanted"), JUDGED.items())
def test_a_month_is_judged_on_its_own_rows(weather: Desk, number: int, wanted: str):
    now = (month(number + 1) + KNOWN).isoformat()
    run = weather.ask("run", name(number), "--wait", "--now", now, code=3 if wanted == "passed" else 0)
    told = weather.ask("explain", run["run"])
    assert len(explain_text(told).splitlines()) <= MOST_LINES
    decision, holdout = told["decision"], told["validation"]["holdout"]
    assert (run["verdict"], run["action"], run["champion"]) == ("degraded", "retrain", "1")
    assert [decision["train_from"], decision["train_until"]] == [_iso(month(number - 3)), _iso(month(number))]
    assert [holdout["start"], holdout["end"]] == [_iso(month(number)), _iso(month(number + 1))]
    if wanted == "passed":
        assert {check["outcome"] for check in run["checks"]} == {"passed"}
    else:
        assert run["outcome"] in ("validation_failed", "validation_inconclusive")
        assert _superiority(run)["outcome"] != "passed"


def _iso(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")


def _superiority(run: Any) -> Any:
    return next(check for check in run["checks"] if check["name"] == "superiority")


def test_the_year_goes_its_own_way(weather: Desk):
    """Approvals given: each month trains at most once, though asked in between, and what it promotes then serves."""
    seen, served = [], month(1)
    for now in _looks():
        serve(weather, "free", FREE, served, now)
        seen.append((now, _looked_at(weather, now)))
        served = now
    print("\n" + _table(seen))
    runs = [run for _, run in seen]
    trained = Counter(f"{now - KNOWN - timedelta(days=1):%B}" for now, run in seen if run["job"])
    assert set(trained.values()) == {1}
    assert {run["verdict"] for run in runs} == {"degraded"}
    promoted = [run for run in runs if run["outcome"] == "promoted"]
    assert promoted
    assert {_superiority(run)["outcome"] for run in promoted} == {"passed"}
    for before, after in pairwise(runs):
        assert int(after["champion"]) - int(before["champion"]) == (before["outcome"] == "promoted")


def _looked_at(desk: Desk, now: datetime) -> Any:
    """Check, follow a training, approve what passed; return the run."""
    said = desk.type("run", FREE, "--wait", "--json", "--now", now.isoformat())
    assert said.code in (0, 3), said.err
    if said.code == 0:
        return said.document
    return desk.ask("approve", said.document["run"], "--as", "ana", "--now", now.isoformat())


def _looks() -> Iterator[datetime]:
    """Each month's end from May's on, when the labels have come, and now and then the middle of one."""
    for number in range(6, 14):
        yield month(number) + KNOWN
        if number % 4 == 0:
            yield month(number) + timedelta(days=15) + KNOWN


def _table(seen: list[tuple[datetime, Any]]) -> str:
    """Return one line for each look, for whoever reads the test's output."""
    lines = []
    for now, run in seen:
        judged = _superiority(run)["detail"] if run["checks"] else run["reason"].partition("but ")[2]
        did = f"{run['action']}{' (trained)' if run['job'] else ''}"
        lines.append(f"{now:%b %d}  champion {run['champion']}  {did:<17}  {run['outcome']:<23}  {judged}")
    return "\n".join(lines)
