"""The promoter's copy of approved bytes: one run per key in an experiment that no trainer may write."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from graph.errors import Misconfigured, Refused
from graph.model import Artifact, Json
from tools.registry import files, transfer
from tools.registry.words import DIGEST, KEY, MODEL, tagged

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

_FOLDER = "model"


@dataclass(frozen=True, slots=True)
class Releases:
    """The releases experiment. A release counts once its run is FINISHED and carries the digest of the upload."""

    client: "MlflowClient"
    tracking_uri: str
    experiment: str
    location: str | None

    def find(self, key: str) -> Json | None:
        """Return `{"run_id", "digest", "source"}` of the completed release with this key, or None."""
        return next((_release(run) for run in self._runs(key) if _complete(run)), None)

    def upload(self, model: str, key: str, artifact: Artifact) -> Json:
        """Upload the artifact under this key, or complete the upload that a killed attempt began.

        Refused when the files are not, or not any more, those that the digest names.
        """
        done = self.find(key)
        if done is None:
            _require(artifact)
            run = next(iter(self._runs(key)), None) or self._begin(model, key)
            self._fill(run, artifact)
            done = self.find(key)
        if done is None or done["digest"] != artifact.digest:
            raise Refused(f"the release of {model} with key {key} holds other files than the approved ones")
        return done

    def _begin(self, model: str, key: str) -> "Run":
        return self.client.create_run(self._experiment_id(), tags={KEY: key, MODEL: model}, run_name=key)

    def _fill(self, run: "Run", artifact: Artifact) -> None:
        run_id = run.info.run_id
        self.client.log_artifacts(run_id, artifact.path, _FOLDER)
        with transfer.readable(self.tracking_uri, _source(run)) as uploaded:
            found = files.digest(uploaded)
        if found != artifact.digest:
            raise Refused(
                f"release run {run_id} holds {found[:12]} (sha256), not the {artifact.digest[:12]} that was sent",
                f"delete run {run_id} in MLflow, then: autopilot resume",
            )
        self.client.set_tag(run_id, DIGEST, artifact.digest)
        self.client.set_terminated(run_id, "FINISHED")

    def _runs(self, key: str) -> list["Run"]:
        experiment = self.client.get_experiment_by_name(self.experiment)
        if experiment is None:
            return []
        runs = self.client.search_runs([experiment.experiment_id], tagged(key))
        return sorted(runs, key=lambda run: (run.info.start_time, run.info.run_id))

    def _experiment_id(self) -> str:
        found = self.client.get_experiment_by_name(self.experiment)
        if found is None:
            return str(self.client.create_experiment(self.experiment, self.location))
        if found.lifecycle_stage != "active":
            raise Misconfigured(f"MLflow's experiment {self.experiment} was deleted", "restore it in MLflow")
        return str(found.experiment_id)


def _require(artifact: Artifact) -> None:
    if files.digest(Path(artifact.path)) != artifact.digest:
        raise Refused(f"the files at {artifact.path} are not those that were approved", "approve them again")


def _complete(run: "Run") -> bool:
    return run.info.status == "FINISHED" and DIGEST in run.data.tags


def _source(run: "Run") -> str:
    return f"{str(run.info.artifact_uri).rstrip('/')}/{_FOLDER}"


def _release(run: "Run") -> Json:
    return {"run_id": run.info.run_id, "digest": run.data.tags[DIGEST], "source": _source(run)}
