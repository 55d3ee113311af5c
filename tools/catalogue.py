"""Which kinds of pipeline there are: ours, a line each, and those that other distributions bring by entry point."""

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points

from graph.errors import Misconfigured
from tools.plugins import PipelinePlugin

PIPELINES = {
    "local": "tools.pipelines.local_plugin",
    "jenkins": "tools.pipelines.jenkins",
    "gitlab": "tools.pipelines.gitlab",
    "airflow": "tools.pipelines.airflow",
    "ray": "tools.pipelines.ray",
    "kubeflow": "tools.pipelines.kubeflow",
}
GROUP = "autopilot.pipelines"


@cache
def pipeline(kind: str) -> PipelinePlugin:
    """Return the plugin of a kind, loading nothing but that one. Misconfigured names the kinds there are."""
    found = import_module(PIPELINES[kind]).PIPELINE if kind in PIPELINES else _foreign(kind)
    if not isinstance(found, PipelinePlugin):
        raise Misconfigured(f"pipeline kind {kind!r}: what is installed for it is no PipelinePlugin", "ask its author")
    return found


def _foreign(kind: str) -> object:
    known = {entry.name: entry for entry in entry_points(group=GROUP)}
    if kind not in known:
        raise Misconfigured(f"there is no pipeline kind {kind!r}", f"there are: {', '.join([*PIPELINES, *known])}")
    try:
        return known[kind].load()
    except Exception as error:  # noqa: BLE001 - whatever a stranger's module does at import
        said = f"pipeline kind {kind!r} of {known[kind].value} cannot be loaded: {type(error).__name__}: {error}"
        raise Misconfigured(said, "install it again, or ask its author") from None
