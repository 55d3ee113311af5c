"""The names that Autopilot gives to things in MLflow: tags, the candidates' model, the filters that find them again."""

from graph.errors import Misconfigured

KEY = "autopilot.key"
"""On runs and versions: the external id of the one effect that made them."""
DIGEST = "autopilot.digest"
MODEL = "autopilot.model"
CANDIDATE = "autopilot.candidate"
"""On a version of NAME: the version of NAME-candidates whose bytes it holds."""

TRAINING = "autopilot-training"
RELEASES = "autopilot-releases"
"""MLflow experiments: where training logs, and where only the promoter writes."""

_SUFFIX = "-candidates"


def candidates(model: str) -> str:
    """Return the registered model that holds the candidates of `model`."""
    if model.endswith(_SUFFIX):
        raise Misconfigured(
            f"a registered model may not be called {model}: names that end in {_SUFFIX} are what trainers may write",
            "choose another name under registry: model: in autopilot.yaml",
        )
    return f"{model}{_SUFFIX}"


def is_candidate(name: str) -> bool:
    """Tell whether a registered model holds candidates, which is to say bytes that a trainer may still change."""
    return name.endswith(_SUFFIX)


def tagged(key: str) -> str:
    """Return the search filter for what carries `key`."""
    return f"tags.`{KEY}` = {_quoted(key)}"


def version_of(model: str, key: str) -> str:
    """Return the search filter for the versions of `model` that carry `key`."""
    return f"name = {_quoted(model)} and {tagged(key)}"


def logged_by(model: str, run_id: str) -> str:
    """Return the search filter for the versions of `model` made from one run."""
    return f"name = {_quoted(model)} and run_id = {_quoted(run_id)}"


def _quoted(value: str) -> str:
    # MLflow's filter language has no escape for a quote.
    if "'" in value or "`" in value:
        raise Misconfigured(f"{value!r} cannot be looked up in MLflow: it holds a quote", "choose a name without one")
    return f"'{value}'"
