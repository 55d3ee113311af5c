"""A model registry in memory, with the hands of everybody else in it: the trainer, the owner, a foreign writer."""

import itertools
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from graph.errors import AutopilotError, NotFound, Refused
from graph.model import Artifact, Candidate, Json, ModelRef
from tools.registry.files import digest
from tools.registry.words import CANDIDATE, DIGEST, KEY, candidates, is_candidate

MODEL_FILES: Mapping[str, bytes] = {"MLmodel": b"flavors: {}\n", "model.skops": b"weights"}


@dataclass(slots=True)
class FakeRun:
    """An MLflow run: what training, or a release, left behind. `models` are the models it logged, by folder name."""

    id: str
    key: str
    status: str = "FINISHED"
    models: dict[str, dict[str, bytes]] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    digest: str | None = None


@dataclass(slots=True)
class FakeVersion:
    """A model version: it points at one model of one run, whose files may still change."""

    version: str
    run: FakeRun
    model: str
    tags: dict[str, str]


class FakeRegistry:
    """Port Registry. `versions` holds registered models by name, `releases` and `runs` the runs of both kinds."""

    def __init__(self) -> None:
        self.runs: list[FakeRun] = []
        self.releases: list[FakeRun] = []
        self.versions: dict[str, list[FakeVersion]] = {}
        self.aliases: dict[tuple[str, str], str] = {}
        self.moves: list[tuple[str, str, str]] = []
        """(model, alias, version) of every move that was made through the port, oldest first."""
        self.away: AutopilotError | None = None
        """Raised by every call of the port while it is set."""
        self._ids = itertools.count(1)
        self._digests: dict[tuple[tuple[str, bytes], ...], str] = {}

    # --- other people's hands ---

    def log_run(
        self,
        key: str,
        files: Mapping[str, bytes] | None = MODEL_FILES,
        metrics: Mapping[str, float] | None = None,
        status: str = "FINISHED",
    ) -> FakeRun:
        """Do what a training command does: log a run with the key's tag and, unless `files` is None, one model."""
        models = {} if files is None else {"model": dict(files)}
        run = FakeRun(f"run-{next(self._ids)}", key, status, models, dict(metrics or {}))
        self.runs.append(run)
        return run

    def add_version(self, model: str, run: FakeRun, tags: Mapping[str, str] | None = None) -> ModelRef:
        """Register a run's model under any name, as a person or a training script may."""
        return _ref(model, self._add(model, run, "model", tags or {}))

    def point(self, model: str, alias: str, version: str) -> None:
        """Move an alias without asking anybody."""
        self.aliases[model, alias] = version

    # --- the port ---

    def alias(self, model: str, alias: str) -> ModelRef | None:
        self._answer()
        version = self.aliases.get((model, alias))
        return _ref(model, self._version(model, version)) if version else None

    def find_candidate(self, model: str, key: str) -> Candidate | None:
        self._answer()
        found = self._tagged(candidates(model), key)
        return Candidate(found.version, found.run.id, key) if found else None

    def register_candidate(self, model: str, key: str) -> Candidate:
        self._answer()
        name = candidates(model)
        if self._tagged(name, key) is None:
            run = self._finished(key)
            own = [v for v in self.versions.get(name, []) if v.run is run and KEY not in v.tags]
            if len(own) > 1:
                raise Refused(f"run {run.id} registered several versions of {name}")
            if own:
                own[0].tags[KEY] = key
            else:
                self._add(name, run, _only_model(run), {KEY: key})
        found = self.find_candidate(model, key)
        assert found is not None
        return found

    def fetch(self, ref: ModelRef, to: Path) -> Artifact:
        self._answer()
        found = self._version(ref.name, ref.version)
        folder = os.path.join(to, f"model-{uuid4()}")
        files = found.run.models[found.model]
        for name, content in files.items():
            _write(os.path.join(folder, name), content)
        return Artifact(folder, self._digest(files, folder))

    def find_artifact(self, ref: ModelRef, to: Path) -> Artifact | None:
        try:
            return self.fetch(ref, to)
        except NotFound:
            return None

    def reported(self, ref: ModelRef) -> Mapping[str, float]:
        self._answer()
        return dict(self._version(ref.name, ref.version).run.metrics)

    def find_release(self, model: str, key: str) -> Json | None:
        self._answer()
        done = next((run for run in self.releases if run.key == key and run.digest), None)
        return {"run_id": done.id, "digest": done.digest, "source": f"{done.id}/model"} if done else None

    def release(self, model: str, key: str, artifact: Artifact) -> Json:
        self._answer()
        run = next((run for run in self.releases if run.key == key), None)
        if run is None or run.digest is None:
            run = self._upload(key, run, artifact)
        done = self.find_release(model, key)
        if done is None or done["digest"] != artifact.digest:
            raise Refused(f"the release of {model} with key {key} holds other files")
        return done

    def find_version(self, model: str, key: str) -> ModelRef | None:
        self._answer()
        found = self._tagged(model, key)
        return _ref(model, found) if found else None

    def create_version(self, model: str, key: str, release: Json, tags: Mapping[str, str]) -> ModelRef:
        self._answer()
        name = candidates(model)  # refuses a NAME that trainers may write
        found = self._tagged(model, key)
        if found is None:
            run = next(run for run in self.releases if run.id == release["run_id"])
            if CANDIDATE in tags:
                run.metrics.update(self._version(name, tags[CANDIDATE]).run.metrics)
            found = self._add(model, run, "model", {**tags, KEY: key, DIGEST: release["digest"]})
        return _ref(model, found)

    def move_alias(self, model: str, alias: str, to: str, expected: str | None) -> None:
        self._answer()
        now = self.aliases.get((model, alias))
        if now == to:
            return
        if now != expected:
            raise Refused(f"{model}@{alias} is at version {now or 'none'}, not at {expected or 'none'}")
        self._version(model, to)
        self.aliases[model, alias] = to
        self.moves.append((model, alias, to))

    # --- inside ---

    def _answer(self) -> None:
        if self.away is not None:
            raise self.away

    def _add(self, name: str, run: FakeRun, model: str, tags: Mapping[str, str]) -> FakeVersion:
        versions = self.versions.setdefault(name, [])
        versions.append(FakeVersion(str(len(versions) + 1), run, model, dict(tags)))
        return versions[-1]

    def _version(self, name: str, version: str) -> FakeVersion:
        found = next((v for v in self.versions.get(name, []) if v.version == version), None)
        if found is None:
            raise NotFound(f"there is no version {version} of {name}")
        return found

    def _tagged(self, name: str, key: str) -> FakeVersion | None:
        return next((v for v in self.versions.get(name, []) if v.tags.get(KEY) == key), None)

    def _finished(self, key: str) -> FakeRun:
        finished = [run for run in self.runs if run.key == key and run.status == "FINISHED"]
        if len(finished) != 1:
            raise Refused(f"{len(finished)} finished runs are tagged {KEY}={key}")
        return finished[0]

    def _upload(self, key: str, run: FakeRun | None, artifact: Artifact) -> FakeRun:
        files = _read(artifact.path)
        if self._digest(files, artifact.path) != artifact.digest:
            raise Refused(f"the files at {artifact.path} are not those that were approved")
        if run is None:
            run = FakeRun(f"run-{next(self._ids)}", key)
            self.releases.append(run)
        run.models.setdefault("model", {}).update(files)
        if len(run.models["model"]) != len(files):
            raise Refused(f"release run {run.id} holds other files than were sent")
        run.digest = artifact.digest
        return run

    def _digest(self, files: Mapping[str, bytes], folder: str) -> str:
        """Return the digest of these files, which are those in `folder`; the same ones are not read again."""
        content = tuple(sorted(files.items()))
        if content not in self._digests:
            self._digests[content] = digest(Path(folder))
        return self._digests[content]


def _write(file: str, content: bytes) -> None:
    os.makedirs(os.path.dirname(file), exist_ok=True)
    with open(file, "wb") as out:
        out.write(content)


def _read(folder: str) -> dict[str, bytes]:
    found = {}
    for here, _, files in os.walk(folder):
        for name in files:
            with open(os.path.join(here, name), "rb") as file:
                found[os.path.relpath(file.name, folder)] = file.read()
    return found


def _only_model(run: FakeRun) -> str:
    if len(run.models) != 1:
        raise Refused(f"run {run.id} logged {len(run.models)} models")
    return next(iter(run.models))


def _ref(name: str, version: FakeVersion) -> ModelRef:
    return ModelRef(name, version.version, version.run.id, None if is_candidate(name) else version.tags.get(DIGEST))
