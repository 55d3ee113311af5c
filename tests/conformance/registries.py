"""The registries that the conformance suite runs on, each with the hands of the trainer and of others in it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from graph.model import ModelRef
from graph.ports import Registry
from tests.fakes.registry import FakeRegistry, FakeRun
from tools.registry.mlflow import MlflowRegistry
from tools.registry.words import RELEASES, TRAINING

if TYPE_CHECKING:
    from mlflow import MlflowClient

Files = Mapping[str, bytes]
Metrics = Mapping[str, float]


class World(Protocol):
    """A registry under test and everybody else who touches the system behind it."""

    def registry(self) -> Registry: ...

    def train(self, key: str, files: Files | None, metrics: Metrics, status: str, more: int) -> str: ...

    def overwrite(self, run_id: str, files: Files, metrics: Metrics) -> None: ...

    def register(self, name: str, run_id: str, tags: Mapping[str, str]) -> ModelRef: ...

    def begin_release(self, key: str, files: Files) -> str: ...

    def releases(self, key: str) -> list[str]: ...

    def versions(self, name: str) -> dict[str, dict[str, str]]: ...


class FakeWorld:
    def __init__(self) -> None:
        self._fake = FakeRegistry()

    def registry(self) -> Registry:
        return self._fake

    def train(self, key: str, files: Files | None, metrics: Metrics, status: str, more: int) -> str:
        run = self._fake.log_run(key, files, metrics, status)
        for number in range(more):
            run.models[f"more-{number}"] = {"MLmodel": b"{}"}
        return run.id

    def overwrite(self, run_id: str, files: Files, metrics: Metrics) -> None:
        run = next(run for run in self._fake.runs if run.id == run_id)
        run.models["model"] = dict(files)
        run.metrics.update(metrics)

    def register(self, name: str, run_id: str, tags: Mapping[str, str]) -> ModelRef:
        run = next(run for run in self._fake.runs if run.id == run_id)
        return self._fake.add_version(name, run, tags)

    def begin_release(self, key: str, files: Files) -> str:
        run = FakeRun(f"begun-{key}", key, "RUNNING", {"model": dict(files)})
        self._fake.releases.append(run)
        return run.id

    def releases(self, key: str) -> list[str]:
        return [run.id for run in self._fake.releases if run.key == key]

    def versions(self, name: str) -> dict[str, dict[str, str]]:
        return {version.version: version.tags for version in self._fake.versions.get(name, [])}


class MlflowWorld:
    """MLflow straight on a database; `owner` may do everything, the registry logs in as `uri` says."""

    def __init__(self, uri: str, owner: str, artifacts: Path, scratch: Path) -> None:
        self._uri = uri
        self._artifacts = artifacts
        self._scratch = scratch
        self._owner = owner

    @property
    def client(self) -> "MlflowClient":
        from mlflow import MlflowClient

        return MlflowClient(tracking_uri=self._owner, registry_uri=self._owner)

    def registry(self) -> Registry:
        return MlflowRegistry(self._uri, self._artifacts)

    def train(self, key: str, files: Files | None, metrics: Metrics, status: str, more: int) -> str:
        run = self.client.create_run(self._experiment(TRAINING), tags={"autopilot.key": key})
        for name, value in metrics.items():
            self.client.log_metric(run.info.run_id, name, value)
        models = [] if files is None else [files, *({"MLmodel": b"{}"} for _ in range(more))]
        for number, content in enumerate(models):
            self._log(run, content, number)
        self.client.set_terminated(run.info.run_id, status)
        return str(run.info.run_id)

    def overwrite(self, run_id: str, files: Files, metrics: Metrics) -> None:
        self.client.log_model_artifacts(self._first_model(run_id).model_id, str(self._written(files)))
        for name, value in metrics.items():
            self.client.log_metric(run_id, name, value, step=1)

    def register(self, name: str, run_id: str, tags: Mapping[str, str]) -> ModelRef:
        from mlflow.exceptions import MlflowException

        try:
            self.client.create_registered_model(name)
        except MlflowException as error:
            assert error.error_code == "RESOURCE_ALREADY_EXISTS"
        model = self._first_model(run_id)
        version = self.client.create_model_version(
            name, model.artifact_location, run_id, dict(tags), model_id=model.model_id
        )
        return ModelRef(name, str(version.version), run_id)

    def begin_release(self, key: str, files: Files) -> str:
        run = self.client.create_run(self._experiment(RELEASES), tags={"autopilot.key": key})
        self.client.log_artifacts(run.info.run_id, str(self._written(files)), "model")
        return str(run.info.run_id)

    def releases(self, key: str) -> list[str]:
        found = self.client.search_runs([self._experiment(RELEASES)], f"tags.`autopilot.key` = '{key}'")
        return [run.info.run_id for run in found]

    def versions(self, name: str) -> dict[str, dict[str, str]]:
        return {str(v.version): dict(v.tags) for v in self.client.search_model_versions(f"name = '{name}'")}

    def _first_model(self, run_id: str) -> Any:
        outputs = self.client.get_run(run_id).outputs
        assert outputs is not None
        return self.client.get_logged_model(outputs.model_outputs[0].model_id)

    def _experiment(self, name: str) -> str:
        found = self.client.get_experiment_by_name(name)
        assert found is not None
        return str(found.experiment_id)

    def _log(self, run: Any, files: Files, number: int) -> None:
        from mlflow.entities import LoggedModelOutput

        model = self.client.create_logged_model(run.info.experiment_id, f"model-{number}", run.info.run_id)
        self.client.log_model_artifacts(model.model_id, str(self._written(files)))
        self.client.finalize_logged_model(model.model_id, "READY")
        self.client.log_outputs(run.info.run_id, [LoggedModelOutput(model.model_id, 0)])

    def _written(self, files: Files) -> Path:
        folder = self._scratch / str(len(list(self._scratch.iterdir())))
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        return folder
