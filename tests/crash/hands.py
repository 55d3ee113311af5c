"""Hands that are not ours: some that act whenever they are told to, and some that are slow at the wrong moment.

The first are for a ledger without `once`, to show what it is for. Our own adapters carry the key into their system and
look for it there, also in the act itself: between them and such a ledger nothing is done twice. Not every system lets
itself be looked into like that.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, cast

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from autopilot.bootstrap import Office
from autopilot.engine import Engine
from autopilot.settings import Settings
from autopilot.stores import stores
from checkpoints.ledger.book import PostgresLedger
from checkpoints.saver import saver
from graph.model import Artifact, Candidate, Json, ModelRef, TrainingJob, TrainingOrder
from graph.ports import Deps, Once
from tools.registry.mlflow import MlflowRegistry


def take_once_out(book: PostgresLedger, kinds: Sequence[str]) -> None:
    """Let effects of these kinds happen whenever they are asked for: no row, no look outside, no record."""
    guarded = book.once

    def once(run: str, asked: str, key: str, find: Callable[[], Json | None], call: Callable[[], Json]) -> Json:
        if asked not in kinds:
            return guarded(run, asked, key, find, call)
        result = call()
        for step in ("called", "recorded"):
            book.boundary(f"{asked}.{step}")
        return result

    book.once = cast(Once, once)


@contextmanager
def changed(at_work: Office, settings: Settings, change: Callable[[Deps], Deps]) -> Iterator[Office]:
    """Yield the same office with an engine whose hands are changed."""

    @cache
    def parts(name: str) -> Deps:
        return change(at_work.parts(name))

    with stores(settings) as found, saver(found.ledger) as threads:
        engine = Engine(at_work.book, parts, settings.clock, lambda: threads, _untraced, settings.home / "work")
        yield replace(at_work, engine=engine, parts=parts)


@contextmanager
def _untraced(*_: str) -> Iterator[Json]:
    yield {}


def as_shipped(deps: Deps) -> Deps:
    """Return our own hands."""
    return deps


def unseeing(deps: Deps) -> Deps:
    """Return our own hands, whose registry never finds the version that carries a key: neither asked nor in the act."""
    shipped = cast(MlflowRegistry, deps.registry)
    return replace(deps, registry=UnseeingRegistry(shipped._uri, shipped._root))


class UnseeingRegistry(MlflowRegistry):
    """MLflow's adapter without its one look for a version by key."""

    def _first(self, name: str, key: str) -> None:
        return None


def eager(deps: Deps) -> Deps:
    """Return hands that act whenever they are told to."""
    registry: Any = EagerRegistry(cast(MlflowRegistry, deps.registry))
    pipeline: Any = EagerPipeline(deps.pipeline, deps.workspace.parent / "jobs")
    return replace(deps, pipeline=pipeline, registry=registry)


@dataclass
class EagerPipeline:
    """A job system that starts a job whenever it is told to, also a second one with the same name."""

    inner: Any
    jobs: Path

    def start(self, order: TrainingOrder) -> TrainingJob:
        shutil.rmtree(self.jobs / order.key, ignore_errors=True)
        started: TrainingJob = self.inner.start(order)
        return started

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


@dataclass
class EagerRegistry:
    """A registry that registers and stores whatever it is given, as MLflow's own API does."""

    inner: MlflowRegistry

    def register_candidate(self, model: str, key: str) -> Candidate:
        name = f"{model}-candidates"
        trained = self._run("autopilot-training", key)
        with suppress(MlflowException):  # it exists already
            self.client.create_registered_model(name)
        source = f"{trained.info.artifact_uri}/model"
        version = self.client.create_model_version(name, source, trained.info.run_id, {"autopilot.key": key})
        return Candidate(str(version.version), trained.info.run_id, key)

    def release(self, model: str, key: str, artifact: Artifact) -> Json:
        run = self.client.create_run(self._experiment("autopilot-releases"), tags={"autopilot.key": key})
        self.client.log_artifacts(run.info.run_id, artifact.path, "model")
        self.client.set_tag(run.info.run_id, "autopilot.digest", artifact.digest)
        self.client.set_terminated(run.info.run_id)
        found = self.inner.find_release(model, key)
        assert found
        return found

    @property
    def client(self) -> MlflowClient:
        return self.inner._client

    def _run(self, experiment: str, key: str) -> Any:
        return self.client.search_runs([self._experiment(experiment)], f"tags.`autopilot.key` = '{key}'")[0]

    def _experiment(self, name: str) -> str:
        found = self.client.get_experiment_by_name(name)
        assert found
        return str(found.experiment_id)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


@dataclass
class SlowRegistry:
    """A registry whose first answer about an alias takes as long as `wait` does."""

    inner: Any
    wait: Callable[[], None]
    waited: bool = False

    def alias(self, model: str, alias: str) -> ModelRef | None:
        if not self.waited:
            self.waited = True
            self.wait()
        found: ModelRef | None = self.inner.alias(model, alias)
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)
