"""MLflow as the model registry: candidates that trainers may write, releases and aliases that only the promoter may."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from graph.errors import NotFound, Refused
from graph.model import Artifact, Candidate, Json, ModelRef
from tools.registry import files, transfer
from tools.registry.candidates import finished_run, logged_model
from tools.registry.connection import connect
from tools.registry.releases import Releases
from tools.registry.translation import translated
from tools.registry.words import (
    CANDIDATE,
    DIGEST,
    KEY,
    RELEASES,
    TRAINING,
    candidates,
    is_candidate,
    logged_by,
    version_of,
)

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from mlflow.entities.model_registry import ModelVersion


_BATCH = 1000
"""Metrics: the most that MLflow takes in one call."""


class MlflowRegistry:
    """The port `Registry` on a tracking server or straight on MLflow's database.

    `artifact_root`: the folder that holds the artifacts of both experiments when they lie on this machine; candidates'
    files anywhere else on it are refused. None: wherever the server says.
    """

    def __init__(
        self,
        tracking_uri: str,
        artifact_root: Path | None,
        *,
        experiment_training: str = TRAINING,
        experiment_releases: str = RELEASES,
    ) -> None:
        self._uri = tracking_uri
        self._root = artifact_root
        self._training = experiment_training
        self._releases = experiment_releases

    def alias(self, model: str, alias: str) -> ModelRef | None:
        """Return the version that an alias of `model` points at; None without such a model or alias."""
        with translated(f"reading {model}@{alias}"):
            version = self._at_alias(model, alias)
        return _ref(version) if version else None

    def find_candidate(self, model: str, key: str) -> Candidate | None:
        """Return the candidate version that carries this key, or None."""
        with translated(f"looking for candidate {key} of {model}"):
            return _candidate(self._first(candidates(model), key), key)

    def register_candidate(self, model: str, key: str) -> Candidate:
        """Register the model of the one finished run tagged with this key; found again when it already is.

        Refused when training left no such run, an unfinished one, several, or no model in it.
        """
        name = candidates(model)
        with translated(f"registering candidate {key} of {model}"):
            found = _candidate(self._first(name, key), key)
            if found:
                return found
            run = finished_run(self._client, key, self._training, self._releases)
            version = self._adopted(name, run, key) or self._new_candidate(name, run, key)
        return Candidate(str(version.version), run.info.run_id, key)

    def fetch(self, ref: ModelRef, to: Path) -> Artifact:
        """Copy a version's files into a new folder below `to`; the digest is that of the copy, never taken from a tag.

        Refused when they hold a link or special file, or, for a candidate, lie outside the artifact store.
        """
        with translated(f"fetching version {ref.version} of {ref.name}"):
            source = str(self._client.get_model_version_download_uri(ref.name, ref.version))
            location = transfer.resolved(self._client, source)
            folder = transfer.fetch(self._uri, location, to, self._root if is_candidate(ref.name) else None)
            return Artifact(str(folder), files.digest(folder))

    def find_artifact(self, ref: ModelRef, to: Path) -> Artifact | None:
        """Do as `fetch` does, or return None when the version or its files were deleted."""
        try:
            return self.fetch(ref, to)
        except (NotFound, Refused):
            return None

    def reported(self, ref: ModelRef) -> Mapping[str, float]:
        """Return the metrics of the version's run, NaN included; a release keeps its candidate's."""
        with translated(f"reading the metrics of version {ref.version} of {ref.name}"):
            run_id = self._client.get_model_version(ref.name, ref.version).run_id
            if not run_id:
                raise Refused(f"version {ref.version} of {ref.name} has no run, so nothing reported its metrics")
            return dict(self._client.get_run(run_id).data.metrics)

    def find_release(self, model: str, key: str) -> Json | None:
        """Return `{"run_id", "digest", "source"}` of the completed upload with this key, or None."""
        with translated(f"looking for release {key} of {model}"):
            return self._shelf.find(key)

    def release(self, model: str, key: str, artifact: Artifact) -> Json:
        """Upload verified bytes under this key, or complete a begun upload; returns what `find_release` finds."""
        with translated(f"releasing {model} with key {key}"):
            return self._shelf.upload(model, key, artifact)

    def find_version(self, model: str, key: str) -> ModelRef | None:
        """Return the version of NAME that carries this key, or None."""
        with translated(f"looking for version {key} of {model}"):
            version = self._first(model, key)
        return _ref(version) if version else None

    def create_version(self, model: str, key: str, release: Json, tags: Mapping[str, str]) -> ModelRef:
        """Register a release as a new version of NAME, with `tags` and the key; found again when it already is.

        A tag `autopilot.candidate` names the version of NAME-candidates whose metrics the release takes over.
        """
        candidates(model)  # refuses a NAME that trainers may write
        own = {**tags, KEY: key, DIGEST: str(release["digest"])}
        with translated(f"registering release {key} as a version of {model}"):
            version = self._first(model, key)
            if version is None:
                self._copy_metrics(model, tags.get(CANDIDATE), release["run_id"])
                version = self._create(model, key, release["source"], release["run_id"], None, own)
        return _ref(version)

    def move_alias(self, model: str, alias: str, to: str, expected: str | None) -> None:
        """Point the alias at `to` when it is at `expected`; nothing to do when it is at `to`. Refused otherwise."""
        with translated(f"moving {model}@{alias} to version {to}"):
            now = self._version_at(model, alias)
            if now == to:
                return
            if now != expected:
                raise _elsewhere(model, alias, now, expected)
            self._client.set_registered_model_alias(model, alias, to)
            now = self._version_at(model, alias)
            if now != to:
                raise _elsewhere(model, alias, now, to)

    @cached_property
    def _client(self) -> "MlflowClient":
        return connect(self._uri)

    @property
    def _shelf(self) -> Releases:
        location = str(self._root / "releases") if self._root else None
        return Releases(self._client, self._uri, self._releases, location)

    def _at_alias(self, model: str, alias: str) -> "ModelVersion | None":
        from mlflow.exceptions import MlflowException

        try:
            return self._client.get_model_version_by_alias(model, alias)
        except MlflowException as error:
            # A missing alias has the code of a malformed one: the words are all there is to tell them apart.
            missing = error.error_code == "INVALID_PARAMETER_VALUE" and "not found" in error.message
            if missing or error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return None
            raise

    def _version_at(self, model: str, alias: str) -> str | None:
        version = self._at_alias(model, alias)
        return str(version.version) if version else None

    def _versions(self, wanted: str) -> Sequence["ModelVersion"]:
        return self._client.search_model_versions(wanted, order_by=["version_number ASC"])

    def _first(self, name: str, key: str) -> "ModelVersion | None":
        """Return the lowest version that carries the key: the one that every process which looks agrees on."""
        return next(iter(self._versions(version_of(name, key))), None)

    def _adopted(self, name: str, run: "Run", key: str) -> "ModelVersion | None":
        """Give the key to the version that the training script registered by itself, if it did."""
        made = [version for version in self._versions(logged_by(name, run.info.run_id)) if KEY not in version.tags]
        if len(made) > 1:
            numbers = ", ".join(str(version.version) for version in made)
            raise Refused(f"MLflow run {run.info.run_id} registered versions {numbers} of {name}", "register only one")
        for version in made:
            self._client.set_model_version_tag(name, str(version.version), KEY, key)
        return next(iter(made), None)

    def _new_candidate(self, name: str, run: "Run", key: str) -> "ModelVersion":
        model = logged_model(self._client, run)
        return self._create(name, key, model.source, run.info.run_id, model.model_id, {KEY: key})

    def _create(
        self, name: str, key: str, source: str, run_id: str, model_id: str | None, tags: Mapping[str, str]
    ) -> "ModelVersion":
        """Create a version with its tags in one transaction; of two that raced, the lower one stays."""
        self._require_model(name)
        mine = self._client.create_model_version(name, source, run_id, dict(tags), model_id=model_id)
        first = self._first(name, key) or mine
        if first.version != mine.version:
            self._client.delete_model_version(name, str(mine.version))
        return first

    def _require_model(self, name: str) -> None:
        from mlflow.exceptions import MlflowException

        try:
            self._client.create_registered_model(name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise

    def _copy_metrics(self, model: str, candidate: str | None, release_run: str) -> None:
        """Give the release's run its candidate's metrics: on the candidate's own a trainer may still change them."""
        from mlflow.entities import Metric

        run_id = candidate and self._client.get_model_version(candidates(model), candidate).run_id
        if not run_id:
            return
        run = self._client.get_run(run_id)
        at = run.info.end_time or run.info.start_time
        metrics = [Metric(name, value, at, 0) for name, value in run.data.metrics.items()]
        for first in range(0, len(metrics), _BATCH):
            self._client.log_batch(release_run, metrics=metrics[first : first + _BATCH])


def _ref(version: "ModelVersion") -> ModelRef:
    """Return a version's reference; `digest` is what its promoter wrote, for display: `fetch` computes the real one."""
    digest = None if is_candidate(version.name) else version.tags.get(DIGEST)
    return ModelRef(version.name, str(version.version), version.run_id or None, digest)


def _candidate(version: "ModelVersion | None", key: str) -> Candidate | None:
    return Candidate(str(version.version), version.run_id or "", key) if version else None


def _elsewhere(model: str, alias: str, now: str | None, wanted: str | None) -> Refused:
    return Refused(
        f"{model}@{alias} is at version {now or 'none'}, not at {wanted or 'none'}: somebody else moved it",
        "the next check reports who serves; run it before promoting anything",
    )
