"""The result channel of training: the one finished MLflow run that carries the key, and the one model it logged."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graph.errors import Refused
from tools.registry.words import KEY, tagged

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment, Run

_HISTORY = "mlflow.log-model.history"
_PAGE = 200


@dataclass(frozen=True, slots=True)
class Logged:
    """A model as training left it: where its files are, and MLflow 3's id of it when it has one."""

    source: str
    model_id: str | None


def finished_run(client: "MlflowClient", key: str, training: str, releases: str) -> "Run":
    """Return the one finished run tagged with `key`; in the training experiment, else in any but the releases'.

    Refused when there is none, more than one, or none that ended well.
    """
    runs = _runs(client, key, training, releases)
    finished = [run for run in runs if run.info.status == "FINISHED"]
    if len(finished) == 1:
        return finished[0]
    if finished:
        ids = ", ".join(run.info.run_id for run in finished)
        raise Refused(
            f"several MLflow runs are tagged {KEY}={key}: {ids}", f"give {KEY} only to the one whose model counts"
        )
    if runs:
        raise Refused(_unfinished(runs[0], key), "training must end its MLflow run, successfully, before it exits")
    raise Refused(
        f"training left no MLflow run tagged {KEY}={key}",
        f"training must log one MLflow run, to MLFLOW_TRACKING_URI, with the tag {KEY} set to $AUTOPILOT_KEY",
    )


def logged_model(client: "MlflowClient", run: "Run") -> Logged:
    """Return the one model that the run logged. Refused when it logged none, or several."""
    models = _models(client, run)
    if not models:
        models = [Logged(f"{str(run.info.artifact_uri).rstrip('/')}/{path}", None) for path in _classic(client, run)]
    if len(models) == 1:
        return models[0]
    if models:
        raise Refused(
            f"MLflow run {run.info.run_id} logged {len(models)} models",
            "log one, or register the one that counts under NAME-candidates (registered_model_name=…)",
        )
    raise Refused(
        f"MLflow run {run.info.run_id} logged no complete model",
        "training must call log_model(…, name=…) inside its run",
    )


def _runs(client: "MlflowClient", key: str, training: str, releases: str) -> Sequence["Run"]:
    first = client.get_experiment_by_name(training)
    found = client.search_runs([first.experiment_id], tagged(key)) if first else []
    if found:
        return found
    others = [e.experiment_id for e in _experiments(client) if e.name != releases]
    pages = (others[at : at + _PAGE] for at in range(0, len(others), _PAGE))
    return [run for page in pages for run in client.search_runs(page, tagged(key))]


def _experiments(client: "MlflowClient") -> list["Experiment"]:
    page = client.search_experiments()
    found = list(page)
    while page.token:
        page = client.search_experiments(page_token=page.token)
        found += page
    return found


def _unfinished(run: "Run", key: str) -> str:
    return f"the MLflow run {run.info.run_id} tagged {KEY}={key} is {run.info.status}, not FINISHED"


def _models(client: "MlflowClient", run: "Run") -> list[Logged]:
    if not (run.outputs and run.outputs.model_outputs):
        return []  # not asked further: a server before MLflow 3 does not know the question
    models = client.search_logged_models([run.info.experiment_id], f"source_run_id = '{run.info.run_id}'")
    return [Logged(str(model.artifact_location), model.model_id) for model in models if str(model.status) == "READY"]


def _classic(client: "MlflowClient", run: "Run") -> list[str]:
    """Return the artifact paths of models kept among the run's own artifacts, as clients before MLflow 3 do."""
    logged = json.loads(run.data.tags.get(_HISTORY, "[]"))
    named = sorted({str(entry["artifact_path"]) for entry in logged if "artifact_path" in entry})
    folders = named or [str(found.path) for found in client.list_artifacts(run.info.run_id) if found.is_dir]
    return [path for path in folders if _holds_model(client, run.info.run_id, path)]


def _holds_model(client: "MlflowClient", run_id: str, path: str) -> bool:
    return any(found.path == f"{path}/MLmodel" for found in client.list_artifacts(run_id, path))
