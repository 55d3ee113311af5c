"""Which kinds of pipeline, monitor and channel there are: ours, a line each, and those that others bring."""

from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import TypeVar

from graph.errors import Misconfigured
from tools.approvals.channel import ChannelPlugin
from tools.plugins import LOGIN, MonitorPlugin, PipelinePlugin

PIPELINES = {
    "local": "tools.pipelines.local_plugin",
    "jenkins": "tools.pipelines.jenkins",
    "gitlab": "tools.pipelines.gitlab",
    "airflow": "tools.pipelines.airflow",
    "ray": "tools.pipelines.ray",
    "kubeflow": "tools.pipelines.kubeflow",
}
MONITORS = {
    "predictions": "tools.monitors.predictions_plugin",
    "sql": "tools.monitors.sql_plugin",
    "prometheus": "tools.monitors.prometheus_plugin",
}
CHANNELS = {
    "slack": "tools.approvals.slack",
    "jira": "tools.approvals.jira",
}
Plugin = TypeVar("Plugin", PipelinePlugin, MonitorPlugin, ChannelPlugin)


@cache
def pipeline(kind: str) -> PipelinePlugin:
    """Return the plugin of a kind, loading nothing but that one. Misconfigured names the kinds there are."""
    return _found("pipeline", kind, PIPELINES, PipelinePlugin)


@cache
def monitor(kind: str) -> MonitorPlugin:
    """Return the plugin of a kind, loading nothing but that one. Misconfigured names the kinds there are."""
    return _found("monitor", kind, MONITORS, MonitorPlugin)


@cache
def channel(kind: str) -> ChannelPlugin:
    """Return the plugin of a kind, loading nothing but that one. Misconfigured names the kinds there are."""
    found = _found("channel", kind, CHANNELS, ChannelPlugin)
    if found.person not in ("", "email", kind):
        said = f"channel kind {kind!r} looks for addresses under {found.person!r}, which no person has"
        raise Misconfigured(said, "ask its author: addresses stand under the kind's own name, or under email")
    return found


def channels() -> list[str]:
    """Return every kind of channel that is installed, loading none."""
    return [*CHANNELS, *_brought("channel")]


def _found(family: str, kind: str, ours: dict[str, str], expected: type[Plugin]) -> Plugin:
    found = getattr(import_module(ours[kind]), family.upper()) if kind in ours else _foreign(family, kind, list(ours))
    if not isinstance(found, expected):
        said = f"{family} kind {kind!r}: what is installed for it is no {expected.__name__}"
        raise Misconfigured(said, "ask its author")
    unread = [login for login in found.logins if not LOGIN.fullmatch(login)]
    if unread:
        said = f"{family} kind {kind!r} wants {', '.join(unread)}, which nothing reads"
        raise Misconfigured(
            said, "a login's variable is AUTOPILOT_<KIND>_… and ends in _USER, _PASSWORD, _TOKEN, _SECRET or _URL"
        )
    return found


def _brought(family: str) -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=f"autopilot.{family}s")}


def _foreign(family: str, kind: str, ours: list[str]) -> object:
    known = _brought(family)
    if kind not in known:
        raise Misconfigured(f"there is no {family} kind {kind!r}", f"there are: {', '.join([*ours, *known])}")
    try:
        return known[kind].load()
    except Exception as error:  # noqa: BLE001 - whatever a stranger's module does at import
        said = f"{family} kind {kind!r} of {known[kind].value} cannot be loaded: {type(error).__name__}: {error}"
        raise Misconfigured(said, "install it again, or ask its author") from None
