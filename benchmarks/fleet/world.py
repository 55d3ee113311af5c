"""A fleet as it is after some weeks: models in MLflow, logs, profiles and counted windows. Only its past is made up.

One model of each template is checked for real. Its windows, moved back in time, are its past, and with that of its
template every other model begins: thousands of models cost statements instead of hours.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from mlflow import MlflowClient

from autopilot.bootstrap import Office, office
from autopilot.desk import Desk
from autopilot.fleet.checking import check
from autopilot.settings import Settings, load
from autopilot.stores import Stores, stores
from benchmarks.fleet import logs
from checkpoints.embedded.cluster import EmbeddedPostgres
from tools.monitors.profiles import Profiles

PAST_HOURS = 216
"""Between the reference and the first live file. A check follows 200 windows at most."""
LIVE_HOURS = 8
FIRST = logs.REFERENCE_HOURS + PAST_HOURS
"""The first hour that lies in files again."""
AFTER = timedelta(minutes=20)
"""After every hour: later than any model's own delay."""
CHAMPION = "1"
_HEAD = """
people: {ana: {}}
defaults:
  task: binary_classification
  schedule: "0 * * * *"
  pipeline: {kind: local, command: ["true"]}
  approval: {approvers: [ana]}
models:
"""
_ENTRY = """  NAME:
    registry: {model: NAME}
    monitor:
      kind: predictions
      source: logs/NAME
      timestamp: at
      prediction: score
      features: [FEATURES]
      window: 1h
      labels: {label: label, delay: 1h}
      reference: {from: 2026-01-01, until: 2026-01-02}
"""
_BACK = """
insert into windows (model, version, profile, source, starts_at, ends_at, closed, revision, counts, stamp)
select distinct on (w.source, n) w.model, w.version, w.profile, w.source, %(at)s - n * interval '1 hour',
       %(at)s - (n - 1) * interval '1 hour', true, 1, w.counts, 'past'
from windows w, generate_series(1, %(hours)s) n
where w.model = %(model)s and w.closed and w.starts_at >= %(since)s
order by w.source, n, w.starts_at
on conflict do nothing
"""
_WINDOWS = """
insert into windows (model, version, profile, source, starts_at, ends_at, closed, revision, counts, stamp)
select m, version, profile, source, starts_at, ends_at, closed, 1, counts, 'past'
from windows w, unnest(%(models)s::text[]) m where w.model = %(model)s and w.starts_at >= %(since)s
"""
_PROFILES = """
insert into profiles (model, version, document)
select %(model)s, %(named)s, document from profiles where model = %(founder)s and version = %(version)s
"""


@dataclass
class HandClock:
    """A clock that stands where it was put."""

    at: datetime

    def now(self) -> datetime:
        """Return that time."""
        return self.at


@dataclass
class World:
    """A fleet at work: `clock` says which hour it is."""

    folder: Path
    models: list[str]
    templates: int
    clock: HandClock
    settings: Settings
    found: Stores
    office: Office
    desk: Desk

    def come_to(self, hours: int) -> None:
        """Let it be so many hours after the fleet's first live one, which is over then."""
        self.clock.at = logs.hour(FIRST + hours + 1) + AFTER

    def decisions(self) -> int:
        """Return how many checks were decided."""
        row = self.office.book.database.row("select count(*) as found from decisions")
        return int(row["found"]) if row else 0


def cluster(built: World) -> EmbeddedPostgres:
    """Return the fleet's own Postgres."""
    if built.found.cluster is None:
        raise SystemExit("the benchmark keeps to a database of its own")
    return built.found.cluster


def name(number: int) -> str:
    """Return the name of a model."""
    return f"m{number:05d}"


@contextmanager
def world(folder: Path, models: int, templates: int, rows: int) -> Iterator[World]:
    """Yield a fleet of so many models, `rows` an hour each, that have been checked up to the first live hour."""
    names = [name(number) for number in range(models)]
    clock = HandClock(logs.hour(FIRST + 1) + AFTER)
    settings = replace(load(_environment(folder)), running=clock)
    _write(folder, names, templates, rows)
    with stores(settings) as found, office(settings) as at_work:
        desk = Desk(settings.config, clock, {}, at_work)
        built = World(folder, names, templates, clock, settings, found, at_work, desk)
        try:
            _register(built)
            for founder in names[:templates]:
                _found(built, founder)
            yield built
        finally:
            cluster(built).destroy()


def _environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "AUTOPILOT_HOME": str(folder / "home"),
        "AUTOPILOT_CONFIG": str(folder / "autopilot.yaml"),
    }


def _write(folder: Path, names: list[str], templates: int, rows: int) -> None:
    for number in range(templates):
        for hours in (range(logs.REFERENCE_HOURS), range(FIRST - 1, FIRST + LIVE_HOURS)):
            logs.write(folder / f"template-{number}", number, hours, rows)
    for number, each in enumerate(names):
        logs.link(folder / f"template-{number % templates}", folder / "logs" / each)
    entry = _ENTRY.replace("FEATURES", ", ".join(logs.FEATURES))
    (folder / "autopilot.yaml").write_text(_HEAD + "".join(entry.replace("NAME", each) for each in names))


def _register(built: World) -> None:
    """Register one model as a person would, and the others as copies of its rows."""
    first, others = built.models[0], built.models[1:]
    client = MlflowClient(str(built.found.owner), str(built.found.owner))
    run = client.create_run(client.create_experiment("team", str(built.folder / "team")))
    client.create_registered_model(first)
    client.create_model_version(first, f"{run.info.artifact_uri}/model", run.info.run_id)
    client.set_registered_model_alias(first, "champion", CHAMPION)
    with psycopg.connect(cluster(built).dsn("mlflow"), autocommit=True) as mlflow:
        for table in ("registered_models", "model_versions", "registered_model_aliases"):
            _copies(mlflow, table, first, others)


def _copies(mlflow: "psycopg.Connection[Any]", table: str, first: str, others: list[str]) -> None:
    found = mlflow.execute(
        "select column_name from information_schema.columns where table_name = %s and column_name <> 'name'", [table]
    )
    columns = ", ".join(f'"{row[0]}"' for row in found)
    copied = (
        f"insert into {table} (name, {columns}) select m, {columns} from {table}, unnest(%s::text[]) m where name = %s"  # noqa: S608
    )
    mlflow.execute(copied, [others, first])


def _found(built: World, founder: str) -> None:
    """Check a founder for real, give it a past, and every other model of its template the same."""
    check(built.desk, founder)
    database, start = built.office.book.database, logs.hour(FIRST - 1)
    database.execute(_BACK, model=founder, at=start, hours=PAST_HOURS - 2, since=start)
    kin = built.models[built.models.index(founder) + built.templates :: built.templates]
    database.execute(_WINDOWS, models=kin, model=founder, since=logs.hour(logs.REFERENCE_HOURS))
    before = _profile_names(built, founder)
    kept = database.rows("select version from profiles where model = %(model)s", model=founder)
    for model in kin:
        named = dict(zip(before, _profile_names(built, model), strict=True))
        for version in [row["version"] for row in kept]:
            values = {"model": model, "named": named.get(version, version), "founder": founder, "version": version}
            database.execute(_PROFILES, **values)


def _profile_names(built: World, model: str) -> tuple[str, str]:
    """Return the names of a model's two profiles that depend on where its log lies."""
    monitor: Any = built.office.parts(model).monitor
    profiles = Profiles(monitor._made._eyes, built.office.book.windows)
    return profiles._feature_name(), profiles._score_name(CHAMPION)
