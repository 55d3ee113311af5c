"""Monitor `sql` on a table of values in a real Postgres: the newest by now counts, and what is missing is said."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from checkpoints.embedded.cluster import EmbeddedPostgres
from graph.errors import Misconfigured
from graph.evidence import Evidence
from graph.policy.evidence import judge
from graph.spec import Policy
from tests.unit.graph.policy.builders import NOW
from tools.monitors.database import Database
from tools.monitors.metrics_table import MetricsTable, MetricsTableMonitor
from tools.monitors.watched import Watched

ACCURACY = Watched("accuracy", "degraded", below=0.9)
NULLS = Watched("null_share", "broken_data", above=0.05)
ROWS = [
    ("fraud", "accuracy", "0.99", NOW + timedelta(minutes=1)),
    ("fraud", "accuracy", "0.71", NOW - timedelta(minutes=10)),
    ("fraud", "accuracy", "0.95", NOW - timedelta(hours=2)),
    ("churn", "accuracy", "0.97", NOW - timedelta(minutes=3)),
    ("churn", "null_share", "0.2", NOW - timedelta(minutes=3)),
    ("old", "accuracy", "0.97", NOW - timedelta(hours=3)),
    ("gone", "accuracy", "0.97", NOW - timedelta(days=2)),
    ("odd", "accuracy", "NaN", NOW - timedelta(minutes=3)),
    ("null", "accuracy", None, NOW - timedelta(minutes=3)),
]
Make = Callable[..., MetricsTableMonitor]


@pytest.fixture
def make(embedded_postgres: EmbeddedPostgres) -> Iterator[Make]:
    table = f"metrics_{uuid4().hex[:8]}"
    with psycopg.connect(embedded_postgres.dsn(), autocommit=True) as connection:
        connection.execute(f"create table {table} (model text, name text, value float8, at timestamptz)")
        for row in ROWS:
            connection.execute(f"insert into {table} values (%s, %s, %s, %s)", row)

        def made(model: str = "fraud", watched: tuple[Watched, ...] = (ACCURACY,), **given: Any) -> MetricsTableMonitor:
            asked = {"table": table, "watched": watched, "by": "model", **given}
            database = Database(model, embedded_postgres.dsn())
            return MetricsTableMonitor(MetricsTable(model, **asked), database)

        yield made
        connection.execute(f"drop table {table}")


def verdict(evidence: Evidence) -> str:
    return judge(evidence, Policy(), timedelta(0)).verdict


def test_the_newest_value_by_now_counts(make: Make):
    evidence = make().measure("1", NOW)
    (found,) = evidence.readings
    assert (found.value, found.at, found.below) == (0.71, NOW - timedelta(minutes=10), 0.9)
    assert (verdict(evidence), evidence.logged) == ("degraded", False)
    assert verdict(make().measure("1", NOW - timedelta(hours=1, minutes=30))) == "healthy"


def test_each_model_has_its_own(make: Make):
    assert verdict(make("churn").measure("1", NOW)) == "healthy"
    assert verdict(make("churn", (ACCURACY, NULLS)).measure("1", NOW)) == "broken_data"
    assert verdict(make("a name of ours", label="fraud").measure("1", NOW)) == "degraded"


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("old", "accuracy says nothing: its newest sample is of 2026-03-01T07:30:00Z, 3 hours old"),
        ("gone", "accuracy says nothing: the table holds no value of that name for model 'gone' in its window"),
        ("nobody", "the table holds no value"),
        ("odd", "accuracy says nothing: its newest value is NaN"),
        ("null", "accuracy says nothing: its newest value is null"),
    ],
)
def test_what_is_no_value_is_not_health(make: Make, label: str, said: str):
    found = judge(make(label).measure("1", NOW), Policy(), timedelta(0))
    assert found.verdict == "insufficient"
    assert found.reason.startswith(said) or said in found.reason


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"value": "vlaue"}, "has no column vlaue"),
        ({"value": "name"}, "column name: holds text"),
        ({"at": "value"}, "column value: holds float8, not times"),
        ({"table": "nowhere"}, 'relation "nowhere" does not exist'),
        ({"by": "model_id"}, "has no column model_id"),
        ({"watched": ()}, "watches nothing"),
        ({"watched": (ACCURACY, ACCURACY)}, "accuracy is watched twice"),
        ({"watched": (Watched("accuracy", "degraded"),)}, "has no limit to cross"),
        ({"watched": (Watched("a b", "degraded", below=1),)}, "is no name for a value"),
        ({"watched": (Watched("a", "degraded", below=2, above=1),)}, "crosses a limit whatever it is"),
        ({"watched": (Watched("a", "degraded", below=1, cause="data_quality"),)}, "cannot mean degraded because of"),
        ({"window": timedelta(0)}, "longer than nothing"),
    ],
)
def test_what_a_person_must_correct(make: Make, given: dict[str, Any], said: str):
    with pytest.raises(Misconfigured, match=said):
        make(**given).measure("1", NOW)


def test_it_has_no_rows_to_judge_on(make: Make, tmp_path: Path):
    with pytest.raises(Misconfigured, match="has no rows to compare two models on") as said:
        make().holdout(NOW, NOW, NOW, [], tmp_path)
    assert "validation.kind: reported" in said.value.hint
